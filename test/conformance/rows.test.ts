import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { EPSILON, expectClose, integers, numbers, SIZES, unwritten } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

const MODES = ["overwrite", "accumulate"] as const;
const ROWS = [0, 1, 3, 33];

describeBackends("rows", (kernels) => {
  it("dot", () => {
    for (const length of [...SIZES, 1024, 5000]) {
      const rng = new Rng(length);
      const [a, b] = [numbers(rng, length), numbers(rng, length)];
      const magnitude = reference.dot(length, a.map(Math.abs), b.map(Math.abs));
      // Blocks of 1024 products in f32, their sums in f64.
      const bound = Math.min(length, 1024) * EPSILON * magnitude;
      expect(Math.abs(kernels.dot(length, a, b) - reference.dot(length, a, b))).toBeLessThanOrEqual(bound);
      expect(kernels.dot(length, a, a)).toBeGreaterThanOrEqual(0);
    }
    expect(kernels.dot(3, Float32Array.of(1, Number.NaN, 1), new Float32Array(3))).toBeNaN();
  });

  it("dot over blocks keeps what f32 would lose", () => {
    const length = 2 ** 20;
    const ones = new Float32Array(length).fill(1);
    const tenths = new Float32Array(length).fill(0.1);
    expect(kernels.dot(length, ones, tenths) / reference.dot(length, ones, tenths)).toBeCloseTo(1, 5);
  });

  it("multiply", () => {
    for (const length of SIZES) {
      for (const mode of MODES) {
        const rng = new Rng(length);
        const [a, b] = [numbers(rng, length), numbers(rng, length)];
        const actual = mode === "overwrite" ? unwritten(length) : numbers(rng, length);
        const expected = actual.slice();
        kernels.multiply(length, a, b, actual, mode);
        reference.multiply(length, a, b, expected, mode);
        expectClose(actual, expected, () => 2 * EPSILON * 2); // one product and one sum, each below 2
        const inPlace = a.slice();
        kernels.multiply(length, inPlace, b, inPlace, "overwrite");
        reference.multiply(length, a, b, expected, "overwrite");
        expectClose(inPlace, expected, () => EPSILON);
      }
    }
  });

  it("rowDots", () => {
    for (const rows of ROWS) {
      for (const cols of [...SIZES, 64]) {
        const rng = new Rng(rows * 1000 + cols);
        const [a, b] = [numbers(rng, rows * cols), numbers(rng, rows * cols)];
        const [actual, expected] = [unwritten(rows), unwritten(rows)];
        kernels.rowDots({ rows, cols }, a, b, actual);
        reference.rowDots({ rows, cols }, a, b, expected);
        expectClose(actual, expected, () => (cols + 1) * EPSILON * cols);
      }
    }
  });

  it("scaleRows", () => {
    for (const rows of ROWS) {
      for (const cols of SIZES) {
        for (const mode of MODES) {
          const rng = new Rng(rows * 1000 + cols);
          const [scale, x] = [numbers(rng, rows), numbers(rng, rows * cols)];
          const actual = mode === "overwrite" ? unwritten(rows * cols) : numbers(rng, rows * cols);
          const expected = actual.slice();
          kernels.scaleRows({ rows, cols }, scale, x, actual, mode);
          reference.scaleRows({ rows, cols }, scale, x, expected, mode);
          expectClose(actual, expected, () => 2 * EPSILON * 2);
          const inPlace = x.slice();
          kernels.scaleRows({ rows, cols }, scale, inPlace, inPlace, "overwrite");
          reference.scaleRows({ rows, cols }, scale, x, expected, "overwrite");
          expectClose(inPlace, expected, () => EPSILON);
        }
      }
    }
  });

  it("scatterAddRows, with and without scale, ids repeating", () => {
    for (const count of [0, 1, 3, 33]) {
      for (const cols of SIZES) {
        for (const scaled of [false, true]) {
          const rng = new Rng(count * 1000 + cols);
          const ids = integers(rng, count, 7);
          const [scale, src] = [numbers(rng, count), numbers(rng, count * cols)];
          const actual = numbers(rng, 7 * cols);
          const expected = actual.slice();
          kernels.scatterAddRows(count, cols, ids, scaled ? scale : null, src, actual);
          reference.scatterAddRows(count, cols, ids, scaled ? scale : null, src, expected);
          // A row takes at most `count` additions, each rounded in both, of numbers below 1.
          expectClose(actual, expected, () => 2 * (count + 1) * EPSILON * (count + 1));
        }
      }
    }
  });

  it("scatterAddRows refuses rows that do not exist; NaN goes through", () => {
    const out = new Float32Array(6);
    expect(() => kernels.scatterAddRows(1, 3, Uint32Array.of(2), null, new Float32Array(3), out)).toThrow(/below 2/);
    kernels.scatterAddRows(1, 3, Uint32Array.of(1), null, Float32Array.of(1, Number.NaN, 2), out);
    expect(out).toEqual(Float32Array.of(0, 0, 0, 1, Number.NaN, 2));
  });
});
