/**
 * @file Does training cost what plan says? Predicted and measured peak memory and wall time of whole runs.
 *
 *   node bench/plan.mjs [nvd wikisent sampled drawn budget]
 *
 * Four runs, each planned and then trained with the same flags: nvd and wikisent with their defaults, nvd with a wide ReLU
 * layer and a sampled output of 10,000 buckets, wikisent with such an output as it is by default, 512 draws for batches of
 * 512. Predictions must hold within 25 %, or the bench fails. A fifth run gives train a budget alone and fails if it takes
 * more memory or time than that.
 *
 * The plan reads the rows and times steps for two seconds; what it predicts is the run without that.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manyworlds, splitPath } from "./datasets.mjs";
import { machineLine, table } from "./machine.mjs";

const TOLERANCE = 0.25;
const SAMPLED = [
  "--activation",
  "relu",
  "--hidden",
  "512",
  "--output",
  "sampled",
  "--buckets",
  "10000",
  "--worlds",
  "2",
];
const DRAWN = ["--output", "sampled", "--buckets", "10000", "--worlds", "2"];
const RUNS = {
  nvd: { set: "nvd", flags: [] },
  wikisent: { set: "wikisent", flags: ["--skip-bad-rows"] },
  sampled: { set: "nvd", flags: SAMPLED },
  drawn: { set: "wikisent", flags: ["--skip-bad-rows", ...DRAWN] },
};
const BUDGET = { memory: 350e6, seconds: 60 };

const names = process.argv.length > 2 ? process.argv.slice(2) : [...Object.keys(RUNS), "budget"];
const folder = mkdtempSync(join(tmpdir(), "manyworlds-plan-bench-"));
const megabytes = (bytes) => (bytes / 1e6).toFixed(0);
const deviation = (predicted, measured) => predicted / measured - 1;
const percent = (share) => `${share >= 0 ? "+" : "−"}${Math.abs(100 * share).toFixed(0)} %`;
const failures = [];

console.log(machineLine());
try {
  const rows = [["run", "predicted MB", "measured MB", "off", "predicted s", "measured s", "off"]];
  for (const name of names.filter((name) => name !== "budget")) {
    const { set, flags } = RUNS[name];
    const train = splitPath(set, "train");
    const { memory, time } = manyworlds("plan", train, ...flags);
    const run = manyworlds("train", train, "--model", join(folder, "m"), "--overwrite", ...flags);
    const bytes = deviation(memory.trainingBytes, run.peakMemoryBytes);
    const seconds = deviation(time.trainingSeconds, run.seconds);
    rows.push([
      ...[name, megabytes(memory.trainingBytes), megabytes(run.peakMemoryBytes), percent(bytes)],
      ...[time.trainingSeconds.toFixed(1), run.seconds.toFixed(1), percent(seconds)],
    ]);
    if (Math.abs(bytes) > TOLERANCE) failures.push(`${name}: memory ${percent(bytes)}`);
    if (Math.abs(seconds) > TOLERANCE) failures.push(`${name}: time ${percent(seconds)}`);
  }
  if (rows.length > 1) {
    console.log(table(rows));
    console.log(
      `sampled: nvd with ${SAMPLED.join(" ")}; drawn: wikisent with ${DRAWN.join(" ")}; the others have their defaults.`,
    );
  }
  if (names.includes("budget")) {
    const budgets = ["--memory", `${BUDGET.memory / 1e6}MB`, "--time", `${BUDGET.seconds}s`];
    const run = manyworlds("train", splitPath("nvd", "train"), "--model", join(folder, "m"), "--overwrite", ...budgets);
    const { numWorlds, hidden, epochs, worldsAtOnce } = run.plan.recommended;
    console.log(
      `\nnvd with ${budgets.join(" ")}: ${numWorlds} worlds, hidden ${hidden}, ${epochs} epochs, ${worldsAtOnce} at once ` +
        `(${run.plan.reasons.join("; ") || "nothing reduced"})\n` +
        `took ${megabytes(run.peakMemoryBytes)} MB at the peak (predicted ${megabytes(run.plan.memory.trainingBytes)}) ` +
        `and ${run.seconds.toFixed(1)} s`,
    );
    if (run.peakMemoryBytes > BUDGET.memory) failures.push("budget: more memory than given");
    if (run.seconds > BUDGET.seconds) failures.push("budget: more time than given");
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(failures.length === 0 ? "\nAll within 25 %." : `\nNOT MET: ${failures.join(", ")}`);
process.exitCode = failures.length === 0 ? 0 : 1;
