/**
 * @file What threads compute on parts is what one thread computes on the whole, to the bit: sums that go on, columns of
 * a softmax, rows of a merged gradient, dropout of later rows.
 */
import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { SUM_BLOCK } from "../../src/kernels/contract.js";
import { EPSILON, expectClose, numbers, SIZES, unwritten } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

describeBackends("parts", (kernels) => {
  const exact = kernels.info.backend !== "reference";

  it("mergeRows, all parts of the ids together, is the weighted sum of the lists", () => {
    for (const cols of SIZES) {
      const rng = new Rng(cols);
      const numRows = 37;
      const lists = [11, 0, 29].map((count) => {
        const ids = Uint32Array.from({ length: numRows }, (_, i) => i);
        rng.shuffle(ids);
        return { count, ids: ids.slice(0, count), values: numbers(rng, count * cols), scale: count / 40 };
      });
      const expected = new Float32Array(numRows * cols);
      for (const { count, ids, values, scale } of lists) {
        reference.scatterAddRows(count, cols, ids, new Float32Array(count).fill(scale), values, expected);
      }
      const actual = new Float32Array(numRows * cols);
      const seen: number[] = [];
      for (let index = 0; index < 3; index++) {
        const out = { slotOf: kernels.u32(numRows), ids: unwrittenIds(80), values: unwritten(80 * cols) };
        let slots = 0;
        for (const { count, ids, values, scale } of lists) {
          slots = kernels.mergeRows(count, cols, { index, count: 3 }, scale, ids, values, slots, out);
        }
        const ids = out.ids.slice(0, slots);
        expect([...ids].every((id, slot) => id % 3 === index && out.slotOf[id] === slot + 1)).toBe(true);
        seen.push(...ids);
        kernels.scatterAddRows(slots, cols, ids, null, out.values, actual);
      }
      expect(seen.sort((a, b) => a - b)).toEqual(
        [...new Set(lists.flatMap(({ ids }) => [...ids]))].sort((a, b) => a - b),
      );
      expectClose(actual, expected, () => 4 * EPSILON);
    }
  });

  it.each([1, 31, 1024, 1030, 3000])("a softmax over %i columns in parts has the bits of the whole", (cols) => {
    const rows = 5;
    const rng = new Rng(cols);
    const x = numbers(rng, rows * cols).map((value) => 8 * value);
    const targets = {
      offsets: Uint32Array.of(0, 2, 2, 3, 5, 6),
      columns: Uint32Array.of(0, cols - 1, cols >> 1, 0, cols - 1, 0),
      values: Float32Array.of(0.5, 0.5, 1, 0.25, 0.5, 1),
    };
    const whole = unwritten(rows * cols);
    const loss = kernels.softmaxCrossEntropy({ rows, cols }, x, targets, 0.2, whole);
    const numSums = Math.ceil(cols / SUM_BLOCK);
    const starts = Array.from({ length: numSums }, (_, i) => i * SUM_BLOCK);
    const parts = starts.map((first) => {
      const width = Math.min(SUM_BLOCK, cols - first);
      const logits = slice(x, rows, cols, first, width);
      const [maxima, exps, sums] = [unwritten(rows), unwritten(rows * width), unwritten(rows)];
      kernels.rowMaxima({ rows, cols: width }, logits, maxima);
      return { first, width, logits, maxima, exps, sums };
    });
    const maxima = Float32Array.from({ length: rows }, (_, i) => Math.max(...parts.map((part) => part.maxima[i])));
    const sums = new Float32Array(rows * numSums);
    parts.forEach((part, b) => {
      kernels.expSums({ rows, cols: part.width }, part.logits, maxima, part.exps, part.sums);
      for (let i = 0; i < rows; i++) sums[i * numSums + b] = part.sums[i];
    });
    let shares = 0;
    for (const { first, width, logits, exps } of parts) {
      shares += kernels.softmaxPart(
        { rows, cols: width },
        { first, numSums },
        logits,
        maxima,
        sums,
        targets,
        0.2,
        exps,
      );
      const expected = slice(whole, rows, cols, first, width);
      if (exact) expect(exps).toEqual(expected);
      else expectClose(exps, expected, () => 1e-6);
    }
    expect(Math.abs(shares - loss)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(loss)));
  });

  it("csrSelectColumns", () => {
    const x = {
      offsets: Uint32Array.of(1, 3, 3, 6),
      columns: Uint32Array.of(9, 4, 0, 7, 3, 5),
      values: Float32Array.of(9, 1, 2, 3, 4, 5),
    };
    const out = { offsets: unwrittenIds(4), columns: unwrittenIds(5), values: unwritten(5) };
    kernels.csrSelectColumns(3, x, 3, 3, out);
    expect([...out.offsets]).toEqual([0, 1, 1, 3]);
    expect([...out.columns.slice(0, 3)]).toEqual([1, 0, 2]);
    expect([...out.values.slice(0, 3)]).toEqual([1, 4, 5]);
  });

  it.runIf(exact).each([3, 33, 300])(
    "gemm and sumRows that add go on with the sum: rows in two parts, width %i",
    (n) => {
      const [m, k, cut] = [37, 300, 123];
      const rng = new Rng(n);
      for (const rows of [m, 3]) {
        const [a, b] = [numbers(rng, k * rows), numbers(rng, k * n)];
        const [whole, parts] = [unwritten(rows * n), unwritten(rows * n)];
        const dims = { m: rows, n, transposeA: true };
        kernels.gemm({ ...dims, k }, a, b, whole, "overwrite");
        kernels.gemm({ ...dims, k: cut }, a, b, parts, "overwrite");
        kernels.gemm({ ...dims, k: k - cut }, a.subarray(cut * rows), b.subarray(cut * n), parts, "accumulate");
        expect(parts).toEqual(whole);
      }
      const x = numbers(rng, k * n);
      const [whole, parts] = [unwritten(n), unwritten(n)];
      kernels.sumRows({ rows: k, cols: n }, x, whole, "overwrite");
      kernels.sumRows({ rows: cut, cols: n }, x, parts, "overwrite");
      kernels.sumRows({ rows: k - cut, cols: n }, x.subarray(cut * n), parts, "accumulate");
      expect(parts).toEqual(whole);
    },
  );

  it("dropout of a later part draws that part's numbers", () => {
    const [length, first] = [257, 100];
    const x = numbers(new Rng(1), length);
    const [whole, part] = [unwritten(length), unwritten(length - first)];
    kernels.dropout(length, 0.4, 77, x, whole);
    kernels.dropout(length - first, 0.4, 77, x.subarray(first), part, first);
    expect(part).toEqual(whole.subarray(first));
  });

  it("memory for several threads is there, aligned and zero, or is refused", () => {
    if (kernels.info.backend === "wasm") {
      expect(() => kernels.sharedF32(3)).toThrow(/WASM kernels: expected memory that threads share/);
      return;
    }
    for (const array of [kernels.sharedF32(1000), kernels.sharedU32(1000), kernels.sharedF32(2 ** 20)]) {
      expect(array.buffer).toBeInstanceOf(SharedArrayBuffer);
      expect(array.every((value) => value === 0)).toBe(true);
      expect(array.byteOffset % 4).toBe(0);
    }
  });
});

function unwrittenIds(length: number): Uint32Array {
  return new Uint32Array(length).fill(0xdeadbeef);
}

/** Columns [first, first + width) of x [rows, cols]. */
function slice(x: Float32Array, rows: number, cols: number, first: number, width: number): Float32Array {
  const out = new Float32Array(rows * width);
  for (let i = 0; i < rows; i++) out.set(x.subarray(i * cols + first, i * cols + first + width), i * width);
  return out;
}
