/** @file ASGD, Adadelta, RMSprop: their papers' formulas in f64 for twenty steps, averages, quadratics, resuming. */
import { describe, expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/contract.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { DenseGradient, type FlatParameters, flatten, Parameter } from "../../src/nn/index.js";
import { Adadelta, Asgd, createOptimizer, OPTIMIZER_NAMES, type Optimizer, RMSprop } from "../../src/optim/index.js";
import { describeBackends } from "../gradients/backends.js";
import { testNumbers } from "../gradients/check-gradients.js";
import { leastSquares } from "./problems.js";

const ROWS = 6;
const COLS = 5;

/** One number as the paper treats it; `decays` is false for biases. */
type Rule = (w: number, g: number, state: number[], step: number, decays: boolean) => number;

/** A dense matrix, a statistic that is not trained, a row-sparse matrix and a row-sparse bias. */
function model(kernels: Kernels, { sparse = true } = {}): FlatParameters {
  const make = (name: string, shape: number[], rows: boolean): Parameter => {
    const size = shape.reduce((a, b) => a * b, 1);
    const grad = rows
      ? { kind: "rows" as const, ids: kernels.u32(ROWS), count: 0, values: kernels.f32(size) }
      : new DenseGradient(kernels.f32(size));
    return new Parameter(name, shape, testNumbers(size, size + name.length), grad);
  };
  const statistic = make("1.mean", [3], false);
  statistic.trainable = false;
  const weight = make("2.weight", [ROWS, COLS], sparse);
  return flatten(kernels, [make("0.weight", [ROWS, COLS], false), statistic, weight, make("2.bias", [ROWS], sparse)]);
}

/** Rows that step `t` touches, differing from step to step; row 5 never. */
const touched = (t: number): number[] => [0, 1, 2, 3, 4].filter((row) => (row + t) % 3 !== 0).reverse();

/** Gradients of step `t` for rows `rows`; returns them dense, NaN where a number must not move. */
function setGradients(flat: FlatParameters, t: number, rows = touched(t)): Float64Array {
  const all = new Float64Array(flat.value.length).fill(Number.NaN);
  flat.parameters.forEach((p, i) => {
    const numbers = testNumbers(p.size, 1000 * t + i);
    const start = flat.offsets[i];
    if (p.grad.kind === "dense") {
      p.grad.values.set(numbers);
      if (p.trainable) all.set(numbers, start);
      return;
    }
    p.grad.ids.set(rows);
    p.grad.count = rows.length;
    for (const [u, row] of rows.entries()) {
      for (let j = 0; j < p.cols; j++) {
        p.grad.values[u * p.cols + j] = numbers[row * p.cols + j];
        all[start + row * p.cols + j] = numbers[row * p.cols + j];
      }
    }
  });
  return all;
}

const asgd =
  (rate: number, lambda: number, power: number, weightDecay: number): Rule =>
  (w, g, _state, step, decays) =>
    w - (rate / (1 + lambda * rate * (step - 1)) ** power) * (g + (decays ? weightDecay * w : 0));

const adadelta =
  (rate: number, rho: number, epsilon: number, weightDecay: number): Rule =>
  (w, g0, state, _step, decays) => {
    const g = g0 + (decays ? weightDecay * w : 0);
    state[0] = rho * (state[0] ?? 0) + (1 - rho) * g * g;
    const move = (Math.sqrt((state[1] ?? 0) + epsilon) / Math.sqrt(state[0] + epsilon)) * g;
    state[1] = rho * (state[1] ?? 0) + (1 - rho) * move * move;
    return w - rate * move;
  };

const rmsprop =
  (rate: number, alpha: number, centered: boolean, momentum: number, weightDecay: number): Rule =>
  (w, g0, state, _step, decays) => {
    const g = g0 + (decays ? weightDecay * w : 0);
    state[0] = alpha * (state[0] ?? 0) + (1 - alpha) * g * g;
    state[1] = alpha * (state[1] ?? 0) + (1 - alpha) * g;
    const spread = centered ? state[0] - state[1] ** 2 : state[0];
    state[2] = momentum * (state[2] ?? 0) + g / (Math.sqrt(spread) + 1e-8);
    return w - rate * state[2];
  };

// An absolute move is at most: ASGD 0.1; Adadelta grows from √(1e-6/0.1) to 0.1 or so; RMSprop rate·√10·10 with momentum.
const CASES: [name: string, make: (k: Kernels) => Optimizer, rule: Rule][] = [
  ["asgd", (k) => new Asgd(k, { learningRate: 0.1 }), asgd(0.1, 1e-4, 0.75, 0)],
  [
    "asgd, falling fast, with decay",
    (k) => new Asgd(k, { learningRate: 0.1, lambda: 2, power: 0.5, averagingStart: 7, weightDecay: 0.01 }),
    asgd(0.1, 2, 0.5, 0.01),
  ],
  ["adadelta", (k) => new Adadelta(k), adadelta(1, 0.9, 1e-6, 0)],
  [
    "adadelta with decay",
    (k) => new Adadelta(k, { learningRate: 0.5, rho: 0.95, epsilon: 1e-4, weightDecay: 0.1 }),
    adadelta(0.5, 0.95, 1e-4, 0.1),
  ],
  ["rmsprop", (k) => new RMSprop(k, { alpha: 0.9 }), rmsprop(0.01, 0.9, false, 0, 0)],
  [
    "rmsprop, centred, with momentum and decay",
    (k) => new RMSprop(k, { alpha: 0.9, centered: true, momentum: 0.5, weightDecay: 0.01 }),
    rmsprop(0.01, 0.9, true, 0.5, 0.01),
  ],
  ["rmsprop with momentum", (k) => new RMSprop(k, { alpha: 0.9, momentum: 0.9 }), rmsprop(0.01, 0.9, false, 0.9, 0)],
];

describeBackends("averaging optimisers", (kernels) => {
  it.each(CASES)("%s follows its formula for twenty steps", (_name, make, rule) => {
    const flat = model(kernels);
    const optimizer = make(kernels);
    const w = Float64Array.from(flat.value);
    const state = Array.from(w, (): number[] => []);
    const decays = flat.parameters.flatMap((p) => new Array<boolean>(p.size).fill(p.shape.length > 1));
    for (let t = 1; t <= 20; t++) {
      const g = setGradients(flat, t);
      optimizer.step(flat);
      for (let i = 0; i < w.length; i++) if (!Number.isNaN(g[i])) w[i] = rule(w[i], g[i], state[i], t, decays[i]);
      // A step rounds w, below 4, once, and a move below ½ some twenty times, ten times that where a spread cancels;
      // momentum carries old errors on.
      const tolerance = t * 2 ** -24 * (4 + 0.5 * 20 * 10);
      for (let i = 0; i < w.length; i++) {
        if (!(Math.abs(flat.value[i] - w[i]) <= tolerance)) {
          expect.fail(`step ${t}, number ${i}: expected ${w[i]}, got ${flat.value[i]}; tolerance ${tolerance}`);
        }
      }
    }
    expect(optimizer.stepCount).toBe(20);
  });

  it.each(CASES)("%s resumes from its state", (_name, make) => {
    const whole = model(kernels);
    const first = make(kernels);
    for (let t = 1; t <= 6; t++) {
      setGradients(whole, t);
      first.step(whole);
    }
    const resumed = model(kernels);
    resumed.value.set(whole.value);
    const second = make(kernels);
    second.prepare(resumed);
    expect(Object.keys(second.state())).toEqual(Object.keys(first.state()));
    for (const [name, vector] of Object.entries(first.state())) second.state()[name].set(vector);
    second.stepCount = first.stepCount;
    for (let t = 7; t <= 12; t++) {
      setGradients(whole, t);
      first.step(whole);
      setGradients(resumed, t);
      second.step(resumed);
    }
    first.useAverage(whole, true);
    second.useAverage(resumed, true);
    expect([...resumed.value]).toEqual([...whole.value]);
  });

  it.each(CASES)("%s on all rows equals a dense step to the bit, and scales a parameter's rate", (_name, make) => {
    const [sparse, dense] = [model(kernels), model(kernels, { sparse: false })];
    const [a, b] = [make(kernels), make(kernels)];
    for (const flat of [sparse, dense]) flat.parameters[2].learningRateScale = 0.5;
    for (let t = 1; t <= 5; t++) {
      setGradients(sparse, t, [0, 1, 2, 3, 4, 5]);
      a.step(sparse);
      setGradients(dense, t);
      b.step(dense);
    }
    expect([...sparse.value]).toEqual([...dense.value]);
    const halved = make(kernels);
    halved.learningRate *= 0.5;
    const other = model(kernels, { sparse: false });
    for (let t = 1; t <= 5; t++) {
      setGradients(other, t);
      halved.step(other);
    }
    const [from, to] = [dense.offsets[2], dense.offsets[3]];
    expect([...other.value.subarray(from, to)]).toEqual([...dense.value.subarray(from, to)]);
  });

  it("ASGD: lazy rows have the average of a dense run whose other gradients are zero", () => {
    for (const averagingStart of [0, 4, 100]) {
      const [sparse, dense] = [model(kernels), model(kernels, { sparse: false })];
      const options = { learningRate: 0.1, averagingStart };
      const [a, b] = [new Asgd(kernels, options), new Asgd(kernels, options)];
      const mean = new Float64Array(dense.value.length);
      for (let t = 1; t <= 20; t++) {
        const g = setGradients(sparse, t);
        a.step(sparse);
        dense.parameters.forEach((p, i) => {
          p.grad.values.set(
            g.subarray(dense.offsets[i], dense.offsets[i] + p.size).map((v) => (Number.isNaN(v) ? 0 : v)),
          );
        });
        b.step(dense);
        const count = Math.max(1, t - averagingStart);
        for (let i = 0; i < mean.length; i++) mean[i] += (dense.value[i] - mean[i]) / count;
        const [lazy, eager] = [kernels.f32(mean.length), kernels.f32(mean.length)];
        a.averagedInto(sparse, lazy);
        b.averagedInto(dense, eager);
        // An average rounds by an ulp of numbers below 4 in each step, and as often when it is made up for.
        for (let i = 0; i < mean.length; i++) {
          expect(Math.abs(eager[i] - mean[i])).toBeLessThanOrEqual(t * 8 * 2 ** -24);
          expect(Math.abs(lazy[i] - mean[i])).toBeLessThanOrEqual(t * 16 * 2 ** -24);
        }
      }
      expect([...sparse.value]).toEqual([...dense.value]);
    }
  });

  it("ASGD swaps the average in and out, leaving the parameters to the bit", () => {
    const flat = model(kernels);
    const optimizer = new Asgd(kernels, { learningRate: 0.1 });
    const start = [...flat.value];
    optimizer.useAverage(flat, true);
    expect([...flat.value]).toEqual(start);
    optimizer.useAverage(flat, false);
    for (let t = 1; t <= 5; t++) {
      setGradients(flat, t);
      optimizer.step(flat);
    }
    const value = [...flat.value];
    const average = kernels.f32(value.length);
    optimizer.averagedInto(flat, average);
    expect([...average]).not.toEqual(value);
    optimizer.swapAveraged(flat);
    expect(optimizer.holdsAverage).toBe(true);
    expect([...flat.value]).toEqual([...average]);
    optimizer.averagedInto(flat, average.fill(0));
    expect([...average]).toEqual([...flat.value]);
    expect(() => optimizer.step(flat)).toThrow("Asgd.step: expected parameters, got their average; call swapAveraged");
    optimizer.useAverage(flat, true);
    optimizer.useAverage(flat, false);
    expect([...flat.value]).toEqual(value);
    const statistic = flat.offsets[1];
    expect(value.slice(statistic, statistic + 3)).toEqual(start.slice(statistic, statistic + 3));
  });

  it("ASGD's average is nearer the minimum than where noisy steps end", () => {
    // ½w², gradients with noise of ±1.
    const flat = flatten(kernels, [
      new Parameter("w", [200], new Float32Array(200).fill(1), new DenseGradient(kernels.f32(200))),
    ]);
    const optimizer = new Asgd(kernels, { learningRate: 0.2, averagingStart: 50 });
    for (let t = 1; t <= 400; t++) {
      const noise = testNumbers(200, t);
      flat.parameters[0].grad.values.set(flat.value.map((w, i) => w + noise[i]));
      optimizer.step(flat);
    }
    const size = (): number => Math.hypot(...flat.value);
    const last = size();
    optimizer.useAverage(flat, true);
    expect(size()).toBeLessThan(last / 2);
  });

  it.each([...OPTIMIZER_NAMES])("%s minimises a quadratic", (name) => {
    const { parameters, evaluate, solution } = leastSquares(kernels, 3, 8, 1);
    const rates = { sgd: 0.1, adagrad: 0.5, adam: 0.05, asgd: 0.1, adadelta: 1, rmsprop: 0.02 };
    const optimizer = createOptimizer(kernels, name, { learningRate: rates[name] });
    const base = optimizer.learningRate;
    const steps = name === "adadelta" ? 4000 : 1000; // its first moves are of 1e-3
    for (let t = 0; t < steps; t++) {
      evaluate();
      optimizer.learningRate = base * (1 - t / steps);
      optimizer.step(parameters);
    }
    solution.forEach((w, j) => {
      expect(parameters.value[j]).toBeCloseTo(w, 3);
    });
  });
});

describe("options", () => {
  const kernels = createReferenceKernels();
  it("out of range are refused by name", () => {
    expect(() => new Asgd(kernels, { power: 1 })).toThrow("Asgd: expected power in [0, 1), got 1");
    expect(() => new Asgd(kernels, { averagingStart: -1 })).toThrow("Asgd: expected averagingStart in [0, Infinity)");
    expect(() => new Adadelta(kernels, { rho: 1 })).toThrow("Adadelta: expected rho in [0, 1), got 1");
    expect(() => new RMSprop(kernels, { epsilon: 0 })).toThrow("RMSprop: expected epsilon in (0, Infinity), got 0");
    expect(() => createOptimizer(kernels, "asgd", { momentum: 0.9 } as object)).toThrow(
      "asgd has learningRate, lambda",
    );
  });

  it("state is kept only for what the options need", () => {
    const keys = (optimizer: Optimizer): string[] => {
      optimizer.prepare(model(kernels));
      return Object.keys(optimizer.state());
    };
    expect(keys(new RMSprop(kernels))).toEqual(["squaredGradients"]);
    expect(keys(new RMSprop(kernels, { momentum: 0.9 }))).toEqual(["squaredGradients", "velocity"]);
    expect(keys(new RMSprop(kernels, { centered: true }))).toEqual(["squaredGradients", "meanGradients"]);
    expect(keys(new Adadelta(kernels))).toEqual(["squaredGradients", "squaredMoves"]);
    const optimizer = new Asgd(kernels);
    expect(keys(optimizer)).toEqual(["average", "averagedStep"]);
    // 30 + 30 + 6 trained numbers; a step for each of 6 + 6 rows.
    expect(optimizer.state().average).toHaveLength(66);
    expect(optimizer.state().averagedStep).toHaveLength(12);
  });
});
