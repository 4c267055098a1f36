/** @file A world whose input gradient is used as it is made: the bytes of one that stores it first. */
import { expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/contract.js";
import { LabelHash } from "../../src/mach/label-hash.js";
import type { RowSparseGradient } from "../../src/nn/parameter.js";
import { chooseOptions } from "../../src/train/choose-options.js";
import { type ModelOptions, optimizationOf, worldOptionsOf } from "../../src/train/model-options.js";
import { WorldTraining } from "../../src/train/world-training.js";
import { describeBackends } from "../gradients/backends.js";
import { sampleDataset } from "./sample-dataset.js";

const sizes = { numRows: 50, numFeatures: 30, numLabels: 20 };
const dataset = sampleDataset(sizes);

function trained(
  kernels: Kernels,
  over: Partial<ModelOptions>,
  mayWait: boolean,
): { bytes: Buffer; grad: RowSparseGradient } {
  const small = {
    hidden: [6],
    numBuckets: 8,
    epochs: 3,
    batchSize: 8,
    numWorlds: 2,
    dropout: 0.2,
    inputDropout: 0.1,
    inputMoments: "row",
  } as const;
  const options = chooseOptions({ ...sizes, labelsPerRow: 1.3 }, { ...small, ...over });
  const training = new WorldTraining(kernels, dataset, {
    world: 1,
    hash: new LabelHash({ ...options, numLabels: sizes.numLabels }).parameters(1),
    model: worldOptionsOf(options, sizes.numFeatures),
    optimization: optimizationOf(options),
  });
  const grad = training.world.parameters.parameters[0].grad as RowSparseGradient;
  expect(grad.mayWait).toBe(true);
  grad.mayWait = mayWait;
  while (!training.done) training.step();
  const { buffer, byteOffset, byteLength } = training.world.parameters.value;
  return { bytes: Buffer.from(buffer.slice(byteOffset, byteOffset + byteLength)), grad };
}

describeBackends("a world's input gradient", (kernels) => {
  it.each([
    {},
    { hidden: [] },
    { hidden: [6, 5], activation: "relu" },
    { output: "sampled", numNegatives: 4 },
    { loss: "sigmoid", inputMoments: "element" },
    { optimizer: "adagrad", inputMoments: "element" },
  ] as Partial<ModelOptions>[])("%j", (over) => {
    const waiting = trained(kernels, over, true);
    const stored = trained(kernels, over, false);
    expect(waiting.bytes.equals(stored.bytes)).toBe(true);
    expect(stored.grad.waiting).toBe(null);
    // Adagrad reads the sums, which makes them.
    expect(waiting.grad.waiting === null).toBe(over.optimizer === "adagrad");
  });
});
