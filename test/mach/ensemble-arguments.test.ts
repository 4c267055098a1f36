/** @file What a call of the library may ask for, and what it is told when it may not. */
import { describe, expect, it } from "vitest";
import { createKernels } from "../../src/kernels/index.js";
import { Ensemble } from "../../src/mach/ensemble.js";
import type { PredictOptions } from "../../src/mach/predictions.js";
import type { WorldOptions } from "../../src/mach/world.js";
import { randomBatch, randomModel } from "./random-model.js";

const OPTIONS: WorldOptions = {
  ...{ numFeatures: 12, hidden: [], numBuckets: 8, activation: "none", dropout: 0 },
  ...{ loss: "softmax", output: "full" },
};

describe("Ensemble.predict", () => {
  const kernels = createKernels();
  const { hash, loaded } = randomModel(kernels, OPTIONS, { numLabels: 30, numWorlds: 3, seed: 1 });
  const ensemble = new Ensemble(kernels, { hash, worldOptions: OPTIONS, worlds: loaded, merge: "log-score" });
  const inputs = randomBatch(2, OPTIONS.numFeatures, 1);
  const predict = (options: object) => () => ensemble.predict(inputs, { k: 3, ...options } as PredictOptions);

  it("gives as many labels as there are, however many are asked for", () => {
    expect([...ensemble.predict(inputs, { k: 1000 }).counts]).toEqual([30, 30]);
  });

  it("names what it cannot do, and what would do", () => {
    for (const k of [0, -1, 2.5, Number.NaN]) expect(predict({ k })).toThrow(/expected k of at least 1/);
    expect(predict({ k: 2 ** 27 + 1 })).toThrow(/at most 268435456 results in all, got 2 rows of k = 134217729; ask/);
    expect(predict({ merge: "mean" })).toThrow(/a merge of probability, log-score, min, median, got "mean"/);
    expect(predict({ budget: { bucketsPerWorld: 3, minWorlds: 4 } })).toThrow(
      /1 to 3 worlds to meet a label in, got 4/,
    );
    expect(predict({ allowed: new Uint8Array(2) })).toThrow(/a bit for each of 30 labels, got 16/);
  });
});
