/**
 * @file The oracle for losses of dense predictions: each term and its derivative as the contract states them, in f64.
 */
import type { ElementLoss, LossKernels, MatrixDims, MultiMarginOptions } from "../contract.js";

/** @returns [f(x, t), ∂f/∂x]. */
function term(kind: ElementLoss, delta: number, x: number, t: number): [number, number] {
  const d = x - t;
  switch (kind) {
    case "squared":
      return [d * d, 2 * d];
    case "absolute":
      return [Math.abs(d), Math.sign(d)];
    case "smoothL1":
      if (Math.abs(d) < delta) return [(d * d) / (2 * delta), d / delta];
      return [Math.abs(d) - delta / 2, Math.sign(d)];
    case "binary": {
      const p = x < delta ? delta : Math.min(x, 1 - delta);
      return [-(t * Math.log(p) + (1 - t) * Math.log(1 - p)), (p - t) / (p * (1 - p))];
    }
    case "divergence":
      if (t === 0) return [Number.isNaN(x) ? x : 0, 0];
      return [t * (Math.log(t) - x), -t];
    case "hinge": {
      const short = delta - t * x;
      return short <= 0 ? [0, 0] : [short, Number.isNaN(short) ? short : -t];
    }
  }
}

function elementLoss(
  kind: ElementLoss,
  { rows, cols }: MatrixDims,
  delta: number,
  x: Float32Array,
  target: Float32Array,
  weights: Float32Array | null,
  gradScale: number,
  grad: Float32Array,
): number {
  const width = Math.fround(delta);
  let loss = 0;
  for (let i = 0; i < rows * cols; i++) {
    const weight = weights === null ? 1 : weights[i % cols];
    const [value, slope] = term(kind, width, x[i], target[i]);
    loss += weight * value;
    grad[i] = gradScale * weight * slope;
  }
  return loss;
}

function classNll(
  { rows, cols }: MatrixDims,
  x: Float32Array,
  classes: Uint32Array,
  weights: Float32Array | null,
  grad: Float32Array,
): number {
  const weightOf = (i: number): number => (weights === null ? 1 : weights[classes[i]]);
  let total = 0;
  for (let i = 0; i < rows; i++) total += weightOf(i);
  grad.fill(0, 0, rows * cols);
  let loss = 0;
  for (let i = 0; i < rows && total !== 0; i++) {
    const at = i * cols + classes[i];
    loss -= (weightOf(i) / total) * x[at];
    grad[at] = -weightOf(i) / total;
  }
  return loss;
}

function multiMargin(
  { rows, cols }: MatrixDims,
  { p, margin }: MultiMarginOptions,
  x: Float32Array,
  classes: Uint32Array,
  weights: Float32Array | null,
  gradScale: number,
  grad: Float32Array,
): number {
  let loss = 0;
  for (let i = 0; i < rows; i++) {
    const own = i * cols + classes[i];
    const share = (weights === null ? 1 : weights[classes[i]]) / cols;
    let sum = 0;
    for (let at = i * cols; at < (i + 1) * cols; at++) {
      if (at === own) continue;
      const over = margin - x[own] + x[at];
      const slope = over <= 0 ? 0 : Number.isNaN(over) ? over : p === 2 ? 2 * over : 1;
      loss += over <= 0 ? 0 : share * over ** p;
      grad[at] = gradScale * share * slope;
      sum += gradScale * share * slope;
    }
    grad[own] = -sum;
  }
  return loss;
}

function cosineEmbedding(
  { rows, cols }: MatrixDims,
  margin: number,
  a: Float32Array,
  b: Float32Array,
  labels: Float32Array,
  gradScale: number,
  gradA: Float32Array,
  gradB: Float32Array,
): number {
  let loss = 0;
  for (let i = 0; i < rows; i++) {
    const start = i * cols;
    let ab = 0;
    let aa = 0;
    let bb = 0;
    for (let at = start; at < start + cols; at++) {
      ab += a[at] * b[at];
      aa += a[at] * a[at];
      bb += b[at] * b[at];
    }
    const apart = aa * bb === 0;
    const cosine = apart ? 0 : ab / Math.sqrt(aa * bb);
    const over = cosine - margin;
    const slope = labels[i] > 0 ? -gradScale : over <= 0 ? 0 : gradScale;
    loss += labels[i] > 0 ? 1 - cosine : Math.max(over, 0);
    for (let at = start; at < start + cols; at++) {
      gradA[at] = apart ? 0 : slope * (b[at] / Math.sqrt(aa * bb) - (cosine * a[at]) / aa);
      gradB[at] = apart ? 0 : slope * (a[at] / Math.sqrt(aa * bb) - (cosine * b[at]) / bb);
    }
  }
  return loss;
}

export const losses: Pick<LossKernels, "elementLoss" | "classNll" | "multiMargin" | "cosineEmbedding"> = {
  elementLoss,
  classNll,
  multiMargin,
  cosineEmbedding,
};
