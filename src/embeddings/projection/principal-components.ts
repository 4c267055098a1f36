/**
 * @file Along which two directions do rows differ most? Their coordinates there are the best flat picture in least squares.
 *
 *   covariance [D, D] by one product of matrices, then subspace iteration: multiply two vectors by it, make them orthogonal
 *   again, until they stay. Converges as (λ₃/λ₂)ᵗ; the number of steps is bounded, since a slow case (λ₃ ≈ λ₂) has no better answer.
 *
 * Source: Hotelling, "Analysis of a Complex of Statistical Variables into Principal Components", 1933; subspace iteration:
 * Golub, Van Loan, "Matrix Computations", §8.2.
 */
import { Rng } from "../../core/rng.js";
import type { Kernels } from "../../kernels/contract.js";

/** Points on the plane of the two directions in which rows differ most. */
export interface PlaneProjection {
  /** [N, 2] */
  readonly points: Float64Array;
  /** Shares of the variance that the two directions hold. */
  readonly shares: readonly [number, number];
}

const MOST_STEPS = 500;
const TOLERANCE = 1e-9;

/** The first two principal components of rows [numRows, dimension], which are read. Signs: the largest entry is positive. */
export function projectOnComponents(
  rows: Float32Array,
  numRows: number,
  dimension: number,
  kernels: Kernels,
): PlaneProjection {
  const centred = new Float32Array(numRows * dimension);
  const mean = new Float64Array(dimension);
  for (let i = 0; i < numRows * dimension; i++) mean[i % dimension] += rows[i] / numRows;
  for (let i = 0; i < numRows * dimension; i++) centred[i] = rows[i] - mean[i % dimension];
  const covariance = new Float32Array(dimension * dimension);
  const dims = { m: dimension, n: dimension, k: numRows, transposeA: true };
  kernels.gemm(dims, centred, centred, covariance, "overwrite");
  let trace = 0;
  for (let d = 0; d < dimension; d++) trace += covariance[d * (dimension + 1)];

  const rng = new Rng(1);
  const random = (): Float64Array => Float64Array.from({ length: dimension }, () => rng.nextFloat() - 0.5);
  let [first, second] = [random(), random()];
  let [firstVariance, secondVariance] = [0, 0];
  normalize(first);
  for (let step = 0; step < MOST_STEPS; step++) {
    const [a, b] = [multiply(covariance, first), multiply(covariance, second)];
    firstVariance = normalize(a);
    removeAlong(a, b);
    secondVariance = normalize(b);
    const moved = 2 - Math.abs(dot(a, first)) - Math.abs(dot(b, second));
    [first, second] = [a, b];
    if (moved < TOLERANCE) break;
  }
  const points = new Float64Array(2 * numRows);
  [first, second].forEach((direction, axis) => {
    const sign = signOf(direction);
    for (let i = 0; i < numRows; i++) {
      let sum = 0;
      for (let d = 0; d < dimension; d++) sum += centred[i * dimension + d] * direction[d];
      points[2 * i + axis] = sign * sum;
    }
  });
  const share = (variance: number): number => (trace > 0 ? variance / trace : 0);
  return { points, shares: [share(firstVariance), share(secondVariance)] };
}

function multiply(matrix: Float32Array, x: Float64Array): Float64Array {
  const n = x.length;
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) out[i] += matrix[i * n + j] * x[j];
  }
  return out;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

/** b ← b less its part along the unit vector a. */
function removeAlong(a: Float64Array, b: Float64Array): void {
  const part = dot(a, b);
  for (let i = 0; i < b.length; i++) b[i] -= part * a[i];
}

/** Scales to length 1, unless it is 0. @returns the length that it had. */
function normalize(x: Float64Array): number {
  const length = Math.sqrt(dot(x, x));
  if (length > 0) for (let i = 0; i < x.length; i++) x[i] /= length;
  return length;
}

function signOf(direction: Float64Array): number {
  let largest = 0;
  for (const value of direction) if (Math.abs(value) > Math.abs(largest)) largest = value;
  return largest < 0 ? -1 : 1;
}
