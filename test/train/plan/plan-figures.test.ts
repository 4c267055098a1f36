import { describe, expect, it } from "vitest";
import { Rng } from "../../../src/core/rng.js";
import { createKernels } from "../../../src/kernels/index.js";
import { LabelHash } from "../../../src/mach/label-hash.js";
import { OPTIMIZER_NAMES } from "../../../src/optim/create-optimizer.js";
import { chooseOptions } from "../../../src/train/choose-options.js";
import { type ModelOptions, optimizationOf, worldOptionsOf } from "../../../src/train/model-options.js";
import { batchShapeOf, distinctOfZipf, type PlanShape } from "../../../src/train/plan/plan-shape.js";
import { timeQuery } from "../../../src/train/plan/query-calibration.js";
import { queryWork, stepWork } from "../../../src/train/plan/step-work.js";
import { syntheticRows } from "../../../src/train/plan/synthetic-rows.js";
import { checkpointBytes, dataBytes, worldMemory } from "../../../src/train/plan/training-memory.js";
import { WorldTraining } from "../../../src/train/world-training.js";

const SHAPE: PlanShape = {
  ...{ numRows: 600, numFeatures: 500, numLabels: 300 },
  ...{ labelsPerRow: 1.5, featuresPerRow: 6 },
};
const BASE = chooseOptions(SHAPE, { numBuckets: 40, hidden: [24], batchSize: 32, epochs: 1 });

function optionsWith(given: Partial<ModelOptions>): ModelOptions {
  return { ...BASE, ...given };
}

function trained(options: ModelOptions, shape: PlanShape): WorldTraining {
  const dataset = syntheticRows(shape, shape.numRows, new Rng(3));
  const hash = new LabelHash({ ...options, numLabels: shape.numLabels }).parameters(0);
  const model = worldOptionsOf(options, shape.numFeatures);
  const training = new WorldTraining(createKernels(), dataset, {
    ...{ world: 0, hash, model },
    optimization: optimizationOf(options),
  });
  training.step();
  return training;
}

describe("bytes that a plan predicts", () => {
  it("weights and optimiser state are those of the world itself, for every optimiser", () => {
    for (const optimizer of OPTIMIZER_NAMES) {
      for (const inputMoments of optimizer === "adam" ? (["element", "row"] as const) : (["element"] as const)) {
        for (const [output, hidden] of [
          ["full", [24]],
          ["sampled", [24]],
          ["full", [24, 12]],
          ["full", []],
        ] as const) {
          const options = optionsWith({ optimizer, inputMoments, output, hidden, numNegatives: 5, learningRate: 1e-3 });
          const arrays = trained(options, SHAPE).arrays();
          const bytes = arrays.reduce((sum, { data }) => sum + data.byteLength, 0);
          expect([optimizer, hidden.length, checkpointBytes(options, SHAPE)]).toEqual([
            optimizer,
            hidden.length,
            bytes,
          ]);
        }
      }
    }
  });

  it("gradients are those of a step, within the spread of batches", () => {
    for (const output of ["full", "sampled"] as const) {
      const shape = { ...SHAPE, numFeatures: 5000, numLabels: 5000 };
      const options = optionsWith({ output, numNegatives: 10, numBuckets: 200 });
      const { parameters } = trained(options, shape);
      let bytes = 0;
      for (const { grad, cols, name } of parameters.parameters) {
        if (grad.kind === "dense") bytes += grad.values.byteLength;
        // A sampled output gathers the columns drawn once more.
        else bytes += 4 * (grad.count + (name.startsWith("0.") ? 0 : 10)) * cols;
      }
      const predicted = worldMemory(options, shape).gradients;
      expect(Math.abs(predicted / bytes - 1)).toBeLessThan(0.15);
    }
  });

  it("the data set: its arrays", () => {
    const { features, labels } = syntheticRows(SHAPE, SHAPE.numRows, new Rng(1));
    const arrays = [features.offsets, features.columns, features.values, labels.offsets, labels.ids];
    const bytes = arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(Math.abs(dataBytes(SHAPE) / bytes - 1)).toBeLessThan(0.03);
  });
});

describe("rows that a plan makes", () => {
  it("are those of a data set: distinct ids in order, norm 1, means as asked", () => {
    const { features, labels } = syntheticRows(SHAPE, 400, new Rng(9));
    expect(features.columns.length / 400).toBeCloseTo(6, 6);
    expect(Math.abs(labels.ids.length / 400 - 1.5)).toBeLessThan(0.1);
    for (let i = 0; i < 400; i++) {
      const row = features.columns.subarray(features.offsets[i], features.offsets[i + 1]);
      for (let j = 1; j < row.length; j++) expect(row[j]).toBeGreaterThan(row[j - 1]);
      const values = features.values.subarray(features.offsets[i], features.offsets[i + 1]);
      expect(values.reduce((sum, v) => sum + v * v, 0)).toBeCloseTo(1, 5);
    }
    expect(Math.max(...features.columns)).toBeLessThan(500);
    // As many as there are: every row has all of them.
    const all = syntheticRows({ ...SHAPE, numFeatures: 5, featuresPerRow: 5 }, 10, new Rng(1)).features;
    expect([...all.columns]).toEqual(Array.from({ length: 50 }, (_, i) => i % 5));
  });

  it("distinct ids in a batch: as Zipf's law says", () => {
    for (const [size, draws] of [
      [50_000, 300],
      [5000, 800],
      [80_000, 5000],
    ]) {
      const rng = new Rng(size);
      let harmonic = 0;
      for (let rank = 1; rank <= size; rank++) harmonic += 1 / rank;
      let total = 0;
      for (let rank = 1; rank <= size; rank++) {
        if (rng.nextFloat() >= (1 - 1 / (rank * harmonic)) ** draws) total++;
      }
      expect(Math.abs(distinctOfZipf(size, draws) / total - 1)).toBeLessThan(0.05);
    }
  });
});

describe("times that a plan scales", () => {
  it("grow with the shape", () => {
    const wide = { ...SHAPE, numFeatures: 50_000, featuresPerRow: 30, numLabels: 50_000 };
    const options = optionsWith({ numBuckets: 2000, hidden: [256] });
    for (const larger of [{ hidden: [300] }, { numBuckets: 2500 }]) {
      expect(stepWork({ ...options, ...larger }, wide)).toBeGreaterThan(stepWork(options, wide));
      expect(queryWork({ ...options, ...larger }, wide)).toBeGreaterThan(queryWork(options, wide));
    }
    const sampled = { ...options, output: "sampled", numNegatives: 100 } as const;
    expect(stepWork(sampled, wide)).toBeLessThan(stepWork(options, wide));
    expect(batchShapeOf(sampled, wide).columns).toBeLessThan(200);
  });

  it("queries are timed: finite, positive, by every merge asked for", () => {
    const kernels = createKernels();
    const timing = { merges: ["log-score", "probability", "median"], numSeen: 100, seconds: 0.02 } as const;
    const { forwardSeconds, retrievalSeconds } = timeQuery(kernels, optionsWith({ numWorlds: 2 }), SHAPE, timing);
    expect([...retrievalSeconds.keys()]).toEqual(timing.merges);
    for (const seconds of [forwardSeconds, ...retrievalSeconds.values()]) {
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThan(1);
    }
  });
});
