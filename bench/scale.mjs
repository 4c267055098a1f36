/**
 * @file npm run bench:scale: the published run's size on this machine; writes docs/scale.md's tables and pictures.
 *
 *   npm run bench:scale                         all parts
 *   npm run bench:scale -- train retrieval      some of them
 *   npm run bench:scale -- --report             tables and pictures from the results that are there
 *
 *   train       one world of the published shape: examples a second, memory, checkpoint; sampled and full output
 *   retrieval   32 small worlds, 49.46 M labels: exact and approximate best k against the vectorised scan
 *   index       the same queries with stored lists, and scanned naively
 *   growth      curves over L, B, R, N, H
 *
 * The worlds that retrieval is measured on are trained first and kept in --cache (default: a folder for temporary files,
 * 3 GB). Each part runs in processes of its own, one after another; its figures go to bench/results/scale/<part>.json.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./datasets.mjs";
import { machineLine } from "./machine.mjs";
import { measureGrowth } from "./scale/growth.mjs";
import { runProcess } from "./scale/process.mjs";
import { writeReport } from "./scale/report.mjs";
import { measureIndex } from "./scale/stored-index.mjs";
import { trainedScores } from "./scale/worlds.mjs";

const PUBLISHED_SHAPE = { hidden: [2000], numBuckets: 10_000, activation: "relu" };

/** The product's way (one moment a row), Adam's two numbers a weight, and all logits; then the product's bottleneck. */
const TRAINED = {
  sampled: { seconds: 90, checkpoint: true, options: { ...PUBLISHED_SHAPE, output: "sampled" } },
  "sampled-adam": {
    seconds: 30,
    checkpoint: true,
    options: { ...PUBLISHED_SHAPE, output: "sampled", inputMoments: "element" },
  },
  full: { seconds: 60, options: { ...PUBLISHED_SHAPE, output: "full" } },
};

const PARTS = {
  async train() {
    const systems = {};
    for (const [name, settings] of Object.entries(TRAINED)) {
      systems[name] = await runProcess("training.mjs", settings);
      console.error(`${name}: ${systems[name].examplesPerSecond.toFixed(0)} examples/s`);
    }
    const processes = availableParallelism();
    const settings = { ...TRAINED.sampled, seconds: 30, checkpoint: false };
    const each = await Promise.all(Array.from({ length: processes }, () => runProcess("training.mjs", settings)));
    const examplesPerSecond = each.reduce((sum, one) => sum + one.examplesPerSecond, 0);
    console.error(`${processes} worlds at once: ${examplesPerSecond.toFixed(0)} examples/s`);
    return { systems, together: { processes, examplesPerSecond }, entriesPerRow: systems.sampled.entriesPerRow };
  },
  async retrieval({ cache }) {
    const folder = await trainedScores(cache);
    const { settings, seconds, worlds } = JSON.parse(readFileSync(join(folder, "meta.json"), "utf8"));
    const merges = {};
    for (const kind of ["probability", "log"]) merges[kind] = await runProcess("retrieval.mjs", { folder, kind });
    return { settings, trainingSeconds: seconds, worlds, merges };
  },
  async index({ cache }) {
    return measureIndex(cache, await trainedScores(cache));
  },
  async growth({ cache }) {
    return measureGrowth(cache, await trainedScores(cache));
  },
};

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    report: { type: "boolean", default: false },
    missing: { type: "boolean", default: false },
    cache: { type: "string", default: join(tmpdir(), "manyworlds-scale") },
  },
});
const parts = positionals.length > 0 ? positionals : Object.keys(PARTS);
const unknown = parts.find((name) => !(name in PARTS));
if (unknown !== undefined) {
  console.error(`no part "${unknown}"; there are ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}
const results = join(root, "bench/results/scale");
mkdirSync(results, { recursive: true });
let failed = 0;
for (const part of options.report ? [] : parts) {
  const path = join(results, `${part}.json`);
  if (options.missing && existsSync(path)) continue;
  console.error(`== ${part}`);
  const start = performance.now();
  try {
    const figures = await PARTS[part](options);
    const result = { part, machine: machineLine(), seconds: (performance.now() - start) / 1000, ...figures };
    writeFileSync(path, `${JSON.stringify(result, null, 1)}\n`);
  } catch (error) {
    console.error(`${part}: ${error.stack}`);
    failed++;
  }
}
writeReport();
process.exit(failed === 0 ? 0 : 1);
