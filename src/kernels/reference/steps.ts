/**
 * @file The oracle for optimiser steps: one number at a time, in f64, stored as f32.
 */
import type { AdagradOptions, AdamOptions, Kernels, RowRmsOptions, SgdOptions, StepDims } from "../contract.js";

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

export const steps: Pick<Kernels, "sgdStep" | "adagradStep" | "adamStep" | "rowRmsStep"> = {
  sgdStep,
  adagradStep,
  adamStep,
  rowRmsStep,
};
