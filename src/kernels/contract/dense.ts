/** @file Matrix products, bias, ReLU, dropout, softmax and sigmoid on dense arrays. */
import type { MatrixDims, WriteMode } from "./arrays.js";

/** Shapes of a product: op(a) [M, K], op(b) [K, N], c [M, N]. */
export interface GemmDims {
  /** Rows of op(a) and c. */
  readonly m: number;
  /** Columns of op(b) and c. */
  readonly n: number;
  /** Products summed for each number of c. */
  readonly k: number;
  /** `a` is stored [K, M] instead of [M, K]. Default false. */
  readonly transposeA?: boolean;
  /** `b` is stored [N, K] instead of [K, N]. Default false. Not both transposed. */
  readonly transposeB?: boolean;
}

/** softmax and sigmoid, as probabilities or as their logarithms. */
export type Activation = "softmax" | "logSoftmax" | "sigmoid" | "logSigmoid";

/** What the layers of a dense network are made of, forwards and backwards. */
export interface DenseKernels {
  /**
   * c ← op(a)·op(b), or c ← c + … Read a, b; c [M, N] written or accumulated. `bias` [N] is added to each row, last: the
   * result has the bits of `addBias` on the product, which would read and write c once more. Default null, none.
   */
  gemm(
    dims: GemmDims,
    a: Float32Array,
    b: Float32Array,
    c: Float32Array,
    mode: WriteMode,
    bias?: Float32Array | null,
  ): void;
  /** x[i, j] ← x[i, j] + bias[j]. x [rows, cols] accumulated. */
  addBias(dims: MatrixDims, bias: Float32Array, x: Float32Array): void;
  /** x ← max(0, x + bias). x accumulated. NaN stays NaN, so that divergence is seen. */
  addBiasRelu(dims: MatrixDims, bias: Float32Array, x: Float32Array): void;
  /** out[j] ← (out[j] +) Σᵢ x[i, j]. */
  sumRows(dims: MatrixDims, x: Float32Array, out: Float32Array, mode: WriteMode): void;
  /** out ← max(0, x), `length` numbers. out may be x. NaN stays NaN. */
  relu(length: number, x: Float32Array, out: Float32Array): void;
  /** dx ← dy where y > 0, else 0. dx may be dy. */
  reluGrad(length: number, y: Float32Array, dy: Float32Array, dx: Float32Array): void;
  /**
   * Inverted dropout: out[i] ← 0 with chance `rate`, else x[i] / (1 − rate). out may be x. The mask is a pure function
   * of (seed, i): counterHash(seed, i) < round(rate·2³²), so that the backward pass calls this again on the gradient.
   * `firstIndex` is added to i where x is a later part of an array whose parts are dropped apart. Default 0.
   */
  dropout(length: number, rate: number, seed: number, x: Float32Array, out: Float32Array, firstIndex?: number): void;
  /** out[i] ← low + (high − low)·(counterHash(seed, i) >>> 8)·2⁻²⁴, computed in f32. Written. */
  fillUniform(length: number, low: number, high: number, seed: number, out: Float32Array): void;
  /** y ← alpha·x + beta·y, `length` numbers; beta = 0 overwrites. x may be y. */
  axpby(length: number, alpha: number, x: Float32Array, beta: number, y: Float32Array): void;
  /** In place, row by row: x [rows, cols]. Softmax subtracts the row's maximum first. Within 4 ulp of 1 (absolute 2e-6 for logs, relative to max(1, |value|)). */
  activate(kind: Activation, dims: MatrixDims, x: Float32Array): void;
}
