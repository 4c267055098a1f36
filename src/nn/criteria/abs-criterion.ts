/**
 * @file How far off? The absolute error, which outliers move less than they move a squared one.
 *
 *   loss = 1/n · Σ |x − t|         over all n numbers of the batch
 *   gradient = 1/n · sign(x − t),  0 where x = t
 *
 * As Torch7's AbsCriterion; at the kink it takes −1 or 1, this takes the subgradient 0, so that a perfect fit rests.
 */
import type { Kernels } from "../../kernels/contract.js";
import { ELEMENT_CRITERION_DEFAULTS, ElementCriterion, type ElementCriterionOptions } from "./element-criterion.js";

/** Mean absolute error of a prediction and a target of the same shape. */
export class AbsCriterion extends ElementCriterion {
  constructor(kernels: Kernels, options: Partial<ElementCriterionOptions> = {}) {
    const { sizeAverage } = { ...ELEMENT_CRITERION_DEFAULTS, ...options };
    super(kernels, "AbsCriterion", { kind: "absolute", delta: 0, sizeAverage, weights: null });
  }
}
