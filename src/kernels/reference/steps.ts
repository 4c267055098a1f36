/**
 * @file The oracle for optimiser steps: one number at a time, in f64, stored as f32.
 */
import type {
  AdadeltaOptions,
  AdagradOptions,
  AdamOptions,
  AsgdOptions,
  CompactTranspose,
  RmspropOptions,
  RowRmsOptions,
  SgdOptions,
  StepDims,
  StepKernels,
} from "../contract.js";
import { sparse } from "./sparse.js";

/** Calls `visit(parameter index, gradient index)` for every number that the step moves. */
function forEachNumber({ cols, rows }: StepDims, visit: (p: number, g: number) => void): void {
  const count = rows ? rows.count : 1;
  for (let i = 0; i < count; i++) {
    const row = rows ? rows.ids[i] : 0;
    for (let j = 0; j < cols; j++) visit(row * cols + j, i * cols + j);
  }
}

function sgdStep(
  dims: StepDims,
  w: Float32Array,
  g: Float32Array,
  velocity: Float32Array | null,
  { learningRate, momentum, nesterov, weightDecay }: SgdOptions,
): void {
  forEachNumber(dims, (p, q) => {
    const slope = g[q] + weightDecay * w[p];
    if (!velocity) {
      w[p] -= learningRate * slope;
      return;
    }
    const v = momentum * velocity[p] + slope;
    velocity[p] = v;
    w[p] -= learningRate * (nesterov ? slope + momentum * v : v);
  });
}

function adagradStep(
  dims: StepDims,
  w: Float32Array,
  g: Float32Array,
  s: Float32Array,
  { learningRate, epsilon, weightDecay }: AdagradOptions,
): void {
  forEachNumber(dims, (p, q) => {
    const slope = g[q] + weightDecay * w[p];
    const sum = s[p] + slope * slope;
    s[p] = sum;
    w[p] -= (learningRate * slope) / (Math.sqrt(sum) + epsilon);
  });
}

function adamStep(
  dims: StepDims,
  w: Float32Array,
  g: Float32Array,
  m: Float32Array,
  v: Float32Array,
  { learningRate, beta1, beta2, epsilon, weightDecay, step }: AdamOptions,
): void {
  const stepSize = learningRate / (1 - beta1 ** step);
  const correction = 1 - beta2 ** step;
  forEachNumber(dims, (p, q) => {
    const first = beta1 * m[p] + (1 - beta1) * g[q];
    const second = beta2 * v[p] + (1 - beta2) * g[q] * g[q];
    m[p] = first;
    v[p] = second;
    w[p] -= learningRate * weightDecay * w[p] + (stepSize * first) / (Math.sqrt(second / correction) + epsilon);
  });
}

function csrAdamStep(
  count: number,
  cols: number,
  x: CompactTranspose,
  dy: Float32Array,
  _row: Float32Array,
  w: Float32Array,
  m: Float32Array,
  v: Float32Array,
  options: AdamOptions,
): void {
  const g = new Float32Array(count * cols);
  sparse.csrGradRows(count, cols, x, dy, g);
  adamStep({ cols, rows: { ids: x.columns, count } }, w, g, m, v, options);
}

function rowRmsStep(
  { cols, rows }: StepDims,
  w: Float32Array,
  g: Float32Array,
  v: Float32Array,
  { learningRate, beta2, epsilon, weightDecay, step }: RowRmsOptions,
): void {
  if (cols === 0) return;
  const count = rows ? rows.count : 1;
  const correction = 1 - beta2 ** step;
  for (let i = 0; i < count; i++) {
    const row = rows ? rows.ids[i] : 0;
    let squares = 0;
    for (let j = 0; j < cols; j++) squares += g[i * cols + j] ** 2;
    v[row] = beta2 * v[row] + ((1 - beta2) * squares) / cols;
    const size = learningRate / (Math.sqrt(v[row] / correction) + epsilon);
    for (let j = 0; j < cols; j++) {
      const p = row * cols + j;
      w[p] -= learningRate * weightDecay * w[p] + size * g[i * cols + j];
    }
  }
}

function csrRowRmsStep(
  count: number,
  cols: number,
  x: CompactTranspose,
  dy: Float32Array,
  _row: Float32Array,
  w: Float32Array,
  v: Float32Array,
  options: RowRmsOptions,
): void {
  const g = new Float32Array(count * cols);
  sparse.csrGradRows(count, cols, x, dy, g);
  rowRmsStep({ cols, rows: { ids: x.columns, count } }, w, g, v, options);
}

function asgdStep(
  dims: StepDims,
  w: Float32Array,
  g: Float32Array,
  average: Float32Array,
  last: Float32Array | null,
  { learningRate, weightDecay, step, averagingStart }: AsgdOptions,
): void {
  const share = 1 / Math.max(1, step - averagingStart);
  forEachNumber(dims, (p, q) => {
    let mean = average[p];
    if (last !== null) {
      const row = Math.floor(p / dims.cols);
      for (let t = last[row] + 1; t < step; t++) mean += (w[p] - mean) / Math.max(1, t - averagingStart);
    }
    w[p] -= learningRate * (g[q] + weightDecay * w[p]);
    average[p] = mean + share * (w[p] - mean);
  });
  const count = dims.rows ? dims.rows.count : 1;
  for (let i = 0; last !== null && i < count; i++) last[dims.rows ? dims.rows.ids[i] : 0] = step;
}

function adadeltaStep(
  dims: StepDims,
  w: Float32Array,
  g: Float32Array,
  s: Float32Array,
  u: Float32Array,
  { learningRate, rho, epsilon, weightDecay }: AdadeltaOptions,
): void {
  forEachNumber(dims, (p, q) => {
    const slope = g[q] + weightDecay * w[p];
    const squares = rho * s[p] + (1 - rho) * slope * slope;
    const move = Math.sqrt((u[p] + epsilon) / (squares + epsilon)) * slope;
    s[p] = squares;
    u[p] = rho * u[p] + (1 - rho) * move * move;
    w[p] -= learningRate * move;
  });
}

function rmspropStep(
  dims: StepDims,
  w: Float32Array,
  g: Float32Array,
  s: Float32Array,
  mean: Float32Array | null,
  velocity: Float32Array | null,
  { learningRate, alpha, momentum, epsilon, weightDecay }: RmspropOptions,
): void {
  forEachNumber(dims, (p, q) => {
    const slope = g[q] + weightDecay * w[p];
    const squares = alpha * s[p] + (1 - alpha) * slope * slope;
    s[p] = squares;
    let spread = squares;
    if (mean !== null) {
      const middle = alpha * mean[p] + (1 - alpha) * slope;
      mean[p] = middle;
      spread = Math.max(0, squares - middle * middle);
    }
    let move = slope / (Math.sqrt(spread) + epsilon);
    if (velocity !== null) {
      move += momentum * velocity[p];
      velocity[p] = move;
    }
    w[p] -= learningRate * move;
  });
}

function clampValues(length: number, limit: number, x: Float32Array): void {
  for (let i = 0; i < length; i++) x[i] = Math.min(limit, Math.max(-limit, x[i]));
}

export const steps: StepKernels = {
  sgdStep,
  adagradStep,
  adamStep,
  csrAdamStep,
  rowRmsStep,
  csrRowRmsStep,
  asgdStep,
  adadeltaStep,
  rmspropStep,
  clampValues,
};
