/**
 * @file What does a sampled output save, and what does it cost in quality?
 *
 *   node bench/sampled.mjs [--part time|quality] [--sets nvd,wikisent] [--seconds 6]
 *
 * time: one world of the paper's shape (80,000 inputs, 2,000 hidden units, B buckets) on one thread, full and sampled, by
 * the processor's seconds,
 * each configuration in a process of its own (sampled-world.mjs), so that its peak memory is its own. Full output at the
 * batch sizes of both kinds, and its best of them is what sampled output is compared with. Answers are checked: a
 * training that goes on from a checkpoint must take its next step with the same loss, to the last bit.
 * quality: two worlds of 10,000 buckets on nine tenths of the training rows, measured on the others; all with the data's
 * own defaults but for what the line names. One of them is that a sampled output makes five passes over nvd where a full
 * one makes four; over wikisent both make three. Seconds are the processor's, of the whole process: read, train, measure.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { DATASETS, manyworlds, splitPath } from "./datasets.mjs";
import { machineLine, table } from "./machine.mjs";

const { values: args } = parseArgs({
  options: {
    part: { type: "string", default: "" },
    sets: { type: "string", default: "nvd,wikisent" },
    seconds: { type: "string", default: "6" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "manyworlds-sampled-"));
const seconds = Number(args.seconds);

function world(configuration) {
  const script = fileURLToPath(new URL("sampled-world.mjs", import.meta.url));
  const given = JSON.stringify({ seconds, loss: "softmax", ...configuration });
  return JSON.parse(execFileSync(process.execPath, [script, given], { encoding: "utf8" }));
}

function timePaperShape() {
  const rows = [];
  for (const numBuckets of [10_000, 20_000]) {
    const full = [128, 512].map((batchSize) => ({ batchSize, numNegatives: 0 }));
    const sampled = [
      [128, 256],
      [128, 512],
      [256, 512],
      [512, 512],
      [128, 1024],
    ].map(([batchSize, numNegatives]) => ({ batchSize, numNegatives }));
    const runs = [...full, ...sampled].map((settings) => ({ settings, run: world({ numBuckets, ...settings }) }));
    const best = Math.max(...runs.slice(0, full.length).map(({ run }) => run.rowsPerSecond));
    rows.push([
      `B ${numBuckets}`,
      "batch",
      "examples/s",
      "× full",
      "µs/row",
      ...Object.keys(runs[0].run.parts),
      "peak MiB",
      "optimiser's numbers",
    ]);
    for (const { settings, run } of runs) {
      rows.push([
        settings.numNegatives === 0 ? "full" : `sampled, ${settings.numNegatives} drawn`,
        settings.batchSize,
        Math.round(run.rowsPerSecond),
        (run.rowsPerSecond / best).toFixed(1),
        run.micros.toFixed(1),
        ...Object.values(run.parts).map((micros) => `${((100 * micros) / run.micros).toFixed(0)} %`),
        Math.round(run.peakMiB),
        run.optimizerNumbers,
      ]);
    }
  }
  return rows;
}

/** Rows of a sampled step against B: what does not grow, and what would if anything walked all columns. */
function timeByBuckets() {
  const rows = [["buckets", "µs/row", "drawing, µs/row", "examples/s", "peak MiB"]];
  for (const numBuckets of [2500, 5000, 10_000, 20_000, 40_000]) {
    const run = world({ numBuckets, batchSize: 128, numNegatives: 512 });
    const { micros, parts, rowsPerSecond, peakMiB } = run;
    rows.push([
      numBuckets,
      micros.toFixed(1),
      parts.drawing.toFixed(2),
      Math.round(rowsPerSecond),
      Math.round(peakMiB),
    ]);
  }
  return rows;
}

/** A checkpoint of the paper's world, and training that goes on from it. */
function checkpointed(numBuckets) {
  const file = join(folder, "world.partial.safetensors");
  const settings = { numBuckets, batchSize: 128, numNegatives: 512, seconds: 2 };
  const { saved, peakMiB } = world({ ...settings, checkpoint: file });
  const resumed = world({ ...settings, resume: file });
  rmSync(file);
  if (resumed.firstLoss !== saved.nextLoss) {
    throw new Error(`after the checkpoint: expected a loss of ${saved.nextLoss}, got ${resumed.firstLoss}`);
  }
  return (
    `B ${numBuckets}, ${resumed.parameters} parameters: checkpoint of ${(saved.bytes / 1e6).toFixed(0)} MB in ` +
    `${saved.seconds.toFixed(1)} s; peak MiB of a training that saves ${Math.round(peakMiB)}, ` +
    `of one that goes on from it ${Math.round(resumed.peakMiB)}`
  );
}

const SAMPLED = ["--output", "sampled"];
/** Without further flags: as `chooseOptions` would have it, 512 draws. */
const QUALITY = [
  ["--output", "full"],
  SAMPLED,
  ...["128", "256", "1024"].map((negatives) => [...SAMPLED, "--negatives", negatives]),
  [...SAMPLED, "--batch-size", "128"],
  ["--output", "full", "--loss", "sigmoid"],
  [...SAMPLED, "--loss", "sigmoid"],
];

function quality(name) {
  const rows = [[name, "P@1", "P@3", "P@5", "CPU-s", "peak MiB"]];
  for (const flags of QUALITY) {
    const { validation, cpuSeconds, peakMemoryBytes } = manyworlds(
      "train",
      splitPath(name, "train"),
      ...["--model", join(folder, name), "--overwrite", "--worlds", "2", "--buckets", "10000", "--validation", "0.1"],
      ...DATASETS[name].flags,
      ...flags,
    );
    const percents = ["p@1", "p@3", "p@5"].map((key) => (100 * validation[key]).toFixed(2));
    rows.push([flags.join(" "), ...percents, cpuSeconds.toFixed(1), Math.round(peakMemoryBytes / 2 ** 20)]);
  }
  return rows;
}

console.log(machineLine());
try {
  if (args.part !== "quality") {
    console.log(`\n${table(timePaperShape())}`);
    console.log(`\nsampled, 512 drawn, batches of 128\n${table(timeByBuckets())}\n`);
    for (const numBuckets of [10_000, 20_000]) console.log(checkpointed(numBuckets));
  }
  if (args.part !== "time") for (const name of args.sets.split(",")) console.log(`\n${table(quality(name))}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
