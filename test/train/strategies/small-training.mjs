/**
 * @file A small training for the tests of strategies, built on every worker thread: a network with dropout that names the
 * corner that a row is near, or a world on sparse rows. `data` says which, and what goes wrong where.
 */
import { threadId, workerData } from "node:worker_threads";
// By file: each of a test's threads loads this, and all of the library would take several times as long as the training.
import { Rng } from "../../../dist/src/core/rng.js";
import { ReLU } from "../../../dist/src/nn/activations/relu.js";
import { Sequential } from "../../../dist/src/nn/containers/sequential.js";
import { CrossEntropyCriterion } from "../../../dist/src/nn/criteria/cross-entropy-criterion.js";
import { Dropout } from "../../../dist/src/nn/layers/dropout.js";
import { Linear } from "../../../dist/src/nn/layers/linear.js";
import { BatchNormalization } from "../../../dist/src/nn/normalization/batch-normalization.js";
import { clipGradientNorm } from "../../../dist/src/optim/clip-gradients.js";
import { createOptimizer } from "../../../dist/src/optim/create-optimizer.js";
import { createSchedule } from "../../../dist/src/optim/schedules.js";
import { DenseBatches } from "../../../dist/src/train/dense-batches.js";
import { SupervisedObjective } from "../../../dist/src/train/objective.js";

const NUM_CLASSES = 3;

/** Rows [R, 5] and their classes [R]. */
export function cornerRows(numRows, seed) {
  const rng = new Rng(seed);
  const inputs = new Float32Array(numRows * 5);
  const targets = new Uint32Array(numRows);
  for (let i = 0; i < numRows; i++) {
    const label = rng.nextBelow(NUM_CLASSES);
    for (let j = 0; j < 5; j++) inputs[i * 5 + j] = (j === label ? 1 : 0) + rng.nextFloat() - 0.5;
    targets[i] = label;
  }
  return { inputs: { data: inputs, shape: [numRows, 5] }, targets: { data: targets, shape: [numRows] } };
}

export function createTraining(kernels, data = {}) {
  const {
    dropout = 0,
    optimizer = "adam",
    clip = 0,
    numRows = 130,
    epochs = 3,
    hidden = [24, 40],
    batchSize = 32,
  } = data;
  const seeds = Rng.derive(3, "weights");
  const rng = Rng.derive(3, "steps");
  const sizes = [5, ...hidden, NUM_CLASSES];
  const layers = sizes.slice(1).flatMap((size, i) => {
    const linear = new Linear(kernels, sizes[i], size, seeds);
    if (i === sizes.length - 2) return [linear];
    const normal = data.normalize ? [new BatchNormalization(kernels, size)] : [];
    return [linear, ...normal, new ReLU(kernels), new Dropout(kernels, dropout, rng)];
  });
  const model = new Sequential(...layers);
  const objective = new SupervisedObjective(kernels, model, new CrossEntropyCriterion(kernels));
  const source = new DenseBatches(kernels, { ...cornerRows(numRows, 1), batchSize, seed: 9 });
  const held = new DenseBatches(kernels, { ...cornerRows(60, 2), batchSize: 60, shuffle: false });
  fail(source, data.fault);
  return {
    objective,
    source,
    optimizer: createOptimizer(kernels, optimizer, { learningRate: data.learningRate ?? 0.01 }),
    schedule: createSchedule("linear"),
    epochs,
    rngs: [rng],
    ...(clip > 0 ? { adjustGradients: (parameters) => clipGradientNorm(kernels, parameters, clip) } : {}),
    ...(data.validate
      ? {
          validation: { evaluate: () => ({ loss: objective.meanLoss(held) }), monitor: "loss", goal: "min" },
          earlyStopping: { patience: data.patience ?? 100, restoreBest: true },
        }
      : {}),
  };
}

/** Makes worker `fault.index` go wrong at a batch of epoch 1. */
function fail(source, fault) {
  if (fault === undefined || workerData.index !== fault.index) return;
  if (fault.act === "refuse") throw new Error("no training on this worker");
  for (const name of ["load", "loadPart"]) {
    const load = source[name].bind(source);
    source[name] = (epoch, ...rest) => {
      if (epoch === 1) {
        if (fault.act === "throw") throw new Error(`a bug in thread ${threadId > 0 ? "of a worker" : 0}`);
        if (fault.act === "exit") process.exit(3);
        if (fault.act === "hang") {
          Atomics.store(fault.hangs, 0, 1);
          Atomics.wait(fault.hangs, 1, 0);
        }
      }
      return load(epoch, ...rest);
    };
  }
}
