/**
 * @file How unlikely were these independent yes-or-no targets, given probabilities?
 *
 *   loss = 1/n · Σ w[j]·(−t·ln p − (1 − t)·ln(1 − p))       over all n numbers of the batch
 *   gradient = 1/n · w[j]·(p − t)/(p·(1 − p))               p = x held within [2⁻²³, 1 − 2⁻²³]
 *
 * x are probabilities, such as a Sigmoid gives, t lie in [0, 1]. Holding p keeps a number's loss below 16 and its
 * gradient below 2²³. The gradient of p also stands for an x that was held, where the true one would be 0: a prediction
 * stuck at the wrong end must be able to leave it. Of logits, SigmoidCrossEntropyCriterion is exact and needs no holding.
 *
 * As Torch7's BCECriterion, which adds 1e-12 to p and 1 − p instead; in f32 that does not change a p near 1.
 */
import type { Kernels } from "../../kernels/contract.js";
import { ELEMENT_CRITERION_DEFAULTS, ElementCriterion, type ElementCriterionOptions } from "./element-criterion.js";

/** How `BCECriterion` weighs and averages. */
export interface BCECriterionOptions extends ElementCriterionOptions {
  /** Weight of each number of a row, at least 0; the mean still divides by n. Default null: ones. */
  readonly weights: ArrayLike<number> | null;
}

/** What `BCECriterion` takes where an option is left out. */
export const BCE_CRITERION_DEFAULTS: BCECriterionOptions = { ...ELEMENT_CRITERION_DEFAULTS, weights: null };

/** Twice the distance of 1 from the f32 below it. */
const HELD = 2 ** -23;

/** Binary cross-entropy of probabilities and targets in [0, 1] of the same shape. */
export class BCECriterion extends ElementCriterion {
  /** @throws {ConfigError} for weights that are not finite numbers from 0. */
  constructor(kernels: Kernels, options: Partial<BCECriterionOptions> = {}) {
    const { sizeAverage, weights } = { ...BCE_CRITERION_DEFAULTS, ...options };
    super(kernels, "BCECriterion", { kind: "binary", delta: HELD, sizeAverage, weights });
  }
}
