/** @file Products and sums row by row: what attention, gating, normalisation and sampled products are made of. */
import type { MatrixDims, WriteMode } from "./arrays.js";

/** Multiplies numbers pair by pair, and sums or scales row by row. */
export interface RowKernels {
  /** @returns Σ a[i]·b[i], `length` numbers: f32 over blocks of 1024, f64 over the blocks. a may be b. */
  dot(length: number, a: Float32Array, b: Float32Array): number;
  /** out[i] ← (out[i] +) a[i]·b[i], `length` numbers. When overwriting, out may be a or b; a may be b. */
  multiply(length: number, a: Float32Array, b: Float32Array, out: Float32Array, mode: WriteMode): void;
  /** out[i] ← Σⱼ a[i, j]·b[i, j]. a and b [rows, cols] read, out [rows] written. a may be b. */
  rowDots(dims: MatrixDims, a: Float32Array, b: Float32Array, out: Float32Array): void;
  /** out[i, :] ← (out[i, :] +) scale[i]·x[i, :]. scale [rows], x and out [rows, cols]; when overwriting, out may be x. */
  scaleRows(dims: MatrixDims, scale: Float32Array, x: Float32Array, out: Float32Array, mode: WriteMode): void;
  /**
   * out[ids[i], :] ← out[ids[i], :] + (scale[i]·)src[i, :], for i = 0 … count − 1 in this order; ids may repeat. src
   * [count, cols]; `scale` [count], or null for ones. The adjoint of gatherRows.
   */
  scatterAddRows(
    count: number,
    cols: number,
    ids: Uint32Array,
    scale: Float32Array | null,
    src: Float32Array,
    out: Float32Array,
  ): void;
}
