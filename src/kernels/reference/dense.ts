/**
 * @file The oracle for dense operations: the formulas of the contract, one after another, sums in f64.
 */
import type { Activation, GemmDims, Kernels, MatrixDims, WriteMode } from "../contract.js";
import { counterHash } from "./random.js";

function gemm(
  dims: GemmDims,
  a: Float32Array,
  b: Float32Array,
  c: Float32Array,
  mode: WriteMode,
  bias: Float32Array | null = null,
): void {
  const { m, n, k, transposeA = false, transposeB = false } = dims;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = mode === "accumulate" ? c[i * n + j] : 0;
      for (let p = 0; p < k; p++) {
        sum += a[transposeA ? p * m + i : i * k + p] * b[transposeB ? j * k + p : p * n + j];
      }
      c[i * n + j] = sum;
      if (bias !== null) c[i * n + j] += bias[j];
    }
  }
}

function addBias({ rows, cols }: MatrixDims, bias: Float32Array, x: Float32Array): void {
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) x[i * cols + j] += bias[j];
}

/** NaN for NaN. */
function positivePart(x: number): number {
  return Math.max(0, x);
}

function addBiasRelu({ rows, cols }: MatrixDims, bias: Float32Array, x: Float32Array): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) x[i * cols + j] = positivePart(x[i * cols + j] + bias[j]);
  }
}

function sumRows({ rows, cols }: MatrixDims, x: Float32Array, out: Float32Array, mode: WriteMode): void {
  for (let j = 0; j < cols; j++) {
    let sum = mode === "accumulate" ? out[j] : 0;
    for (let i = 0; i < rows; i++) sum += x[i * cols + j];
    out[j] = sum;
  }
}

function relu(length: number, x: Float32Array, out: Float32Array): void {
  for (let i = 0; i < length; i++) out[i] = positivePart(x[i]);
}

function reluGrad(length: number, y: Float32Array, dy: Float32Array, dx: Float32Array): void {
  for (let i = 0; i < length; i++) dx[i] = y[i] > 0 ? dy[i] : 0;
}

function dropout(
  length: number,
  rate: number,
  seed: number,
  x: Float32Array,
  out: Float32Array,
  firstIndex: number = 0,
): void {
  const limit = Math.round(rate * 2 ** 32);
  for (let i = 0; i < length; i++) out[i] = counterHash(seed, firstIndex + i) < limit ? 0 : x[i] / (1 - rate);
}

function fillUniform(length: number, low: number, high: number, seed: number, out: Float32Array): void {
  const width = Math.fround(Math.fround(high) - Math.fround(low));
  for (let i = 0; i < length; i++) {
    const product = Math.fround((counterHash(seed, i) >>> 8) * 2 ** -24 * width);
    out[i] = product + Math.fround(low);
  }
}

function axpby(length: number, alpha: number, x: Float32Array, beta: number, y: Float32Array): void {
  for (let i = 0; i < length; i++) y[i] = beta === 0 ? alpha * x[i] : alpha * x[i] + beta * y[i];
}

/** log(1 + eˣ) without overflow. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** 1 / (1 + e⁻ˣ) without overflow. */
export function sigmoid(x: number): number {
  return x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x));
}

/** A row's maximum (NaN passed over) and log Σ e^(x − maximum). */
export function logSumExp(row: Float32Array | Float64Array): { maximum: number; logSum: number } {
  let maximum = Number.NEGATIVE_INFINITY;
  for (const x of row) if (x > maximum) maximum = x;
  let sum = 0;
  for (const x of row) sum += Math.exp(x - maximum);
  return { maximum, logSum: Math.log(sum) };
}

function activate(kind: Activation, { rows, cols }: MatrixDims, x: Float32Array): void {
  for (let i = 0; i < rows; i++) {
    const row = x.subarray(i * cols, (i + 1) * cols);
    if (kind === "sigmoid")
      row.forEach((v, j) => {
        row[j] = sigmoid(v);
      });
    else if (kind === "logSigmoid")
      row.forEach((v, j) => {
        row[j] = -softplus(-v);
      });
    else {
      const { maximum, logSum } = logSumExp(row);
      row.forEach((v, j) => {
        const logarithm = v - maximum - logSum;
        row[j] = kind === "softmax" ? Math.exp(logarithm) : logarithm;
      });
    }
  }
}

export const dense: Pick<
  Kernels,
  | "gemm"
  | "addBias"
  | "addBiasRelu"
  | "sumRows"
  | "relu"
  | "reluGrad"
  | "dropout"
  | "fillUniform"
  | "axpby"
  | "activate"
> = { gemm, addBias, addBiasRelu, sumRows, relu, reluGrad, dropout, fillUniform, axpby, activate };
