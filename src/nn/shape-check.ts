/**
 * @file Does this input fit? The checks that modules make before kernels, which trust their callers, read the arrays.
 *
 * Each costs a few comparisons; text is built only for an error, as *where: expected, got, remedy*. Containers put
 * their path in front (`Sequential[2] › Linear.forward: …`). Arrays of another kind than f32 and u32 are refused too: in
 * JavaScript no compiler does, and native code would read past their ends. Column numbers inside sparse batches are not
 * checked here: data/ does that once, when a row is read.
 */
import { ShapeError } from "../core/index.js";
import { describeValue } from "./kernels-check.js";
import type { SparseBatch, Tensor } from "./module.js";

/** Writes a shape as `[64, 4000]`. */
export function formatShape(shape: readonly (number | string)[]): string {
  return `[${shape.join(", ")}]`;
}

function lengthOf(shape: readonly number[]): number {
  let length = 1;
  for (let i = 0; i < shape.length; i++) length *= shape[i];
  return length;
}

/** @throws {ShapeError} unless `input.data` are f32 numbers, as many as its shape says. */
export function checkLength(where: string, input: Tensor): void {
  if (!(input.data instanceof Float32Array)) {
    throw new ShapeError(
      `${where}: expected numbers in a Float32Array, got ${describeValue(input.data)}; ` +
        "kernels read four bytes a number: convert with Float32Array.from",
    );
  }
  if (lengthOf(input.shape) <= input.data.length) return;
  throw new ShapeError(
    `${where}: expected ${lengthOf(input.shape)} numbers for input ${formatShape(input.shape)}, ` +
      `got ${input.data.length}; is the array of another batch?`,
  );
}

/** @throws {ShapeError} unless `input` is [N, cols]. */
export function checkMatrix(where: string, input: Tensor, cols: number, remedy: string): void {
  if (input.shape.length !== 2 || input.shape[1] !== cols) {
    throw new ShapeError(
      `${where}: expected input ${formatShape(["N", cols])}, got ${formatShape(input.shape)}; ${remedy}`,
    );
  }
  checkLength(where, input);
}

/** @throws {ShapeError} unless `batch` is [N, cols] and its arrays are long enough for its offsets. */
export function checkSparse(where: string, batch: SparseBatch, cols: number, remedy: string): void {
  if (batch.numCols !== cols) {
    throw new ShapeError(
      `${where}: expected input ${formatShape(["N", cols])}, got ${formatShape([batch.numRows, batch.numCols])}; ${remedy}`,
    );
  }
  if (batch.offsets.length <= batch.numRows) {
    throw new ShapeError(
      `${where}: expected ${batch.numRows + 1} offsets for ${batch.numRows} rows, got ${batch.offsets.length}; ` +
        "offsets hold one number more than there are rows",
    );
  }
  const { offsets, columns, values } = batch;
  const areKinds = offsets instanceof Uint32Array && columns instanceof Uint32Array && values instanceof Float32Array;
  if (!areKinds) {
    throw new ShapeError(
      `${where}: expected offsets and columns in a Uint32Array, values in a Float32Array, got ` +
        `${[offsets, columns, values].map(describeValue).join(", ")}; kernels read four bytes a number`,
    );
  }
  const end = batch.offsets[batch.numRows];
  if (end > batch.columns.length || end > batch.values.length) {
    throw new ShapeError(
      `${where}: expected ${end} columns and values as the last offset says, got ${batch.columns.length} and ` +
        `${batch.values.length}; are the offsets of another batch?`,
    );
  }
}

/** @throws {ShapeError} unless `gradOutput` has the shape of the output of the last forward. */
export function checkGradOutput(where: string, gradOutput: Tensor, output: Tensor): void {
  const expected = output.shape;
  const got = gradOutput.shape;
  let equal = expected.length === got.length;
  for (let i = 0; equal && i < expected.length; i++) equal = expected[i] === got[i];
  if (!equal) {
    throw new ShapeError(
      `${where}: expected gradOutput ${formatShape(expected)}, got ${formatShape(got)}; ` +
        "call backward with the gradient of the last forward",
    );
  }
  checkLength(where, gradOutput);
}

/** @throws {ShapeError} unless `input` has as many rows as the output of the last forward. */
export function checkSameRows(where: string, numRows: number, output: Tensor): void {
  if (numRows === output.shape[0]) return;
  throw new ShapeError(
    `${where}: expected input of ${output.shape[0]} rows, got ${numRows}; ` +
      "call backward with the input of the last forward",
  );
}
