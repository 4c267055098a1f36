/**
 * @file How far off, squared?
 *
 *   loss = 1/n · Σ (x − t)²        over all n numbers of the batch
 *   gradient = 2/n · (x − t)
 *
 * As Torch7's MSECriterion: no factor ½, the mean over numbers and not only over rows.
 */
import type { Kernels } from "../../kernels/contract.js";
import { ELEMENT_CRITERION_DEFAULTS, ElementCriterion, type ElementCriterionOptions } from "./element-criterion.js";

/** Mean squared error of a prediction and a target of the same shape. */
export class MSECriterion extends ElementCriterion {
  constructor(kernels: Kernels, options: Partial<ElementCriterionOptions> = {}) {
    const { sizeAverage } = { ...ELEMENT_CRITERION_DEFAULTS, ...options };
    super(kernels, "MSECriterion", { kind: "squared", delta: 0, sizeAverage, weights: null });
  }
}
