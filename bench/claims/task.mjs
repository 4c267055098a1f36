/**
 * @file What is every system given? The same rows, the same batches in the same order, the same ranking to score.
 *
 *   train split ─▶ BatchLoader with the identity as its "hash": targets are the labels themselves
 *   test split  ─▶ top 100 labels a row ─▶ P@1/3/5, R@100
 *
 * Labels beyond those of the training split are in nobody's reach; they count in the truth of P@k and R@k.
 */
import { chooseHoldout, loadDataset, selectRows } from "../../dist/src/data/index.js";
import { createKernels, QUERY_LANES } from "../../dist/src/kernels/index.js";
import { sliceRows } from "../../dist/src/mach/evaluate.js";
import { LabelHash, METRICS_K, Metrics } from "../../dist/src/mach/index.js";
import { BatchLoader } from "../../dist/src/train/index.js";
import { DATASETS, splitPath } from "../datasets.mjs";

/** Rows that are scored together. */
export const RANK_ROWS = 64;

/** `aside`: train on nine tenths of the training split and judge on the last tenth, to choose settings. */
export async function loadTask(set, { aside = false } = {}) {
  const kernels = createKernels();
  const skipBadRows = DATASETS[set].flags.includes("--skip-bad-rows");
  const { dataset, labelTable, vectorizer } = await loadDataset(splitPath(set, "train"), {
    skipBadRows,
    numericOptions: { scaling: "l2" },
  });
  if (aside) {
    const rows = chooseHoldout(dataset.features.numRows);
    const judged = selectRows(dataset, rows.validation);
    return describe(kernels, selectRows(dataset, rows.train), judged);
  }
  const { dataset: judged } = await loadDataset(splitPath(set, "test"), {
    purpose: "evaluate",
    vectorizer,
    labelTable,
  });
  return describe(kernels, dataset, judged);
}

function describe(kernels, training, judged) {
  const { numRows, numCols: numFeatures } = training.features;
  return { kernels, training, judged, numRows, numFeatures, numLabels: training.labels.numLabels };
}

/** The hash that sends each label to itself. */
function identityHash(numLabels) {
  const { p } = new LabelHash({ numLabels, numBuckets: numLabels, numWorlds: 1, seed: 1 });
  return { a: 1, c: 0, p, numBuckets: numLabels };
}

/** Batches whose targets are the labels of `dataset`, as distributions or as zeros and ones. */
export function labelBatches({ kernels }, dataset, { batchSize, targetValues, seed = 1 }) {
  const hash = identityHash(dataset.labels.numLabels);
  return new BatchLoader(kernels, dataset, { hash, targetValues, batchSize, seed, world: 0 });
}

/** The best k of each row of `x` [numRows, numLabels], best first, ties by smaller label. @returns how many, [numRows]. */
export function topOfScores(kernels, x, numRows, numLabels, k, outLabels, outScores) {
  const hashes = [identityHash(numLabels)];
  const packed = kernels.f32(QUERY_LANES * numLabels);
  const counts = new Uint32Array(numRows);
  for (let first = 0; first < numRows; first += QUERY_LANES) {
    const numQueries = Math.min(QUERY_LANES, numRows - first);
    kernels.packScores(numQueries, numLabels, first, x, 0, packed);
    const input = { scores: packed, numQueries, hashes, numLabels, merge: "sum", prior: null, k };
    const found = kernels.topLabels(input, outLabels.subarray(first * k), outScores.subarray(first * k));
    counts.set(found.subarray(0, numQueries), first);
  }
  return counts;
}

/** How often each label occurs, [L]. */
export function labelCounts({ training, numLabels }) {
  const counts = new Uint32Array(numLabels);
  for (const label of training.labels.ids) counts[label]++;
  return counts;
}

/**
 * P@1/3/5 and R@100 of `rank(rows, k, outLabels, outScores)`, which writes the best k labels of a batch of rows.
 * `limit`: only the first so many rows.
 */
export function judge({ judged }, rank, limit = Number.POSITIVE_INFINITY) {
  const metrics = new Metrics(null);
  const numRows = Math.min(limit, judged.features.numRows);
  const k = METRICS_K;
  const labels = new Uint32Array(RANK_ROWS * k);
  const scores = new Float32Array(RANK_ROWS * k);
  for (let first = 0; first < numRows; first += RANK_ROWS) {
    const count = Math.min(RANK_ROWS, numRows - first);
    const counts = rank(sliceRows(judged.features, first, count), k, labels, scores);
    metrics.add({ numQueries: count, k, labels, scores, counts }, judged.labels, first);
  }
  return pick(metrics.values());
}

export function pick(values) {
  return Object.fromEntries(["p@1", "p@3", "p@5", "r@100"].map((name) => [name, values[name]]));
}

/** Latency in ms of the top 10 of one query at a time, over `numQueries` of the judged rows, and of batches per row. */
export function timeRanking({ judged }, rank, numQueries = 1000) {
  const k = 10;
  const numRows = judged.features.numRows;
  const labels = new Uint32Array(RANK_ROWS * k);
  const scores = new Float32Array(RANK_ROWS * k);
  const one = (i) => rank(sliceRows(judged.features, i % numRows, 1), k, labels, scores);
  for (let i = 0; i < 50; i++) one(i);
  const times = Float64Array.from({ length: numQueries }, (_, i) => {
    const start = performance.now();
    one(i);
    return performance.now() - start;
  }).sort();
  const numBatches = 16;
  const start = performance.now();
  for (let b = 0; b < numBatches; b++) rank(sliceRows(judged.features, b * RANK_ROWS, RANK_ROWS), k, labels, scores);
  const batchMs = (performance.now() - start) / (numBatches * RANK_ROWS);
  return { p50: times[numQueries >> 1], p99: times[Math.floor(numQueries * 0.99)], batch: batchMs };
}
