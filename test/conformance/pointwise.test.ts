import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { PointwiseFunction } from "../../src/kernels/index.js";
import { EPSILON, expectClose, numbers, SIZES, unwritten } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

const FUNCTIONS: readonly (readonly [f: PointwiseFunction, alpha: number, beta: number])[] = [
  ["leakyRelu", 0.01, 0],
  ["elu", 0.7, 0],
  ["tanh", 0, 0],
  ["hardTanh", -0.4, 1.1],
  ["sigmoid", 0, 0],
  ["logSigmoid", 0, 0],
  ["softPlus", 1.5, 0],
];
/** Where exponentials underflow, round to 1, or would overflow. */
const SPECIAL = [0, -0, 1e-38, -1e-38, 1e-5, -1e-5, 9, -9, 87, -87, 90, -90, 1e30, -1e30, Infinity, -Infinity, NaN];

describeBackends("pointwise", (kernels) => {
  for (const [f, alpha, beta] of FUNCTIONS) {
    // Contract: 8·2⁻²⁴ relative, 2⁻¹²⁵ absolute; softPlus rounds alpha·x first.
    const bound = (y: number, x: number): number => {
      const rounding = f === "softPlus" && Number.isFinite(x) && y < 1 ? Math.abs(alpha * x) : 0;
      return (8 + rounding) * EPSILON * Math.abs(y) + 2 ** -125;
    };

    it(`${f}: values, also in place`, () => {
      for (const n of SIZES) {
        for (const scale of [1e-3, 1, 20, 200]) {
          const x = numbers(new Rng(n + scale), n, scale);
          const [actual, expected] = [unwritten(n), unwritten(n)];
          kernels.pointwise(f, n, alpha, beta, x, actual);
          reference.pointwise(f, n, alpha, beta, x, expected);
          expectClose(actual, expected, (i) => bound(expected[i], x[i]));
          kernels.pointwise(f, n, alpha, beta, x, x);
          expect(x).toEqual(actual);
        }
      }
    });

    it(`${f}: derivatives, also in place`, () => {
      for (const n of SIZES) {
        for (const scale of [1e-3, 1, 20, 200]) {
          const rng = new Rng(n + scale);
          const [x, dy] = [numbers(rng, n, scale), numbers(rng, n)];
          const [y, actual, expected] = [unwritten(n), unwritten(n), unwritten(n)];
          kernels.pointwise(f, n, alpha, beta, x, y);
          kernels.pointwiseGrad(f, n, alpha, beta, x, y, dy, actual);
          reference.pointwiseGrad(f, n, alpha, beta, x, y, dy, expected);
          expectClose(actual, expected, (i) => 8 * EPSILON * Math.abs(dy[i]) * Math.max(1, Math.abs(alpha)));
          kernels.pointwiseGrad(f, n, alpha, beta, x, y, dy, dy);
          expect(dy).toEqual(actual);
        }
      }
    });

    it(`${f}: far out, infinite, NaN`, () => {
      const x = Float32Array.from(SPECIAL);
      const n = x.length;
      const [y, expected] = [unwritten(n), unwritten(n)];
      kernels.pointwise(f, n, alpha, beta, x, y);
      reference.pointwise(f, n, alpha, beta, x, expected);
      expectClose(y, expected, (i) => bound(expected[i], x[i]));
      expect(y[n - 1]).toBeNaN();
      const [dx, expectedGrad, ones] = [unwritten(n), unwritten(n), new Float32Array(n).fill(1)];
      kernels.pointwiseGrad(f, n, alpha, beta, x, y, ones, dx);
      reference.pointwiseGrad(f, n, alpha, beta, x, y, ones, expectedGrad);
      expectClose(dx, expectedGrad, () => 8 * EPSILON * Math.max(1, Math.abs(alpha)));
    });
  }

  for (const kind of ["softmax", "logSoftmax"] as const) {
    it(`softmaxGrad ${kind}, also in place`, () => {
      for (const rows of [0, 1, 3]) {
        for (const cols of [...SIZES, 3000]) {
          const rng = new Rng(rows + cols);
          const [y, dy] = [numbers(rng, rows * cols, 3), numbers(rng, rows * cols)];
          reference.activate(kind, { rows, cols }, y);
          const [actual, expected] = [unwritten(y.length), unwritten(y.length)];
          kernels.softmaxGrad(kind, { rows, cols }, y, dy, actual);
          reference.softmaxGrad(kind, { rows, cols }, y, dy, expected);
          // A sum of `cols` terms of size at most 1 (softmax: Σ y = 1) in f32 blocks, then two roundings.
          const sum = kind === "softmax" ? 1 : cols;
          const terms = Math.min(cols, 1024) + 8;
          const share = (i: number): number => (kind === "softmax" ? y[i] : Math.exp(y[i]));
          expectClose(actual, expected, (i) => terms * EPSILON * (share(i) * (sum + 1) + Math.abs(dy[i])));
          kernels.softmaxGrad(kind, { rows, cols }, y, dy, dy);
          expect(dy).toEqual(actual);
        }
      }
    });
  }
});
