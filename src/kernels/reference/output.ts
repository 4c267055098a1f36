/**
 * @file The oracle for output layers: products at chosen places, losses, and searches by scoring every label.
 */
import type { ClusterSearch, Csr, CsrPattern, MatrixDims, OutputKernels, PathBatch, TreeSearch } from "../contract.js";
import { logSumExp, sigmoid, softplus } from "./dense.js";
import { sparse } from "./sparse.js";

/** a[aStart …]·b[bStart …], n numbers each. */
function dotAt(n: number, a: Float32Array, aStart: number, b: Float32Array, bStart: number): number {
  let sum = 0;
  for (let j = 0; j < n; j++) sum += a[aStart + j] * b[bStart + j];
  return sum;
}

function csrDots(
  { rows, cols }: MatrixDims,
  { offsets, columns }: CsrPattern,
  x: Float32Array,
  w: Float32Array,
  bias: Float32Array | null,
  out: Float32Array,
): void {
  for (let i = 0; i < rows; i++) {
    for (let e = offsets[i]; e < offsets[i + 1]; e++) {
      out[e] = dotAt(cols, x, i * cols, w, columns[e] * cols) + (bias === null ? 0 : bias[columns[e]]);
    }
  }
}

function logisticCrossEntropy(
  length: number,
  x: Float32Array,
  codes: Float32Array,
  weights: Float32Array,
  gradScale: number,
  grad: Float32Array,
): number {
  let loss = 0;
  for (let i = 0; i < length; i++) {
    const z = x[i];
    loss += weights[i] * (softplus(z) - codes[i] * z);
    grad[i] = gradScale * weights[i] * (sigmoid(z) - codes[i]);
  }
  return loss;
}

function raggedSoftmaxCrossEntropy(
  numRows: number,
  offsets: Uint32Array,
  x: Float32Array,
  targets: Csr,
  gradScale: number,
  grad: Float32Array,
): number {
  let loss = 0;
  for (let i = 0; i < numRows; i++) {
    const [from, to] = [offsets[i], offsets[i + 1]];
    const row = { ...targets, offsets: targets.offsets.subarray(i, i + 2) };
    const dims = { rows: 1, cols: to - from };
    loss += sparse.softmaxCrossEntropy(dims, x.subarray(from, to), row, gradScale, grad.subarray(from, to));
  }
  return loss;
}

function groupedLogSoftmax(
  { rows, cols }: MatrixDims,
  numGroups: number,
  offsets: Uint32Array,
  groupScores: Float32Array,
  order: Uint32Array,
  x: Float32Array,
  out: Float32Array,
): void {
  for (let i = 0; i < rows; i++) {
    for (let g = 0; g < numGroups; g++) {
      const group = x.subarray(i * cols + offsets[g], i * cols + offsets[g + 1]);
      const { maximum, logSum } = logSumExp(group);
      for (let p = offsets[g]; p < offsets[g + 1]; p++) {
        out[i * cols + order[p]] = groupScores[i * numGroups + g] + (x[i * cols + p] - maximum - logSum);
      }
    }
  }
}

function topColumns(
  { rows, cols }: MatrixDims,
  k: number,
  x: Float32Array,
  outColumns: Uint32Array,
  outScores: Float32Array,
  outCounts: Uint32Array,
): void {
  for (let i = 0; i < rows; i++) {
    const list: { column: number; score: number }[] = [];
    for (let column = 0; column < cols; column++) {
      const score = x[i * cols + column];
      if (score > Number.NEGATIVE_INFINITY) list.push({ column, score });
    }
    const best = list.sort((a, b) => b.score - a.score || a.column - b.column).slice(0, k);
    best.forEach(({ column, score }, j) => {
      outColumns[i * k + j] = column;
      outScores[i * k + j] = score;
    });
    outCounts[i] = best.length;
  }
}

function clusterTopLabels(
  search: ClusterSearch,
  outLabels: Uint32Array,
  outScores: Float32Array,
  outCounts: Uint32Array,
): void {
  const { dims, numClusters, offsets, order, weight, bias, x } = search;
  const numLabels = offsets[numClusters];
  const logits = new Float32Array(dims.rows * numLabels);
  for (let i = 0; i < dims.rows; i++) {
    for (let p = 0; p < numLabels; p++) {
      logits[i * numLabels + p] = dotAt(dims.cols, x, i * dims.cols, weight, p * dims.cols) + bias[p];
    }
  }
  const scores = new Float32Array(logits.length);
  const all = { rows: dims.rows, cols: numLabels };
  groupedLogSoftmax(all, numClusters, offsets, search.clusterScores, order, logits, scores);
  topColumns(all, search.k, scores, outLabels, outScores, outCounts);
}

function csrGatherPaths(numRows: number, targets: Csr, paths: Csr, out: PathBatch): number {
  let filled = 0;
  out.offsets[0] = 0;
  for (let i = 0; i < numRows; i++) {
    for (let e = targets.offsets[i]; e < targets.offsets[i + 1]; e++) {
      const label = targets.columns[e];
      for (let s = paths.offsets[label]; s < paths.offsets[label + 1]; s++) {
        out.columns[filled] = paths.columns[s];
        out.codes[filled] = paths.values[s];
        out.values[filled++] = targets.values[e];
      }
    }
    out.offsets[i + 1] = filled;
  }
  return filled;
}

function treeLogProbabilities(
  numRows: number,
  numLabels: number,
  children: Uint32Array,
  logits: Float32Array,
  scratch: Float32Array,
  out: Float32Array,
): void {
  const inner = numLabels - 1;
  for (let i = 0; i < numRows; i++) {
    if (inner === 0) out[i] = 0;
    else scratch[inner - 1] = 0;
    for (let v = inner - 1; v >= 0; v--) {
      const z = logits[i * inner + v];
      for (const code of [0, 1]) {
        const child = children[2 * v + code];
        const score = scratch[v] - softplus(code === 1 ? -z : z);
        if (child < inner) scratch[child] = score;
        else out[i * numLabels + child - inner] = score;
      }
    }
  }
}

function treeTopLabels(
  search: TreeSearch,
  outLabels: Uint32Array,
  outScores: Float32Array,
  outCounts: Uint32Array,
): void {
  const { dims, numLabels, children, weight, bias, x } = search;
  const inner = numLabels - 1;
  const logits = new Float32Array(dims.rows * inner);
  for (let i = 0; i < dims.rows; i++) {
    for (let v = 0; v < inner; v++) {
      logits[i * inner + v] = dotAt(dims.cols, x, i * dims.cols, weight, v * dims.cols) + bias[v];
    }
  }
  const scores = new Float32Array(dims.rows * numLabels);
  treeLogProbabilities(dims.rows, numLabels, children, logits, new Float32Array(inner), scores);
  topColumns({ rows: dims.rows, cols: numLabels }, search.k, scores, outLabels, outScores, outCounts);
}

export const output: OutputKernels = {
  csrDots,
  logisticCrossEntropy,
  raggedSoftmaxCrossEntropy,
  groupedLogSoftmax,
  topColumns,
  clusterTopLabels,
  csrGatherPaths,
  treeLogProbabilities,
  treeTopLabels,
};
