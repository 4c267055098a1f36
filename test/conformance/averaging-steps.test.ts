/** @file Steps of ASGD, Adadelta and RMSprop against the oracle, dense and on rows. */
import { expect, it } from "vitest";
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

// As in steps.test.ts: inputs and rates below 1, denominators above 0.1, some ten roundings of numbers below 10.
const BOUND = 100 * EPSILON;

/** A second moment of at least 0.01. */
function moments(rng: Rng, size: number): Float32Array {
  return absolutes(numbers(rng, size)).map((x) => x + 0.01);
}

describeBackends("averaging steps", (kernels) => {
  it("asgdStep: before the average begins, its first and later steps, rows that have waited", () => {
    for (const { dims, size, gradient } of shapes()) {
      for (const [step, averagingStart] of [
        [1, 0],
        [2, 0],
        [40, 0],
        [40, 39],
        [40, 10],
        [40, 100],
      ]) {
        const options = { learningRate: 0.1, weightDecay: 0.01, step, averagingStart };
        const rng = new Rng(size + step);
        const [w, g, average] = [numbers(rng, size), numbers(rng, gradient), numbers(rng, size)];
        // Rows were last met at steps from 0 to the one before, so at most 39 shares are made up for.
        const last = dims.rows ? Float32Array.from({ length: ROWS }, () => rng.nextBelow(step)) : null;
        const [w1, w2, a1, a2] = [w.slice(), w.slice(), average.slice(), average.slice()];
        const [last1, last2] = [last?.slice() ?? null, last?.slice() ?? null];
        kernels.asgdStep(dims, w1, g, a1, last1, options);
        reference.asgdStep(dims, w2, g, a2, last2, options);
        expectClose(w1, w2, () => BOUND);
        expectClose(a1, a2, () => BOUND);
        expect(last1).toEqual(last2);
      }
    }
  });

  it("adadeltaStep", () => {
    for (const { dims, size, gradient } of shapes()) {
      for (const weightDecay of [0, 0.1]) {
        const options = { learningRate: 0.5, rho: 0.9, epsilon: 1e-6, weightDecay };
        const rng = new Rng(size);
        const [w, g] = [numbers(rng, size), numbers(rng, gradient)];
        const [s, u] = [moments(rng, size), moments(rng, size)];
        const [w1, s1, u1, w2, s2, u2] = [w, s, u, w, s, u].map((x) => x.slice());
        kernels.adadeltaStep(dims, w1, g, s1, u1, options);
        reference.adadeltaStep(dims, w2, g, s2, u2, options);
        for (const [actual, expected] of [
          [w1, w2],
          [s1, s2],
          [u1, u2],
        ]) {
          expectClose(actual, expected, () => BOUND);
        }
      }
    }
  });

  it("rmspropStep: plain, centred, with momentum, both", () => {
    for (const { dims, size, gradient } of shapes()) {
      for (const centered of [false, true]) {
        for (const momentum of [0, 0.9]) {
          const options = { learningRate: 0.01, alpha: 0.9, momentum, epsilon: 1e-8, weightDecay: 0.01 };
          const rng = new Rng(size);
          const [w, g, m] = [numbers(rng, size), numbers(rng, gradient), numbers(rng, size)];
          // s ≥ m² + 0.1 leaves a spread of 0.1 · 0.9 at least.
          const [s, v] = [m.map((x) => x * x + 0.1), numbers(rng, size)];
          const [w1, s1, m1, v1, w2, s2, m2, v2] = [w, s, m, v, w, s, m, v].map((x) => x.slice());
          kernels.rmspropStep(dims, w1, g, s1, centered ? m1 : null, momentum > 0 ? v1 : null, options);
          reference.rmspropStep(dims, w2, g, s2, centered ? m2 : null, momentum > 0 ? v2 : null, options);
          for (const [actual, expected] of [
            [w1, w2],
            [s1, s2],
            [m1, m2],
            [v1, v2],
          ]) {
            expectClose(actual, expected, () => BOUND);
          }
        }
      }
    }
  });

  it("show NaN", () => {
    const dims = { cols: 3, rows: null };
    const g = Float32Array.of(0.5, Number.NaN, 0.5);
    const state = (): Float32Array => new Float32Array(3);
    const [a, b, c] = [state(), state(), state()];
    kernels.asgdStep(dims, a, g, state(), null, { learningRate: 1, weightDecay: 0, step: 1, averagingStart: 0 });
    kernels.adadeltaStep(dims, b, g, state(), state(), { learningRate: 1, rho: 0.9, epsilon: 1e-6, weightDecay: 0 });
    const options = { learningRate: 1, alpha: 0.9, momentum: 0, epsilon: 1e-8, weightDecay: 0 };
    kernels.rmspropStep(dims, c, g, state(), state(), null, options);
    for (const w of [a, b, c]) expect([...w].map(Number.isNaN)).toEqual([false, true, false]);
  });
});
