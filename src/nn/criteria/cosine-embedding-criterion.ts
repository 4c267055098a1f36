/**
 * @file Do two vectors point the same way if they should, and apart if they should not?
 *
 *   y = 1    loss = 1 − cos(a, b)
 *   y = −1   loss = max(0, cos(a, b) − margin)      mean over rows
 *   ∂cos/∂a = b/(|a||b|) − cos·a/|a|²
 *
 * At cos = margin the gradient is 0. A vector of zeros has no direction: cosine 0 and no gradient, where Torch7's
 * CosineEmbeddingCriterion adds 1e-12 to squared norms and gets one of 1e6.
 */
import type { Kernels } from "../../kernels/contract.js";
import { checkMargin, PairCriterion } from "./pair-criterion.js";

/** How far apart `CosineEmbeddingCriterion` wants pairs that differ. */
export interface CosineEmbeddingCriterionOptions {
  /** Cosine below which pairs that differ are far enough apart, in [−1, 1]. Default 0. */
  readonly margin: number;
}

/** What `CosineEmbeddingCriterion` takes where an option is left out. */
export const COSINE_EMBEDDING_CRITERION_DEFAULTS: CosineEmbeddingCriterionOptions = { margin: 0 };

/** Cosine loss of two tensors [N, D] and labels of ±1. */
export class CosineEmbeddingCriterion extends PairCriterion {
  private readonly margin: number;
  private readonly dims: { rows: number; cols: number };

  /** @throws {ConfigError} unless the margin is finite. */
  constructor(kernels: Kernels, options: Partial<CosineEmbeddingCriterionOptions> = {}) {
    const { margin } = { ...COSINE_EMBEDDING_CRITERION_DEFAULTS, ...options };
    checkMargin("CosineEmbeddingCriterion", margin);
    super(kernels, "CosineEmbeddingCriterion");
    this.margin = margin;
    this.dims = { rows: 0, cols: 0 };
  }

  protected expectedInput(shape: readonly number[]): string | null {
    return shape.length === 2 ? null : "[N, D]";
  }

  protected lossAndGradients(
    rows: number,
    cols: number,
    a: Float32Array,
    b: Float32Array,
    labels: Float32Array,
    gradA: Float32Array,
    gradB: Float32Array,
  ): number {
    this.dims.rows = rows;
    this.dims.cols = cols;
    return this.kernels.cosineEmbedding(this.dims, this.margin, a, b, labels, 1 / rows, gradA, gradB) / rows;
  }
}
