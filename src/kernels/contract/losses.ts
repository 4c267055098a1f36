/** @file Losses fused with their gradients. */
import type { Csr, MatrixDims } from "./arrays.js";

/**
 * A term f(x, t) for each number, with its derivative in x; at a kink the derivative is 0. `delta` is the parameter that
 * some have.
 *
 *   squared     (x − t)²
 *   absolute    |x − t|
 *   smoothL1    (x − t)²/(2·delta) within delta > 0 of the target, |x − t| − delta/2 beyond
 *   binary      −t·ln p − (1 − t)·ln(1 − p), p = x held within [delta, 1 − delta], delta ≥ 2⁻²⁴; derivative
 *               (p − t)/(p·(1 − p)) also where x was held, so that a prediction stuck at an end is still pulled back
 *   divergence  t·(ln t − x), derivative −t; 0 for t = 0, NaN for t < 0
 *   hinge       max(0, delta − t·x), derivative −t where that is positive
 */
export type ElementLoss = "squared" | "absolute" | "smoothL1" | "binary" | "divergence" | "hinge";

/** The hinge of `multiMargin`. */
export interface MultiMarginOptions {
  /** Exponent of a violation, 1 or 2. */
  readonly p: 1 | 2;
  /** By how much the score of a row's class should exceed every other. */
  readonly margin: number;
}

/** Losses that write their gradients on the way. */
export interface LossKernels {
  /**
   * Softmax cross-entropy against sparse target distributions: loss = Σᵢ Σⱼ −t[i, j]·log softmax(x[i])[j].
   * grad[i, j] ← gradScale·(softmax(x[i])[j]·Σⱼt[i, j] − t[i, j]). grad [rows, cols] may be x. Target columns are
   * distinct within a row. @returns the loss summed over rows (f64). NaN logits give a NaN loss.
   */
  softmaxCrossEntropy(dims: MatrixDims, x: Float32Array, targets: Csr, gradScale: number, grad: Float32Array): number;
  /** Sigmoid binary cross-entropy on sparse targets (absent = 0), summed over all columns; else as above. */
  sigmoidCrossEntropy(dims: MatrixDims, x: Float32Array, targets: Csr, gradScale: number, grad: Float32Array): number;
  /**
   * loss = Σ w[j]·f(x[i, j], target[i, j]); grad[i, j] ← gradScale·w[j]·∂f/∂x. x, target, grad [rows, cols]; grad may be
   * x. `weights` [cols], or null for ones. @returns the loss (f32 over blocks of 1024, f64 over the blocks).
   */
  elementLoss(
    kind: ElementLoss,
    dims: MatrixDims,
    delta: number,
    x: Float32Array,
    target: Float32Array,
    weights: Float32Array | null,
    gradScale: number,
    grad: Float32Array,
  ): number;
  /**
   * Mean of −x[i, classes[i]], weighted by W = weights[classes[i]] (null: ones): grad ← −W/ΣW at each row's class, else
   * 0. x, grad [rows, cols], classes [rows] below cols, weights [cols]. @returns the mean; 0, without gradient, if ΣW = 0.
   */
  classNll(
    dims: MatrixDims,
    x: Float32Array,
    classes: Uint32Array,
    weights: Float32Array | null,
    grad: Float32Array,
  ): number;
  /**
   * loss = Σᵢ w[c]/cols · Σ_{j ≠ c} max(0, margin − x[i, c] + x[i, j])ᵖ with c = classes[i] < cols; grad ← gradScale times
   * its gradient, 0 at a violation of exactly 0. `weights` [cols], or null for ones. @returns the loss.
   */
  multiMargin(
    dims: MatrixDims,
    options: MultiMarginOptions,
    x: Float32Array,
    classes: Uint32Array,
    weights: Float32Array | null,
    gradScale: number,
    grad: Float32Array,
  ): number;
  /**
   * loss = Σᵢ 1 − cos(a[i], b[i]) where labels[i] > 0, max(0, cos(a[i], b[i]) − margin) elsewhere; gradA, gradB ←
   * gradScale times its gradients, 0 at cos = margin. A row whose squares sum to 0 has cosine 0 and no gradient;
   * squares are f32, those of numbers beyond 10¹⁹ may give NaN.
   * a, b, gradA, gradB [rows, cols], labels [rows]. @returns the loss.
   */
  cosineEmbedding(
    dims: MatrixDims,
    margin: number,
    a: Float32Array,
    b: Float32Array,
    labels: Float32Array,
    gradScale: number,
    gradA: Float32Array,
    gradB: Float32Array,
  ): number;
}
