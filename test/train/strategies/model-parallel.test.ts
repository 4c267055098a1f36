/** @file Model parallel: layers or columns on different workers give one worker's bits; hybrid gives its losses. */
import { describe, expect, it } from "vitest";
import { LabelHash } from "../../../src/mach/label-hash.js";
import { chooseOptions } from "../../../src/train/choose-options.js";
import { type ModelOptions, optimizationOf, worldOptionsOf } from "../../../src/train/model-options.js";
import type { ParallelTraining } from "../../../src/train/strategies/index.js";
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

function expectSameBits(actual: ParallelTraining, expected: ParallelTraining): void {
  expect(flatValue(actual)).toEqual(flatValue(expected));
  expect(losses(actual)).toEqual(losses(expected));
}

/** Batches of 90 rows, in three pieces. */
const sizes = { numRows: 270, numFeatures: 200, numLabels: 20 };
const dataset = sampleDataset(sizes);

/** `over` the data's own defaults. */
function world(over: Partial<ModelOptions>): unknown {
  const small = { hidden: [16], numBuckets: 12, epochs: 2, batchSize: 96, numWorlds: 1, output: "full" } as const;
  const options = chooseOptions({ ...sizes, labelsPerRow: 1.3 }, { ...small, ...over });
  const hash = new LabelHash({ ...options, numLabels: sizes.numLabels }).parameters(0);
  const model = worldOptionsOf(options, sizes.numFeatures);
  return { dataset, options: { world: 0, hash, model, optimization: optimizationOf(options) } };
}

describe("model-parallel by layers", () => {
  const ALL: readonly [string, SmallData][] = [
    ["sgd", { optimizer: "sgd", learningRate: 0.1 }],
    ["adam, dropout, clipped gradients", { dropout: 0.3, clip: 0.5 }],
    ["batch normalisation, whose batches pass whole", { normalize: true, validate: true }],
  ];
  it.each(ALL)("%s: two and three workers have one worker's bits", PATIENCE, async (_, data) => {
    const large = { ...data, numRows: 390, batchSize: 130 };
    const alone = await trainSmall(large);
    for (const numWorkers of [2, 3]) {
      expectSameBits(await trainSmall(large, { strategy: "model-parallel", numWorkers }), alone);
    }
  });

  it.each([16, 24, 32, 130])("whatever the number of micro-batches: batches of %i", PATIENCE, async (batchSize) => {
    const data = { dropout: 0.3, numRows: 2 * batchSize, batchSize };
    const alone = await trainSmall(data);
    for (const microBatches of [1, 2, 3, 9]) {
      expectSameBits(await trainSmall(data, { strategy: "model-parallel", numWorkers: 2, microBatches }), alone);
    }
  });

  it("counts the activations that cross, there and back", PATIENCE, async () => {
    const { report } = await trainSmall({ hidden: [24] }, { strategy: "model-parallel", numWorkers: 2 });
    // 130 rows an epoch in five batches; 24 hidden units each way.
    expect(report.trafficBytesPerStep).toBeCloseTo((2 * 4 * 24 * 130) / 5, 6);
  });

  it("refuses more workers than there are layers with weights", PATIENCE, async () => {
    const run = trainSmall({ hidden: [24] }, { strategy: "model-parallel", numWorkers: 3 });
    await expect(run).rejects.toThrow(/expected at most 2 workers, one a layer with weights, got 3/);
  });
});

describe("a world, model-parallel", () => {
  it.each([
    ["adam by row, dropouts", { inputMoments: "row", inputDropout: 0.2, dropout: 0.2, optimizer: "adam" }],
    ["adagrad, sigmoid, two hidden layers", { optimizer: "adagrad", loss: "sigmoid", hidden: [16, 8] }],
  ] as const)("by layers, %s: one worker's bits", PATIENCE, async (_, over) => {
    const data = world(over as Partial<ModelOptions>);
    expectSameBits(
      await train(WORLD_RECIPE, data, { strategy: "model-parallel", numWorkers: 2 }),
      await train(WORLD_RECIPE, data, {}),
    );
  });

  it.each([
    ["softmax, two workers", { loss: "softmax", numBuckets: 2100, dropout: 0.2 }, 2],
    ["softmax, three workers and two hidden layers", { loss: "softmax", numBuckets: 3000, hidden: [16, 8] }, 3],
    ["sigmoid, two workers", { loss: "sigmoid", numBuckets: 2048, inputDropout: 0.1 }, 2],
  ] as const)("by columns, %s: one worker's bits", PATIENCE, async (_, over, numWorkers) => {
    const data = world({ ...over, hidden: [16] } as Partial<ModelOptions>);
    const options = { strategy: "model-parallel", numWorkers, modelSplit: "columns" } as const;
    const [alone, together] = [await train(WORLD_RECIPE, data, {}), await train(WORLD_RECIPE, data, options)];
    expect(flatValue(together)).toEqual(flatValue(alone));
    // Added up by workers, in doubles.
    expect(distance(losses(together), losses(alone))).toBeLessThan(1e-9);
    // Logits and the weights' gradients stay where they are.
    expect(together.report.trafficBytesPerStep).toBeLessThan(4 * 96 * (2 * 16 * numWorkers + 2 * 8));
  });

  it("by columns is refused where there are too few", PATIENCE, async () => {
    const run = train(WORLD_RECIPE, world({ numBuckets: 900 }), {
      strategy: "model-parallel",
      numWorkers: 2,
      modelSplit: "columns",
    });
    await expect(run).rejects.toThrow(/an output layer of at least 1025 columns .* got 900 columns/);
  });

  it("is refused with a sampled output", PATIENCE, async () => {
    const data = world({ output: "sampled", numNegatives: 4 });
    const run = train(WORLD_RECIPE, data, { strategy: "model-parallel", numWorkers: 2 });
    await expect(run).rejects.toThrow(/a world with full output/);
  });
});

describe("hybrid", () => {
  it("two groups of two have one worker's losses, and the same bytes again", PATIENCE, async () => {
    const data = { dropout: 0.3, clip: 0.5 };
    const run = () => trainSmall(data, { strategy: "hybrid", numWorkers: 4, groupSize: 2 });
    const [alone, first, second] = [await trainSmall(data), await run(), await run()];
    expect(distance(losses(first), losses(alone))).toBeLessThan(1e-4);
    expect(distance(flatValue(first), flatValue(alone))).toBeLessThan(1e-3);
    expectSameBits(second, first);
  });

  it.each(["layers", "columns"] as const)("of a world by %s", PATIENCE, async (modelSplit) => {
    const data = world({ numBuckets: 2100, loss: "softmax" });
    const options = { strategy: "hybrid", numWorkers: 4, groupSize: 2, modelSplit } as const;
    const [alone, together] = [await train(WORLD_RECIPE, data, {}), await train(WORLD_RECIPE, data, options)];
    expect(distance(losses(together), losses(alone))).toBeLessThan(1e-4);
    expect(distance(flatValue(together), flatValue(alone))).toBeLessThan(1e-3);
  });
});
