/**
 * @file In which pieces do worlds take the rows of queries? Some at a time, copied to memory that the kernels see.
 *
 *   rows [N, D]  │ 0 … 255 │ 256 … 511 │ …        a batch: offsets from 0, columns, values
 *
 * What comes from outside is checked here, once: kernels trust their callers.
 */
import { ShapeError } from "../core/errors.js";
import type { Csr, Kernels } from "../kernels/contract.js";
import type { SparseBatch } from "../nn/module.js";
import { atLeastF32, atLeastU32 } from "../nn/tensor-buffer.js";

/** Batches of one size, one after another in the same memory. */
export class RowBatches {
  private readonly kernels: Kernels;
  private readonly numFeatures: number;
  private inputs: Csr;

  /** For batches of up to `batchRows` rows of `numFeatures` features. */
  constructor(kernels: Kernels, numFeatures: number, batchRows: number) {
    this.kernels = kernels;
    this.numFeatures = numFeatures;
    this.inputs = { offsets: kernels.u32(batchRows + 1), columns: kernels.u32(0), values: kernels.f32(0) };
  }

  /** @throws {ShapeError} for rows of other features, columns ≥ D, or arrays that are too short. Reads all columns. */
  check({ numRows, numCols, offsets, columns, values }: SparseBatch): void {
    const { numFeatures } = this;
    if (numCols !== numFeatures) {
      throw new ShapeError(
        `Ensemble: expected rows of ${numFeatures} features, got ${numCols}; use the model's vectorizer`,
      );
    }
    const end = numRows === 0 ? 0 : offsets[numRows];
    if (offsets.length <= numRows || end > columns.length || end > values.length) {
      throw new ShapeError(`Ensemble: expected ${numRows + 1} offsets, ${end} columns and values, got fewer`);
    }
    for (let i = offsets[0]; i < end; i++) {
      if (columns[i] >= numFeatures) {
        throw new ShapeError(
          `Ensemble: expected features below ${numFeatures}, got ${columns[i]}; use the model's vectorizer`,
        );
      }
    }
  }

  /** Rows [first, first + count) in memory of our own: WASM would otherwise copy the whole of `inputs` for each world. */
  copy(inputs: SparseBatch, first: number, count: number): SparseBatch {
    const begin = inputs.offsets[first];
    const end = inputs.offsets[first + count];
    const { offsets } = this.inputs;
    for (let i = 0; i <= count; i++) offsets[i] = inputs.offsets[first + i] - begin;
    const columns = atLeastU32(this.kernels, this.inputs.columns, end - begin);
    const values = atLeastF32(this.kernels, this.inputs.values, end - begin);
    columns.set(inputs.columns.subarray(begin, end));
    values.set(inputs.values.subarray(begin, end));
    this.inputs = { offsets, columns, values };
    return { offsets, columns, values, numRows: count, numCols: inputs.numCols };
  }
}
