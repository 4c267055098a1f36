/**
 * @file The oracle for products and sums row by row.
 */
import type { MatrixDims, RowKernels, WriteMode } from "../contract.js";

function dot(length: number, a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[i] * b[i];
  return sum;
}

function multiply(length: number, a: Float32Array, b: Float32Array, out: Float32Array, mode: WriteMode): void {
  for (let i = 0; i < length; i++) out[i] = (mode === "accumulate" ? out[i] : 0) + a[i] * b[i];
}

function rowDots({ rows, cols }: MatrixDims, a: Float32Array, b: Float32Array, out: Float32Array): void {
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = i * cols; j < (i + 1) * cols; j++) sum += a[j] * b[j];
    out[i] = sum;
  }
}

function scaleRows(
  { rows, cols }: MatrixDims,
  scale: Float32Array,
  x: Float32Array,
  out: Float32Array,
  mode: WriteMode,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = i * cols; j < (i + 1) * cols; j++) out[j] = (mode === "accumulate" ? out[j] : 0) + scale[i] * x[j];
  }
}

function scatterAddRows(
  count: number,
  cols: number,
  ids: Uint32Array,
  scale: Float32Array | null,
  src: Float32Array,
  out: Float32Array,
): void {
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < cols; j++) out[ids[i] * cols + j] += (scale === null ? 1 : scale[i]) * src[i * cols + j];
  }
}

export const rows: RowKernels = { dot, multiply, rowDots, scaleRows, scatterAddRows };
