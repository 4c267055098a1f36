/** @file What several threads need to work on parts of one step: merging sparse gradients, a softmax over blocks of columns. */
import type { Csr, MatrixDims } from "./arrays.js";

/** Columns of a row whose exponentials are added up as one f32; parts of a row start at multiples of it. */
export const SUM_BLOCK = 1024;

/** The ids that are `index` modulo `count`. */
export interface IdPart {
  /** Below `count`. */
  readonly index: number;
  /** How many parts there are. */
  readonly count: number;
}

/** Compact rows that others are merged into. */
export interface MergedRows {
  /** [numRows of the parameter] slot + 1 of an id, 0: none yet. All zero before the first merge; the caller zeroes it again. */
  readonly slotOf: Uint32Array;
  /** [≥ slots] */
  readonly ids: Uint32Array;
  /** [≥ slots, cols] */
  readonly values: Float32Array;
}

/** Where columns [first, first + cols) of rows of `numSums` blocks stand. */
export interface SoftmaxPart {
  /** A multiple of SUM_BLOCK. */
  readonly first: number;
  /** Blocks of SUM_BLOCK columns in a whole row. */
  readonly numSums: number;
}

/** A thread's share of merging sparse gradients, and of a softmax over columns. */
export interface PartKernels {
  /**
   * Adds scale·src[i, :] to the row of `out` that belongs to ids[i], for i < count in this order, where ids[i] lies in
   * `part`; an id that `out` does not hold yet gets the next slot. @returns slots in use, `slots` before included.
   */
  mergeRows(
    count: number,
    cols: number,
    part: IdPart,
    scale: number,
    ids: Uint32Array,
    src: Float32Array,
    slots: number,
    out: MergedRows,
  ): number;
  /** maxima[i] ← the largest of x[i, :]. maxima [rows] written. */
  rowMaxima(dims: MatrixDims, x: Float32Array, maxima: Float32Array): void;
  /** exps ← e^(x[i, j] − maxima[i]); sums [rows, ⌈cols / SUM_BLOCK⌉] ← their sums over blocks of columns. exps may be x. */
  expSums(dims: MatrixDims, x: Float32Array, maxima: Float32Array, exps: Float32Array, sums: Float32Array): void;
  /**
   * softmaxCrossEntropy on some of the columns: x [rows, cols] their logits, `maxima` [rows] and `sums` [rows, numSums]
   * those of whole rows, `targets` of whole rows too. grad [rows, cols], the exponentials, becomes the gradient.
   * @returns the part's share of the loss; shares add up to the loss, gradients have its very bits.
   */
  softmaxPart(
    dims: MatrixDims,
    part: SoftmaxPart,
    x: Float32Array,
    maxima: Float32Array,
    sums: Float32Array,
    targets: Csr,
    gradScale: number,
    grad: Float32Array,
  ): number;
  /** out ← the entries of columns [first, first + count), counted from `first`. Offsets of `out` start at 0. */
  csrSelectColumns(numRows: number, x: Csr, first: number, count: number, out: Csr): void;
}
