/**
 * @file How good are the answers, and what did they cost? Trains on each set's training split, scores its test split.
 *
 *   node bench/quality.mjs [set …] [--fast] [--seeds 5]
 *
 * --fast: fewer worlds, for the processor seconds to a peer's P@1; --seeds: seeds 1 to 5, each of them a row, and their mean
 *
 * P@k by the program itself and, where ../shared/tools/patk.py and Python are there, by that independent script from the
 * file that `predict` wrote: the bench fails if the two differ by more than rounding.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cli, DATASETS, dataRoot, manyworlds, splitPath } from "./datasets.mjs";
import { machineLine, table } from "./machine.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { fast: { type: "boolean", default: false }, seeds: { type: "string", default: "1" } },
});
const names = positionals.length > 0 ? positionals : Object.keys(DATASETS);
const patk = join(dataRoot, "../tools/patk.py");
const havePatk = existsSync(patk) && spawnSync("python3", ["--version"]).status === 0;

/** P@1, P@3, P@5 in per cent, by the independent script. */
function scoreIndependently(model, test, folder) {
  const output = join(folder, "predictions.tsv");
  execFileSync(process.execPath, [cli, "predict", model, "--input", test, "--output", output, "-k", "10"], {
    stdio: "ignore",
  });
  const text = execFileSync("python3", [patk, test, output], { encoding: "utf8" });
  return [...text.matchAll(/P@[135] ([\d.]+)/g)].map((match) => Number(match[1]));
}

/** Trains with these flags and scores the test split. @returns P@1/3/5, R@10, PSP@1 (%), seconds, megabytes; settings. */
function scored(name, flags) {
  const folder = mkdtempSync(join(tmpdir(), `manyworlds-${name}-`));
  try {
    const model = join(folder, "model");
    const [train, test] = [splitPath(name, "train"), splitPath(name, "test")];
    const trained = manyworlds("train", train, "--model", model, ...flags);
    const measured = manyworlds("evaluate", model, test);
    const percents = ["p@1", "p@3", "p@5", "r@10", "psp@1"].map((key) => 100 * measured[key]);
    if (havePatk) {
      scoreIndependently(model, test, folder).forEach((value, i) => {
        if (Math.abs(percents[i] - value) > 0.006) {
          throw new Error(`${name}: evaluate says ${percents[i]}, patk.py ${value}`);
        }
      });
    }
    const { sizeBytes } = manyworlds("info", model);
    const costs = [trained.cpuSeconds, trained.seconds, trained.peakMemoryBytes / 1e6, sizeBytes / 1e6];
    return { values: [...percents, ...costs], chosen: trained.options };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const DIGITS = [2, 2, 2, 2, 2, 1, 1, 0, 1];
const cells = (values) => values.map((value, column) => value.toFixed(DIGITS[column]));

const rows = [
  [
    "set",
    "P@1",
    "P@3",
    "P@5",
    "R@10",
    "PSP@1",
    "train CPU-s",
    "wall s",
    "peak MB",
    "model MB",
    "peer P@1",
    "P@3",
    "P@5",
    "CPU-s",
  ],
];
console.log(machineLine());
const seeds = Number(options.seeds);
if (!Number.isInteger(seeds) || seeds < 1) throw new Error(`--seeds ${options.seeds}: expected a whole number from 1`);
for (const name of names) {
  const { flags, fast, best, speed } = DATASETS[name];
  const settings = options.fast ? fast : flags;
  const peer = options.fast ? [speed.p1, "", "", speed.cpuSeconds] : [...best, speed.cpuSeconds];
  const runs = [];
  for (let seed = 1; seed <= seeds; seed++) {
    runs.push(scored(name, [...settings, "--seed", String(seed)]));
    rows.push([seeds === 1 ? name : `${name}, seed ${seed}`, ...cells(runs.at(-1).values), ...peer]);
    console.error(rows.at(-1).join("  "));
  }
  if (seeds > 1) {
    const mean = DIGITS.map((_, column) => runs.reduce((sum, { values }) => sum + values[column], 0) / seeds);
    rows.push([`${name}, mean of ${seeds}`, ...cells(mean), ...peer]);
  }
  console.log(`${name}: train ${settings.join(" ") || "(defaults)"}`);
  console.log(`  chosen: ${JSON.stringify(runs[0].chosen)}`);
}
console.log(`\n${table(rows)}`);
console.log(
  havePatk
    ? "P@k confirmed by tools/patk.py on predict's output."
    : "patk.py not there: P@k not confirmed independently.",
);
