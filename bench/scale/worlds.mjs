/**
 * @file Trained worlds' scores for queries that training has not seen: what retrieval is measured on.
 *
 *   node bench/scale/worlds.mjs <folder> <settings.json> <first> <step>     trains worlds first, first + step, …
 *
 *   <folder>/probability.f32   [Q, R, B] softmax of each world for each query
 *   <folder>/log.f32           [Q, R, B] its logarithm
 *   <folder>/meta.json         hash, true labels and their popularity ranks, settings, quality of each world
 *
 * Trained on queries [0, N) of the catalogue, in order of no meaning; judged and scored on queries from 2³¹ on. The worlds'
 * parameters are not kept: a query's scores are all that retrieval sees.
 */
import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createKernels } from "../../dist/src/kernels/index.js";
import { LabelHash, ScorerScratch, WorldScorer } from "../../dist/src/mach/index.js";
import { WorldTraining } from "../../dist/src/train/index.js";
import { Catalogue } from "./catalogue.mjs";

/** First query that is kept from training. */
export const TEST_QUERIES = 2 ** 31;

/** Small worlds: as the library trains many rows (linear bottleneck, one moment a row), with a bottleneck of 64. */
export const SMALL_WORLDS = {
  numLabels: 49_460_000,
  numBuckets: 10_000,
  numWorlds: 32,
  hidden: 64,
  rows: 4_000_000,
  epochs: 2,
  learningRate: 0.005,
  inputLearningRateScale: 5,
  numNegatives: 500,
  batchSize: 512,
  numQueries: 200,
};

/** Held-out queries that a world's quality is measured on, at least. */
const MIN_JUDGED = 1000;

/** By the activation that makes them. */
const SCORE_FILES = { softmax: "probability.f32", logSoftmax: "log.f32" };

/** The library's options for a world of these settings. */
export function worldOptions({ numBuckets, hidden, activation = "none", output = "sampled" }, numFeatures) {
  return { numFeatures, hidden: [hidden], numBuckets, activation, dropout: 0, loss: "softmax", output };
}

export function optimizationOptions(settings) {
  const { epochs, batchSize, learningRate, inputLearningRateScale, numNegatives } = settings;
  const shared = { optimizer: "adam", inputMoments: "row", inputDropout: 0, schedule: "linear", warmup: 0 };
  const rest = { weightDecay: 0, inputSpread: 0.017, validationShare: 0, seed: 1 };
  return { epochs, batchSize, learningRate, inputLearningRateScale, numNegatives, ...shared, ...rest };
}

export function hashOf({ numLabels, numBuckets, numWorlds }) {
  return new LabelHash({ numLabels, numBuckets, numWorlds, seed: 1 });
}

/**
 * The folder with the scores of worlds of `settings` below `root`, trained now if they are not there: some minutes a
 * thousand world-seconds, on as many processes as there are cores.
 */
export async function trainedScores(root, settings = SMALL_WORLDS, log = console.error) {
  const { numLabels, numBuckets, numWorlds, hidden, rows, epochs, numQueries } = settings;
  const folder = join(root, `L${numLabels}-B${numBuckets}-R${numWorlds}-H${hidden}-N${rows}x${epochs}-Q${numQueries}`);
  if (existsSync(join(folder, "meta.json"))) return folder;
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  writeFileSync(join(part, "settings.json"), JSON.stringify(settings));
  for (const name of Object.values(SCORE_FILES)) closeSync(openSync(join(part, name), "w"));
  const count = Math.min(numWorlds, availableParallelism());
  log(`training ${numWorlds} worlds of ${numBuckets} buckets on ${count} processes`);
  const start = performance.now();
  const processes = Array.from({ length: count }, (_, first) => run(part, first, count));
  const worlds = (await Promise.all(processes)).flat().sort((x, y) => x.world - y.world);
  const seconds = (performance.now() - start) / 1000;
  const test = new Catalogue({ numLabels }).dataset(TEST_QUERIES, numQueries);
  const meta = {
    settings,
    hash: hashOf(settings).toJSON(),
    numLabels,
    numBuckets,
    numWorlds,
    numQueries,
    labels: [...test.labels.ids],
    ranks: [...test.ranks],
    seconds,
    worlds,
  };
  writeFileSync(join(part, "meta.json"), JSON.stringify(meta));
  rmSync(folder, { recursive: true, force: true });
  renameSync(part, folder);
  return folder;
}

