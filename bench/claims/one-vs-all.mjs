/**
 * @file One logistic regression a label: D × L weights, trained in blocks of labels, kept where they are not nearly zero.
 *
 *   for each block of labels   SparseLinear(D, block) + sigmoid cross-entropy, all rows, some passes
 *                              |w| < 0.01 is dropped; the rest goes to lists by feature
 *                              each judged row's best 100 of the block join its best 100 so far
 *
 * A dense D × L matrix of nvd would be 21 GB. Source: Babbar, Schölkopf, "DiSMEC: Distributed Sparse Machines for Extreme
 * Multi-label Classification", WSDM 2017, §3: blocks of labels, weights below 0.01 dropped. Differs from the paper:
 * logistic loss and the shared trainer (plain SGD, whose weights stay small where Adam's do not) instead of
 * squared hinge and a Newton solver; biases start at the label's log odds.
 */
import { Rng } from "../../dist/src/core/index.js";
import { createKernels } from "../../dist/src/kernels/index.js";
import { sliceRows } from "../../dist/src/mach/evaluate.js";
import { METRICS_K, Metrics } from "../../dist/src/mach/index.js";
import { Sequential, SigmoidCrossEntropyCriterion, SparseLinear } from "../../dist/src/nn/index.js";
import { createOptimizer, createSchedule } from "../../dist/src/optim/index.js";
import { SupervisedObjective, Trainer } from "../../dist/src/train/index.js";
import { labelBatches, labelCounts, pick, RANK_ROWS, timeRanking, topOfScores } from "./task.mjs";

/** DiSMEC's Δ. */
const NEARLY_ZERO = 0.01;

export function measureOneVsAll(task, settings, { onPoint = () => {} } = {}) {
  const { training, judged, numFeatures, numLabels, numRows } = task;
  const counts = labelCounts(task);
  const best = new BestLabels(judged.features.numRows, METRICS_K);
  const blocks = [];
  let [seconds, optimizerBytes, numWeights, peakBytes] = [0, 0, 0, 0];
  for (let first = 0; first < numLabels; first += settings.blockSize) {
    const size = Math.min(settings.blockSize, numLabels - first);
    const start = performance.now();
    // Kernels of its own for each block: all its memory goes with them.
    const kernels = createKernels();
    const layer = new SparseLinear(kernels, numFeatures, size, Rng.derive(1, "one-vs-all", first), { gain: 0 });
    for (let i = 0; i < size; i++) layer.bias.value[i] = logOdds(counts[first + i], numRows);
    const trainer = new Trainer({
      objective: new SupervisedObjective(kernels, new Sequential(layer), new SigmoidCrossEntropyCriterion(kernels)),
      source: labelBatches({ kernels }, labelsBetween(training, first, size), { ...settings, targetValues: "binary" }),
      optimizer: createOptimizer(kernels, "sgd", { learningRate: settings.rate }),
      schedule: createSchedule("linear"),
      epochs: settings.passes,
    });
    while (!trainer.done) trainer.step();
    trainer.checkWeights();
    const block = prune(layer.weight.value, layer.bias.value, numFeatures, size, first);
    seconds += (performance.now() - start) / 1000;
    peakBytes = Math.max(peakBytes, process.resourceUsage().maxRSS * 1024);
    optimizerBytes = Object.values(trainer.optimizer.state()).reduce((sum, { byteLength }) => sum + byteLength, 0);
    numWeights += block.labels.length + size;
    blocks.push(block);
    best.join(kernels, judged, layer, first, size);
    kernels.dispose();
    onPoint({ seconds, labels: first + size, numWeights });
  }
  const metrics = new Metrics(null);
  metrics.add(best.predictions, judged.labels, 0);
  return {
    seconds,
    ...pick(metrics.values()),
    numParameters: numWeights,
    numOutputParameters: numWeights,
    numDenseParameters: numLabels * (numFeatures + 1),
    optimizerBytes,
    peakBytes,
    latency: timeRanking(task, rankerOf(task, blocks)),
    curve: [],
  };
}

function logOdds(count, numRows) {
  const p = (count + 0.5) / (numRows + 1);
  return Math.log(p / (1 - p));
}

