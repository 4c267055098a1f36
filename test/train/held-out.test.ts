/** @file Are curves on rows set aside what they say: a world's buckets, the merged labels; and do they leave training alone? */
import { describe, expect, it } from "vitest";
import { createReferenceKernels } from "../../src/kernels/reference/reference-kernels.js";
import { Ensemble } from "../../src/mach/ensemble.js";
import { evaluate } from "../../src/mach/evaluate.js";
import { LabelHash } from "../../src/mach/label-hash.js";
import { createLabelPrior, priorCodes } from "../../src/mach/label-prior.js";
import { MERGE_KINDS } from "../../src/mach/merge.js";
import { WorldScorer } from "../../src/mach/world-scorer.js";
import { chooseOptions } from "../../src/train/choose-options.js";
import { epochSampleSize, mergeSampleSize, sampleRows } from "../../src/train/held-out/held-out-sample.js";
import { MergeCurve } from "../../src/train/held-out/merge-curve.js";
import { optimizationOf, worldOptionsOf } from "../../src/train/model-options.js";
import { WorldTraining } from "../../src/train/world-training.js";
import { sampleDataset } from "./sample-dataset.js";

const SIZES = { numRows: 90, numFeatures: 30, numLabels: 20 };
const kernels = createReferenceKernels();
const dataset = sampleDataset(SIZES);
const options = chooseOptions(
  { ...SIZES, labelsPerRow: 1.3 },
  { numWorlds: 3, numBuckets: 8, hidden: [12], epochs: 4, batchSize: 16, dropout: 0.2, activation: "relu", seed: 3 },
);
const network = worldOptionsOf(options, SIZES.numFeatures);
const hash = new LabelHash({ ...options, numLabels: SIZES.numLabels });

function training(world: number, heldOut: typeof dataset | null): WorldTraining {
  const { numFeatures: _, ...rest } = network;
  return new WorldTraining(kernels, dataset, {
    world,
    hash: hash.parameters(world),
    model: { ...rest, numFeatures: SIZES.numFeatures },
    optimization: optimizationOf(options),
    heldOut,
  });
}

describe("a world that is measured at each epoch", () => {
  it("has the same weights as one that is not", async () => {
    const [watched, alone] = [training(0, sampleRows(dataset, 40)), training(0, null)];
    const { validations } = await watched.run();
    await alone.run();
    expect(watched.parameters.value).toEqual(alone.parameters.value);
    expect(validations.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
  });

  it("says the share of its best buckets that are the row's", async () => {
    const world = training(1, dataset);
    const { validations } = await world.run();
    const { numBuckets } = network;
    world.world.model.setMode("evaluate");
    const logits = world.world.model.forward(dataset.features);
    const { offsets, ids } = dataset.labels;
    const hits = { 1: 0, 3: 0, 5: 0 };
    const bucketOf = new Uint32Array(1);
    for (let row = 0; row < SIZES.numRows; row++) {
      const scores = Array.from(logits.data.subarray(row * numBuckets, (row + 1) * numBuckets));
      const ranked = scores.map((_, b) => b).sort((a, b) => scores[b] - scores[a] || a - b);
      const truth = new Set<number>();
      for (const id of ids.subarray(offsets[row], offsets[row + 1])) {
        kernels.hashLabels(hash.parameters(1), 1, Uint32Array.of(id), bucketOf);
        truth.add(bucketOf[0]);
      }
      for (const k of [1, 3, 5] as const) hits[k] += ranked.slice(0, k).filter((b) => truth.has(b)).length / k;
    }
    const { metrics } = validations[validations.length - 1];
    for (const k of [1, 3, 5] as const) expect(metrics[`p@${k}`]).toBeCloseTo(hits[k] / SIZES.numRows, 6);
    expect(metrics["p@1"]).toBeGreaterThan(0.5);
  });
});

describe("worlds merged as they finish", () => {
  it.each(MERGE_KINDS)("%s: are measured as evaluate measures them", async (merge) => {
    const worlds = [0, 1, 2].map((world) => training(world, null));
    for (const world of worlds) await world.run();
    const labelCounts = new Uint32Array(SIZES.numLabels).map((_, l) => 1 + (l % 4));
    const prior = { alpha: 0.1, seenOnly: true };
    const rows = sampleRows(dataset, 37);
    const curve = new MergeCurve(kernels, { rows, network, hash: hash.toJSON(), merge, prior, labelCounts });
    const taken: number[] = [];
    for (const world of [2, 0, 1]) {
      const parameters = new Map(worlds[world].parameters.parameters.map((p) => [p.name, p.value]));
      curve.addWorld(world, kernels, parameters);
      taken.push(world);
      const ensemble = new Ensemble(kernels, {
        hash,
        worldOptions: network,
        worlds: taken.map((number) => ({
          world: number,
          scorer: WorldScorer.of(kernels, network, worlds[number].parameters),
        })),
        merge,
        prior: createLabelPrior(kernels, priorCodes(kernels, labelCounts), prior),
      });
      const expected = await evaluate(ensemble, rows.features, rows.labels, { propensity: null });
      const measured = curve.measure();
      expect(Object.keys(measured)).toEqual(["p@1", "p@3", "p@5"]);
      expect(expected).toMatchObject(measured);
    }
    expect(curve.numWorlds).toBe(3);
  });
});

describe("samples", () => {
  it("are small beside what training costs, and never more than there is", () => {
    expect(epochSampleSize(54_000, 6000)).toBe(1688);
    expect(epochSampleSize(10_000_000, 500_000)).toBe(2048);
    expect(epochSampleSize(300, 30)).toBe(30);
  });

  it("of merged worlds keep within memory, or are left out", () => {
    expect(mergeSampleSize(6000, { numWorlds: 16, numBuckets: 1000, numLabels: 50_000 })).toBe(2048);
    expect(mergeSampleSize(6000, { numWorlds: 16, numBuckets: 4000, numLabels: 50_000 })).toBe(523);
    expect(mergeSampleSize(6000, { numWorlds: 32, numBuckets: 20_000, numLabels: 1_000_000 })).toBe(0);
    expect(mergeSampleSize(6000, { numWorlds: 4, numBuckets: 1000, numLabels: 50_000_000 })).toBe(0);
    expect(mergeSampleSize(7, { numWorlds: 4, numBuckets: 1000, numLabels: 100 })).toBe(7);
  });

  it("are spread over all rows", () => {
    const { features } = sampleRows(dataset, 9);
    expect(features.numRows).toBe(9);
    const first = dataset.features.columns.subarray(dataset.features.offsets[5], dataset.features.offsets[6]);
    expect(features.columns.subarray(0, features.offsets[1])).toEqual(first);
    expect(sampleRows(dataset, 90)).toBe(dataset);
  });
});
