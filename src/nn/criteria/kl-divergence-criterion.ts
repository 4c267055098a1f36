/**
 * @file How much does one distribution tell that another does not? Kullback-Leibler divergence of targets from predictions.
 *
 *   loss = 1/n · Σ t·(ln t − x)      x: log-probabilities, as a LogSoftMax gives; t: probabilities; 0·ln 0 = 0
 *   gradient = −t/n
 *
 * n counts all numbers of the batch, as in Torch7's DistKLDivCriterion: the divergence of a row of C numbers is C times
 * its share of the mean. Where t = 0 there is neither loss nor gradient, whatever x; a t below 0 gives NaN.
 *
 * Source: Kullback, Leibler, "On Information and Sufficiency", Annals of Mathematical Statistics 22, 1951.
 */
import type { Kernels } from "../../kernels/contract.js";
import { ELEMENT_CRITERION_DEFAULTS, ElementCriterion, type ElementCriterionOptions } from "./element-criterion.js";

/** Kullback-Leibler divergence of probabilities `target` from log-probabilities `input`, of the same shape. */
export class KLDivergenceCriterion extends ElementCriterion {
  constructor(kernels: Kernels, options: Partial<ElementCriterionOptions> = {}) {
    const { sizeAverage } = { ...ELEMENT_CRITERION_DEFAULTS, ...options };
    super(kernels, "KLDivergenceCriterion", { kind: "divergence", delta: 0, sizeAverage, weights: null });
  }
}
