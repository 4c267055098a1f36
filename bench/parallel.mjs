/**
 * @file What does each strategy cost and bring, two threads on one model against one? A perceptron and a world.
 *
 *   node bench/parallel.mjs [--epochs 4] [--turns 3] [--workers 2] [--rows 0]      digits of mnist10k, and nvd
 *   node bench/parallel.mjs --report        draws docs/images/parallel-*.svg from bench/results/parallel.txt
 *
 * Time per epoch is the least of all epochs of all turns, strategies taking turns: what else runs on a machine only ever
 * adds. Speed-up is that of sequential over it. Losses are checked first: data-parallel's and model-parallel's must be
 * sequential's. `--rows` takes only so many rows of nvd, for a quick look.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { loadDataset, loadIdx, selectRows } from "../dist/src/data/index.js";
import { LabelHash } from "../dist/src/mach/index.js";
import { barChart } from "../dist/src/plot/index.js";
import { chooseOptions, trainInParallel } from "../dist/src/train/index.js";
import { optimizationOf, worldOptionsOf } from "../dist/src/train/model-options.js";
import { dataRoot, root, splitPath } from "./datasets.mjs";
import { machineLine, table } from "./machine.mjs";

const { values: args } = parseArgs({
  options: {
    epochs: { type: "string", default: "4" },
    turns: { type: "string", default: "3" },
    workers: { type: "string", default: "2" },
    rows: { type: "string", default: "0" },
    report: { type: "boolean", default: false },
  },
});
const [epochs, turns, numWorkers] = [args.epochs, args.turns, args.workers].map(Number);

/** On memory that threads share: no copy for each. */
function shared(array) {
  const copy = new array.constructor(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
}

async function perceptron() {
  const folder = [join(dataRoot, "mnist10k"), join(root, "data/digits")].find(existsSync);
  const images = await loadIdx(join(folder, "train-images-idx3-ubyte.gz"));
  const labels = await loadIdx(join(folder, "train-labels-idx1-ubyte.gz"));
  const inputs = { data: shared(Float32Array.from(images.data, (byte) => byte / 255)), shape: [images.shape[0], 784] };
  const targets = { data: shared(Uint32Array.from(labels.data)), shape: [labels.shape[0]] };
  return {
    title: `perceptron 784-1024-1024-10, ${images.shape[0]} digits, batches of 256`,
    recipe: {
      module: new URL("./parallel/mlp-training.mjs", import.meta.url),
      data: { train: { inputs, targets }, epochs },
    },
    splits: ["layers"],
  };
}

async function world() {
  const loaded = await loadDataset(splitPath("nvd", "train"), { numericOptions: { scaling: "l2" } });
  const { report } = loaded;
  const wanted = Number(args.rows);
  const numRows = wanted > 0 ? Math.min(wanted, report.numRows) : report.numRows;
  const rows = Uint32Array.from({ length: numRows }, (_, i) => i);
  const dataset = numRows < report.numRows ? selectRows(loaded.dataset, rows) : loaded.dataset;
  const shape = { ...report, labelsPerRow: report.numLabelOccurrences / report.numRows };
  const options = chooseOptions(shape, { epochs, output: "full", numBuckets: 4096 });
  const hash = new LabelHash({ ...options, numLabels: report.numLabels }).parameters(0);
  const world = {
    world: 0,
    hash,
    model: worldOptionsOf(options, report.numFeatures),
    optimization: optimizationOf(options),
  };
  const module = pathToFileURL(join(root, "dist/src/train/strategies/world-recipe.js"));
  return {
    title:
      `world of nvd, ${numRows} rows, ${report.numFeatures}-${options.hidden.join("-")}-${options.numBuckets}, ` +
      `batches of ${options.batchSize}`,
    recipe: { module, data: { dataset, options: world } },
    splits: ["layers", "columns"],
  };
}

/** Strategies in the order of the table. */
function cases(splits) {
  const each = splits.map((modelSplit) => ({ strategy: "model-parallel", numWorkers, modelSplit }));
  const groups = { strategy: "hybrid", numWorkers: 2 * numWorkers, groupSize: 2, modelSplit: splits.at(-1) };
  return [
    { strategy: "sequential", numWorkers: 1 },
    { strategy: "data-parallel", numWorkers },
    ...each,
    groups,
    { strategy: "hogwild", numWorkers },
    { strategy: "locked", numWorkers },
    { strategy: "round-robin", numWorkers },
    { strategy: "averaging", numWorkers },
  ];
}

/** Seconds of the fastest epoch. */
function secondsPerEpoch({ history }) {
  const ends = history.epochs.map(({ seconds }) => seconds);
  return Math.min(...ends.map((end, i) => end - (i === 0 ? 0 : ends[i - 1])));
}

/**
 * Sums that are added up in another order differ by roundings, and training carries these on: of the perceptron's losses
 * 1e-5 in the first epoch, 1e-2 in the fourth, when a tenth of the loss is left.
 */
const FIRST_EPOCH_BOUND = 1e-3;
const LAST_EPOCH_BOUND = 5e-2;

/** `losses`, `expected`: of each epoch. */
function check(name, losses, expected) {
  if (!["data-parallel", "model-parallel", "hybrid"].includes(name)) return;
  for (const [epoch, bound] of [
    [0, FIRST_EPOCH_BOUND],
    [expected.length - 1, LAST_EPOCH_BOUND],
  ]) {
    if (Math.abs(losses[epoch] / expected[epoch] - 1) < bound) continue;
    throw new Error(`${name}: loss ${losses[epoch]} in epoch ${epoch + 1}, sequential's is ${expected[epoch]}`);
  }
}

async function measure({ title, recipe, splits }) {
  const runs = cases(splits).map((options) => ({ options, seconds: Number.POSITIVE_INFINITY, result: null }));
  for (let turn = 0; turn < turns; turn++) {
    for (const run of runs) {
      run.result = await trainInParallel({ recipe, ...run.options });
      run.seconds = Math.min(run.seconds, secondsPerEpoch(run.result));
    }
  }
  const lossesOf = ({ history }) => history.epochs.map(({ loss }) => loss);
  const [first] = runs;
  for (const { options, result } of runs) check(options.strategy, lossesOf(result), lossesOf(first.result));
  const rows = [["strategy", "workers", "s/epoch", "speed-up", "KB/step", "waiting", "at work", "final loss"]];
  for (const { options, seconds, result } of runs) {
    const { report } = result;
    const split = options.modelSplit === undefined ? "" : ` (${options.modelSplit})`;
    rows.push([
      `${options.strategy}${split}`,
      options.numWorkers,
      seconds.toFixed(3),
      `${(first.seconds / seconds).toFixed(2)}×`,
      (report.trafficBytesPerStep / 1e3).toFixed(0),
      `${Math.round(100 * report.waitingShare)} %`,
      report.concurrency.toFixed(2),
      lossesOf(result).at(-1).toFixed(4),
    ]);
  }
  console.log(`${title}; ${epochs} epochs, least of ${turns} turns\n\n${table(rows)}\n`);
}

/** A bar a strategy: seconds of an epoch, the share of them that workers waited, and the speed-up. */
function report() {
  const tables = readFileSync(join(root, "bench/results/parallel.txt"), "utf8")
    .split(/\n(?=perceptron |world )/)
    .slice(1);
  for (const lines of tables) {
    const title = lines.split(";")[0];
    const bars = [...lines.matchAll(/^(\S+(?: \(\w+\))?) +(\d+) +([\d.]+) +([\d.]+×) +\d+ +(\d+) %/gm)].map(
      ([, name, workers, seconds, speedUp, waiting]) => ({
        name: `${name}, ${workers}`,
        values: [(Number(seconds) * (100 - waiting)) / 100, (Number(seconds) * waiting) / 100],
        note: speedUp,
      }),
    );
    const caption = "seconds of an epoch on two cores; strategy, number of workers; at the end the speed-up";
    const chart = barChart({ title, caption, parts: ["at work", "waiting"], bars });
    writeFileSync(join(root, `docs/images/parallel-${title.split(" ")[0]}.svg`), chart);
  }
}

if (args.report) report();
else {
  console.log(`${machineLine()}\n`);
  await measure(await perceptron());
  await measure(await world());
}
