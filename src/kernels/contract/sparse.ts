/** @file Rows of sparse matrices, and products with dense ones. */
import type { CompactTranspose, Csr, MatrixDims, WriteMode } from "./arrays.js";

/** Gathers, transposes and multiplies sparse rows. */
export interface SparseKernels {
  /** Copies rows `ids[0 … count)` of `source` to `out`, whose offsets start at 0. @returns entries copied. */
  csrGatherRows(source: Csr, ids: Uint32Array, count: number, out: Csr): number;
  /** y ← (y +) x·w. x sparse [N, D], w [D, H], y [N, H]; dims are those of y. */
  csrGemm(dims: MatrixDims, x: Csr, w: Float32Array, y: Float32Array, mode: WriteMode): void;
  /**
   * Transposes a batch and drops the columns that do not occur. `slotOf` [≥ D] is scratch: all zero before, all zero
   * after. `out` must have room for min(nnz, D) columns. @returns U, the number of distinct columns.
   */
  csrCompactTranspose(numRows: number, x: Csr, slotOf: Uint32Array, out: CompactTranspose): number;
  /** dw[u, :] ← Σ over entries of column u: value·dy[row, :]. dw [U, H] written; the scatter-add of xᵀ·dy, compact. */
  csrGradRows(numColumns: number, cols: number, x: CompactTranspose, dy: Float32Array, dw: Float32Array): void;
  /** out[i, :] ← src[ids[i], :], i < count. */
  gatherRows(count: number, cols: number, ids: Uint32Array, src: Float32Array, out: Float32Array): void;
}
