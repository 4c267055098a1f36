/**
 * @file Does the right class beat each other one by a margin? The hinge loss of several classes.
 *
 *   loss = 1/N · Σᵢ w[c]/C · Σ_{j ≠ c} max(0, margin − x[i, c] + x[i, j])ᵖ       c = cᵢ, p = 1 or 2
 *
 * A violation of exactly 0 has gradient 0. The mean divides by the number of rows also with class weights, as in
 * Torch7's MultiMarginCriterion, and by all C classes although the sum leaves one out.
 *
 * Source: Weston, Watkins, "Support Vector Machines for Multi-Class Pattern Recognition", ESANN 1999, eq. 2 (p = 1).
 */
import { ConfigError } from "../../core/index.js";
import type { Kernels, MatrixDims, MultiMarginOptions } from "../../kernels/contract.js";
import { CLASS_WEIGHTS_DEFAULTS, ClassTargetCriterion, type ClassWeights } from "./class-target-criterion.js";

/** How `MultiMarginCriterion` punishes what comes too near. */
export interface MultiMarginCriterionOptions extends ClassWeights {
  /** Exponent of a violation. Default 1. */
  readonly p: 1 | 2;
  /** Distance that the right class must keep, finite. Default 1. */
  readonly margin: number;
}

/** What `MultiMarginCriterion` takes where an option is left out. */
export const MULTI_MARGIN_CRITERION_DEFAULTS: MultiMarginCriterionOptions = {
  ...CLASS_WEIGHTS_DEFAULTS,
  p: 1,
  margin: 1,
};

/** Hinge loss of scores [N, C] against one class a row, mean over rows and classes. */
export class MultiMarginCriterion extends ClassTargetCriterion {
  private readonly options: MultiMarginOptions;

  /** @throws {ConfigError} for another p, a margin that is not finite, or weights that are not finite numbers from 0. */
  constructor(kernels: Kernels, options: Partial<MultiMarginCriterionOptions> = {}) {
    const { p, margin, weights } = { ...MULTI_MARGIN_CRITERION_DEFAULTS, ...options };
    if (p !== 1 && p !== 2) throw new ConfigError(`MultiMarginCriterion: expected p to be 1 or 2, got ${String(p)}`);
    if (!Number.isFinite(margin)) {
      throw new ConfigError(`MultiMarginCriterion: expected a finite margin, got ${margin}; the default is 1`);
    }
    super(kernels, "MultiMarginCriterion", weights);
    this.options = { p, margin };
  }

  protected lossAndGradient(dims: MatrixDims, x: Float32Array, classes: Uint32Array, grad: Float32Array): number {
    const { kernels, options, weights } = this;
    return kernels.multiMargin(dims, options, x, classes, weights, 1 / dims.rows, grad) / dims.rows;
  }
}
