import { it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { StepDims } from "../../src/kernels/index.js";
import { absolutes, EPSILON, expectClose, numbers, SIZES } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

const ROWS = 23;

/** A dense step of n numbers and a step on distinct rows of n numbers, in no order. */
function* shapes(): Generator<{ dims: StepDims; size: number; gradient: number }> {
  for (const cols of SIZES) {
    yield { dims: { cols, rows: null }, size: cols, gradient: cols };
    const ids = Uint32Array.from({ length: ROWS }, (_, i) => i);
    new Rng(cols).shuffle(ids);
    for (const count of [0, 1, 9]) {
      yield { dims: { cols, rows: { ids, count } }, size: ROWS * cols, gradient: count * cols };
    }
  }
}

// All inputs are below 1 and rates below 1, so a result is a sum of a few products below 2: some ten roundings. Where
// the reference divides by √s + ε, s ≥ 0.01 keeps the quotient, and with it the rounding, below 10.
const BOUND = 100 * EPSILON;

describeBackends("steps", (kernels) => {
  it("sgdStep: plain, momentum, nesterov, weight decay", () => {
    for (const { dims, size, gradient } of shapes()) {
      for (const [momentum, nesterov, weightDecay] of [
        [0, false, 0],
        [0.9, false, 0.01],
        [0.9, true, 0],
      ] as const) {
        const options = { learningRate: 0.1, momentum, nesterov, weightDecay };
        const rng = new Rng(size);
        const [w, g, v] = [numbers(rng, size), numbers(rng, gradient), numbers(rng, size)];
        for (const withVelocity of [true, false]) {
          const [w1, w2, v1, v2] = [w.slice(), w.slice(), v.slice(), v.slice()];
          kernels.sgdStep(dims, w1, g, withVelocity ? v1 : null, options);
          reference.sgdStep(dims, w2, g, withVelocity ? v2 : null, options);
          expectClose(w1, w2, () => BOUND);
          expectClose(v1, v2, () => BOUND);
        }
      }
    }
  });

  it("adagradStep", () => {
    for (const { dims, size, gradient } of shapes()) {
      for (const weightDecay of [0, 0.1]) {
        const options = { learningRate: 0.1, epsilon: 1e-8, weightDecay };
        const rng = new Rng(size);
        const [w, g, s] = [numbers(rng, size), numbers(rng, gradient), absolutes(numbers(rng, size))];
        s.forEach((x, i) => {
          s[i] = x + 0.01;
        });
        const [w1, w2, s1, s2] = [w.slice(), w.slice(), s.slice(), s.slice()];
        kernels.adagradStep(dims, w1, g, s1, options);
        reference.adagradStep(dims, w2, g, s2, options);
        expectClose(w1, w2, () => BOUND);
        expectClose(s1, s2, () => BOUND);
      }
    }
  });

  it("adamStep, first and hundredth", () => {
    for (const { dims, size, gradient } of shapes()) {
      for (const step of [1, 100]) {
        const options = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, step };
        const rng = new Rng(size);
        const [w, g, m, v] = [
          numbers(rng, size),
          numbers(rng, gradient),
          numbers(rng, size),
          absolutes(numbers(rng, size)),
        ];
        v.forEach((x, i) => {
          v[i] = x + 0.01;
        });
        const [w1, m1, v1, w2, m2, v2] = [w, m, v, w, m, v].map((x) => x.slice());
        kernels.adamStep(dims, w1, g, m1, v1, options);
        reference.adamStep(dims, w2, g, m2, v2, options);
        expectClose(w1, w2, () => BOUND);
        expectClose(m1, m2, () => BOUND);
        expectClose(v1, v2, () => BOUND);
      }
    }
  });

  it("rowRmsStep, first and hundredth: one moment a row", () => {
    for (const { dims, size, gradient } of shapes()) {
      for (const step of [1, 100]) {
        const options = { learningRate: 0.01, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, step };
        const rng = new Rng(size);
        const [w, g] = [numbers(rng, size), numbers(rng, gradient)];
        const v = absolutes(numbers(rng, dims.rows ? ROWS : 1)).map((x) => x + 0.01);
        const [w1, v1, w2, v2] = [w, v, w, v].map((x) => x.slice());
        kernels.rowRmsStep(dims, w1, g, v1, options);
        reference.rowRmsStep(dims, w2, g, v2, options);
        expectClose(w1, w2, () => BOUND);
        expectClose(v1, v2, () => BOUND);
      }
    }
  });
});
