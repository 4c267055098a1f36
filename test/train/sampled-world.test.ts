/** @file A world with a sampled output from the inside: what a step moves, what it keeps, and that it learns. */
import { expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/contract.js";
import { LabelHash } from "../../src/mach/label-hash.js";
import { SoftMaxCrossEntropyCriterion } from "../../src/nn/index.js";
import { chooseOptions } from "../../src/train/choose-options.js";
import { type ModelOptions, optimizationOf, worldOptionsOf } from "../../src/train/model-options.js";
import { WorldTraining } from "../../src/train/world-training.js";
import { describeBackends } from "../gradients/backends.js";
import { sampleDataset } from "./sample-dataset.js";

const sizes = { numRows: 60, numFeatures: 30, numLabels: 400 };
const dataset = sampleDataset(sizes);
const BUCKETS = 300;

function training(kernels: Kernels, over: Partial<ModelOptions>): WorldTraining {
  const small = { hidden: [6], numBuckets: BUCKETS, epochs: 20, batchSize: 5, output: "sampled", ...over } as const;
  const options = chooseOptions({ ...sizes, numRows: 50_000, labelsPerRow: 1.3 }, small);
  const hash = new LabelHash({ ...options, numLabels: sizes.numLabels });
  return new WorldTraining(kernels, dataset, {
    world: 0,
    hash: hash.parameters(0),
    model: worldOptionsOf(options, sizes.numFeatures),
    optimization: optimizationOf(options),
  });
}

/** The mean loss of the rows over all buckets. */
function lossOverAll(kernels: Kernels, { world, source }: WorldTraining): number {
  world.sampled?.setSample(null);
  world.model.setMode("evaluate");
  const criterion = new SoftMaxCrossEntropyCriterion(kernels);
  let total = 0;
  for (let i = 0; i < source.batchesPerEpoch; i++) {
    const { inputs, targets } = source.load(0, i);
    total += criterion.forward(world.model.forward(inputs), targets);
  }
  return total / source.batchesPerEpoch;
}

describeBackends("a sampled world", (kernels) => {
  it.each(["softmax", "sigmoid"] as const)("moves the buckets drawn and its targets, no others: %s", (loss) => {
    const t = training(kernels, { numNegatives: 8, loss });
    const [weight, bias] = t.parameters.parameters.slice(-2);
    const before = [weight.value.slice(), bias.value.slice()];
    const { columns, offsets, numRows } = t.source.load(0, 0).targets;
    const targets = new Set(columns.subarray(0, offsets[numRows]));
    t.step();
    const moved = new Set<number>();
    for (const [i, w] of weight.value.entries()) if (w !== before[0][i]) moved.add(Math.floor(i / 6));
    for (const [j, b] of bias.value.entries()) if (b !== before[1][j]) moved.add(j);
    for (const target of targets) expect(moved.has(target)).toBe(true);
    expect(moved.size).toBeLessThanOrEqual(targets.size + 16);
    expect(moved.size).toBeGreaterThan(targets.size);
  });

  it("keeps a number a bucket for its weights with Adam, and none with SGD", () => {
    const lengths = (over: Partial<ModelOptions>): Record<string, number> =>
      Object.fromEntries(Object.entries(training(kernels, over).optimizer.state()).map(([k, v]) => [k, v.length]));
    const biases = 6 + BUCKETS;
    expect(lengths({})).toEqual({ firstMoment: biases, secondMoment: biases + sizes.numFeatures + BUCKETS });
    expect(training(kernels, { optimizer: "sgd" }).world.sampled?.weight.learningRateScale).toBe(1);
  });

  it("with as many draws as buckets has the loss of a full output", () => {
    for (const loss of ["softmax", "sigmoid"] as const) {
      const [all, full] = [
        training(kernels, { numNegatives: BUCKETS, loss }),
        training(kernels, { output: "full", loss }),
      ].map((t) => t.step());
      expect(all).toBe(full);
    }
  });

  it("learns from few draws a step what all of them teach", () => {
    const [full, sampled] = [{ output: "full" } as const, { numNegatives: 20 }].map((over) => {
      const t = training(kernels, { ...over, epochs: 60 });
      while (!t.done) t.step();
      return lossOverAll(kernels, t);
    });
    // It starts at ln 300 = 5.7.
    expect(full).toBeLessThan(3);
    expect(sampled).toBeLessThan(full + 0.5);
  });
});
