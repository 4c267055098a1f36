/** @file Rectangles of matrices, and products of two rows: what joins and splits tensors, and pairs them. */
import type { MatrixDims } from "./arrays.js";

/** Where the rows of a rectangle stand in an array: row i at offset + i·stride, in elements. */
export interface BlockPlace {
  /** Of the first row's first number. */
  readonly offset: number;
  /** From one row's start to the next's; at least the columns of the rectangle. */
  readonly stride: number;
}

/** Shape of the products of `rows` pairs of vectors: [rows, A, B]. */
export interface OuterDims {
  readonly rows: number;
  /** A: columns of the first factor. */
  readonly left: number;
  /** B: columns of the second factor. */
  readonly right: number;
}

/** Moves rectangles of matrices, multiplies and compares vectors row by row. */
export interface BlockKernels {
  /**
   * Copies a rectangle of dims.rows × dims.cols numbers: out[o + i·oStride + j] ← x[p + i·pStride + j]. Written; the
   * rest of `out` stays. Arrays are as long as the places need.
   */
  copyBlock(dims: MatrixDims, x: Float32Array, from: BlockPlace, out: Float32Array, to: BlockPlace): void;
  /** out[i, a, b] ← x[i, a]·y[i, b]. x [rows, A], y [rows, B] read, out [rows, A, B] written. */
  outerProducts(dims: OuterDims, x: Float32Array, y: Float32Array, out: Float32Array): void;
  /** dx[i, a] ← Σ_b d[i, a, b]·y[i, b] and dy[i, b] ← Σ_a d[i, a, b]·x[i, a]. d, x, y read, dx, dy written. */
  outerProductsGrad(
    dims: OuterDims,
    x: Float32Array,
    y: Float32Array,
    d: Float32Array,
    dx: Float32Array,
    dy: Float32Array,
  ): void;
  /**
   * out[i, j] ← the greatest of x[i, 0, j] … x[i, pieces − 1, j], and argmax[i, j] the first piece that has it; NaN
   * counts as greatest. x [rows, pieces, cols] read, pieces ≥ 1.
   */
  maxOfPieces(dims: PieceDims, x: Float32Array, out: Float32Array, argmax: Uint32Array): void;
  /** dx[i, p, j] ← dy[i, j] where p = argmax[i, j], else 0. dx [rows, pieces, cols] written. */
  maxOfPiecesGrad(dims: PieceDims, argmax: Uint32Array, dy: Float32Array, dx: Float32Array): void;
}

/** Shape [rows, pieces, cols]: each row is so many pieces of `cols` numbers. */
export interface PieceDims extends MatrixDims {
  readonly pieces: number;
}
