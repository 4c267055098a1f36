/**
 * @file How good are the answers, and what did they cost? Trains on each set's training split, scores its test split.
 *
 *   node bench/quality.mjs [set …] [--fast]     --fast: fewer worlds, for the processor seconds to a peer's P@1
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
  options: { fast: { type: "boolean", default: false } },
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
for (const name of names) {
  const { flags, fast, best, speed } = DATASETS[name];
  const folder = mkdtempSync(join(tmpdir(), `manyworlds-${name}-`));
  try {
    const model = join(folder, "model");
    const [train, test] = [splitPath(name, "train"), splitPath(name, "test")];
    const settings = options.fast ? fast : flags;
    const trained = manyworlds("train", train, "--model", model, ...settings);
    const measured = manyworlds("evaluate", model, test);
    const percent = (key) => 100 * measured[key];
    if (havePatk) {
      scoreIndependently(model, test, folder).forEach((value, i) => {
        const own = percent(`p@${[1, 3, 5][i]}`);
        if (Math.abs(own - value) > 0.006) throw new Error(`${name}: evaluate says ${own}, patk.py ${value}`);
      });
    }
    const sizeBytes = manyworlds("info", model).sizeBytes;
    const peer = options.fast ? [speed.p1, "", "", speed.cpuSeconds] : [...best, speed.cpuSeconds];
    rows.push([
      name,
      ...["p@1", "p@3", "p@5", "r@10", "psp@1"].map((key) => percent(key).toFixed(2)),
      trained.cpuSeconds.toFixed(1),
      trained.seconds.toFixed(1),
      (trained.peakMemoryBytes / 1e6).toFixed(0),
      (sizeBytes / 1e6).toFixed(1),
      ...peer,
    ]);
    console.log(`${name}: train ${settings.join(" ") || "(defaults)"}`);
    console.log(`  chosen: ${JSON.stringify(trained.options)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
console.log(`\n${table(rows)}`);
console.log(
  havePatk
    ? "P@k confirmed by tools/patk.py on predict's output."
    : "patk.py not there: P@k not confirmed independently.",
);
