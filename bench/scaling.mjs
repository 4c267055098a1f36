/**
 * @file What do threads and worlds cost? Two worlds on two cores against one, and peak memory against the number of worlds.
 *
 *   node bench/scaling.mjs [--epochs 3]          on nvd
 *
 * Speed-up: worlds trained a second with 2 threads over those with 1, from the worlds' own training times, so that
 * reading the data (the same in both) does not dilute it; wall times are printed beside it. The two take turns three
 * times and the median ratio counts, since a virtual machine's cores are not always its own. Answers are checked first:
 * all runs must give the same bytes.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { manyworlds, splitPath } from "./datasets.mjs";
import { machineLine, table } from "./machine.mjs";

const { values: options } = parseArgs({ options: { epochs: { type: "string", default: "3" } } });
const train = splitPath("nvd", "train");
const folder = mkdtempSync(join(tmpdir(), "manyworlds-scaling-"));

function run(worlds, threads) {
  const model = join(folder, `r${worlds}-t${threads}`);
  const summary = manyworlds(
    "train",
    train,
    "--model",
    model,
    "--overwrite",
    "--worlds",
    String(worlds),
    "--threads",
    String(threads),
    "--epochs",
    options.epochs,
  );
  const { worlds: records } = JSON.parse(readFileSync(join(model, "manifest.json"), "utf8"));
  const trainSeconds = records.reduce((sum, { seconds }) => sum + seconds, 0);
  return {
    worlds,
    threads,
    summary,
    rate: (worlds * threads) / trainSeconds,
    sha: records.map(({ sha256 }) => sha256).join(),
  };
}

try {
  console.log(machineLine());
  const turns = Array.from({ length: 3 }, () => [run(4, 1), run(4, 2)]);
  if (new Set(turns.flat().map(({ sha }) => sha)).size > 1) throw new Error("worlds of 1 and 2 threads differ");
  const ratio = ([a, b]) => b.rate / a.rate;
  turns.sort((x, y) => ratio(x) - ratio(y));
  const [one, two] = turns[1];
  console.log(
    `worlds/s: ${one.rate.toFixed(4)} on 1 thread, ${two.rate.toFixed(4)} on 2: ${ratio(turns[1]).toFixed(2)}× ` +
      `(median of ${turns.map((turn) => `${ratio(turn).toFixed(2)}×`).join(", ")}; same bytes; ` +
      `wall ${one.summary.seconds.toFixed(1)} s and ${two.summary.seconds.toFixed(1)} s, reading included)\n`,
  );
  const rows = [["worlds", "threads", "peak MB"]];
  for (const { worlds, threads, summary } of [one, two, run(2, 2), run(8, 2), run(16, 2)]) {
    rows.push([worlds, threads, (summary.peakMemoryBytes / 1e6).toFixed(0)]);
  }
  console.log(table(rows));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
