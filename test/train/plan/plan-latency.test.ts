/** @file Is the latency that a plan predicts that of the merge it recommends, and does a latency choose the merge? */
import { afterEach, describe, expect, it, vi } from "vitest";
import { createKernels } from "../../../src/kernels/index.js";
import type { MergeKind } from "../../../src/mach/merge.js";
import { chooseOptions } from "../../../src/train/choose-options.js";
import type { ModelOptions } from "../../../src/train/model-options.js";
import { MeasuredCosts } from "../../../src/train/plan/plan-costs.js";
import { type PlanShape, seenLabels } from "../../../src/train/plan/plan-shape.js";
import { timeQuery } from "../../../src/train/plan/query-calibration.js";
import { mergesOf, type Recommendation, recommend } from "../../../src/train/plan/recommend.js";

const SHAPE: PlanShape = {
  ...{ numRows: 70_000_000, numFeatures: 80_000, numLabels: 49_460_000 },
  ...{ labelsPerRow: 1, featuresPerRow: 20 },
};
const DELTA = 1e-3;

/** Eight worlds take 8 ms; the best labels take `logSeconds` by log-score, 1 ms by probability. */
function plan(latencySeconds: number, logSeconds: number, given: Partial<ModelOptions> = {}): Recommendation {
  const options = chooseOptions(SHAPE, given);
  const retrievalSeconds = new Map<MergeKind, number>([
    ["log-score", logSeconds],
    ["probability", 1e-3],
    ["min", 1],
  ]);
  const costs = new MeasuredCosts({
    ...{ shape: SHAPE, startedBytes: 0, process: { residentBytes: 0, peakBytes: 0 }, secondsBefore: 0, training: null },
    query: { options, times: { forwardSeconds: 1e-3, retrievalSeconds } },
  });
  const request = { shape: SHAPE, given, budgets: { latencySeconds }, costs, numThreads: 2, delta: DELTA };
  return recommend({ ...request, command: "plan" });
}

describe("a budget of latency", () => {
  it("adds probabilities where finding labels by logarithms takes most of it, and keeps the shape", () => {
    const { options, reasons } = plan(0.05, 0.1);
    expect(options).toMatchObject({ merge: "probability", numBuckets: 20_000, numWorlds: 8, hidden: [256] });
    expect(reasons).toEqual(["merge log-score → probability for --latency"]);
  });

  it("keeps logarithms where there is time for them, and where they are not what takes it", () => {
    expect(plan(0.2, 0.1).options.merge).toBe("log-score");
    const { options } = plan(0.009, 2e-3);
    expect(options.merge).toBe("log-score");
    expect(options.numBuckets).toBeLessThan(20_000);
  });

  it("reduces further by the quick merge, and says so", () => {
    const { options, reasons } = plan(0.008, 0.1);
    expect(options.merge).toBe("probability");
    expect(options.numBuckets).toBeLessThan(20_000);
    expect(reasons).toHaveLength(2);
  });

  it("keeps a merge that is given, and names it where nothing fits", () => {
    expect(plan(0.05, 0.02, { merge: "log-score" }).options.merge).toBe("log-score");
    expect(() => plan(0.05, 1, { merge: "log-score" })).toThrow(/needs --latency .*or leave out --merge$/);
    expect(() => plan(0.05, 0.1, { merge: "min" })).toThrow(/or leave out --merge$/);
  });

  it("asks for the times of merges that it may choose, and no others", () => {
    const merges = (given: Partial<ModelOptions>) => mergesOf({ shape: SHAPE, given, delta: DELTA });
    expect(merges({})).toEqual(["log-score", "probability"]);
    expect(merges({ merge: "log-score" })).toEqual(["log-score"]);
    expect(merges({ merge: "probability" })).toEqual(["probability"]);
  });
});

describe("the scores that retrieval is timed on", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("are as hard as trained worlds': logarithms take several times as long as probabilities, labels seen longer", () => {
    // This process's own time, and the least of three turns: what else the machine does is not what is asked.
    vi.spyOn(performance, "now").mockImplementation(() => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    });
    const kernels = createKernels();
    const shape = { ...SHAPE, numLabels: 4_000_000 };
    const options = { ...chooseOptions(shape, { numBuckets: 5000, hidden: [8] }), numWorlds: 8 };
    const time = (numSeen: number): ReadonlyMap<MergeKind, number> =>
      timeQuery(kernels, options, shape, { merges: ["log-score", "probability"], numSeen, seconds: 0.2 })
        .retrievalSeconds;
    const turns = Array.from({ length: 3 }, () => ({ all: time(shape.numLabels), seen: time(0.25 * shape.numLabels) }));
    const least = (labels: "all" | "seen", merge: MergeKind): number =>
      Math.min(...turns.map((turn) => turn[labels].get(merge) as number));
    expect(least("all", "log-score")).toBeGreaterThan(3 * least("all", "probability"));
    expect(least("seen", "log-score")).toBeGreaterThan(least("all", "log-score"));
  });

  it("a catalogue's labels that occur at all: those drawn by Zipf's law", () => {
    expect(seenLabels({ ...SHAPE, numRows: 1, labelsPerRow: 1 })).toBeCloseTo(1, 1);
    expect(seenLabels({ ...SHAPE, numLabels: 10, numRows: 1e6 })).toBeCloseTo(10, 6);
    const share = seenLabels(SHAPE) / SHAPE.numLabels;
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.5);
  });
});
