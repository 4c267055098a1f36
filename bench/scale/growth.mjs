/**
 * @file How do retrieval and training grow with L, B, R, N and H? One point after another, everything else held.
 *
 *   node --expose-gc bench/scale/growth.mjs '{"retrieve":{"folder":…}}'       one point of retrieval
 *
 * Retrieval: worlds are trained anew for each L and B, in the same way on the same number of queries (a smaller catalogue
 * is easier: its labels are seen more often, as they would be). Training: options as the library chooses them, hidden 256.
 */
import { createKernels } from "../../dist/src/kernels/index.js";
import { runProcess } from "./process.mjs";
import { measureExact } from "./retrieval.mjs";
import { percentiles, StoredScores } from "./scores.mjs";
import { SMALL_WORLDS, trainedScores } from "./worlds.mjs";

/** Quickly trained: enough to give scores their shape. */
const QUICK = { ...SMALL_WORLDS, rows: 150_000, epochs: 1, numQueries: 32 };
const LABELS = [100_000, 1_000_000, 10_000_000, 49_460_000, 100_000_000];
const BUCKETS = [2500, 10_000, 20_000, 40_000];
const WORLDS = [4, 8, 16, 24, 32];

const TRAINING_BUCKETS = [1000, 5000, 10_000, 20_000, 50_000, 100_000];
const TRAINING_HIDDEN = [64, 256, 512, 1024, 2000];
const TRAINING_ROWS = [125_000, 500_000, 1_000_000];

/** One point: latency of the exact best 10 and 100, each answer compared with the scan's. */
function measureRetrieval({ folder, numWorlds }) {
  const kernels = createKernels();
  const stored = new StoredScores(kernels, folder, { kind: "probability", numWorlds });
  const { answers, msEach } = stored.scanAll(100);
  const [top10, top100] = [10, 100].map((k) => measureExact(kernels, stored, k, { expected: answers }));
  const scan = percentiles([0, 1, 2].map((query) => stored.scanOne(query, 100).ms)).p50;
  const hits = answers.filter(({ labels }, q) => labels.includes(stored.meta.labels[q])).length;
  const { numLabels, numBuckets, numQueries } = stored;
  stored.close();
  for (const top of [top10, top100]) delete top.msOfQuery;
  return {
    numLabels,
    numBuckets,
    numWorlds: stored.numWorlds,
    numQueries,
    top10,
    top100,
    scan,
    scanBatchEach: msEach,
    "r@100": hits / numQueries,
  };
}

async function retrievalPoints(log, points) {
  const results = [];
  for (const point of points) {
    const result = await runProcess("growth.mjs", { retrieve: point });
    const { numLabels, numBuckets, numWorlds, top100 } = result;
    log(`L ${numLabels}, B ${numBuckets}, R ${numWorlds}: top 100 in ${top100.p50.toFixed(2)} ms`);
    results.push(result);
  }
  return results;
}

async function trainingPoints(log, points, seconds) {
  const results = [];
  for (const { rows = 500_000, numLabels, ...options } of points) {
    const settings = { rows, numLabels, seconds, warmupSeconds: 2, options };
    const { numParameters, examplesPerSecond, peakBytes, batchSize } = await runProcess("training.mjs", settings);
    log(`${JSON.stringify({ rows, numLabels, ...options })}: ${examplesPerSecond.toFixed(0)} examples/s`);
    results.push({ rows, numLabels, ...options, numParameters, examplesPerSecond, peakBytes, batchSize });
  }
  return results;
}

/**
 * All curves. `mainFolder`: scores of the worlds of the retrieval bench, whose first R worlds give the curve over R.
 * `quick`: the ends of each curve alone, hardly trained.
 */
export async function measureGrowth(cache, mainFolder, { quick = false, log = console.error } = {}) {
  const ends = (points) => (quick ? [points[0], points.at(-1)] : points);
  const brief = quick ? { ...QUICK, rows: 100_000, numQueries: 16 } : QUICK;
  const foldersOf = async (name, values) => {
    const folders = [];
    for (const value of ends(values)) {
      folders.push({ folder: await trainedScores(cache, { ...brief, [name]: value }, log) });
    }
    return folders;
  };
  const overLabels = await foldersOf("numLabels", LABELS);
  const overBuckets = await foldersOf("numBuckets", BUCKETS);
  const overWorlds = ends(WORLDS).map((numWorlds) => ({ folder: mainFolder, numWorlds }));
  const numBuckets = 10_000;
  const small = { numBuckets, hidden: [256], output: "sampled" };
  const train = (values, point) => trainingPoints(log, ends(values).map(point), quick ? 1 : 4);
  return {
    retrieval: {
      settings: brief,
      labels: await retrievalPoints(log, overLabels),
      buckets: await retrievalPoints(log, overBuckets),
      worlds: await retrievalPoints(log, overWorlds),
    },
    training: {
      bucketsSampled: await train(TRAINING_BUCKETS, (b) => ({ ...small, numBuckets: b })),
      bucketsFull: await train(TRAINING_BUCKETS, (b) => ({ ...small, numBuckets: b, output: "full" })),
      hiddenSampled: await train(TRAINING_HIDDEN, (h) => ({ ...small, hidden: [h] })),
      labels: await train(LABELS, (numLabels) => ({ ...small, numLabels })),
      rows: await train(TRAINING_ROWS, (rows) => ({ ...small, rows })),
    },
  };
}

if (process.argv[1].endsWith("growth.mjs")) {
  console.log(JSON.stringify(measureRetrieval(JSON.parse(process.argv[2]).retrieve)));
}
