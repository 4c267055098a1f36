/**
 * @file The oracle for what threads do on parts of a step.
 */
import {
  type Csr,
  type IdPart,
  type MatrixDims,
  type MergedRows,
  type PartKernels,
  type SoftmaxPart,
  SUM_BLOCK,
} from "../contract.js";

function mergeRows(
  count: number,
  cols: number,
  part: IdPart,
  scale: number,
  ids: Uint32Array,
  src: Float32Array,
  slots: number,
  out: MergedRows,
): number {
  let used = slots;
  for (let i = 0; i < count; i++) {
    const id = ids[i];
    if (id % part.count !== part.index) continue;
    const isNew = out.slotOf[id] === 0;
    if (isNew) {
      out.ids[used] = id;
      out.slotOf[id] = ++used;
    }
    const to = (out.slotOf[id] - 1) * cols;
    for (let j = 0; j < cols; j++) {
      out.values[to + j] = (isNew ? 0 : out.values[to + j]) + scale * src[i * cols + j];
    }
  }
  return used;
}

function rowMaxima({ rows, cols }: MatrixDims, x: Float32Array, maxima: Float32Array): void {
  for (let i = 0; i < rows; i++) {
    maxima[i] = Number.NEGATIVE_INFINITY;
    for (let j = i * cols; j < (i + 1) * cols; j++) {
      if (x[j] > maxima[i]) maxima[i] = x[j];
    }
  }
}

function expSums(
  { rows, cols }: MatrixDims,
  x: Float32Array,
  maxima: Float32Array,
  exps: Float32Array,
  sums: Float32Array,
): void {
  const numSums = Math.ceil(cols / SUM_BLOCK);
  for (let i = 0; i < rows; i++) {
    for (let block = 0; block < numSums; block++) {
      let sum = 0;
      for (let j = block * SUM_BLOCK; j < Math.min(cols, (block + 1) * SUM_BLOCK); j++) {
        const e = Math.exp(x[i * cols + j] - maxima[i]);
        exps[i * cols + j] = e;
        sum += e;
      }
      sums[i * numSums + block] = sum;
    }
  }
}

function softmaxPart(
  { rows, cols }: MatrixDims,
  { first, numSums }: SoftmaxPart,
  x: Float32Array,
  maxima: Float32Array,
  sums: Float32Array,
  { offsets, columns, values }: Csr,
  gradScale: number,
  grad: Float32Array,
): number {
  let loss = 0;
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let block = 0; block < numSums; block++) sum += sums[i * numSums + block];
    let targetSum = 0;
    for (let e = offsets[i]; e < offsets[i + 1]; e++) {
      const j = columns[e] - first;
      targetSum += values[e];
      if (j >= 0 && j < cols) loss += values[e] * (maxima[i] - x[i * cols + j]);
    }
    if (first === 0) loss += targetSum * Math.log(sum);
    for (let j = i * cols; j < (i + 1) * cols; j++) grad[j] *= (gradScale * targetSum) / sum;
    for (let e = offsets[i]; e < offsets[i + 1]; e++) {
      const j = columns[e] - first;
      if (j >= 0 && j < cols) grad[i * cols + j] -= gradScale * values[e];
    }
  }
  return loss;
}

function csrSelectColumns(numRows: number, x: Csr, first: number, count: number, out: Csr): void {
  let filled = 0;
  out.offsets[0] = 0;
  for (let i = 0; i < numRows; i++) {
    for (let e = x.offsets[i]; e < x.offsets[i + 1]; e++) {
      const column = x.columns[e] - first;
      if (column < 0 || column >= count) continue;
      out.columns[filled] = column;
      out.values[filled++] = x.values[e];
    }
    out.offsets[i + 1] = filled;
  }
}

export const parts: PartKernels = { mergeRows, rowMaxima, expSums, softmaxPart, csrSelectColumns };
