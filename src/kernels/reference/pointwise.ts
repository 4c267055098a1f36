/** @file The oracle for functions of one number, and for the gradient of softmax. */
import type { PointwiseFunction, PointwiseKernels } from "../contract.js";
import { sigmoid, softplus } from "./dense.js";

/** f(x). */
function functionAt(f: PointwiseFunction, alpha: number, beta: number, x: number): number {
  switch (f) {
    case "leakyRelu":
      return x > 0 ? x : alpha * x;
    case "elu":
      return x > 0 ? x : alpha * Math.expm1(x);
    case "tanh":
      return Math.tanh(x);
    case "hardTanh":
      return Math.min(Math.max(x, alpha), beta); // NaN stays
    case "sigmoid":
      return sigmoid(x);
    case "logSigmoid":
      return -softplus(-x);
    case "softPlus":
      return softplus(alpha * x) / alpha;
  }
}

/** f′(x). */
function slopeAt(f: PointwiseFunction, alpha: number, beta: number, x: number): number {
  switch (f) {
    case "leakyRelu":
      return x > 0 ? 1 : alpha;
    case "elu":
      return x > 0 ? 1 : alpha * Math.exp(x);
    case "tanh":
      return 1 - Math.tanh(x) ** 2;
    case "hardTanh":
      return x > alpha && x < beta ? 1 : 0;
    case "sigmoid":
      return sigmoid(x) * sigmoid(-x);
    case "logSigmoid":
      return sigmoid(-x);
    case "softPlus":
      return sigmoid(alpha * x);
  }
}

export const pointwise: PointwiseKernels = {
  pointwise(f, length, alpha, beta, x, out) {
    const [a, b] = [Math.fround(alpha), Math.fround(beta)];
    for (let i = 0; i < length; i++) out[i] = functionAt(f, a, b, x[i]);
  },
  pointwiseGrad(f, length, alpha, beta, x, _y, dy, dx) {
    const [a, b] = [Math.fround(alpha), Math.fround(beta)];
    for (let i = 0; i < length; i++) dx[i] = dy[i] * slopeAt(f, a, b, x[i]);
  },
  softmaxGrad(kind, { rows, cols }, y, dy, dx) {
    for (let start = 0; start < rows * cols; start += cols) {
      let sum = 0;
      for (let j = start; j < start + cols; j++) sum += kind === "softmax" ? y[j] * dy[j] : dy[j];
      for (let j = start; j < start + cols; j++) {
        dx[j] = kind === "softmax" ? y[j] * (dy[j] - sum) : dy[j] - Math.exp(y[j]) * sum;
      }
    }
  },
};
