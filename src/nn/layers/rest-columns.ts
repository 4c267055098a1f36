/**
 * @file The columns that only some rows of a batch ask for: each row's own targets beside those that all rows share.
 *
 *   rest       row i ──▶ columns of W that row i needs            values: logits after forward, gradients for backward
 *   forward    values ← x·W[columns] + b[columns]                 csrDots
 *   backward   dx [N, H] += values·W                              csrGemm
 *              dW [U, H], db [U]: the U columns that occur        csrCompactTranspose, csrGradRows
 *
 * U rows of gradients come in the order in which columns first appear in `rest`. Work follows the entries.
 */
import type { Csr, Kernels } from "../../kernels/contract.js";
import { atLeastF32, atLeastU32 } from "../tensor-buffer.js";

/** Logits and gradients of the columns that single rows need besides the shared ones. */
export class RestColumns {
  private readonly kernels: Kernels;
  private readonly numColumns: number;
  private readonly dims: { rows: number; cols: number };
  private ones: Float32Array;
  /** [B] scratch of the transposition, all zero between calls. */
  private slotOf: Uint32Array;
  private readonly transposed: { columns: Uint32Array; offsets: Uint32Array; rows: Uint32Array; values: Float32Array };

  /** For W [numColumns, cols], B and H. */
  constructor(kernels: Kernels, numColumns: number, cols: number) {
    this.kernels = kernels;
    this.numColumns = numColumns;
    this.dims = { rows: 0, cols };
    this.ones = new Float32Array(0);
    this.slotOf = new Uint32Array(0);
    this.transposed = {
      columns: new Uint32Array(0),
      offsets: new Uint32Array(0),
      rows: new Uint32Array(0),
      values: new Float32Array(0),
    };
  }

  /** Writes the logits of `rest` to its values. x [rows, H]. */
  forward(rows: number, x: Float32Array, weight: Float32Array, bias: Float32Array, rest: Csr): void {
    this.dims.rows = rows;
    this.kernels.csrDots(this.dims, rest, x, weight, bias, rest.values);
  }

  /** Adds to `gradX` [rows, H]; writes U rows to `gradWeight` and U numbers to `gradBias`, both [≥ entries] rows. */
  backward(
    rows: number,
    x: Float32Array,
    weight: Float32Array,
    rest: Csr,
    gradX: Float32Array,
    gradWeight: Float32Array,
    gradBias: Float32Array,
  ): void {
    const { kernels, dims, transposed } = this;
    dims.rows = rows;
    kernels.csrGemm(dims, rest, weight, gradX, "accumulate");
    this.reserve(rows, rest.offsets[rows]);
    const count = kernels.csrCompactTranspose(rows, rest, this.slotOf, transposed);
    kernels.csrGradRows(count, dims.cols, transposed, x, gradWeight);
    kernels.csrGradRows(count, 1, transposed, this.ones, gradBias);
  }

  private reserve(rows: number, numEntries: number): void {
    const { kernels, transposed } = this;
    const maxColumns = Math.min(numEntries, this.numColumns);
    if (this.slotOf.length === 0) this.slotOf = kernels.u32(this.numColumns);
    if (this.ones.length < rows) this.ones = atLeastF32(kernels, this.ones, rows).fill(1);
    transposed.columns = atLeastU32(kernels, transposed.columns, maxColumns);
    transposed.offsets = atLeastU32(kernels, transposed.offsets, maxColumns + 1);
    transposed.rows = atLeastU32(kernels, transposed.rows, numEntries);
    transposed.values = atLeastF32(kernels, transposed.values, numEntries);
  }
}
