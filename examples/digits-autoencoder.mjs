/**
 * @file Digits squeezed through 16 numbers: `node examples/digits-autoencoder.mjs [folder] [--validation] [--picture FILE.svg]`.
 *
 * What comes back is compared with the mean digit and with 16 principal components, the best that a linear network of
 * that width could do. Width of the hidden layers, rate and batch size were chosen by --validation.
 */
import { writeFileSync } from "node:fs";
import { Rng } from "manyworlds/core";
import { createKernels } from "manyworlds/kernels";
import { Linear, MSECriterion, ReLU, Sequential } from "manyworlds/nn";
import { Adam, createSchedule } from "manyworlds/optim";
import { DenseBatches, SupervisedObjective, Trainer } from "manyworlds/train";
import { drawDigits } from "./digits/draw-digits.mjs";
import { loadDigits, picturePath } from "./digits/load-digits.mjs";
import { linearErrors } from "./digits/principal-components.mjs";

const WIDTH = 16;
const { train, test } = await loadDigits();
const kernels = createKernels();
const rng = new Rng(1);
const model = new Sequential(
  new Linear(kernels, 784, 512, rng, { init: "he", gradInput: false }),
  new ReLU(kernels),
  new Linear(kernels, 512, WIDTH, rng),
  new Linear(kernels, WIDTH, 512, rng, { init: "he" }),
  new ReLU(kernels),
  new Linear(kernels, 512, 784, rng),
);
const objective = new SupervisedObjective(kernels, model, new MSECriterion(kernels));
const batches = ({ inputs }, options) => new DenseBatches(kernels, { inputs, targets: inputs, ...options });
const trainer = new Trainer({
  objective,
  source: batches(train, { batchSize: 16, seed: 1 }),
  optimizer: new Adam(kernels, { learningRate: 0.002 }),
  schedule: createSchedule("cosine"),
  epochs: 20,
});
const { seconds } = await trainer.run({
  onEpoch: ({ epoch, loss }) => console.log(`epoch ${epoch}: error ${loss.toFixed(5)}`),
});

objective.setMode("evaluate");
const error = objective.meanLoss(batches(test, { batchSize: 500, shuffle: false }));
const linear = linearErrors(kernels, train.inputs, test.inputs, WIDTH);
console.log("mean squared error of a pixel");
console.log(`mean digit           ${linear.mean.toFixed(5)}`);
console.log(`principal components ${linear.components.toFixed(5)}`);
console.log(`autoencoder          ${error.toFixed(5)} after ${seconds.toFixed(1)} s`);
if (picturePath !== undefined) {
  const digits = { data: test.inputs.data.subarray(0, 12 * 784), shape: [12, 784] };
  writeFileSync(picturePath, drawDigits([digits.data, model.forward(digits).data.subarray(0, 12 * 784)]));
}
