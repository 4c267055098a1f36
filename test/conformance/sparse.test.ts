import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { CompactTranspose, Csr, Kernels } from "../../src/kernels/index.js";
import { EPSILON, expectClose, integers, numbers, SIZES, sparseRows, unwritten } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

const ROWS = [0, 1, 3, 33];
const WIDTHS = [...SIZES, 64, 320];

function emptyCsr(rows: number, entries: number): Csr {
  return {
    offsets: new Uint32Array(rows + 1).fill(9),
    columns: new Uint32Array(entries).fill(9),
    values: unwritten(entries),
  };
}

function transpose(kernels: Kernels, rows: number, cols: number, x: Csr): [number, CompactTranspose] {
  const entries = x.columns.length;
  const out = {
    columns: new Uint32Array(entries),
    offsets: new Uint32Array(entries + 1).fill(7),
    rows: new Uint32Array(entries),
    values: new Float32Array(entries),
  };
  const slotOf = new Uint32Array(cols);
  const numColumns = kernels.csrCompactTranspose(rows, x, slotOf, out);
  expect(slotOf.every((slot) => slot === 0)).toBe(true);
  return [
    numColumns,
    { ...out, columns: out.columns.subarray(0, numColumns), offsets: out.offsets.subarray(0, numColumns + 1) },
  ];
}

describeBackends("sparse", (kernels) => {
  it("csrGatherRows", () => {
    const rng = new Rng(1);
    const source = sparseRows(rng, { rows: 20, cols: 100, most: 9, skip: 3 });
    for (const count of [0, 1, 15]) {
      const ids = integers(rng, count, 20);
      const [actual, expected] = [emptyCsr(count, 200), emptyCsr(count, 200)];
      const copied = kernels.csrGatherRows(source, ids, count, actual);
      expect(copied).toBe(reference.csrGatherRows(source, ids, count, expected));
      expect(actual.offsets).toEqual(expected.offsets);
      expect(actual.columns.subarray(0, copied)).toEqual(expected.columns.subarray(0, copied));
      expect(actual.values.subarray(0, copied)).toEqual(expected.values.subarray(0, copied));
    }
  });

  it("csrGemm", () => {
    for (const rows of ROWS) {
      for (const cols of WIDTHS) {
        for (const skip of [0, 5]) {
          const rng = new Rng(rows * 1000 + cols);
          const x = sparseRows(rng, { rows, cols: 57, most: 20, skip });
          const w = numbers(rng, 57 * cols);
          for (const mode of ["overwrite", "accumulate"] as const) {
            const actual = mode === "overwrite" ? unwritten(rows * cols) : numbers(rng, rows * cols);
            const expected = actual.slice();
            kernels.csrGemm({ rows, cols }, x, w, actual, mode);
            reference.csrGemm({ rows, cols }, x, w, expected, mode);
            expectClose(actual, expected, () => 21 * EPSILON * 21); // at most 20 products and y, each below 1
          }
        }
      }
    }
  });

  it("csrGemm shows NaN of a weight", () => {
    const x = {
      offsets: Uint32Array.of(0, 1, 2),
      columns: Uint32Array.of(1, 0),
      values: Float32Array.of(2, 2),
    };
    const y = unwritten(4);
    kernels.csrGemm({ rows: 2, cols: 2 }, x, Float32Array.of(1, 3, 1, Number.NaN), y, "overwrite");
    expect(y).toEqual(Float32Array.of(2, Number.NaN, 2, 6));
  });

  it("csrCompactTranspose and csrGradRows", () => {
    for (const rows of ROWS) {
      const rng = new Rng(rows);
      const x = sparseRows(rng, { rows, cols: 41, most: 12, skip: 2 });
      const [numColumns, actual] = transpose(kernels, rows, 41, x);
      const [numExpected, expected] = transpose(reference, rows, 41, x);
      expect(numColumns).toBe(numExpected);
      expect(actual).toEqual(expected);
      for (const cols of WIDTHS) {
        const dy = numbers(rng, rows * cols);
        const [dw, dwExpected] = [unwritten(numColumns * cols), unwritten(numColumns * cols)];
        kernels.csrGradRows(numColumns, cols, actual, dy, dw);
        reference.csrGradRows(numColumns, cols, expected, dy, dwExpected);
        const most = x.columns.length;
        expectClose(dw, dwExpected, () => most * most * EPSILON);
      }
    }
  });

  it("gatherRows", () => {
    for (const cols of WIDTHS) {
      const rng = new Rng(cols);
      const src = numbers(rng, 11 * cols);
      const ids = integers(rng, 30, 11);
      const [actual, expected] = [unwritten(30 * cols), unwritten(30 * cols)];
      kernels.gatherRows(30, cols, ids, src, actual);
      reference.gatherRows(30, cols, ids, src, expected);
      expect(actual).toEqual(expected);
    }
  });

  for (const name of ["softmaxCrossEntropy", "sigmoidCrossEntropy"] as const) {
    it(`${name}, also in place`, () => {
      for (const rows of ROWS) {
        for (const cols of [1, 3, 31, 33, 257, 2100]) {
          const rng = new Rng(rows * 1000 + cols);
          const targets = sparseRows(rng, { rows, cols, most: Math.min(5, cols), skip: 1, distinct: true });
          const x = numbers(rng, rows * cols, 20);
          const [apart, inPlace, expected] = [unwritten(rows * cols), x.slice(), unwritten(rows * cols)];
          const loss = reference[name]({ rows, cols }, x, targets, 0.25, expected);
          // Logits below 20: each softplus or logarithm is below 50 and rounds to 2e-6 of that; sums are f64.
          const lossBound = rows * cols * 50 * 2e-6;
          expect(Math.abs(kernels[name]({ rows, cols }, x, targets, 0.25, apart) - loss)).toBeLessThanOrEqual(
            lossBound,
          );
          kernels[name]({ rows, cols }, inPlace, targets, 0.25, inPlace);
          const bound = 0.25 * 5 * 8 * EPSILON; // scale · Σ targets · 4 ulp of 1
          expectClose(apart, expected, () => bound);
          expectClose(inPlace, expected, () => bound);
        }
      }
    });

    it(`${name}: NaN logits give a NaN loss, even without targets`, () => {
      const none = { offsets: new Uint32Array(3), columns: new Uint32Array(0), values: new Float32Array(0) };
      for (const at of [0, 17, 39]) {
        const x = numbers(new Rng(1), 40);
        x[at] = Number.NaN;
        expect(kernels[name]({ rows: 2, cols: 20 }, x, none, 1, unwritten(40))).toBeNaN();
      }
    });
  }
});
