/**
 * @file A multi-layer perceptron names handwritten digits: `node examples/digits-perceptron.mjs [folder] [--validation]`.
 *
 * Dropout on pixels and on hidden units, since there are few digits. Settings were chosen by --validation on the 10,000
 * training digits: of networks with one and two hidden layers of 512 and 1,024, this was as good as any of half its time.
 */
import { Rng } from "manyworlds/core";
import { createKernels } from "manyworlds/kernels";
import { CrossEntropyCriterion, Dropout, Linear, ReLU, Sequential } from "manyworlds/nn";
import { Adam, createSchedule } from "manyworlds/optim";
import { DenseBatches, SupervisedObjective, Trainer } from "manyworlds/train";
import { accuracy, loadDigits } from "./digits/load-digits.mjs";

const { train, test } = await loadDigits();
const kernels = createKernels();
const rng = new Rng(1);
const model = new Sequential(
  new Dropout(kernels, 0.2, rng),
  new Linear(kernels, 784, 512, rng, { init: "he" }),
  new ReLU(kernels),
  new Dropout(kernels, 0.3, rng),
  new Linear(kernels, 512, 512, rng, { init: "he" }),
  new ReLU(kernels),
  new Dropout(kernels, 0.3, rng),
  new Linear(kernels, 512, 10, rng),
);
const trainer = new Trainer({
  objective: new SupervisedObjective(kernels, model, new CrossEntropyCriterion(kernels)),
  source: new DenseBatches(kernels, { ...train, batchSize: 64, seed: 1 }),
  optimizer: new Adam(kernels, { learningRate: 0.001 }),
  schedule: createSchedule("linear"),
  epochs: 20,
});
const { seconds } = await trainer.run({
  onEpoch: ({ epoch, loss }) => console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}`),
});

model.setMode("evaluate");
const right = accuracy(model, new DenseBatches(kernels, { ...test, batchSize: 500, shuffle: false }));
console.log(`accuracy ${(100 * right).toFixed(2)} % after ${seconds.toFixed(1)} s`);
