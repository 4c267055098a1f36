/** @file Data parallel: the whole batch's curve whatever the number of workers, the same bytes again, sparse rows merged. */
import { describe, expect, it } from "vitest";
import { LabelHash } from "../../../src/mach/label-hash.js";
import { chooseOptions } from "../../../src/train/choose-options.js";
import { type ModelOptions, optimizationOf, worldOptionsOf } from "../../../src/train/model-options.js";
import { sampleDataset } from "../sample-dataset.js";
import {
  distance,
  flatValue,
  losses,
  PATIENCE,
  type SmallData,
  train,
  trainSmall,
  WORLD_RECIPE,
} from "./built-strategies.js";

const ALL: readonly [string, SmallData][] = [
  ["sgd", { optimizer: "sgd", learningRate: 0.1 }],
  ["adam, dropout, clipped gradients", { dropout: 0.3, clip: 0.5 }],
];

describe("data-parallel", () => {
  it.each(ALL)("%s: one, two and four workers have one worker's losses", PATIENCE, async (_, data) => {
    // 130 rows in batches of 32: the last batch has two, fewer than there are workers.
    const alone = await trainSmall(data);
    for (const numWorkers of [1, 2, 4]) {
      const together = await trainSmall(data, { strategy: "data-parallel", numWorkers });
      // 15 steps; sums of at most 32 rows added up in another order.
      expect(distance(losses(together), losses(alone))).toBeLessThan(1e-4);
      expect(distance(flatValue(together), flatValue(alone))).toBeLessThan(1e-3);
      if (numWorkers === 1) expect(flatValue(together)).toEqual(flatValue(alone));
      expect(together.report.numWorkers).toBe(numWorkers);
      expect(together.report.trafficBytesPerStep > 0).toBe(numWorkers > 1);
    }
  });

  it("gives the same bytes on each repetition", PATIENCE, async () => {
    const runs = [];
    for (let i = 0; i < 3; i++) {
      runs.push(await trainSmall({ dropout: 0.2 }, { strategy: "data-parallel", numWorkers: 3 }));
    }
    for (const run of runs) {
      expect(flatValue(run)).toEqual(flatValue(runs[0]));
      expect(losses(run)).toEqual(losses(runs[0]));
    }
  });

  it("counts what crosses: each worker's gradients to the others' parts, and the parts back", PATIENCE, async () => {
    const { report, parameters } = await trainSmall({}, { strategy: "data-parallel", numWorkers: 2 });
    const numbers = parameters.reduce((sum, { value }) => sum + value.length, 0);
    expect(report.trafficBytesPerStep).toBe(2 * 4 * numbers);
  });
});

describe("a world", () => {
  const sizes = { numRows: 90, numFeatures: 200, numLabels: 20 };
  const dataset = sampleDataset(sizes);

  /** `over` the data's own defaults. */
  function world(over: Partial<ModelOptions>): unknown {
    const small = { hidden: [16], numBuckets: 12, epochs: 2, batchSize: 16, numWorlds: 1, output: "full" } as const;
    const options = chooseOptions({ ...sizes, labelsPerRow: 1.3 }, { ...small, ...over });
    const hash = new LabelHash({ ...options, numLabels: sizes.numLabels }).parameters(0);
    const model = worldOptionsOf(options, sizes.numFeatures);
    return { dataset, options: { world: 0, hash, model, optimization: optimizationOf(options) } };
  }

  it.each([
    ["adam by row, both dropouts", { inputMoments: "row", inputDropout: 0.2, dropout: 0.2, optimizer: "adam" }],
    ["adagrad, sigmoid, two hidden layers", { optimizer: "adagrad", loss: "sigmoid", hidden: [16, 8] }],
  ] as const)("%s: row-sparse gradients merge to one worker's losses", PATIENCE, async (_, over) => {
    const data = world(over as Partial<ModelOptions>);
    const alone = await train(WORLD_RECIPE, data, {});
    for (const numWorkers of [2, 3]) {
      const together = await train(WORLD_RECIPE, data, { strategy: "data-parallel", numWorkers });
      expect(distance(losses(together), losses(alone))).toBeLessThan(1e-4);
      expect(distance(flatValue(together), flatValue(alone))).toBeLessThan(1e-3);
      // Far less than a dense gradient of the input layer would be.
      expect(together.report.trafficBytesPerStep).toBeLessThan(2 * (numWorkers - 1) * 4 * flatValue(alone).length);
    }
  });

  it("with a sampled output learns as one worker does, on negatives of each worker's own", PATIENCE, async () => {
    const data = world({ output: "sampled", numNegatives: 4, numBuckets: 40, epochs: 12, learningRate: 0.02 });
    const runs = [await train(WORLD_RECIPE, data, {})];
    runs.push(await train(WORLD_RECIPE, data, { strategy: "data-parallel", numWorkers: 2 }));
    const [alone, together] = runs.map(({ history }) => history.epochs.map(({ loss }) => loss));
    expect(together[11]).toBeLessThan(0.9 * together[0]);
    expect(Math.abs(together[11] / alone[11] - 1)).toBeLessThan(0.2);
  });
});
