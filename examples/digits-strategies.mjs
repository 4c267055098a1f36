/**
 * @file One perceptron by every strategy: `node examples/digits-strategies.mjs [folder] [--validation]`.
 *
 * The file is its own recipe: each worker thread imports it and builds the training by `createTraining`. What is below
 * `isMainThread` runs once.
 */
import { isMainThread } from "node:worker_threads";
import { Rng } from "manyworlds/core";
import { createKernels } from "manyworlds/kernels";
import { CrossEntropyCriterion, Linear, ReLU, Sequential } from "manyworlds/nn";
import { Adam } from "manyworlds/optim";
import { DenseBatches, SupervisedObjective, trainInParallel } from "manyworlds/train";

function perceptron(kernels) {
  const rng = new Rng(1);
  return new Sequential(
    new Linear(kernels, 784, 128, rng, { init: "he" }),
    new ReLU(kernels),
    new Linear(kernels, 128, 64, rng, { init: "he" }),
    new ReLU(kernels),
    new Linear(kernels, 64, 10, rng),
  );
}

export function createTraining(kernels, { train }) {
  return {
    objective: new SupervisedObjective(kernels, perceptron(kernels), new CrossEntropyCriterion(kernels)),
    source: new DenseBatches(kernels, { ...train, batchSize: 64, seed: 1 }),
    optimizer: new Adam(kernels, { learningRate: 0.001 }),
    epochs: 8,
  };
}

if (isMainThread) {
  const { accuracy, loadDigits } = await import("./digits/load-digits.mjs");
  const { train, test } = await loadDigits();
  const kernels = createKernels();
  const recipe = { module: import.meta.url, data: { train } };
  for (const [strategy, numWorkers] of [
    ["sequential", 1],
    ["data-parallel", 2],
    ["model-parallel", 2],
    ["hybrid", 4],
    ["hogwild", 2],
    ["locked", 2],
    ["round-robin", 2],
    ["averaging", 2],
  ]) {
    const { parameters, history, report } = await trainInParallel({ recipe, strategy, numWorkers });
    const model = perceptron(kernels);
    model.parameters().forEach((parameter, i) => {
      parameter.value.set(parameters[i].value);
    });
    const right = accuracy(model, new DenseBatches(kernels, { ...test, batchSize: 500, shuffle: false }));
    console.log(
      `${strategy.padEnd(15)}${numWorkers} workers  accuracy ${(100 * right).toFixed(2)} %  ` +
        `loss ${history.epochs.at(-1).loss.toFixed(6)}  ${(report.trafficBytesPerStep / 1000).toFixed(1)} KB a step`,
    );
  }
}
