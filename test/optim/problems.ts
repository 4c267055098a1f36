/** @file Functions with known minima, as flat parameters and an `evaluate` that counts. */
import type { Kernels } from "../../src/kernels/contract.js";
import { DenseGradient, type FlatParameters, flatten, Parameter } from "../../src/nn/index.js";
import { testNumbers } from "../gradients/check-gradients.js";

export interface Problem {
  readonly parameters: FlatParameters;
  /** Sets the gradient and returns the loss, both computed in f64. */
  readonly evaluate: () => number;
  readonly evaluations: () => number;
}

/** f gets x and fills the gradient. */
export function problem(
  kernels: Kernels,
  start: ArrayLike<number>,
  f: (x: Float32Array, gradient: Float64Array) => number,
): Problem {
  const n = start.length;
  const value = Float32Array.from(start);
  const parameters = flatten(kernels, [new Parameter("x", [n], value, new DenseGradient(kernels.f32(n)))]);
  const gradient = new Float64Array(n);
  let evaluations = 0;
  const evaluate = (): number => {
    evaluations++;
    gradient.fill(0);
    const loss = f(parameters.value, gradient);
    parameters.parameters[0].grad.values.set(gradient);
    return loss;
  };
  return { parameters, evaluate, evaluations: () => evaluations };
}

/** Σ 100·(xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²: a curved valley; least, 0, at ones. (Rosenbrock, Computer Journal 3, 1960.) */
export function rosenbrock(kernels: Kernels, start: ArrayLike<number>): Problem {
  return problem(kernels, start, (x, g) => {
    let loss = 0;
    for (let i = 0; i + 1 < x.length; i++) {
      const bend = x[i + 1] - x[i] * x[i];
      loss += 100 * bend * bend + (1 - x[i]) ** 2;
      g[i] += -400 * bend * x[i] - 2 * (1 - x[i]);
      g[i + 1] += 200 * bend;
    }
    return loss;
  });
}

export interface LeastSquares extends Problem {
  readonly solution: Float64Array;
}

/** ½|A·(x − solution)|² with A [rows, n] of full rank; columns grow, so that the condition is about `spread`². */
export function leastSquares(kernels: Kernels, n: number, rows: number, spread: number): LeastSquares {
  const a = Float64Array.from(testNumbers(rows * n, n), (v, i) => v * spread ** ((i % n) / Math.max(1, n - 1)));
  const solution = Float64Array.from(testNumbers(n, n + 1));
  const made = problem(kernels, new Float32Array(n), (x, g) => {
    let loss = 0;
    for (let i = 0; i < rows; i++) {
      let error = 0;
      for (let j = 0; j < n; j++) error += a[i * n + j] * (x[j] - solution[j]);
      for (let j = 0; j < n; j++) g[j] += error * a[i * n + j];
      loss += (error * error) / 2;
    }
    return loss;
  });
  return { ...made, solution };
}

/** Logistic regression of 60 points on 4 features and a constant, with a penalty that gives it one minimum. */
export function logistic(kernels: Kernels): Problem {
  const rows = 60;
  const x = testNumbers(rows * 4, 21);
  const noise = testNumbers(rows, 22);
  const features = (i: number): number[] => [...x.subarray(4 * i, 4 * i + 4), 1];
  const truth = [2, -1, 0.5, 0, 0.3];
  const label = (i: number): number => (features(i).reduce((sum, v, j) => sum + v * truth[j], noise[i]) > 0 ? 1 : 0);
  return problem(kernels, new Float32Array(5), (w, g) => {
    let loss = 0;
    for (let i = 0; i < rows; i++) {
      const f = features(i);
      const z = f.reduce((sum, v, j) => sum + v * w[j], 0);
      loss += (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - label(i) * z) / rows;
      f.forEach((v, j) => {
        g[j] += ((1 / (1 + Math.exp(-z)) - label(i)) * v) / rows;
      });
    }
    w.forEach((v, j) => {
      loss += 0.005 * v * v;
      g[j] += 0.01 * v;
    });
    return loss;
  });
}

/** Gradient descent at a fixed rate, until |g| is at most `tolerance`. @returns its evaluations, Infinity if too many. */
export function descentEvaluations({ parameters, evaluate }: Problem, rate: number, tolerance: number): number {
  for (let t = 1; t <= 100_000; t++) {
    evaluate();
    const g = parameters.parameters[0].grad.values;
    if (Math.hypot(...g) <= tolerance) return t;
    for (let i = 0; i < parameters.value.length; i++) parameters.value[i] -= rate * g[i];
  }
  return Infinity;
}
