/**
 * @file How far off, squared when near and absolute when far? Huber's loss, divided by its threshold.
 *
 *   f(d) = d²/(2β)     for |d| < β, d = x − t        gradient d/β
 *          |d| − β/2   beyond                        gradient sign(d)
 *   loss = 1/n · Σ f over all n numbers of the batch
 *
 * The two pieces meet with equal value and slope, so there is no kink. β → 0 gives AbsCriterion; times β it is Huber's.
 *
 * Sources: Huber, "Robust Estimation of a Location Parameter", Annals of Mathematical Statistics 35, 1964; Girshick,
 * "Fast R-CNN", ICCV 2015, eq. 3 (β = 1, Torch7's SmoothL1Criterion).
 */
import { ConfigError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import { ELEMENT_CRITERION_DEFAULTS, ElementCriterion, type ElementCriterionOptions } from "./element-criterion.js";

/** Where `SmoothL1Criterion` bends, and how it averages. */
export interface SmoothL1CriterionOptions extends ElementCriterionOptions {
  /** Distance at which the loss turns from squared to absolute, above 0. Default 1. */
  readonly beta: number;
}

/** What `SmoothL1Criterion` takes where an option is left out. */
export const SMOOTH_L1_CRITERION_DEFAULTS: SmoothL1CriterionOptions = { ...ELEMENT_CRITERION_DEFAULTS, beta: 1 };

/** Smooth absolute error of a prediction and a target of the same shape. */
export class SmoothL1Criterion extends ElementCriterion {
  /** @throws {ConfigError} unless beta is a positive number. */
  constructor(kernels: Kernels, options: Partial<SmoothL1CriterionOptions> = {}) {
    const { beta, sizeAverage } = { ...SMOOTH_L1_CRITERION_DEFAULTS, ...options };
    if (!(Math.fround(beta) > 0 && Math.fround(beta) < Infinity)) {
      throw new ConfigError(`SmoothL1Criterion: expected beta above 0, got ${beta}; AbsCriterion is its limit for 0`);
    }
    super(kernels, "SmoothL1Criterion", { kind: "smoothL1", delta: beta, sizeAverage, weights: null });
  }
}
