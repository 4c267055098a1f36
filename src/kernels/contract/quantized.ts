/**
 * @file Products with weights of 8 or 4 bits: what a model that was made small for the way to a browser is asked with.
 *
 *   weight(group g of a row, place s)  =  scale[row, g] · code          code: whole, −127 … 127 or −7 … 7
 *
 *   8 bits   one two's complement byte a code, S bytes a group
 *   4 bits   ⌈S/2⌉ bytes a group; byte i: code i + 8 in the low half, code ⌈S/2⌉ + i + 8 in the high half (8, that is
 *            a code of 0, beyond the group's end), so that neighbours in memory are neighbours in the sum
 *
 * Activations stay f32: nothing but the weights is rounded.
 */
import type { Csr } from "./arrays.js";

/** Shapes of a product a [M, K] by codes of [N, K], to c [M, N]. */
export interface QuantizedGemmDims {
  /** Rows of a and c. */
  readonly m: number;
  /** Outputs: columns of c. */
  readonly n: number;
  /** Inputs: weights of an output, all with one scale. */
  readonly k: number;
  readonly bits: CodeBits;
}

/** Bits of a weight's code. */
export type CodeBits = 8 | 4;

/** Shapes of a sparse product: rows of weights are `groups` times `groupSize` codes long. */
export interface QuantizedRowDims {
  /** Rows of the sparse factor. */
  readonly rows: number;
  /** Groups of a row of weights; each has a scale. */
  readonly groups: number;
  /** S, weights of a group. */
  readonly groupSize: number;
  readonly bits: CodeBits;
}

/** Bytes of the codes of one group. */
export function groupBytes(groupSize: number, bits: CodeBits): number {
  return bits === 8 ? groupSize : Math.ceil(groupSize / 2);
}

/** Layers whose weights are codes of few bits. */
export interface QuantizedKernels {
  /**
   * c[i, j] ← scales[j]·Σₖ a[i, k]·code(j, k): a dense layer, each output a group of K. a [M, K], codes [N, groupBytes]
   * and scales [N] read, c [M, N] written. Within (K + 1)·2⁻²⁴·Σ|a||w|.
   */
  quantizedGemm(
    dims: QuantizedGemmDims,
    a: Float32Array,
    codes: Uint8Array,
    scales: Float32Array,
    c: Float32Array,
  ): void;
  /**
   * y[i, :] ← Σ over the entries e of row i: values[e]·w[columns[e], :]: a sparse layer. codes [C, groups, groupBytes],
   * scales [C, groups], C above all columns; y [rows, groups·groupSize] written. Within (E + 2)·2⁻²⁴·Σ|x||w|, E entries.
   */
  quantizedCsrGemm(dims: QuantizedRowDims, x: Csr, codes: Uint8Array, scales: Float32Array, y: Float32Array): void;
}
