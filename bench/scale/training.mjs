/**
 * @file One world's training measured in a process of its own: examples a second, peak memory, checkpoint, resumption.
 *
 *   node --expose-gc bench/scale/training.mjs '{"hidden":[2000], …}'        prints one line of JSON
 *
 * Options that `settings` leaves open are those that the library chooses for data of the size that is pretended
 * (`pretended`: 70 M queries), though only `rows` of them are generated: examples a second do not depend on how many
 * there are. Time counts from the end of a warm-up, whole steps, as `Trainer.run` takes them.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKernels } from "../../dist/src/kernels/index.js";
import { LabelHash, ScorerScratch, WorldScorer } from "../../dist/src/mach/index.js";
import { chooseOptions, TrainerCheckpoint, WorldTraining } from "../../dist/src/train/index.js";
import { optimizationOf, worldOptionsOf } from "../../dist/src/train/model-options.js";
import { Catalogue } from "./catalogue.mjs";
import { runProcess } from "./process.mjs";

/** Queries of the published run, and its labels. */
export const PUBLISHED_ROWS = 70_000_000;

const peakBytes = () => process.resourceUsage().maxRSS * 1024;

function prepare({ numLabels = 49_460_000, rows = 1_000_000, options = {} }) {
  const catalogue = new Catalogue({ numLabels });
  const dataset = catalogue.dataset(0, rows);
  const { numFeatures } = catalogue;
  const pretended = { numRows: PUBLISHED_ROWS, numFeatures, numLabels, labelsPerRow: 1 };
  const chosen = chooseOptions(pretended, options);
  const hash = new LabelHash({ numLabels, numBuckets: chosen.numBuckets, numWorlds: 1, seed: chosen.seed });
  const kernels = createKernels();
  globalThis.gc?.();
  const baseBytes = process.memoryUsage().rss;
  const start = performance.now();
  const training = new WorldTraining(kernels, dataset, {
    world: 0,
    hash: hash.parameters(0),
    model: worldOptionsOf(chosen, numFeatures),
    optimization: optimizationOf(chosen),
  });
  return { chosen, training, kernels, dataset, baseBytes, makeSeconds: (performance.now() - start) / 1000 };
}

/** Steps for `seconds`. @returns steps taken and the exact time. */
async function runFor(training, seconds) {
  const before = training.progress.step;
  const start = performance.now();
  await training.run({
    signal: {
      get aborted() {
        return performance.now() - start >= 1000 * seconds;
      },
    },
  });
  return { steps: training.progress.step - before, seconds: (performance.now() - start) / 1000 };
}

async function measure(settings) {
  const { seconds = 60, warmupSeconds = 5, checkpoint: withCheckpoint = false } = settings;
  const { chosen, training, kernels, dataset, baseBytes, makeSeconds } = prepare(settings);
  const cpuOf = ({ user, system }) => (user + system) / 1e6;
  await runFor(training, warmupSeconds);
  const lossBefore = training.progress.loss;
  const cpuBefore = cpuOf(process.cpuUsage());
  const run = await runFor(training, seconds);
  const numExamples = run.steps * training.rowsPerStep;
  const cpuSeconds = cpuOf(process.cpuUsage()) - cpuBefore;
  if (!Number.isFinite(training.progress.loss)) throw new Error("training diverged: nothing to measure");
  const state = training.arrays();
  const bytesOf = (isOptimizer) =>
    state
      .filter(({ name }) => name.startsWith("optimizer.") === isOptimizer)
      .reduce((n, { data }) => n + data.byteLength, 0);
  const result = {
    isa: kernels.info.isa,
    options: chosen,
    numLabels: settings.numLabels ?? 49_460_000,
    rows: settings.rows ?? 1_000_000,
    batchSize: chosen.batchSize,
    steps: run.steps,
    seconds: run.seconds,
    cpuSeconds,
    examplesPerSecond: numExamples / run.seconds,
    lossBefore,
    lossAfter: training.progress.loss,
    numParameters: training.parameters.value.length,
    parameterBytes: bytesOf(false),
    optimizerBytes: bytesOf(true),
    baseBytes,
    makeSeconds,
    peakBytes: peakBytes(),
    entriesPerRow: dataset.features.columns.length / dataset.features.numRows,
    forward: measureForward(kernels, training, dataset, chosen),
  };
  return withCheckpoint ? { ...result, checkpoint: await measureCheckpoint(settings, training) } : result;
}

/** Milliseconds a query of all logits of the world: one query at a time, and 64 at once. Median of 20. */
function measureForward(kernels, training, { features }, chosen) {
  const model = { ...worldOptionsOf(chosen, features.numCols), output: "full" };
  const scorer = WorldScorer.of(kernels, model, training.parameters);
  const scratch = new ScorerScratch();
  const time = (numRows) => {
    const end = features.offsets[numRows];
    const offsets = features.offsets.slice(0, numRows + 1);
    const rows = {
      ...features,
      offsets,
      columns: features.columns.slice(0, end),
      values: features.values.slice(0, end),
      numRows,
    };
    const times = Float64Array.from({ length: 20 }, () => {
      const start = performance.now();
      scorer.logitsInto(rows, scratch);
      return (performance.now() - start) / numRows;
    });
    return times.sort()[10];
  };
  return { one: time(1), batch64: time(64) };
}

/** Saves, then resumes in another process, whose next step must have the same loss. */
async function measureCheckpoint(settings, training) {
  const folder = mkdtempSync(join(tmpdir(), "manyworlds-scale-"));
  const path = join(folder, "run.safetensors");
  try {
    const start = performance.now();
    new TrainerCheckpoint(path).save(training);
    const saveSeconds = (performance.now() - start) / 1000;
    const sizeBytes = statSync(path).size;
    const afterSaveBytes = peakBytes();
    const nextLoss = training.step();
    const resumed = await runProcess("training.mjs", { ...settings, resume: path });
    if (resumed.nextLoss !== nextLoss) {
      throw new Error(`resumed training: expected a loss of ${nextLoss} in the next step, got ${resumed.nextLoss}`);
    }
    return { saveSeconds, sizeBytes, peakBytes: afterSaveBytes, resume: resumed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function resume(settings) {
  const { training, makeSeconds, baseBytes } = prepare(settings);
  const start = performance.now();
  if (!new TrainerCheckpoint(settings.resume).load(training)) throw new Error("resume: the checkpoint was not taken");
  const loadSeconds = (performance.now() - start) / 1000;
  const nextLoss = training.step();
  return { nextLoss, makeSeconds, loadSeconds, baseBytes, peakBytes: peakBytes() };
}

if (process.argv[2] !== undefined && process.argv[1].endsWith("training.mjs")) {
  const settings = JSON.parse(process.argv[2]);
  console.log(JSON.stringify(settings.resume === undefined ? await measure(settings) : resume(settings)));
}
