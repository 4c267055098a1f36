/** @file Each optimiser against its rule written out in f64, ten steps, dense and row-sparse; options; resuming. */
import { describe, expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/contract.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { DenseGradient, type FlatParameters, flatten, Parameter } from "../../src/nn/index.js";
import { Adagrad, Adam, createOptimizer, type Optimizer, Sgd } from "../../src/optim/index.js";
import { describeBackends } from "../gradients/backends.js";
import { testNumbers } from "../gradients/check-gradients.js";

const ROWS = 6;
const COLS = 5;

/** One number of a matrix or bias as the paper treats it; `decays` is false for biases. */
type Rule = (w: number, g: number, state: number[], step: number, decays: boolean) => number;

/** A dense matrix and bias, and a row-sparse matrix and bias. */
function model(kernels: Kernels): FlatParameters {
  const make = (name: string, shape: number[], sparse: boolean): Parameter => {
    const size = shape.reduce((a, b) => a * b, 1);
    const value = testNumbers(size, size + (sparse ? 100 : 0));
    const grad = sparse
      ? { kind: "rows" as const, ids: kernels.u32(ROWS), count: 0, values: kernels.f32(size) }
      : new DenseGradient(kernels.f32(size));
    return new Parameter(name, shape, value, grad);
  };
  return flatten(kernels, [
    make("0.weight", [ROWS, COLS], false),
    make("0.bias", [COLS], false),
    make("1.weight", [ROWS, COLS], true),
    make("1.bias", [ROWS], true),
  ]);
}

/** Rows that step `t` touches, differing from step to step; row 5 never. */
const touched = (t: number): number[] => [0, 1, 2, 3, 4].filter((row) => (row + t) % 3 !== 0).reverse();

/** Fills the gradients of step `t`; returns them dense, NaN where the row is absent. */
function setGradients(flat: FlatParameters, t: number): Float64Array {
  const all = new Float64Array(flat.value.length).fill(Number.NaN);
  flat.parameters.forEach((p, i) => {
    const numbers = testNumbers(p.size, 1000 * t + i);
    const start = flat.offsets[i];
    if (p.grad.kind === "dense") {
      p.grad.values.set(numbers);
      all.set(numbers, start);
      return;
    }
    const rows = touched(t);
    p.grad.ids.set(rows);
    p.grad.count = rows.length;
    for (const [u, row] of rows.entries()) {
      for (let j = 0; j < p.cols; j++) {
        p.grad.values[u * p.cols + j] = numbers[u * p.cols + j];
        all[start + row * p.cols + j] = numbers[u * p.cols + j];
      }
    }
  });
  return all;
}

/** Sgd in f64; momentum 0 is plain. */
const sgd =
  (lr: number, momentum: number, nesterov: boolean, weightDecay: number): Rule =>
  (w, g0, state, _step, decays) => {
    const g = g0 + (decays ? weightDecay * w : 0);
    state[0] = momentum * (state[0] ?? 0) + g;
    return w - lr * (nesterov ? g + momentum * state[0] : state[0]);
  };

const adagrad =
  (lr: number, epsilon: number, initial: number, weightDecay: number): Rule =>
  (w, g0, state, _step, decays) => {
    const g = g0 + (decays ? weightDecay * w : 0);
    state[0] = (state[0] ?? initial) + g * g;
    return w - (lr * g) / (Math.sqrt(state[0]) + epsilon);
  };

const adam =
  (lr: number, b1: number, b2: number, epsilon: number, weightDecay: number): Rule =>
  (w, g, state, step, decays) => {
    state[0] = b1 * (state[0] ?? 0) + (1 - b1) * g;
    state[1] = b2 * (state[1] ?? 0) + (1 - b2) * g * g;
    const decayed = w - (decays ? lr * weightDecay * w : 0);
    return decayed - (lr * (state[0] / (1 - b1 ** step))) / (Math.sqrt(state[1] / (1 - b2 ** step)) + epsilon);
  };

const CASES: [name: string, make: (k: Kernels) => Optimizer, rule: Rule][] = [
  ["sgd", (k) => new Sgd(k, { learningRate: 0.1 }), sgd(0.1, 0, false, 0)],
  [
    "sgd with momentum and decay",
    (k) => new Sgd(k, { learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 }),
    sgd(0.1, 0.9, false, 0.01),
  ],
  [
    "sgd, Nesterov",
    (k) => new Sgd(k, { learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
    sgd(0.1, 0.9, true, 0.01),
  ],
  ["adagrad", (k) => new Adagrad(k, { learningRate: 0.1 }), adagrad(0.1, 1e-10, 0, 0)],
  [
    "adagrad with decay and a start",
    (k) => new Adagrad(k, { learningRate: 0.1, epsilon: 1e-6, initialAccumulator: 0.1, weightDecay: 0.01 }),
    adagrad(0.1, 1e-6, 0.1, 0.01),
  ],
  ["adam", (k) => new Adam(k, { learningRate: 0.01 }), adam(0.01, 0.9, 0.999, 1e-8, 0)],
  [
    "adamw",
    (k) => new Adam(k, { learningRate: 0.01, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.1 }),
    adam(0.01, 0.8, 0.95, 1e-6, 0.1),
  ],
];

describeBackends("optimisers", (kernels) => {
  it.each(CASES)("%s follows its rule for ten steps", (_name, make, rule) => {
    const flat = model(kernels);
    const optimizer = make(kernels);
    const w = Float64Array.from(flat.value);
    const state = Array.from(w, (): number[] => []);
    const decays = flat.parameters.flatMap((p) => new Array<boolean>(p.size).fill(p.shape.length > 1));
    for (let t = 1; t <= 10; t++) {
      const g = setGradients(flat, t);
      optimizer.step(flat);
      for (let i = 0; i < w.length; i++) if (!Number.isNaN(g[i])) w[i] = rule(w[i], g[i], state[i], t, decays[i]);
      // A step rounds w once, and its move (below 3 here) some eight times; momentum carries old errors on, 1/(1 − 0.9).
      const tolerance = t * (2 ** -24 * (4 + 3 * 8) * 10 * 0.1);
      for (let i = 0; i < w.length; i++) {
        if (!(Math.abs(flat.value[i] - w[i]) <= tolerance)) {
          expect.fail(`step ${t}, number ${i}: expected ${w[i]}, got ${flat.value[i]}; tolerance ${tolerance}`);
        }
      }
    }
    expect(optimizer.stepCount).toBe(10);
  });

  it.each(CASES)("%s scales the learning rate of a parameter", (_name, make) => {
    const [scaled, slower] = [model(kernels), model(kernels)];
    for (const p of scaled.parameters) p.learningRateScale = 0.5;
    const [a, b] = [make(kernels), make(kernels)];
    b.learningRate *= 0.5;
    for (let t = 1; t <= 3; t++) {
      setGradients(scaled, t);
      a.step(scaled);
      setGradients(slower, t);
      b.step(slower);
    }
    expect([...scaled.value]).toEqual([...slower.value]);
  });

  it("leaves rows that never occur, and all rows when none occur, to the bit", () => {
    const flat = model(kernels);
    const before = Float32Array.from(flat.value);
    const optimizer = new Adam(kernels, { weightDecay: 0.1 });
    for (let t = 1; t <= 3; t++) {
      setGradients(flat, t);
      optimizer.step(flat);
    }
    const row5 = flat.offsets[2] + 5 * COLS;
    expect([...flat.value.subarray(row5, row5 + COLS)]).toEqual([...before.subarray(row5, row5 + COLS)]);
    const after = Float32Array.from(flat.value);
    for (const p of flat.parameters) p.zeroGrad();
    new Sgd(kernels, { weightDecay: 0.1 }).step(flat);
    expect([...flat.value.subarray(flat.offsets[2])]).toEqual([...after.subarray(flat.offsets[2])]);
  });

  it.each(CASES)("%s resumes from its state", (_name, make) => {
    const whole = model(kernels);
    const first = make(kernels);
    for (let t = 1; t <= 4; t++) {
      setGradients(whole, t);
      first.step(whole);
    }
    const resumed = model(kernels);
    resumed.value.set(whole.value);
    const second = make(kernels);
    second.prepare(resumed);
    for (const [name, vector] of Object.entries(first.state())) second.state()[name].set(vector);
    second.stepCount = first.stepCount;
    for (let t = 5; t <= 8; t++) {
      setGradients(whole, t);
      first.step(whole);
      setGradients(resumed, t);
      second.step(resumed);
    }
    expect([...resumed.value]).toEqual([...whole.value]);
  });

  it.each(["sgd", "adagrad", "adam"] as const)("%s finds the solution of a least-squares problem", (name) => {
    // y = A·w with A [8, 3] of full rank: the loss ½|A·w − y|² has one minimum, w* = (1, −2, ½), with value 0.
    const a = testNumbers(24, 3);
    const solution = [1, -2, 0.5];
    const gradient = new DenseGradient(kernels.f32(3));
    const flat = flatten(kernels, [new Parameter("weight", [3, 1], new Float32Array(3), gradient)]);
    const optimizer = createOptimizer(kernels, name, { learningRate: { sgd: 0.1, adagrad: 0.5, adam: 0.05 }[name] });
    const base = optimizer.learningRate;
    for (let t = 0; t < 1000; t++) {
      gradient.zero();
      for (let i = 0; i < 8; i++) {
        let error = 0;
        for (let j = 0; j < 3; j++) error += a[i * 3 + j] * (flat.value[j] - solution[j]);
        for (let j = 0; j < 3; j++) gradient.values[j] += error * a[i * 3 + j];
      }
      optimizer.learningRate = base * (1 - t / 1000);
      optimizer.step(flat);
    }
    solution.forEach((w, j) => {
      expect(flat.value[j]).toBeCloseTo(w, 3);
    });
  });
});

describe("options", () => {
  const kernels = {} as Kernels;
  it("out of range are refused by name", () => {
    expect(() => new Sgd(kernels, { learningRate: 0 })).toThrow("Sgd: expected learningRate in (0, Infinity), got 0");
    expect(() => new Sgd(kernels, { nesterov: true })).toThrow("expected momentum above 0 with nesterov");
    expect(() => new Adam(kernels, { beta2: 1 })).toThrow("Adam: expected beta2 in [0, 1), got 1");
    expect(() => new Adagrad(kernels, { epsilon: Number.NaN })).toThrow("Adagrad: expected epsilon");
  });

  it("of another optimiser are refused", () => {
    expect(() => createOptimizer(kernels, "adam", { momentum: 0.9 } as object)).toThrow("adam has learningRate, beta1");
    expect(() => createOptimizer(kernels, "lion" as "adam")).toThrow(
      "expected one of sgd, adagrad, adam, asgd, adadelta, rmsprop, got lion",
    );
  });

  it("one optimiser serves one model", () => {
    const real = createReferenceKernels();
    const optimizer = new Adam(real);
    optimizer.prepare(model(real));
    const other = flatten(real, [new Parameter("w", [2], new Float32Array(2), new DenseGradient(new Float32Array(2)))]);
    expect(() => optimizer.step(other)).toThrow("Adam.prepare: expected firstMoment of 71 numbers, got 2");
  });
});
