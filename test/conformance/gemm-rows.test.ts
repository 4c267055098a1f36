import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { GemmDims, WriteMode } from "../../src/kernels/index.js";
import { absolutes, EPSILON, expectClose, numbers, unwritten } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

describeBackends("gemm of few rows", (kernels) => {
  /** Products with so many rows read b in place. */
  const FEW_ROWS = kernels.info.backend === "wasm" ? 4 : 24;
  const ROWS = Array.from({ length: FEW_ROWS }, (_, i) => i + 1);

  function product(dims: GemmDims, a: Float32Array, b: Float32Array, start: Float32Array, mode: WriteMode) {
    const c = start.slice();
    kernels.gemm(dims, a, b, c, mode);
    return c;
  }

  for (const form of [{}, { transposeB: true }, { transposeA: true }]) {
    it(`${JSON.stringify(form)}: groups of rows of every height, depth in several pieces`, () => {
      const [n, k] = [67, 1043];
      for (const m of new Set([1, 2, 3, 4, 5, 6, 7, 9, FEW_ROWS, FEW_ROWS + 1])) {
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

  it("a query gets the same bits alone and in a batch, whatever other outputs there are", () => {
    const k = 1043;
    const [a, b] = [numbers(new Rng(1), FEW_ROWS * k), numbers(new Rng(2), 71 * k)];
    const dims = { n: 71, k, transposeB: true };
    const alone = ROWS.map((_, i) =>
      product({ ...dims, m: 1 }, a.slice(i * k, (i + 1) * k), b, unwritten(71), "overwrite"),
    );
    for (const m of ROWS) {
      const batch = product({ ...dims, m }, a, b, unwritten(m * 71), "overwrite");
      for (let i = 0; i < m; i++) expect(batch.subarray(i * 71, (i + 1) * 71)).toEqual(alone[i]);
    }
    for (const n of [1, 2, 3, 4, 70]) {
      const fewer = product({ m: 4, n, k, transposeB: true }, a, b, unwritten(4 * n), "overwrite");
      for (let i = 0; i < 4; i++) expect(fewer.subarray(i * n, (i + 1) * n)).toEqual(alone[i].subarray(0, n));
    }
  });
});
