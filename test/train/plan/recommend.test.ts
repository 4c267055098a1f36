import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseOptions } from "../../../src/train/choose-options.js";
import type { ModelOptions } from "../../../src/train/model-options.js";
import { MeasuredCosts } from "../../../src/train/plan/plan-costs.js";
import type { PlanShape } from "../../../src/train/plan/plan-shape.js";
import { type Budgets, type Recommendation, recommend } from "../../../src/train/plan/recommend.js";
import { servingMemory } from "../../../src/train/plan/serving-memory.js";
import { trainingBytes } from "../../../src/train/plan/training-memory.js";

const STARTED = 70e6;
/** So close that the merge is no matter. */
const RETRIEVAL = new Map([
  ["log-score", 2e-3],
  ["probability", 2e-3],
] as const);

/** Costs as a machine with these step and query times would measure them. */
function costsOf(shape: PlanShape, stepSeconds: number): MeasuredCosts {
  const options = chooseOptions(shape, {});
  return new MeasuredCosts({
    shape,
    startedBytes: STARTED,
    process: { residentBytes: 120e6, peakBytes: 130e6 },
    secondsBefore: 1,
    training: { options, shape, setupSeconds: 0.2, stepSeconds, secondsPerByte: 2e-9 },
    query: { options, times: { forwardSeconds: 1e-3, retrievalSeconds: RETRIEVAL } },
  });
}

function plan(
  shape: PlanShape,
  budgets: Budgets,
  given: Partial<ModelOptions> = {},
  stepSeconds = 0.005,
): Recommendation {
  const costs = costsOf(shape, stepSeconds);
  return recommend({ shape, given, budgets, costs, numThreads: 2, delta: 1e-3, command: "plan" });
}

const NVD: PlanShape = {
  ...{ numRows: 115_006, numFeatures: 60_851, numLabels: 88_747 },
  ...{ labelsPerRow: 3.03, featuresPerRow: 32.9 },
};
const PAPER: PlanShape = {
  ...{ numRows: 70_000_000, numFeatures: 80_000, numLabels: 49_460_000 },
  ...{ labelsPerRow: 1, featuresPerRow: 20 },
};

const shapes = fc.record({
  numRows: fc.integer({ min: 1000, max: 5e6 }),
  numFeatures: fc.integer({ min: 100, max: 500_000 }),
  numLabels: fc.integer({ min: 10, max: 5e7 }),
  labelsPerRow: fc.integer({ min: 1, max: 5 }),
  featuresPerRow: fc.integer({ min: 1, max: 60 }),
});

/** a is nowhere smaller than b. */
function expectNotSmaller(a: Recommendation, b: Recommendation): void {
  expect(a.options.hidden[0]).toBeGreaterThanOrEqual(b.options.hidden[0]);
  for (const name of ["numWorlds", "numBuckets", "epochs"] as const) {
    expect(a.options[name]).toBeGreaterThanOrEqual(b.options[name]);
  }
}

/** undefined: nothing fits. */
function attempt(shape: PlanShape, budgets: Budgets): Recommendation | undefined {
  try {
    return plan(shape, budgets);
  } catch (error) {
    expect(String(error)).toContain("the smallest tried");
    return undefined;
  }
}

