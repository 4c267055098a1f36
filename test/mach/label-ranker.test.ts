import { expect, it } from "vitest";
import { ConfigError, Rng } from "../../src/core/index.js";
import type { Kernels, RetrievalMethod } from "../../src/kernels/contract.js";
import { Ensemble } from "../../src/mach/ensemble.js";
import { labelFilter } from "../../src/mach/label-filter.js";
import { createLabelPrior } from "../../src/mach/label-prior.js";
import type { PredictOptions } from "../../src/mach/predictions.js";
import type { WorldOptions } from "../../src/mach/world.js";
import { describeBackends } from "../conformance/backends.js";
import { randomBatch, randomModel } from "./random-model.js";

const NUM_LABELS = 700_000;
const OPTIONS: WorldOptions = {
  numFeatures: 40,
  hidden: [],
  numBuckets: 600,
  activation: "none",
  dropout: 0,
  loss: "softmax",
  output: "full",
};

/** Counts what retrieveLabels did; with `declining`, it never retrieves: the scan of all labels ranks. */
function watched(kernels: Kernels, declining: boolean): { kernels: Kernels; methods: RetrievalMethod[] } {
  const methods: RetrievalMethod[] = [];
  const retrieveLabels: Kernels["retrieveLabels"] = (input, labels, scores) => {
    if (!declining) {
      const stats = kernels.retrieveLabels(input, labels, scores);
      methods.push(stats.method);
      return stats;
    }
    const none = { numLists: 0, numEnumerated: 0, numCompleted: 0 };
    if (input.scanCost !== undefined) return { count: 0, method: "declined", ...none };
    const [count] = kernels.topLabels({ ...input, numQueries: 1, merge: "sum" }, labels, scores);
    return { count, method: "scan", ...none };
  };
  return { kernels: Object.assign(Object.create(kernels) as Kernels, { retrieveLabels }), methods };
}

describeBackends("LabelRanker", (kernels) => {
  const { hash, loaded } = randomModel(kernels, OPTIONS, { numLabels: NUM_LABELS, numWorlds: 12, seed: 3 });
  const create = (own: Kernels): Ensemble =>
    new Ensemble(own, { hash, worldOptions: OPTIONS, worlds: loaded, merge: "probability" });
  const inputs = randomBatch(20, OPTIONS.numFeatures, 5);
  const one = { ...inputs, numRows: 1 };
  const { kernels: retrieving, methods } = watched(kernels, false);
  const retrieved = create(retrieving);
  const scanned = create(watched(kernels, true).kernels);

  function expectSame(options: PredictOptions): Set<RetrievalMethod> {
    methods.length = 0;
    expect(retrieved.predict(inputs, options)).toEqual(scanned.predict(inputs, options));
    expect(retrieved.predict(one, options)).toEqual(scanned.predict(one, options));
    return new Set(methods);
  }

  it("answers to the bit as the scan does, for queries alone and in batches", () => {
    expect(expectSame({ k: 10 })).toContain("lists");
    expectSame({ k: 3, merge: "log-score" });
  });

  it("scans what cannot be added without asking", () => {
    expect(expectSame({ k: 5, merge: "median" })).toEqual(new Set());
  });

  it("returns the best of the labels that a filter lets through", () => {
    const few = Array.from({ length: 50 }, (_, i) => 13_999 * i);
    const only = retrieved.predict(inputs, { k: 50, allowed: labelFilter(NUM_LABELS, few) });
    expect([...only.counts]).toEqual(Array(20).fill(50));
    for (let q = 0; q < 20; q++) {
      expect(new Set(only.labels.subarray(q * 50, (q + 1) * 50))).toEqual(new Set(few));
    }
    expectSame({ k: 20, allowed: labelFilter(NUM_LABELS, few) });

    const all = retrieved.predict(inputs, { k: 4 });
    const first = Array.from({ length: 20 }, (_, q) => all.labels[4 * q]);
    const allowed = labelFilter(NUM_LABELS, first, "except");
    expectSame({ k: 3, allowed });
    const without = retrieved.predict(inputs, { k: 3, allowed });
    expect(first.some((label) => without.labels.includes(label))).toBe(false);
  });

  it("reckons with a prior and with labels never seen", () => {
    const rng = new Rng(9);
    const codes = Uint8Array.from({ length: NUM_LABELS }, () => (rng.nextFloat() < 0.8 ? 0 : 1 + rng.nextBelow(60)));
    for (const alpha of [0, 0.01]) {
      const prior = createLabelPrior(kernels, kernels.adopt(codes), { alpha, seenOnly: true });
      expectSame({ k: 10, prior });
      const { labels } = retrieved.predict(inputs, { k: 10, prior });
      expect(labels.every((label) => codes[label] > 0)).toBe(true);
    }
  });

  it("keeps to a budget, and finds most of the exact answer with it", () => {
    const exact = retrieved.predict(inputs, { k: 10 });
    const near = retrieved.predict(inputs, { k: 10, budget: { bucketsPerWorld: 40, minWorlds: 2 } });
    let found = 0;
    for (let q = 0; q < 20; q++) {
      const ids = new Set(near.labels.subarray(10 * q, 10 * q + near.counts[q]));
      for (const label of exact.labels.subarray(10 * q, 10 * q + 10)) if (ids.has(label)) found++;
    }
    expect(found).toBeGreaterThan(120);
    expect(() => retrieved.predict(inputs, { k: 1, budget: { bucketsPerWorld: 0, minWorlds: 1 } })).toThrow(
      ConfigError,
    );
    expect(() => retrieved.predict(inputs, { k: 1, budget: { bucketsPerWorld: 9, minWorlds: 13 } })).toThrow(
      /1 to 12 worlds/,
    );
    const median = { k: 1, merge: "median", budget: { bucketsPerWorld: 9, minWorlds: 1 } } as const;
    expect(() => retrieved.predict(inputs, median)).toThrow(/scores that are added/);
  });

  it("refuses filters of other models", () => {
    expect(() => retrieved.predict(inputs, { k: 1, allowed: new Uint8Array(9) })).toThrow(/700000 labels, got 72/);
    expect(() => labelFilter(10, [3, 10])).toThrow(/labels below 10, got 10/);
    expect([...labelFilter(10, [3, 9])]).toEqual([8, 2]);
    expect([...labelFilter(10, [3, 9], "except")]).toEqual([0xf7, 0xfd]);
  });
});
