/**
 * @file One network over all labels: what does each way of computing its last layer cost, and reach?
 *
 *   SparseLinear(D, H) → Dropout → [+ mixture of experts] → FullSoftMax | HierarchicalSoftMax | HuffmanSoftMax | SampledSoftMax
 *
 * Input layer, batches, optimiser and schedule are the same for all; the mixture of experts is added to
 * what it is given (a residual connection), and the output behind it is sampled, both as in its paper (Shazeer et al.,
 * ICLR 2017, appendix C.1).
 */
import { Rng } from "../../dist/src/core/index.js";
import {
  CAddTable,
  ConcatTable,
  Dropout,
  FullSoftMax,
  HierarchicalSoftMax,
  HuffmanSoftMax,
  Identity,
  SampledSoftMax,
  Sequential,
  SparseLinear,
  SparselyGatedMixtureOfExperts,
} from "../../dist/src/nn/index.js";
import { createOptimizer, createSchedule } from "../../dist/src/optim/index.js";
import { SupervisedObjective, Trainer } from "../../dist/src/train/index.js";
import { judge, labelBatches, labelCounts, pick, timeRanking } from "./task.mjs";

/** Shape of the mixture: the parameters of eight experts, the work of two. */
const EXPERTS = { numExperts: 8, expertsPerRow: 2 };

const OUTPUTS = {
  "full-softmax": ({ kernels, numLabels }, { hidden }, rng) => new FullSoftMax(kernels, hidden, numLabels, rng),
  hierarchical: (task, { hidden }, rng) =>
    new HierarchicalSoftMax(task.kernels, hidden, task.numLabels, rng, { counts: labelCounts(task) }),
  huffman: (task, { hidden }, rng) =>
    new HuffmanSoftMax(task.kernels, hidden, task.numLabels, rng, { counts: labelCounts(task) }),
  sampled: ({ kernels, numLabels }, { hidden, numNegatives }, rng) =>
    new SampledSoftMax(kernels, hidden, numLabels, rng, { numNegatives }),
};
OUTPUTS["mixture-of-experts"] = OUTPUTS.sampled;

export const NETWORK_NAMES = Object.keys(OUTPUTS);

/** A network and its trainer. */
export function createNetwork(task, name, settings, seed = 1) {
  const { kernels, numFeatures, training } = task;
  const { hidden, inputSpread, inputRateScale, dropout, passes, rate, batchSize } = settings;
  const weights = Rng.derive(seed, "claims", name, "weights");
  const steps = Rng.derive(seed, "claims", name, "steps");
  const input = new SparseLinear(kernels, numFeatures, hidden, weights, { init: "uniform", gain: inputSpread });
  const modules = [input, new Dropout(kernels, dropout, steps)];
  if (name === "mixture-of-experts") {
    const mixture = new SparselyGatedMixtureOfExperts(kernels, hidden, hidden, weights, {
      ...EXPERTS,
      numHidden: hidden,
    });
    modules.push(new ConcatTable(kernels, new Identity(), mixture), new CAddTable(kernels));
  }
  const model = new Sequential(...modules);
  const criterion = OUTPUTS[name](task, settings, weights);
  input.weight.learningRateScale = inputRateScale;
  input.weight.momentsByRow = true;
  const trainer = new Trainer({
    objective: new SupervisedObjective(kernels, model, criterion),
    source: labelBatches(task, training, { batchSize, targetValues: "distribution", seed }),
    optimizer: createOptimizer(kernels, "adam", { learningRate: rate }),
    schedule: createSchedule("linear"),
    epochs: passes,
  });
  const rank = (rows, k, labels, scores) => criterion.topK(model.forward(rows), k, labels, scores);
  return { trainer, rank, numOutputParameters: sizeOf(criterion.parameters()) };
}

const sizeOf = (parameters) => parameters.reduce((sum, { size }) => sum + size, 0);

/** Trains and measures one network; judges it after each pass, outside the time that counts. */
export function measureNetwork(task, name, settings, { onPoint = () => {} } = {}) {
  const { trainer, rank, numOutputParameters } = createNetwork(task, name, settings);
  const { objective } = trainer;
  const { batchesPerEpoch } = trainer.source;
  const curve = [];
  let seconds = 0;
  objective.setMode("train");
  while (!trainer.done) {
    const start = performance.now();
    for (let i = 0; i < batchesPerEpoch; i++) trainer.step();
    seconds += (performance.now() - start) / 1000;
    objective.setMode("evaluate");
    const { epoch, loss } = trainer.progress;
    curve.push({ passes: epoch, seconds, loss, ...judge(task, rank) });
    objective.setMode("train");
    onPoint(curve.at(-1));
  }
  trainer.checkWeights();
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  objective.setMode("evaluate");
  const state = Object.values(trainer.optimizer.state());
  return {
    seconds,
    ...pick(curve.at(-1)),
    numParameters: sizeOf(objective.parameters.parameters),
    numOutputParameters,
    optimizerBytes: state.reduce((sum, { byteLength }) => sum + byteLength, 0),
    peakBytes,
    latency: timeRanking(task, rank),
    curve,
  };
}