describe("recommend", () => {
  it("without budgets: what train chooses, with worlds enough to tell all labels apart", () => {
    const { options, worldsAtOnce, reasons } = plan(NVD, {});
    expect(options).toEqual(chooseOptions(NVD, {}));
    expect(worldsAtOnce).toBe(2);
    expect(reasons).toEqual([]);
    expect(plan({ ...NVD, numLabels: 20_000 }, {}, { numBuckets: 8 }).options.numWorlds).toBe(13);
  });

  it("more memory, time or latency never gives a smaller model, nor fewer worlds at once", () => {
    const budgetPairs = fc.record({
      name: fc.constantFrom("memoryBytes" as const, "seconds" as const, "latencySeconds" as const),
      small: fc.double({ min: 0.01, max: 1, noNaN: true }),
      factor: fc.double({ min: 1, max: 30, noNaN: true }),
    });
    const scale = { memoryBytes: 2e9, seconds: 3600, latencySeconds: 0.02 };
    let compared = 0;
    let reduced = 0;
    fc.assert(
      fc.property(shapes, budgetPairs, ({ ...shape }, { name, small, factor }) => {
        const less = attempt(shape, { [name]: small * scale[name] });
        const more = attempt(shape, { [name]: small * scale[name] * factor });
        if (less === undefined) return;
        if (more === undefined) throw new Error("a larger budget found nothing");
        expectNotSmaller(more, less);
        if (name === "memoryBytes" && String(more.options) === String(less.options)) {
          expect(more.worldsAtOnce).toBeGreaterThanOrEqual(less.worldsAtOnce);
        }
        compared++;
        if (less.reasons.length > 0) reduced++;
      }),
      { numRuns: 400 },
    );
    expect(compared).toBeGreaterThan(100);
    expect(reduced).toBeGreaterThan(30);
  });

  it("with two budgets, more of either never gives a smaller model", () => {
    const memory = fc.double({ min: 1.5e8, max: 4e9, noNaN: true });
    const time = fc.double({ min: 20, max: 20_000, noNaN: true });
    let compared = 0;
    fc.assert(
      fc.property(shapes, memory, time, fc.double({ min: 1, max: 5, noNaN: true }), (shape, bytes, seconds, factor) => {
        const less = attempt(shape, { memoryBytes: bytes, seconds });
        if (less === undefined) return;
        for (const more of [
          attempt(shape, { memoryBytes: factor * bytes, seconds }),
          attempt(shape, { memoryBytes: bytes, seconds: factor * seconds }),
        ]) {
          if (more === undefined) throw new Error("a larger budget found nothing");
          expectNotSmaller(more, less);
          compared++;
        }
      }),
      { numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(60);
  });

  it("what it chooses fits, with a tenth to spare", () => {
    const memoryBytes = 3e8;
    const { options, worldsAtOnce, reasons } = plan(NVD, { memoryBytes });
    const process = { residentBytes: 120e6, peakBytes: 130e6 };
    expect(1.1 * trainingBytes(options, NVD, process, worldsAtOnce)).toBeLessThanOrEqual(memoryBytes);
    expect(1.1 * servingMemory(options, NVD, STARTED).total).toBeLessThanOrEqual(memoryBytes);
    expect(options.hidden[0]).toBeLessThan(256);
    expect(reasons).toEqual([`hidden 256 → ${options.hidden[0]} for --memory`]);
  });

  it("hidden shrinks before worlds fall to the bound, and epochs fall last", () => {
    const order = [60, 30, 20, 15, 12, 10, 9, 8, 7, 6, 5, 4, 3].map((seconds) => attempt(NVD, { seconds }));
    for (const found of order) {
      if (found === undefined) continue;
      const { hidden, numWorlds, epochs } = found.options;
      if (numWorlds < 8) expect(hidden).toEqual([32]);
      if (epochs < 4) expect(numWorlds).toBe(5);
      expect(numWorlds).toBeGreaterThanOrEqual(5);
    }
    const smallest = order.findLast((found) => found !== undefined);
    expect(smallest?.options.numWorlds).toBe(5);
  });

  it("what is given stays; the error says what the smallest model would need", () => {
    expect(plan(NVD, { memoryBytes: 1e9 }, { numWorlds: 3, hidden: [100] }).options).toMatchObject({
      numWorlds: 3,
      hidden: [100],
    });
    expect(() => plan(NVD, { memoryBytes: 1e8 })).toThrow(
      /plan: expected a budget that some model fits, got --memory 100MB; the smallest tried \(5 worlds of 1200 buckets, hidden 32, .*\) needs --memory \d+MB: give that$/,
    );
    expect(() => plan(NVD, { memoryBytes: 2e8 }, { hidden: [256] })).toThrow(/or leave out --hidden$/);
    const needed = /needs --memory (\d+)MB/.exec(String(failure({ memoryBytes: 1e8 })));
    expect(plan(NVD, { memoryBytes: 1e6 * Number(needed?.[1]) }).options.hidden).toEqual([32]);
    const time = /needs --time (\d+)s/.exec(String(failure({ seconds: 2 })));
    expect(plan(NVD, { seconds: Number(time?.[1]) }).options.epochs).toBe(1);
  });

  it("latency halves buckets first, and only twice", () => {
    const slow = plan(PAPER, {});
    expect(slow.options.numBuckets).toBe(20_000);
    const needs = costsOf(PAPER, 0.005);
    const full = needs.querySeconds(slow.options);
    const { options, reasons } = plan(PAPER, { latencySeconds: full * 1.05 });
    expect(options).toMatchObject({ numBuckets: 10_000, hidden: [256], numWorlds: 8 });
    expect(reasons).toEqual(["buckets 20000 → 10000 for --latency"]);
    expect(plan(PAPER, { latencySeconds: full * 0.4 }).options.numBuckets).toBe(5000);
  });
});

function failure(budgets: Budgets): unknown {
  try {
    plan(NVD, budgets);
  } catch (error) {
    return error;
  }
  throw new Error("expected no model to fit");
}
