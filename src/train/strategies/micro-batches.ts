/**
 * @file How is a batch passed on in pieces? Views of some of its rows, whatever it is made of; no copies.
 */
import { ShapeError } from "../../core/errors.js";
import type { IdTensor, SparseBatch, Tensor } from "../../nn/module.js";
import { partOfRows } from "../objective.js";

/** Pieces of fewer rows are not worth passing on. */
export const LEAST_ROWS = 8;

/** Up to so many rows, native kernels' forward products (NT) take a path with other roundings (kernels/gemm_thin.h). */
const FEW_ROWS = 24;

/** The least rows of a piece of `numRows` whose forward products have the whole's bits, as they take the same path. */
export function leastForwardRows(numRows: number): number {
  return numRows > FEW_ROWS ? FEW_ROWS + 1 : LEAST_ROWS;
}

/** Rows [from, to) of each of up to `most` pieces of `numRows` rows: of `least` rows or more, or one piece. */
export function cutRows(
  numRows: number,
  most: number,
  least: number,
): { readonly from: number; readonly to: number }[] {
  const count = Math.max(1, Math.min(most, Math.floor(numRows / least)));
  return Array.from({ length: count }, (_, i) => partOfRows(numRows, i, count));
}

/** Rows [from, to) of an input: a view. @throws {ShapeError} for what has no rows. */
export function rowsOf(input: unknown, from: number, to: number): Tensor | IdTensor | SparseBatch {
  const value = input as Partial<Tensor & SparseBatch>;
  if (value.offsets !== undefined && value.columns !== undefined) {
    return { ...(value as SparseBatch), offsets: value.offsets.subarray(from, to + 1), numRows: to - from };
  }
  if (value.data !== undefined && Array.isArray(value.shape)) {
    const [numRows, ...tail] = value.shape as number[];
    const perRow = tail.reduce((a, b) => a * b, 1);
    if (to > numRows) throw new ShapeError(`micro-batch: expected rows below ${numRows}, got ${to}`);
    const shape = [to - from, ...tail];
    return { data: value.data.subarray(from * perRow, to * perRow), shape } as Tensor;
  }
  throw new ShapeError(
    "micro-batch: expected a tensor, ids or a sparse batch, got a table; use the data-parallel strategy",
  );
}

/** Rows of an input. */
export function numRowsOf(input: unknown): number {
  const { numRows, shape } = input as { numRows?: number; shape?: readonly number[] };
  return numRows ?? shape?.[0] ?? 0;
}
