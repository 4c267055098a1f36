/**
 * @file npm run bench:scale: the published run's size on this machine; writes docs/scale.md's tables and pictures.
 *
 *   npm run bench:scale                         all parts, forty minutes
 *   npm run bench:scale -- train retrieval      some of them
 *   npm run bench:scale -- --missing            what has no result yet: goes on after an interruption
 *   npm run bench:scale -- --report             tables and pictures from the results that are there
 *   npm run bench:scale -- --quick              everything once, too short to mean anything; writes below --cache only
 *
 *   train       one world of the published shape: examples a second, memory, checkpoint; sampled and full output
 *   retrieval   32 small worlds, 49.46 M labels: exact and approximate best k against the vectorised scan
 *   index       the same queries with stored lists (7 GB of memory), and scanned naively
 *   growth      curves over L, B, R, N, H
 *   plan        what plan predicts of retrieval, and what it takes
 *
 * The worlds that retrieval is measured on are trained first and their scores kept in --cache (default: a folder for
 * temporary files; 3 GB). Each part runs in processes of its own, one after another; its figures go to
 * bench/results/scale/<part>.json as soon as they are there.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./datasets.mjs";
import { machineLine } from "./machine.mjs";
import { measureGrowth } from "./scale/growth.mjs";
import { runProcess } from "./scale/process.mjs";
import { writeReport } from "./scale/report.mjs";
import { MERGES } from "./scale/retrieval.mjs";
import { measureIndex } from "./scale/stored-index.mjs";
import { measureTraining } from "./scale/train.mjs";
import { SMALL_WORLDS, trainedScores } from "./scale/worlds.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    report: { type: "boolean", default: false },
    missing: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    cache: { type: "string", default: join(tmpdir(), "manyworlds-scale") },
  },
});
const { cache, quick } = options;
const log = (line) => console.error(line);
const scores = () =>
  trainedScores(cache, quick ? { ...SMALL_WORLDS, rows: 200_000, epochs: 1, numQueries: 32 } : SMALL_WORLDS, log);

const PARTS = {
  train: () => measureTraining({ quick, log }),
  async retrieval() {
    const folder = await scores();
    const { settings, seconds, worlds } = JSON.parse(readFileSync(join(folder, "meta.json"), "utf8"));
    const merges = {};
    for (const [name, merge] of Object.entries(MERGES)) {
      merges[name] = await runProcess("retrieval.mjs", { folder, ...merge });
    }
    return { settings, trainingSeconds: seconds, worlds, merges };
  },
  index: async () => measureIndex(cache, await scores(), log),
  growth: async () => measureGrowth(cache, await scores(), { quick, log }),
  plan: async () => ({
    rows: await runProcess("plan-latency.mjs", { folder: await scores(), seconds: quick ? 0.5 : 10 }),
  }),
};

const parts = positionals.length > 0 ? positionals : Object.keys(PARTS);
const unknown = parts.find((name) => !(name in PARTS));
if (unknown !== undefined) {
  console.error(`no part "${unknown}"; there are ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}
const folder = quick ? join(cache, "quick") : join(root, "bench/results/scale");
mkdirSync(folder, { recursive: true });
const pathOf = (part) => join(folder, `${part}.json`);
const failed = [];
for (const part of options.report ? [] : parts) {
  if (options.missing && existsSync(pathOf(part))) continue;
  log(`== ${part}`);
  const start = performance.now();
  try {
    const figures = await PARTS[part]();
    const result = { part, machine: machineLine(), seconds: (performance.now() - start) / 1000, ...figures };
    writeFileSync(pathOf(part), `${JSON.stringify(result, null, 1)}\n`);
    log(`${part}: ${result.seconds.toFixed(0)} s`);
  } catch (error) {
    console.error(`${part}: ${error.stack}`);
    failed.push(part);
  }
}
const results = {};
for (const part of Object.keys(PARTS)) {
  if (existsSync(pathOf(part))) results[part] = JSON.parse(readFileSync(pathOf(part), "utf8"));
}
writeReport(results, quick ? folder : undefined);
if (failed.length > 0) console.error(`failed: ${failed.join(", ")}`);
process.exit(failed.length === 0 ? 0 : 1);
