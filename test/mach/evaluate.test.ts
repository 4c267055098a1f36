/** @file Rows are ranked in chunks: the figures are those of all rows, progress is told, and a stop is heeded. */
import { describe, expect, it } from "vitest";
import { evaluate, type Ranker, sliceRows } from "../../src/mach/evaluate.js";
import { METRICS_K, Metrics } from "../../src/mach/metrics.js";
import { randomBatch } from "./random-model.js";

const NUM_ROWS = 9000;
const rows = randomBatch(NUM_ROWS, 50, 1);
const truth = {
  offsets: Uint32Array.from({ length: NUM_ROWS + 1 }, (_, i) => i),
  ids: Uint32Array.from({ length: NUM_ROWS }, (_, i) => i % 7),
};

/** Ranks label (first feature of the row) mod 7 first and the other six after it; notes the chunks it was given. */
function createRanker(isAsync: boolean): Ranker & { chunks: number[] } {
  const chunks: number[] = [];
  return {
    chunks,
    predict(batch, { k }) {
      chunks.push(batch.numRows);
      const labels = new Uint32Array(batch.numRows * k);
      for (let q = 0; q < batch.numRows; q++) {
        const first = batch.offsets[q] < batch.offsets[q + 1] ? batch.columns[batch.offsets[q]] % 7 : 0;
        for (let j = 0; j < 7; j++) labels[q * k + j] = (first + j) % 7;
      }
      const counts = new Uint32Array(batch.numRows).fill(7);
      const predictions = { numQueries: batch.numRows, k, labels, scores: new Float32Array(labels.length), counts };
      return isAsync ? Promise.resolve(predictions) : predictions;
    },
  };
}

describe("evaluate", () => {
  it.each([false, true])(
    "gives the figures of all rows at once, chunk by chunk (a ranker that waits: %s)",
    async (isAsync) => {
      const ranker = createRanker(isAsync);
      const progress: number[] = [];
      const values = await evaluate(ranker, rows, truth, { propensity: null, onProgress: (n) => progress.push(n) });
      const whole = new Metrics(null);
      whole.add(await createRanker(isAsync).predict(rows, { k: METRICS_K }), truth);
      const expected = whole.values();
      expect(Object.keys(values)).toEqual(Object.keys(expected));
      for (const [name, value] of Object.entries(expected)) {
        expect(values[name as keyof typeof values], name).toBeCloseTo(value, 12);
      }
      expect(ranker.chunks.reduce((a, b) => a + b)).toBe(NUM_ROWS);
      expect(ranker.chunks.length).toBeGreaterThan(1);
      expect(progress.at(-1)).toBe(NUM_ROWS);
    },
  );

  it("ends where it is told to stop", async () => {
    const ranker = createRanker(true);
    await evaluate(ranker, rows, truth, { propensity: null, shouldStop: () => ranker.chunks.length === 1 });
    expect(ranker.chunks).toHaveLength(1);
  });

  it("asks nothing of no rows", async () => {
    const ranker = createRanker(false);
    expect(await evaluate(ranker, { ...rows, numRows: 0 }, truth, { propensity: null })).toMatchObject({ "p@1": 0 });
    expect(ranker.chunks).toEqual([]);
  });
});

describe("sliceRows", () => {
  it("shares the arrays and keeps offsets as they are", () => {
    const slice = sliceRows(rows, 3, 2);
    expect(slice).toMatchObject({ numRows: 2, numCols: 50 });
    expect([...slice.offsets]).toEqual([...rows.offsets.subarray(3, 6)]);
    expect(slice.columns).toBe(rows.columns);
  });
});
