/** @file Losses fused with their gradients. */
import type { Csr, MatrixDims } from "./arrays.js";

export interface LossKernels {
  /**
   * Softmax cross-entropy against sparse target distributions: loss = Σᵢ Σⱼ −t[i, j]·log softmax(x[i])[j].
   * grad[i, j] ← gradScale·(softmax(x[i])[j]·Σⱼt[i, j] − t[i, j]). grad [rows, cols] may be x. Target columns are
   * distinct within a row. @returns the loss summed over rows (f64). NaN logits give a NaN loss.
   */
  softmaxCrossEntropy(dims: MatrixDims, x: Float32Array, targets: Csr, gradScale: number, grad: Float32Array): number;
  /** Sigmoid binary cross-entropy on sparse targets (absent = 0), summed over all columns; else as above. */
  sigmoidCrossEntropy(dims: MatrixDims, x: Float32Array, targets: Csr, gradScale: number, grad: Float32Array): number;
}
