/**
 * @file One world of the paper's shape, some seconds of its training, in a process of its own: what sampled.mjs starts.
 *
 *   node bench/sampled-world.mjs '{"numBuckets": 10000, "batchSize": 128, "numNegatives": 512, "seconds": 5}'
 *
 * 80,000 inputs, 2,000 hidden units, B buckets of 49.46 M labels. Rows are made up: a label by Zipf's
 * law, and its two to five words, which are drawn by Zipf's law too. numNegatives 0: full output. `checkpoint`: a file to save to; `resume`: the file to go on from instead.
 * Prints JSON: rows a processor second, microseconds of it a row by part, peak resident MiB of the process, losses. One
 * thread computes: on a machine that does nothing else, processor seconds are those of the clock.
 */
import { statSync } from "node:fs";
import { Rng } from "../dist/src/core/index.js";
import { createKernels } from "../dist/src/kernels/index.js";
import { LabelHash } from "../dist/src/mach/index.js";
import { chooseOptions, TrainerCheckpoint, WorldTraining } from "../dist/src/train/index.js";
import { optimizationOf, worldOptionsOf } from "../dist/src/train/model-options.js";

const NUM_ROWS = 100_000;
const NUM_FEATURES = 80_000;
const NUM_LABELS = 49_460_000;
const HIDDEN = 2000;

/** What a kernel's time counts as; what is left is JavaScript and the rest. */
const PARTS = {
  products: ["gemm"],
  optimiser: ["adamStep", "rowRmsStep", "csrRowRmsStep"],
  "input and own targets": ["csrGemm", "csrGradRows", "csrCompactTranspose", "csrDots", "csrGatherRows"],
  "gathering weights": ["gatherRows"],
  loss: ["softmaxCrossEntropy", "sigmoidCrossEntropy", "sampledSoftmax", "sampledSigmoid", "addBias", "sumRows"],
  drawing: ["sampleColumns"],
};

const {
  numBuckets,
  batchSize,
  numNegatives,
  seconds,
  checkpoint,
  resume,
  loss = "softmax",
} = JSON.parse(process.argv[2]);

function syntheticRows() {
  const rng = new Rng(1);
  // Ranks with chances falling as 1/rank, by the inverse of the logarithm.
  const zipf = (n, from) => Math.min(n - 1, Math.floor((n + 1) ** from.nextFloat()) - 1);
  const [columns, values, offsets, ids] = [[], [], [0], []];
  for (let i = 0; i < NUM_ROWS; i++) {
    const label = zipf(NUM_LABELS, rng);
    ids.push(label);
    const words = new Set();
    const ofLabel = new Rng(label);
    const numWords = 2 + ofLabel.nextBelow(4);
    while (words.size < numWords) words.add(zipf(NUM_FEATURES, ofLabel));
    for (const word of [...words].sort((a, b) => a - b)) {
      columns.push(word);
      values.push(1 / Math.sqrt(numWords));
    }
    offsets.push(columns.length);
  }
  return {
    features: {
      numRows: NUM_ROWS,
      numCols: NUM_FEATURES,
      offsets: Uint32Array.from(offsets),
      columns: Uint32Array.from(columns),
      values: Float32Array.from(values),
    },
    labels: {
      numRows: NUM_ROWS,
      numLabels: NUM_LABELS,
      offsets: Uint32Array.from({ length: NUM_ROWS + 1 }, (_, i) => i),
      ids: Uint32Array.from(ids),
    },
  };
}

const kernels = createKernels();
const spent = new Map();
let timing = false;
const timed = new Proxy(kernels, {
  get(target, name) {
    const member = Reflect.get(target, name);
    if (typeof member !== "function") return member;
    return (...call) => {
      if (!timing) return member.apply(target, call);
      const start = performance.now();
      const result = member.apply(target, call);
      spent.set(name, (spent.get(name) ?? 0) + performance.now() - start);
      return result;
    };
  },
});

const shape = { numRows: 70_000_000, numFeatures: NUM_FEATURES, numLabels: NUM_LABELS, labelsPerRow: 1 };
const output = numNegatives === 0 ? "full" : "sampled";
const given = { hidden: [HIDDEN], numBuckets, batchSize, numNegatives: numNegatives || 1, output, loss, epochs: 1000 };
const options = chooseOptions(shape, given);
const hash = new LabelHash({ ...options, numLabels: NUM_LABELS });
const training = new WorldTraining(timed, syntheticRows(), {
  world: 0,
  hash: hash.parameters(0),
  model: worldOptionsOf(options, NUM_FEATURES),
  optimization: optimizationOf(options),
});
if (resume !== undefined && !new TrainerCheckpoint(resume).load(training)) throw new Error(`nothing in ${resume}`);

const firstLoss = training.step();
// The first steps touch memory for the first time.
for (let i = 0; i < (numNegatives === 0 ? 1 : 20); i++) training.step();
timing = true;
const start = performance.now();
const cpuStart = process.cpuUsage();
let steps = 0;
while (performance.now() - start < 1000 * seconds) {
  training.step();
  steps++;
}
const ms = performance.now() - start;
const { user, system } = process.cpuUsage(cpuStart);
timing = false;
// Shares are of the wall's time, sizes of the processor's: what else runs on the machine takes from all parts alike.
const perRow = (time) => ((time / ms) * (user + system)) / (steps * batchSize);
const parts = {};
let known = 0;
for (const [part, names] of Object.entries(PARTS)) {
  const time = names.reduce((sum, name) => sum + (spent.get(name) ?? 0), 0);
  known += time;
  parts[part] = perRow(time);
}
parts["all else"] = perRow(ms - known);

let saved = null;
if (checkpoint !== undefined) {
  const begin = performance.now();
  new TrainerCheckpoint(checkpoint).save(training);
  saved = { seconds: (performance.now() - begin) / 1000, bytes: statSync(checkpoint).size, nextLoss: training.step() };
}
console.log(
  JSON.stringify({
    rowsPerSecond: (1e6 * steps * batchSize) / (user + system),
    parts,
    micros: perRow(ms),
    peakMiB: process.resourceUsage().maxRSS / 1024,
    parameters: training.parameters.value.length,
    optimizerNumbers: Object.values(training.optimizer.state()).reduce((sum, { length }) => sum + length, 0),
    firstLoss,
    loss: training.progress.loss,
    saved,
  }),
);
