/** @file Losses of dense predictions against the oracle: values, gradients, kinks, NaN, in place. */
import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { ElementLoss } from "../../src/kernels/index.js";
import { EPSILON, expectClose, integers, numbers, SIZES, unwritten } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

const ROWS = [0, 1, 3, 31];
const COLS = [1, 3, 31, 33, 257, 2100];
const HELD = 2 ** -20;

/** Multiples of 1/256 below 2: sums and differences of a few are exact in f32, so that no backend mistakes a kink. */
function steps(rng: Rng, length: number): Float32Array {
  return numbers(rng, length, 2).map((x) => Math.round(x * 256) / 256);
}

function signs(rng: Rng, length: number): Float32Array {
  return numbers(rng, length).map((x) => (x < 0 ? -1 : 1));
}

interface Pair {
  readonly x: Float32Array;
  readonly target: Float32Array;
  readonly delta: number;
}

/** Predictions and targets as each kind takes them, with kinks and ends among them. Terms are below 16. */
function elements(kind: ElementLoss, rng: Rng, length: number): Pair {
  const pair = { x: steps(rng, length), target: steps(rng, length), delta: 0.5 };
  for (let i = 0; i < length; i += 7) pair.x[i] = pair.target[i];
  if (kind === "hinge") return { ...pair, target: signs(rng, length) };
  if (kind === "divergence") return { ...pair, target: pair.target.map((t) => Math.max(0, t / 2)) };
  if (kind !== "binary") return pair;
  const x = pair.x.map((v) => Math.min(1, Math.max(0, v)));
  return { x, target: pair.target.map((t) => Math.min(1, Math.max(0, t))), delta: HELD };
}

