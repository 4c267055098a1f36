/**
 * @file The recipe of the perceptron that bench/parallel.mjs trains: 784 → 1024 → 1024 → 10 on digits, in batches of 256.
 */
import { Rng } from "../../dist/src/core/index.js";
import { CrossEntropyCriterion, Linear, ReLU, Sequential } from "../../dist/src/nn/index.js";
import { Adam } from "../../dist/src/optim/index.js";
import { DenseBatches, SupervisedObjective } from "../../dist/src/train/index.js";

export function createTraining(kernels, { train, epochs }) {
  const rng = new Rng(1);
  const model = new Sequential(
    new Linear(kernels, 784, 1024, rng, { init: "he", gradInput: false }),
    new ReLU(kernels),
    new Linear(kernels, 1024, 1024, rng, { init: "he" }),
    new ReLU(kernels),
    new Linear(kernels, 1024, 10, rng),
  );
  return {
    objective: new SupervisedObjective(kernels, model, new CrossEntropyCriterion(kernels)),
    source: new DenseBatches(kernels, { ...train, batchSize: 256, seed: 1 }),
    optimizer: new Adam(kernels, { learningRate: 0.001 }),
    epochs,
  };
}