function run(folder, first, step) {
  return new Promise((resolve, reject) => {
    const args = [fileURLToPath(import.meta.url), folder, join(folder, "settings.json"), String(first), String(step)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0)
        resolve(
          out
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line)),
        );
      else reject(new Error(`worlds.mjs ended with ${code}`));
    });
  });
}

/** Scores of `rows` of a world, [rows, B], row after row in chunks. */
function* scoreRows(scorer, features, numBuckets) {
  const scratch = new ScorerScratch();
  const chunk = 64;
  for (let first = 0; first < features.numRows; first += chunk) {
    const count = Math.min(chunk, features.numRows - first);
    const base = features.offsets[first];
    const end = features.offsets[first + count];
    const rows = {
      offsets: features.offsets.slice(first, first + count + 1).map((x) => x - base),
      columns: features.columns.slice(base, end),
      values: features.values.slice(base, end),
      numRows: count,
      numCols: features.numCols,
    };
    const logits = scorer.logitsInto(rows, scratch);
    for (let i = 0; i < count; i++)
      yield { row: first + i, logits: logits.subarray(i * numBuckets, (i + 1) * numBuckets) };
  }
}

/** Where the true bucket stands: share at the first place, mean reciprocal, median and mean place, mean ln P. */
function judge(kernels, scorer, hash, world, { features, labels }) {
  const { numBuckets } = hash;
  const places = [];
  let logs = 0;
  for (const { row, logits } of scoreRows(scorer, features, numBuckets)) {
    kernels.activate("logSoftmax", { rows: 1, cols: numBuckets }, logits);
    const truth = logits[hash.bucket(labels.ids[row], world)];
    let place = 1;
    for (const score of logits) if (score > truth) place++;
    places.push(place);
    logs += truth;
  }
  places.sort((x, y) => x - y);
  const mean = (f) => places.reduce((sum, place) => sum + f(place), 0) / places.length;
  return {
    first: mean((place) => (place === 1 ? 1 : 0)),
    reciprocal: mean((place) => 1 / place),
    medianPlace: places[places.length >> 1],
    meanPlace: mean((place) => place),
    meanLog: logs / places.length,
  };
}

/** Trains worlds first, first + step, … and writes their scores into the files of `folder`; prints a line for each. */
async function main([folder, settingsPath, first, step]) {
  const settings = JSON.parse(readFileSync(settingsPath, "utf8"));
  const { numLabels, numBuckets, numWorlds, rows, numQueries } = settings;
  const catalogue = new Catalogue({ numLabels });
  const training = catalogue.dataset(0, rows);
  const test = catalogue.dataset(TEST_QUERIES, numQueries);
  const judged = catalogue.dataset(TEST_QUERIES, Math.max(numQueries, MIN_JUDGED));
  const hash = hashOf(settings);
  const model = worldOptions(settings, catalogue.numFeatures);
  const optimization = optimizationOptions(settings);
  const files = Object.entries(SCORE_FILES).map(([kind, name]) => [kind, openSync(join(folder, name), "r+")]);
  for (let world = Number(first); world < numWorlds; world += Number(step)) {
    const kernels = createKernels();
    const cpuBefore = process.cpuUsage();
    const trainer = new WorldTraining(kernels, training, { world, hash: hash.parameters(world), model, optimization });
    const { seconds } = await trainer.run();
    const cpu = process.cpuUsage(cpuBefore);
    const scorer = WorldScorer.of(kernels, { ...model, output: "full" }, trainer.parameters);
    for (const [activation, file] of files) {
      for (const { row, logits } of scoreRows(scorer, test.features, numBuckets)) {
        kernels.activate(activation, { rows: 1, cols: numBuckets }, logits);
        const bytes = new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength);
        writeSync(file, bytes, 0, bytes.length, (row * numWorlds + world) * numBuckets * 4);
      }
    }
    const quality = judge(kernels, scorer, hash, world, judged);
    const loss = trainer.progress.loss;
    console.log(JSON.stringify({ world, seconds, cpuSeconds: (cpu.user + cpu.system) / 1e6, loss, ...quality }));
    kernels.dispose();
  }
  for (const [, file] of files) closeSync(file);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
