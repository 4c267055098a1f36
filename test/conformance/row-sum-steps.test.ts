/** @file The sums of a row-sparse gradient and the step on its rows in one: as the reference, and the bits of the two. */
import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { CompactTranspose } from "../../src/kernels/index.js";
import { absolutes, EPSILON, expectClose, numbers, SIZES, sparseRows, unwritten } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

const COLUMNS = 41;
/** Sums of 33 products below 1, with which rows move by less than 1 more: some ten roundings beside. */
const BOUND = 33 * 33 * EPSILON;

/** A batch of `rows` rows as lists of its columns. */
function transposed(rng: Rng, rows: number): { count: number; x: CompactTranspose } {
  const batch = sparseRows(rng, { rows, cols: COLUMNS, most: 12 });
  const entries = batch.columns.length;
  const x = {
    columns: new Uint32Array(entries),
    offsets: new Uint32Array(entries + 1),
    rows: new Uint32Array(entries),
    values: new Float32Array(entries),
  };
  return { count: reference.csrCompactTranspose(rows, batch, new Uint32Array(COLUMNS), x), x };
}

describeBackends("sums and step in one", (kernels) => {
  it("csrRowRmsStep: as the reference, and bit for bit csrGradRows and rowRmsStep", () => {
    for (const batchRows of [0, 1, 33]) {
      for (const cols of [...SIZES, 64, 320]) {
        const rng = new Rng(cols + 1000 * batchRows);
        const { count, x } = transposed(rng, batchRows);
        const dy = numbers(rng, batchRows * cols);
        const [w, v] = [numbers(rng, COLUMNS * cols), absolutes(numbers(rng, COLUMNS)).map((m) => m + 0.01)];
        for (const [step, weightDecay] of [
          [1, 0],
          [100, 0.01],
        ] as const) {
          const options = { learningRate: 0.01, beta2: 0.999, epsilon: 1e-8, weightDecay, step };
          const [w1, w2, w3, v1, v2, v3] = [w, w, w, v, v, v].map((numbers) => numbers.slice());
          kernels.csrRowRmsStep(count, cols, x, dy, unwritten(cols), w1, v1, options);

          const g = unwritten(count * cols);
          kernels.csrGradRows(count, cols, x, dy, g);
          kernels.rowRmsStep({ cols, rows: { ids: x.columns, count } }, w2, g, v2, options);
          expectClose(w1, w2, () => 0);
          expectClose(v1, v2, () => 0);

          reference.csrRowRmsStep(count, cols, x, dy, unwritten(cols), w3, v3, options);
          expectClose(w1, w3, () => BOUND);
          expectClose(v1, v3, () => BOUND);
        }
      }
    }
  });

  it("csrAdamStep: as the reference, and bit for bit csrGradRows and adamStep", () => {
    for (const batchRows of [0, 1, 33]) {
      for (const cols of [...SIZES, 64, 320]) {
        const rng = new Rng(cols + 1000 * batchRows);
        const { count, x } = transposed(rng, batchRows);
        const dy = numbers(rng, batchRows * cols);
        const [w, m] = [numbers(rng, COLUMNS * cols), numbers(rng, COLUMNS * cols)];
        const v = absolutes(numbers(rng, COLUMNS * cols)).map((moment) => moment + 0.01);
        for (const [step, weightDecay] of [
          [1, 0],
          [100, 0.01],
        ] as const) {
          const options = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay, step };
          const [fused, apart, expected] = [1, 2, 3].map(() => [w.slice(), m.slice(), v.slice()] as const);
          kernels.csrAdamStep(count, cols, x, dy, unwritten(cols), ...fused, options);

          const g = unwritten(count * cols);
          kernels.csrGradRows(count, cols, x, dy, g);
          const [w2, m2, v2] = apart;
          kernels.adamStep({ cols, rows: { ids: x.columns, count } }, w2, g, m2, v2, options);
          for (const i of [0, 1, 2]) expectClose(fused[i], apart[i], () => 0);

          reference.csrAdamStep(count, cols, x, dy, unwritten(cols), ...expected, options);
          for (const i of [0, 1, 2]) expectClose(fused[i], expected[i], () => BOUND);
        }
      }
    }
  });

  it("csrAdamStep refuses moments of another length than the parameter", () => {
    const options = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, step: 1 };
    const x = {
      columns: Uint32Array.of(1),
      offsets: Uint32Array.of(0, 1),
      rows: Uint32Array.of(0),
      values: unwritten(1),
    };
    const step = ([row, m, v]: readonly [number, number, number]) =>
      kernels.csrAdamStep(
        1,
        4,
        x,
        new Float32Array(4),
        unwritten(row),
        unwritten(8),
        unwritten(m),
        unwritten(v),
        options,
      );
    expect(() => step([4, 8, 8])).not.toThrow();
    expect(() => step([3, 8, 8])).toThrow("csrAdamStep: row");
    expect(() => step([4, 7, 8])).toThrow("csrAdamStep: m");
    expect(() => step([4, 8, 7])).toThrow("csrAdamStep: v");
  });

  it("csrRowRmsStep refuses what lies beyond its arrays", () => {
    const options = { learningRate: 0.01, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, step: 1 };
    const x = { columns: [1], offsets: [0, 1], rows: [0], values: [1] };
    const step = (changed: Partial<typeof x>, lengths: { row?: number; w?: number; v?: number } = {}) => {
      const { columns, offsets, rows, values } = { ...x, ...changed };
      const lists = {
        columns: Uint32Array.from(columns),
        offsets: Uint32Array.from(offsets),
        rows: Uint32Array.from(rows),
        values: Float32Array.from(values),
      };
      const { row = 4, w = 8, v = 2 } = lengths;
      const [dy, rowArray, wArray, vArray] = [4, row, w, v].map((length) => new Float32Array(length));
      kernels.csrRowRmsStep(1, 4, lists, dy, rowArray, wArray, vArray, options);
    };
    expect(() => step({})).not.toThrow();
    expect(() => step({ columns: [2] })).toThrow("csrRowRmsStep: x.columns: expected numbers below 2");
    expect(() => step({ rows: [1] })).toThrow("csrRowRmsStep: x.columns: expected numbers below 1");
    expect(() => step({ offsets: [1, 0] })).toThrow("csrRowRmsStep: x.offsets");
    for (const lengths of [{ row: 3 }, { v: 1 }]) expect(() => step({}, lengths)).toThrow("csrRowRmsStep");
  });
});
