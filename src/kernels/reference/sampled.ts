/**
 * @file The oracle for training on a sample of the columns.
 */
import type { AliasDraws, Csr, MatrixDims, SampledKernels } from "../contract.js";
import { logSumExp, sigmoid, softplus } from "./dense.js";
import { counterHash } from "./random.js";

function sampleColumns(
  numRows: number,
  targets: Csr,
  numColumns: number,
  numDraws: number,
  draws: AliasDraws | null,
  seed: number,
  _scratch: Uint32Array,
  out: Uint32Array,
  rest: Csr,
): [numChosen: number, numDrawn: number] {
  const positionOf = new Map<number, number>();
  const take = (column: number): number => {
    const position = positionOf.get(column) ?? positionOf.size;
    positionOf.set(column, position);
    return position;
  };
  const cellOf = (index: number): number => Math.floor((counterHash(seed, index) * numColumns) / 2 ** 32);
  for (let t = 0; t < numDraws; t++) {
    if (draws === null) {
      take(cellOf(t));
      continue;
    }
    const cell = cellOf(2 * t);
    const cut = draws.thresholds[cell];
    take(counterHash(seed, 2 * t + 1) < cut || cut === 2 ** 32 - 1 ? cell : draws.aliases[cell]);
  }
  const numDrawn = positionOf.size;
  let filled = 0;
  rest.offsets[0] = 0;
  for (let i = 0; i < numRows; i++) {
    for (let e = targets.offsets[i]; e < targets.offsets[i + 1]; e++) {
      const column = targets.columns[e];
      targets.columns[e] = take(column);
      if (targets.columns[e] >= numDrawn) rest.columns[filled++] = column;
    }
    rest.offsets[i + 1] = filled;
  }
  out.set([...positionOf.keys()]);
  return [positionOf.size, numDrawn];
}

/** The logits of row i's targets that were drawn, by column, and target values by position in `targets` and `rest`. */
interface Row {
  readonly targets: ReadonlyMap<number, number>;
  /** [place in rest, target value] */
  readonly rest: readonly (readonly [number, number])[];
}

function rowOf(i: number, cols: number, targets: Csr, rest: Csr): Row {
  const drawn = new Map<number, number>();
  const others: [number, number][] = [];
  for (let e = targets.offsets[i]; e < targets.offsets[i + 1]; e++) {
    if (targets.columns[e] < cols) drawn.set(targets.columns[e], targets.values[e]);
    else others.push([rest.offsets[i] + others.length, targets.values[e]]);
  }
  return { targets: drawn, rest: others };
}

function sampledSoftmax(
  { rows, cols }: MatrixDims,
  x: Float32Array,
  shift: Float32Array,
  targets: Csr,
  rest: Csr,
  gradScale: number,
  grad: Float32Array,
): number {
  let loss = 0;
  for (let i = 0; i < rows; i++) {
    const row = rowOf(i, cols, targets, rest);
    const logits = Float64Array.from({ length: cols + row.rest.length }, (_, j) => {
      if (j >= cols) return rest.values[row.rest[j - cols][0]];
      return x[i * cols + j] + (row.targets.has(j) ? 0 : shift[j]);
    });
    if (logits.length === 0) continue;
    const wanted = Array.from(logits, (_, j) => (j < cols ? (row.targets.get(j) ?? 0) : row.rest[j - cols][1]));
    const { maximum, logSum } = logSumExp(logits);
    const total = wanted.reduce((a, b) => a + b, 0);
    wanted.forEach((t, j) => {
      if (t !== 0) loss += t * (maximum + logSum - logits[j]);
      const gradient = gradScale * (Math.exp(logits[j] - maximum - logSum) * total - t);
      if (j < cols) grad[i * cols + j] = gradient;
      else rest.values[row.rest[j - cols][0]] = gradient;
    });
  }
  return loss;
}

function sampledSigmoid(
  { rows, cols }: MatrixDims,
  x: Float32Array,
  weight: Float32Array,
  targets: Csr,
  rest: Csr,
  gradScale: number,
  grad: Float32Array,
): number {
  let loss = 0;
  for (let i = 0; i < rows; i++) {
    const row = rowOf(i, cols, targets, rest);
    for (let j = 0; j < cols; j++) {
      const z = x[i * cols + j];
      const t = row.targets.get(j);
      loss += t === undefined ? weight[j] * softplus(z) : softplus(z) - t * z;
      grad[i * cols + j] = gradScale * (t === undefined ? weight[j] * sigmoid(z) : sigmoid(z) - t);
    }
    for (const [r, t] of row.rest) {
      const z = rest.values[r];
      loss += softplus(z) - t * z;
      rest.values[r] = gradScale * (sigmoid(z) - t);
    }
  }
  return loss;
}

export const sampled: SampledKernels = { sampleColumns, sampledSoftmax, sampledSigmoid };
