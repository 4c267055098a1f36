/**
 * @file The oracle for sparse batches and for losses on sparse targets.
 */
import type { CompactTranspose, Csr, Kernels, MatrixDims, WriteMode } from "../contract.js";
import { logSumExp, sigmoid, softplus } from "./dense.js";

function csrGatherRows(source: Csr, ids: Uint32Array, count: number, out: Csr): number {
  let filled = 0;
  out.offsets[0] = 0;
  for (let i = 0; i < count; i++) {
    for (let e = source.offsets[ids[i]]; e < source.offsets[ids[i] + 1]; e++, filled++) {
      out.columns[filled] = source.columns[e];
      out.values[filled] = source.values[e];
    }
    out.offsets[i + 1] = filled;
  }
  return filled;
}

function csrGemm({ rows, cols }: MatrixDims, x: Csr, w: Float32Array, y: Float32Array, mode: WriteMode): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      let sum = mode === "accumulate" ? y[i * cols + j] : 0;
      for (let e = x.offsets[i]; e < x.offsets[i + 1]; e++) sum += x.values[e] * w[x.columns[e] * cols + j];
      y[i * cols + j] = sum;
    }
  }
}

function csrCompactTranspose(numRows: number, x: Csr, slotOf: Uint32Array, out: CompactTranspose): number {
  const entries = new Map<number, { row: number; value: number }[]>();
  for (let i = 0; i < numRows; i++) {
    for (let e = x.offsets[i]; e < x.offsets[i + 1]; e++) {
      const column = x.columns[e];
      if (column >= slotOf.length) throw new RangeError(`csrCompactTranspose: column ${column} ≥ ${slotOf.length}`);
      if (!entries.has(column)) entries.set(column, []);
      entries.get(column)?.push({ row: i, value: x.values[e] });
    }
  }
  let u = 0;
  let filled = 0;
  out.offsets[0] = 0;
  for (const [column, list] of entries) {
    out.columns[u++] = column;
    for (const { row, value } of list) {
      out.rows[filled] = row;
      out.values[filled++] = value;
    }
    out.offsets[u] = filled;
  }
  return u;
}

function csrGradRows(numColumns: number, cols: number, x: CompactTranspose, dy: Float32Array, dw: Float32Array): void {
  for (let u = 0; u < numColumns; u++) {
    for (let j = 0; j < cols; j++) {
      let sum = 0;
      for (let e = x.offsets[u]; e < x.offsets[u + 1]; e++) sum += x.values[e] * dy[x.rows[e] * cols + j];
      dw[u * cols + j] = sum;
    }
  }
}

function gatherRows(count: number, cols: number, ids: Uint32Array, src: Float32Array, out: Float32Array): void {
  for (let i = 0; i < count; i++) for (let j = 0; j < cols; j++) out[i * cols + j] = src[ids[i] * cols + j];
}

/** The targets of row i, dense. */
function targetRow(targets: Csr, i: number, cols: number): Float64Array {
  const t = new Float64Array(cols);
  for (let e = targets.offsets[i]; e < targets.offsets[i + 1]; e++) t[targets.columns[e]] += targets.values[e];
  return t;
}

function softmaxCrossEntropy(
  { rows, cols }: MatrixDims,
  x: Float32Array,
  targets: Csr,
  gradScale: number,
  grad: Float32Array,
): number {
  let loss = 0;
  for (let i = 0; i < rows; i++) {
    const row = x.slice(i * cols, (i + 1) * cols);
    const t = targetRow(targets, i, cols);
    const targetSum = t.reduce((a, b) => a + b, 0);
    const { maximum, logSum } = logSumExp(row);
    loss += targetSum * logSum;
    for (let e = targets.offsets[i]; e < targets.offsets[i + 1]; e++) {
      loss += targets.values[e] * (maximum - row[targets.columns[e]]);
    }
    for (let j = 0; j < cols; j++) {
      grad[i * cols + j] = gradScale * (Math.exp(row[j] - maximum - logSum) * targetSum - t[j]);
    }
  }
  return loss;
}

function sigmoidCrossEntropy(
  { rows, cols }: MatrixDims,
  x: Float32Array,
  targets: Csr,
  gradScale: number,
  grad: Float32Array,
): number {
  let loss = 0;
  for (let i = 0; i < rows; i++) {
    const t = targetRow(targets, i, cols);
    for (let j = 0; j < cols; j++) {
      const logit = x[i * cols + j];
      loss += softplus(logit) - (t[j] === 0 ? 0 : t[j] * logit);
      grad[i * cols + j] = gradScale * (sigmoid(logit) - t[j]);
    }
  }
  return loss;
}

export const sparse: Pick<
  Kernels,
  | "csrGatherRows"
  | "csrGemm"
  | "csrCompactTranspose"
  | "csrGradRows"
  | "gatherRows"
  | "softmaxCrossEntropy"
  | "sigmoidCrossEntropy"
> = {
  csrGatherRows,
  csrGemm,
  csrCompactTranspose,
  csrGradRows,
  gatherRows,
  softmaxCrossEntropy,
  sigmoidCrossEntropy,
};
