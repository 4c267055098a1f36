/** @file What do --memory, --time and --latency read, and does what a plan prints hold together? */
import { InvalidArgumentError } from "commander";
import { describe, expect, it } from "vitest";
import { byteSize, duration } from "../../src/cli/flags.js";
import { describePlan, formatPlan, formatVerification, planSummary } from "../../src/cli/plan-report.js";
import { planModel } from "../../src/train/plan/plan-model.node.js";
import type { Budgets } from "../../src/train/plan/recommend.js";

describe("budgets", () => {
  it("sizes have a unit, decimal or binary", () => {
    expect(byteSize("24GB")).toBe(24e9);
    expect(byteSize("1.5 GiB")).toBe(1.5 * 2 ** 30);
    expect(byteSize("900mb")).toBe(9e8);
    expect(byteSize("8KiB")).toBe(8192);
    for (const text of ["24", "GB", "0GB", "-1GB", "1e3MB", "4G", "", "1GB2"]) {
      expect(() => byteSize(text), text).toThrow(InvalidArgumentError);
    }
    expect(() => byteSize("24")).toThrow('Expected a size with its unit, such as 24GB or 900MiB, got "24".');
  });

  it("times have units, which add up", () => {
    expect(["8h", "90m", "90min", "45s", "50ms", "1h30m", "1 m 5 s", "0.5h"].map(duration)).toEqual([
      28_800, 5400, 5400, 45, 0.05, 5400, 65, 1800,
    ]);
    for (const text of ["8", "h", "0s", "-5s", "5d", "1h 30", "", "5sm"]) {
      expect(() => duration(text), text).toThrow(InvalidArgumentError);
    }
  });
});

describe("a plan in print", () => {
  const shape = {
    ...{ numRows: 70_000_000, numFeatures: 80_000, numLabels: 49_460_000 },
    ...{ labelsPerRow: 1, featuresPerRow: 20 },
  };
  const plan = (budgets: Budgets) =>
    planModel({
      shape,
      budgets,
      given: { hidden: [2000], numBuckets: 20_000, numWorlds: 32 },
      numThreads: 2,
      dataset: null,
      startedBytes: 70e6,
      process: { residentBytes: 1e9, peakBytes: 1e9 },
      measure: "budgets",
    });

  it("has the published model's sizes: 6.4 billion parameters for a hundred billion", async () => {
    const found = await plan({});
    const text = formatPlan(found);
    // 32 · (80,000 · 2,000 + 2,000 · 20,000) against 2,000 · 49,460,000.
    expect(text).toMatch(/parameters +6\.4 billion; a full softmax of the same width has 99\.1 billion \(15\.5 times/);
    expect(text).toContain("R ≥ log(L(L−1)/2δ)/log B = 4.21");
    expect(text).toContain("B 20,000 buckets, R 32 worlds, hidden 2,000");
    expect(text).not.toContain("Measured");
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
    const json = planSummary(found);
    expect(json.parameters.ensemble).toBe(32 * (80_001 * 2000 + 2001 * 20_000));
    expect(json.memory.fullSoftmaxTrainingBytes).toBe(16 * json.parameters.fullSoftmax);
    expect(json.collisions.expectedPairs).toHaveLength(32);
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  });

  it("says what a budget changed", async () => {
    const found = await plan({ memoryBytes: 40e9 });
    expect(describePlan(found)[0]).toMatch(/^planned: 32 worlds of 20,000 buckets, hidden 2000, .*nothing had to be/);
    await expect(plan({ memoryBytes: 20e9 })).rejects.toThrow(/needs --memory \d+GB: give that, or leave out --hidden/);
  });

  it("a count of shared labels ends with a verdict", () => {
    const hash = { numLabels: 1000, numBuckets: 10, numWorlds: 3, seed: 1 };
    const some = formatVerification(hash, { pairs: [50_000, 5000, 12], expected: [49_950, 4995, 499.5] });
    expect(some.split("\n")).toEqual([
      "1,000 labels, 10 buckets, seed 1, p = 1009",
      "pairs that share  counted  expected over all seeds",
      "world 0            50,000                   49,950",
      "worlds 0–1          5,000                    4,995",
      "all 3 worlds           12                      500",
      "12 pairs of labels can never be told apart; take another --seed or more --worlds.",
    ]);
    expect(formatVerification(hash, { pairs: [50_000, 0, 0], expected: [49_950, 4995, 499] })).toMatch(
      /worlds 0–1 +0 .*\nall 3 worlds +0 .*\nNo two labels share all buckets/,
    );
  });
});
