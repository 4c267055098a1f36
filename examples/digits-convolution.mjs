/**
 * @file A convolutional network names handwritten digits: `node examples/digits-convolution.mjs [folder] [--validation]`.
 *
 *   1 × 28 × 28 ─5×5→ 16 × 24 × 24 ─pool→ 16 × 12 × 12 ─5×5→ 32 × 8 × 8 ─pool→ 32 × 4 × 4 → 128 → 10
 *
 * After LeNet-5, with max pooling, ReLU (behind the pooling: the same numbers for a quarter of the work) and dropout.
 * Settings were chosen by --validation on the 10,000 training digits: twice the planes were no better.
 *
 * Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", Proc. IEEE 1998.
 */
import { Rng } from "manyworlds/core";
import { createKernels } from "manyworlds/kernels";
import {
  CrossEntropyCriterion,
  Dropout,
  Linear,
  ReLU,
  Sequential,
  SpatialConvolution,
  SpatialMaxPooling,
  View,
} from "manyworlds/nn";
import { Adam, createSchedule } from "manyworlds/optim";
import { DenseBatches, SupervisedObjective, Trainer } from "manyworlds/train";
import { accuracy, loadDigits } from "./digits/load-digits.mjs";

const { train, test } = await loadDigits([1, 28, 28]);
const kernels = createKernels();
const rng = new Rng(1);
const model = new Sequential(
  new SpatialConvolution(kernels, 1, 16, 5, rng, { init: "he", gradInput: false }),
  new SpatialMaxPooling(kernels, 2),
  new ReLU(kernels),
  new SpatialConvolution(kernels, 16, 32, 5, rng, { init: "he" }),
  new SpatialMaxPooling(kernels, 2),
  new ReLU(kernels),
  new View(512),
  new Dropout(kernels, 0.5, rng),
  new Linear(kernels, 512, 128, rng, { init: "he" }),
  new ReLU(kernels),
  new Dropout(kernels, 0.5, rng),
  new Linear(kernels, 128, 10, rng),
);
const trainer = new Trainer({
  objective: new SupervisedObjective(kernels, model, new CrossEntropyCriterion(kernels)),
  source: new DenseBatches(kernels, { ...train, batchSize: 32, seed: 1 }),
  optimizer: new Adam(kernels, { learningRate: 0.002 }),
  schedule: createSchedule("linear"),
  epochs: 10,
});
const { seconds } = await trainer.run({
  onEpoch: ({ epoch, loss }) => console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}`),
});

model.setMode("evaluate");
const right = accuracy(model, new DenseBatches(kernels, { ...test, batchSize: 500, shuffle: false }));
console.log(`accuracy ${(100 * right).toFixed(2)} % after ${seconds.toFixed(1)} s`);