/** The rows with only those of their labels in [first, first + size), numbered from 0. */
function labelsBetween({ features, labels }, first, size) {
  const offsets = new Uint32Array(labels.numRows + 1);
  const ids = [];
  for (let i = 0; i < labels.numRows; i++) {
    for (let e = labels.offsets[i]; e < labels.offsets[i + 1]; e++) {
      const id = labels.ids[e] - first;
      if (id >= 0 && id < size) ids.push(id);
    }
    offsets[i + 1] = ids.length;
  }
  return { features, labels: { numRows: labels.numRows, numLabels: size, offsets, ids: Uint32Array.from(ids) } };
}

/** Zeroes small weights in place. @returns the others as lists by feature. */
function prune(weight, bias, numFeatures, size, first) {
  let kept = 0;
  for (let i = 0; i < weight.length; i++) {
    if (Math.abs(weight[i]) < NEARLY_ZERO) weight[i] = 0;
    else kept++;
  }
  const offsets = new Uint32Array(numFeatures + 1);
  const labels = new Uint32Array(kept);
  const values = new Float32Array(kept);
  let at = 0;
  for (let f = 0; f < numFeatures; f++) {
    for (let j = 0; j < size; j++) {
      const w = weight[f * size + j];
      if (w === 0) continue;
      labels[at] = first + j;
      values[at++] = w;
    }
    offsets[f + 1] = at;
  }
  return { first, bias: bias.slice(0, size), offsets, labels, values };
}

/** Ranks by the lists of the pruned model. */
function rankerOf({ kernels, numLabels }, blocks) {
  const bias = new Float32Array(numLabels);
  for (const { first, bias: own } of blocks) bias.set(own, first);
  const scores = kernels.f32(RANK_ROWS * numLabels);
  return ({ numRows, offsets, columns, values }, k, outLabels, outScores) => {
    for (let i = 0; i < numRows; i++) {
      const row = scores.subarray(i * numLabels, (i + 1) * numLabels);
      row.set(bias);
      for (let e = offsets[i]; e < offsets[i + 1]; e++) {
        const [feature, x] = [columns[e], values[e]];
        for (const block of blocks) {
          const end = block.offsets[feature + 1];
          for (let a = block.offsets[feature]; a < end; a++) row[block.labels[a]] += x * block.values[a];
        }
      }
    }
    return topOfScores(kernels, scores, numRows, numLabels, k, outLabels, outScores);
  };
}

/** The best k labels of every judged row, from one block of labels after another. */
class BestLabels {
  constructor(numQueries, k) {
    this.predictions = {
      numQueries,
      k,
      labels: new Uint32Array(numQueries * k),
      scores: new Float32Array(numQueries * k),
      counts: new Uint32Array(numQueries),
    };
  }

  join(kernels, judged, layer, first, size) {
    const { k, counts, numQueries } = this.predictions;
    const most = Math.min(k, size);
    const labels = new Uint32Array(RANK_ROWS * most);
    const scores = new Float32Array(RANK_ROWS * most);
    for (let start = 0; start < numQueries; start += RANK_ROWS) {
      const n = Math.min(RANK_ROWS, numQueries - start);
      const { data } = layer.forward(sliceRows(judged.features, start, n));
      const found = topOfScores(kernels, data, n, size, most, labels, scores);
      for (let i = 0; i < n; i++) {
        const from = i * most;
        const row = start + i;
        counts[row] = this.merge(
          row,
          first,
          labels.subarray(from, from + found[i]),
          scores.subarray(from, from + found[i]),
        );
      }
    }
  }

  /** Merges two lists, each best first; later blocks have larger labels, so ties keep the earlier. */
  merge(row, first, labels, scores) {
    const { k, counts } = this.predictions;
    const oldLabels = this.predictions.labels.slice(row * k, row * k + counts[row]);
    const oldScores = this.predictions.scores.slice(row * k, row * k + counts[row]);
    let [a, b, n] = [0, 0, 0];
    for (; n < k && (a < oldLabels.length || b < labels.length); n++) {
      const takeOld = b >= labels.length || (a < oldLabels.length && oldScores[a] >= scores[b]);
      this.predictions.labels[row * k + n] = takeOld ? oldLabels[a] : first + labels[b];
      this.predictions.scores[row * k + n] = takeOld ? oldScores[a++] : scores[b++];
    }
    return n;
  }
}
