/** @file Products of few rows: right at every height, and with which other products do they share their bits? */
import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { GemmDims, WriteMode } from "../../src/kernels/index.js";
import { absolutes, EPSILON, expectClose, numbers, unwritten } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

const FORMS = [{}, { transposeB: true }, { transposeA: true }] as const;

/** Rows [from, to) of a [m, k], or of a [k, m] those columns. */
function rowsOf({ m, k, transposeA }: GemmDims, a: Float32Array, from: number, to: number): Float32Array {
  if (!transposeA) return a.slice(from * k, to * k);
  const count = to - from;
  return Float32Array.from({ length: count * k }, (_, e) => a[Math.floor(e / count) * m + from + (e % count)]);
}

describeBackends("gemm of few rows", (kernels) => {
  /** Products with up to so many rows read b in place, NN and TN on some instruction sets with up to four only. */
  const FEW_ROWS = kernels.info.backend === "wasm" ? 4 : 24;
  const HEIGHTS = [1, 2, 3, 4, 5, 6, 7, 9, 13, 23, 24].filter((m) => m <= FEW_ROWS);

  function product(dims: GemmDims, a: Float32Array, b: Float32Array, start: Float32Array, mode: WriteMode) {
    const c = start.slice();
    kernels.gemm(dims, a, b, c, mode);
    return c;
  }

  for (const form of FORMS) {
    it(`${JSON.stringify(form)}: groups of rows of every height, depth in several pieces`, () => {
      const [n, k] = [67, 1043];
      for (const m of [...HEIGHTS, FEW_ROWS + 1]) {
        const rng = new Rng(m);
        const dims = { m, n, k, ...form };
        const [a, b, sums] = [numbers(rng, m * k), numbers(rng, k * n), numbers(rng, m * n)];
        for (const mode of ["overwrite", "accumulate"] as const) {
          const start = mode === "overwrite" ? unwritten(m * n) : sums;
          const [expected, magnitude] = [start.slice(), absolutes(start)];
          reference.gemm(dims, a, b, expected, mode);
          reference.gemm(dims, absolutes(a), absolutes(b), magnitude, mode);
          expectClose(product(dims, a, b, start, mode), expected, (i) => (k + 1) * EPSILON * magnitude[i]);
        }
      }
    });
  }

  // Rows of 1024 numbers are a page apart.
  for (const [n, k] of [
    [71, 1043],
    [1024, 300],
  ]) {
    it.each(FORMS)(`%j, N = ${n}: a row gets the same bits alone and in a batch`, (form) => {
      const [a, b] = [numbers(new Rng(1), FEW_ROWS * k), numbers(new Rng(2), n * k)];
      const all: GemmDims = { m: FEW_ROWS, n, k, ...form };
      const alone = Array.from({ length: FEW_ROWS }, (_, i) =>
        product({ ...all, m: 1 }, rowsOf(all, a, i, i + 1), b, unwritten(n), "overwrite"),
      );
      for (const m of HEIGHTS) {
        const batch = product({ ...all, m }, rowsOf(all, a, 0, m), b, unwritten(m * n), "overwrite");
        for (let i = 0; i < m; i++) expect(batch.subarray(i * n, (i + 1) * n)).toEqual(alone[i]);
      }
    });

    it.each(FORMS.filter((form) => !("transposeB" in form)))(
      `%j, N = ${n}: few rows have the bits of many, whose b is packed`,
      (form) => {
        const many: GemmDims = { m: FEW_ROWS + 9, n, k, ...form };
        const [a, b] = [numbers(new Rng(3), many.m * k), numbers(new Rng(4), n * k)];
        const sums = numbers(new Rng(5), many.m * n);
        for (const mode of ["overwrite", "accumulate"] as const) {
          const start = mode === "overwrite" ? unwritten(many.m * n) : sums;
          const packed = product(many, a, b, start, mode);
          for (const m of HEIGHTS) {
            const few = product({ ...many, m }, rowsOf(many, a, 0, m), b, start.slice(0, m * n), mode);
            expect(few).toEqual(packed.subarray(0, m * n));
          }
        }
      },
    );
  }

  it("other outputs beside it do not change a query's bits", () => {
    const k = 1043;
    const [a, b] = [numbers(new Rng(1), 4 * k), numbers(new Rng(2), 71 * k)];
    const all = product({ m: 4, n: 71, k, transposeB: true }, a, b, unwritten(4 * 71), "overwrite");
    for (const n of [1, 2, 3, 4, 70]) {
      const fewer = product({ m: 4, n, k, transposeB: true }, a, b, unwritten(4 * n), "overwrite");
      for (let i = 0; i < 4; i++) expect(fewer.subarray(i * n, (i + 1) * n)).toEqual(all.subarray(i * 71, i * 71 + n));
    }
  });
});
