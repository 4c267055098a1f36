/**
 * @file Does this table fit? The checks that modules make whose input is several tensors.
 *
 * As shape-check.ts for single tensors: a few comparisons, and text only for an error.
 */
import { ShapeError } from "../core/index.js";
import type { Table, Tensor } from "./module.js";
import { checkLength, formatShape } from "./shape-check.js";

/** @throws {ShapeError} unless `table` has `length` entries. */
export function checkTable(where: string, table: readonly unknown[], length: number, remedy: string): void {
  if (!Array.isArray(table)) {
    throw new ShapeError(`${where}: expected a table of ${length} tensors, got a single input; ${remedy}`);
  }
  if (table.length === length) return;
  throw new ShapeError(`${where}: expected a table of ${length} tensors, got ${table.length}; ${remedy}`);
}

/** @throws {ShapeError} unless `table` has at least one tensor, and all have the shape of the first. */
export function checkEqualShapes(where: string, table: Table): void {
  if (!Array.isArray(table) || table.length === 0) {
    throw new ShapeError(`${where}: expected a table of at least one tensor, got none; is a ConcatTable missing?`);
  }
  const expected = (table[0] as Tensor).shape;
  for (let t = 0; t < table.length; t++) {
    const { shape } = table[t] as Tensor;
    let equal = shape.length === expected.length;
    for (let i = 0; equal && i < shape.length; i++) equal = shape[i] === expected[i];
    if (!equal) {
      throw new ShapeError(
        `${where}: expected tensor ${t} as the first, ${formatShape(expected)}, got ${formatShape(shape)}; ` +
          "do all branches have one output size?",
      );
    }
    checkLength(where, table[t]);
  }
}