describeBackends("losses", (kernels) => {
  for (const kind of ["squared", "absolute", "smoothL1", "binary", "divergence", "hinge"] as const) {
    it(`elementLoss ${kind}, with and without weights, also in place`, () => {
      for (const rows of ROWS) {
        for (const cols of COLS) {
          const dims = { rows, cols };
          const n = rows * cols;
          const rng = new Rng(n);
          const { x, target, delta } = elements(kind, rng, n);
          for (const weights of [null, numbers(rng, cols).map(Math.abs)]) {
            const [apart, inPlace, expected] = [unwritten(n), x.slice(), unwritten(n)];
            const loss = reference.elementLoss(kind, dims, delta, x, target, weights, 0.25, expected);
            // A sum of at most 1024 terms in f32, each of some sixteen roundings.
            const lossBound = (Math.min(n, 1024) + 16) * EPSILON * n * 16;
            const got = kernels.elementLoss(kind, dims, delta, x, target, weights, 0.25, apart);
            expect(Math.abs(got - loss)).toBeLessThanOrEqual(lossBound);
            expect(kernels.elementLoss(kind, dims, delta, inPlace, target, weights, 0.25, inPlace)).toBe(got);
            // p·(1 − p) divides the difference of prediction and target, whose rounding is relative to 1.
            const scale = (i: number): number => {
              const p = Math.min(1 - delta, Math.max(delta, x[i]));
              return kind === "binary" ? 1 / (p * (1 - p)) : 4;
            };
            expectClose(apart, expected, (i) => 8 * EPSILON * 0.25 * scale(i));
            expectClose(inPlace, apart, () => 0);
          }
        }
      }
    });

    it(`elementLoss ${kind}: NaN in a prediction or a target reaches the loss`, () => {
      for (const at of [0, 17, 39]) {
        for (const which of ["x", "target"] as const) {
          const pair = elements(kind, new Rng(at), 40);
          pair[which][at] = Number.NaN;
          const { x, target, delta } = pair;
          expect(kernels.elementLoss(kind, { rows: 2, cols: 20 }, delta, x, target, null, 1, unwritten(40))).toBeNaN();
        }
      }
    });
  }

  it("elementLoss divergence: logarithms of the whole range", () => {
    const target = Float32Array.from({ length: 271 }, (_, i) => 2 ** (i - 149) * (1 + ((i * 37) % 64) / 64));
    target[200] = 0;
    for (let i = 0; i < target.length; i++) {
      const [t, zero] = [target.subarray(i, i + 1), new Float32Array(1)];
      const grad = unwritten(1);
      const loss = kernels.elementLoss("divergence", { rows: 1, cols: 1 }, 0, zero, t, null, 1, grad);
      const expected = t[0] === 0 ? 0 : t[0] * Math.log(t[0]);
      // Four ulp, or half the least subnormal number; as logarithms near 1 are relative to their argument's distance.
      expect(Math.abs(loss - expected)).toBeLessThanOrEqual(8 * EPSILON * Math.abs(expected) + 2 ** -149);
      expect(grad[0]).toBe(-t[0]);
    }
    const below = Float32Array.of(-1e-30);
    expect(
      kernels.elementLoss("divergence", { rows: 1, cols: 1 }, 0, new Float32Array(1), below, null, 1, unwritten(1)),
    ).toBeNaN();
  });

  it("classNll", () => {
    for (const rows of ROWS) {
      for (const cols of COLS) {
        const rng = new Rng(rows * 1000 + cols);
        const [x, classes] = [numbers(rng, rows * cols, 20), integers(rng, rows, cols)];
        for (const weights of [null, numbers(rng, cols).map(Math.abs), new Float32Array(cols)]) {
          const [actual, expected] = [unwritten(rows * cols), unwritten(rows * cols)];
          const loss = reference.classNll({ rows, cols }, x, classes, weights, expected);
          const got = kernels.classNll({ rows, cols }, x, classes, weights, actual);
          expect(Math.abs(got - loss)).toBeLessThanOrEqual(20 * 2 ** -40); // f64 throughout
          expectClose(actual, expected, () => 2 * EPSILON);
        }
      }
    }
  });

  it("multiMargin, p = 1 and 2", () => {
    for (const rows of ROWS) {
      for (const cols of COLS) {
        const rng = new Rng(rows * 1000 + cols);
        const [x, classes] = [steps(rng, rows * cols), integers(rng, rows, cols)];
        for (const p of [1, 2] as const) {
          for (const weights of [null, numbers(rng, cols).map(Math.abs)]) {
            const [actual, expected] = [unwritten(rows * cols), unwritten(rows * cols)];
            const options = { p, margin: 0.75 };
            const loss = reference.multiMargin({ rows, cols }, options, x, classes, weights, 0.5, expected);
            const got = kernels.multiMargin({ rows, cols }, options, x, classes, weights, 0.5, actual);
            // Terms below 25, gradients below 10; a sum of at most 1024 of them in f32. Both are a share of cols.
            const chain = (Math.min(cols, 1024) + 16) * EPSILON;
            expect(Math.abs(got - loss)).toBeLessThanOrEqual(rows * 25 * chain);
            expectClose(actual, expected, () => 0.5 * 10 * chain);
          }
        }
      }
    }
  });

  it("multiMargin: NaN reaches the loss; a perfect row has loss 0 to the bit", () => {
    for (const at of [0, 17, 39]) {
      const x = numbers(new Rng(1), 40);
      x[at] = Number.NaN;
      const classes = Uint32Array.of(3, 5);
      const options = { p: 2 as const, margin: 1 };
      expect(kernels.multiMargin({ rows: 2, cols: 20 }, options, x, classes, null, 1, unwritten(40))).toBeNaN();
    }
    const x = new Float32Array(33);
    x[7] = 1.1;
    const grad = unwritten(33);
    const options = { p: 2 as const, margin: 1.1 };
    expect(kernels.multiMargin({ rows: 1, cols: 33 }, options, x, Uint32Array.of(7), null, 1, grad)).toBe(0);
    expect(grad.every((g) => g === 0)).toBe(true);
  });

  it("cosineEmbedding", () => {
    for (const rows of ROWS) {
      for (const cols of COLS) {
        const rng = new Rng(rows * 1000 + cols);
        const [a, b, labels] = [numbers(rng, rows * cols), numbers(rng, rows * cols), signs(rng, rows)];
        if (rows > 2) a.fill(0, cols, 2 * cols);
        const [gradA, gradB] = [unwritten(rows * cols), unwritten(rows * cols)];
        const [expectedA, expectedB] = [unwritten(rows * cols), unwritten(rows * cols)];
        const dims = { rows, cols };
        const loss = reference.cosineEmbedding(dims, -0.05, a, b, labels, 0.5, expectedA, expectedB);
        const got = kernels.cosineEmbedding(dims, -0.05, a, b, labels, 0.5, gradA, gradB);
        // Each of three sums is off by cols·ε·|a||b|; a cosine by that relative to |a||b|.
        expect(Math.abs(got - loss)).toBeLessThanOrEqual(rows * 4 * (Math.min(cols, 1024) + 4) * EPSILON);
        for (const [actual, expected, at] of [
          [gradA, expectedA, a],
          [gradB, expectedB, b],
        ] as const) {
          // Gradients are of the size 1/|a|: numbers of a row over its norm.
          const sizes = Array.from({ length: rows }, (_, i) => {
            return 0.5 / (Math.hypot(...at.subarray(i * cols, (i + 1) * cols)) || 1);
          });
          const chain = 8 * (Math.min(cols, 1024) + 4) * EPSILON;
          expectClose(actual, expected, (i) => chain * sizes[Math.floor(i / cols)]);
        }
      }
    }
  });

  it("cosineEmbedding: NaN in either, beside zeros too, reaches the loss", () => {
    for (const label of [1, -1]) {
      const [a, b] = [new Float32Array(5), numbers(new Rng(2), 5)];
      b[3] = Number.NaN;
      const labels = Float32Array.of(label);
      for (const [first, second] of [
        [a, b],
        [b, a],
      ]) {
        const grads = [unwritten(5), unwritten(5)];
        const dims = { rows: 1, cols: 5 };
        expect(kernels.cosineEmbedding(dims, 0, first, second, labels, 1, grads[0], grads[1])).toBeNaN();
      }
    }
  });

  it("nothing for no columns", () => {
    for (const n of SIZES) {
      expect(
        kernels.elementLoss("binary", { rows: n, cols: 0 }, HELD, unwritten(0), unwritten(0), null, 1, unwritten(0)),
      ).toBe(0);
    }
  });
});
