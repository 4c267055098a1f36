/**
 * @file Training on a sample of the output columns: which ones, and the losses on them.
 *
 * All rows of a batch share the columns that were drawn, so that their logits are one gemm; a row's own targets that were
 * not drawn, a few, are computed apart (csrDots). Other rows' targets count for nothing in a row unless they were drawn.
 */
import type { Csr, MatrixDims } from "./arrays.js";

/** Draws from any distribution: column ⌊u·numColumns⌋, or its alias unless a second number is below its threshold. */
export interface AliasDraws {
  /** [numColumns] of 2³²; 2³² − 1 also stands for certainty. */
  readonly thresholds: Uint32Array;
  /** [numColumns] columns. */
  readonly aliases: Uint32Array;
}

/** Draws the columns of a step, and computes losses on them alone. */
export interface SampledKernels {
  /**
   * Draws columns of [0, numColumns) for a step. `out` ← the columns met in `numDraws` draws, each once, in the order
   * drawn; then the target columns that are not among them, each once, in order of appearance. Draw t is column
   * floor(counterHash(seed, t)·numColumns / 2³²) if `draws` is null; else it looks at i = floor(counterHash(seed,
   * 2t)·numColumns / 2³²) and takes i if counterHash(seed, 2t + 1) < thresholds[i] or thresholds[i] = 2³² − 1, else
   * aliases[i]. Rewrites targets.columns to positions in `out`. `rest` ← the targets that were not drawn, row by row:
   * offsets from 0, columns by their own numbers; its values are kept. Room: `out` min(numColumns, numDraws +
   * entries), rest.columns entries. `scratch` [≥ numColumns] all zero before and after. Distinct targets in a row.
   * Cost: draws + entries, whatever numColumns. @returns [columns in out, how many of them were drawn].
   */
  sampleColumns(
    numRows: number,
    targets: Csr,
    numColumns: number,
    numDraws: number,
    draws: AliasDraws | null,
    seed: number,
    scratch: Uint32Array,
    out: Uint32Array,
    rest: Csr,
  ): [numChosen: number, numDrawn: number];
  /**
   * softmaxCrossEntropy on drawn columns. Row i has the logits x[i, j] + shift[j] of the columns j < cols that are not its
   * targets, x[i, j] of those that are, and rest.values of its targets at positions ≥ cols, which stand in `rest` in the
   * same order. `shift` [cols]. grad [rows, cols] may be x; rest.values are replaced by their gradients.
   */
  sampledSoftmax(
    dims: MatrixDims,
    x: Float32Array,
    shift: Float32Array,
    targets: Csr,
    rest: Csr,
    gradScale: number,
    grad: Float32Array,
  ): number;
  /**
   * sigmoidCrossEntropy on drawn columns: a column j < cols that is no target of the row counts weight[j] times; targets
   * count once, those at positions ≥ cols with their logits in `rest`. `weight` [cols] > 0; else as sampledSoftmax.
   */
  sampledSigmoid(
    dims: MatrixDims,
    x: Float32Array,
    weight: Float32Array,
    targets: Csr,
    rest: Csr,
    gradScale: number,
    grad: Float32Array,
  ): number;
}
