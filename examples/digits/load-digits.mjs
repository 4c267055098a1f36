/**
 * @file The handwritten digits that the examples train on, and how many of them a network names.
 *
 *   node examples/digits-….mjs [folder] [--validation]
 *
 * The folder holds MNIST's four idx files, or their first rows. Default: ../shared/data/mnist10k if it is there, else
 * data/digits, a small part of MNIST. With --validation the last fifth of the training digits takes the place of the test
 * digits: so the examples' settings were chosen.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadIdx } from "manyworlds/data";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { validation: { type: "boolean", default: false }, picture: { type: "string" } },
});
/** File that --picture names, if any. */
export const picturePath = values.picture;

/** Training and test digits: `inputs` [N, …imageShape] from 0, paper, to 1, ink; `targets` [N] from 0 to 9. */
export async function loadDigits(imageShape = [784]) {
  const folder = positionals[0] ?? [join(root, "../shared/data/mnist10k"), join(root, "data/digits")].find(existsSync);
  const [train, test] = await Promise.all(
    ["train", "test"].map(async (split) => ({
      images: await loadIdx(join(folder, `${split}-images-idx3-ubyte.gz`)),
      labels: await loadIdx(join(folder, `${split}-labels-idx1-ubyte.gz`)),
    })),
  );
  const rows = ({ images, labels }, from, to) => ({
    inputs: {
      data: Float32Array.from(images.data.subarray(from * 784, to * 784), (byte) => byte / 255),
      shape: [to - from, ...imageShape],
    },
    targets: { data: Uint32Array.from(labels.data.subarray(from, to)), shape: [to - from] },
  });
  const total = train.labels.shape[0];
  const numTrain = values.validation ? Math.round(total * 0.8) : total;
  const heldOut = values.validation ? rows(train, numTrain, total) : rows(test, 0, test.labels.shape[0]);
  console.log(`${numTrain} training and ${heldOut.targets.shape[0]} test digits of ${folder}`);
  return { train: rows(train, 0, numTrain), test: heldOut };
}

/** Share of the digits of `source`, an epoch of batches, for which the greatest output of `model` is the right one. */
export function accuracy(model, source) {
  let numRight = 0;
  for (let index = 0; index < source.batchesPerEpoch; index++) {
    const { inputs, targets, numRows } = source.load(0, index);
    const { data } = model.forward(inputs);
    for (let i = 0; i < numRows; i++) {
      const scores = data.subarray(i * 10, i * 10 + 10);
      if (scores.indexOf(Math.max(...scores)) === targets.data[i]) numRight++;
    }
  }
  return numRight / source.numRows;
}
