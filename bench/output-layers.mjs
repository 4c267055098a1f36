/**
 * @file What does a last layer over very many labels cost? One training step and one query's top 10, for each kind.
 *
 *   node bench/output-layers.mjs [--labels 75000] [--hidden 256] [--batch 128] [--steps 200] [--only Huffman]
 *
 * Labels follow Zipf's law, two a row; a row's input is the mean of its labels' prototypes with noise, so that there is
 * something to learn: a search that stops early needs weights that have learnt. `step` is forward and backward, `adam`
 * the optimiser, medians over the last half of the steps (the full layers make at most 30); `top 10` is one query at a
 * time, before and after those steps. P@1 is on rows that were trained on: it shows that something was learnt, no more.
 * Answers are checked against scores of all labels first. Caches are cold for the weights: they
 * are larger (77 MB).
 */
import { parseArgs } from "node:util";
import { Rng } from "../dist/src/core/index.js";
import { createKernels } from "../dist/src/kernels/index.js";
import * as nn from "../dist/src/nn/index.js";
import { Adam } from "../dist/src/optim/index.js";
import { machineLine, table } from "./machine.mjs";

const { values } = parseArgs({
  options: {
    labels: { type: "string", default: "75000" },
    hidden: { type: "string", default: "256" },
    batch: { type: "string", default: "128" },
    steps: { type: "string", default: "200" },
    only: { type: "string", default: "" },
  },
});
const [L, H, N, steps] = [values.labels, values.hidden, values.batch, values.steps].map(Number);
const LABELS_PER_ROW = 2;
const K = 10;

const data = createKernels();
const rng = new Rng(1);
const counts = Float64Array.from({ length: L }, (_, label) => 1e6 / (label + 1));
const cumulative = counts.slice();
for (let l = 1; l < L; l++) cumulative[l] += cumulative[l - 1];
const prototypes = data.f32(L * H);
data.fillUniform(prototypes.length, -1, 1, 7, prototypes);

function drawLabel() {
  const u = rng.nextFloat() * cumulative[L - 1];
  let [low, high] = [0, L - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle] > u) high = middle;
    else low = middle + 1;
  }
  return low;
}

function batchOf(kernels, rows) {
  const offsets = kernels.u32(rows + 1);
  const columns = kernels.u32(rows * LABELS_PER_ROW);
  const targets = kernels.f32(rows * LABELS_PER_ROW).fill(1 / LABELS_PER_ROW);
  const input = kernels.f32(rows * H);
  kernels.fillUniform(input.length, -0.3, 0.3, rng.nextUint32(), input);
  for (let i = 0; i < rows; i++) {
    offsets[i + 1] = (i + 1) * LABELS_PER_ROW;
    const chosen = new Set();
    while (chosen.size < LABELS_PER_ROW) chosen.add(drawLabel());
    [...chosen].forEach((label, j) => {
      columns[i * LABELS_PER_ROW + j] = label;
      for (let h = 0; h < H; h++) input[i * H + h] += prototypes[label * H + h] / LABELS_PER_ROW;
    });
  }
  return {
    input: { data: input, shape: [rows, H] },
    target: { offsets, columns, values: targets, numRows: rows, numCols: L },
  };
}

const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
const timed = (work) => {
  const start = performance.now();
  work();
  return performance.now() - start;
};

const LAYERS = {
  FullSoftMax: (kernels) => new nn.FullSoftMax(kernels, H, L, new Rng(2)),
  OneVsAll: (kernels) => new nn.OneVsAll(kernels, H, L, new Rng(2)),
  "SampledSoftMax, 2048 uniform": (kernels) => new nn.SampledSoftMax(kernels, H, L, new Rng(2), { numNegatives: 2048 }),
  "SampledSoftMax, 2048 log-uniform": (kernels) =>
    new nn.SampledSoftMax(kernels, H, L, new Rng(2), { numNegatives: 2048, negatives: "logUniform" }),
  "HierarchicalSoftMax, √L clusters": (kernels) =>
    new nn.HierarchicalSoftMax(kernels, H, L, new Rng(2), { counts, numClusters: Math.round(Math.sqrt(L)) }),
  "HierarchicalSoftMax, default": (kernels) => new nn.HierarchicalSoftMax(kernels, H, L, new Rng(2), { counts }),
  HuffmanSoftMax: (kernels) => new nn.HuffmanSoftMax(kernels, H, L, new Rng(2), { counts }),
};

