/**
 * @file Products and sums row by row on a bridge.
 */
import type { RowKernels } from "../contract.js";
import type { Bridge, Pointer } from "./flat-operations.js";
import { readIds, rowsOf } from "./sparse.js";

/** kernels/ops.h, ROW_OPERATIONS. */
export interface FlatRowOperations {
  f32_dot(n: number, a: Pointer, b: Pointer): number;
  f32_multiply(n: number, a: Pointer, b: Pointer, out: Pointer, accumulate: number): void;
  f32_row_dots(rows: number, cols: number, a: Pointer, b: Pointer, out: Pointer): void;
  f32_scale_rows(rows: number, cols: number, scale: Pointer, x: Pointer, out: Pointer, accumulate: number): void;
  f32_scatter_add_rows(count: number, cols: number, ids: Pointer, scale: Pointer, src: Pointer, out: Pointer): void;
}

export function rowOperations(bridge: Bridge): RowKernels {
  const { flat } = bridge;
  return {
    dot(length, a, b) {
      bridge.begin();
      const sum = flat.f32_dot(length, bridge.read("dot: a", a, length), bridge.read("dot: b", b, length));
      bridge.end();
      return sum;
    },
    multiply(length, a, b, out, mode) {
      bridge.begin();
      const accumulate = mode === "accumulate" ? 1 : 0;
      const aAt = bridge.read("multiply: a", a, length);
      const bAt = bridge.read("multiply: b", b, length);
      flat.f32_multiply(length, aAt, bAt, bridge.update("multiply: out", out, length), accumulate);
      bridge.end();
    },
    rowDots({ rows, cols }, a, b, out) {
      bridge.begin();
      const aAt = bridge.read("rowDots: a", a, rows * cols);
      const bAt = bridge.read("rowDots: b", b, rows * cols);
      flat.f32_row_dots(rows, cols, aAt, bAt, bridge.write("rowDots: out", out, rows));
      bridge.end();
    },
    scaleRows({ rows, cols }, scale, x, out, mode) {
      bridge.begin();
      const accumulate = mode === "accumulate" ? 1 : 0;
      const scaleAt = bridge.read("scaleRows: scale", scale, rows);
      const xAt = bridge.read("scaleRows: x", x, rows * cols);
      const outAt = bridge.update("scaleRows: out", out, rows * cols);
      flat.f32_scale_rows(rows, cols, scaleAt, xAt, outAt, accumulate);
      bridge.end();
    },
    scatterAddRows(count, cols, ids, scale, src, out) {
      bridge.begin();
      const idsAt = readIds(bridge, "scatterAddRows: ids", ids, count, rowsOf(out, cols));
      const scaleAt = scale && bridge.read("scatterAddRows: scale", scale, count);
      const srcAt = bridge.read("scatterAddRows: src", src, count * cols);
      const outAt = bridge.update("scatterAddRows: out", out, out.length);
      flat.f32_scatter_add_rows(count, cols, idsAt, scaleAt, srcAt, outAt);
      bridge.end();
    },
  };
}