/** Rank by rank the scores of a full scoring, to rounding. @returns milliseconds a query, median. */
function queries(criterion, batch, kernels, number) {
  const [labels, scores] = [kernels.u32(K), kernels.f32(K)];
  const all = kernels.f32(L);
  const times = [];
  for (let i = 0; i < number; i++) {
    const one = { data: batch.input.data.subarray(i * H, (i + 1) * H), shape: [1, H] };
    times.push(timed(() => criterion.topK(one, K, labels, scores)));
    if (i > 2) continue;
    criterion.logProbabilitiesInto(one, all);
    const best = all.slice().sort().reverse();
    for (let j = 0; j < K; j++) {
      if (Math.abs(best[j] - scores[j]) < 1e-3) continue;
      throw new Error(`rank ${j}: expected a score of ${best[j]}, got ${scores[j]}`);
    }
  }
  return median(times);
}

console.log(`${machineLine()} · L ${L} · H ${H} · N ${N} · ${LABELS_PER_ROW} labels a row\n`);
const rows = [["layer", "step ms", "adam ms", "rows touched", "top 10 ms, untrained", "trained", "loss", "P@1 %"]];
for (const [name, create] of Object.entries(LAYERS)) {
  if (!name.includes(values.only)) continue;
  const kernels = createKernels();
  const criterion = create(kernels);
  const parameters = nn.flatten(kernels, criterion.parameters());
  const adam = new Adam(kernels, { learningRate: 0.005 });
  const batches = Array.from({ length: 20 }, () => batchOf(kernels, N));
  criterion.setMode("evaluate");
  const before = queries(criterion, batches[0], kernels, 10);
  criterion.setMode("train");
  const [stepTimes, adamTimes] = [[], []];
  const slow = name === "FullSoftMax" || name === "OneVsAll";
  const count = slow ? Math.min(steps, 30) : steps;
  let loss = 0;
  for (let s = 0; s < count; s++) {
    const { input, target } = batches[s % batches.length];
    const step = timed(() => {
      criterion.zeroGradParameters();
      loss = criterion.forward(input, target);
      criterion.backward(input, target);
    });
    const update = timed(() => adam.step(parameters));
    if (s >= count / 2) {
      stepTimes.push(step);
      adamTimes.push(update);
    }
  }
  const touched = criterion
    .parameters()
    .filter(({ shape }) => shape.length > 1)
    .reduce((sum, { grad, shape }) => sum + (grad.kind === "rows" ? grad.count : shape[0]), 0);
  criterion.setMode("evaluate");
  const after = queries(criterion, batches[0], kernels, 50);
  const [labels, scores] = [kernels.u32(N * K), kernels.f32(N * K)];
  criterion.topK(batches[1].input, K, labels, scores);
  let hits = 0;
  for (let i = 0; i < N; i++) {
    const { columns } = batches[1].target;
    hits += columns.subarray(i * LABELS_PER_ROW, (i + 1) * LABELS_PER_ROW).includes(labels[i * K]) ? 1 : 0;
  }
  const ms = (x) => x.toFixed(x < 10 ? 2 : 1);
  rows.push([
    name,
    ms(median(stepTimes)),
    ms(median(adamTimes)),
    touched,
    ms(before),
    ms(after),
    loss.toFixed(2),
    ((100 * hits) / N).toFixed(0),
  ]);
  kernels.dispose();
}
console.log(table(rows));
