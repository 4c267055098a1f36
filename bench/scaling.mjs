/**
 * @file What do threads and worlds cost? Two worlds on two cores against one, and peak memory against the number of worlds.
 *
 *   node bench/scaling.mjs [--turns 15]         on nvd, trained as `train` does by itself
 *
 * Speed-up: two worlds on two threads against one world on one, each thread doing the same work, so that what a thread
 * spends on starting and compiling is in both. Worlds' own training times count; reading the data, the same in both, would
 * dilute the ratio. A thread that is done with a world takes the next, so worlds a second of two threads are the sum of
 * each's; by the slower of the two, as if there were no next world, the ratio is printed beside it. A virtual machine's
 * cores are not always its own, and whatever takes them away only ever adds time: the two take turns, and the best turn of
 * each is compared. The ratio of every turn is printed too. Answers are checked first: all runs must give the same bytes.
 *
 * Other programs: whatever else runs takes its time from two worlds, while beside one it has a core to itself. So what the
 * processors did in the turns of two is compared with what the training used of them; a machine that is really idle has 0 %.
 *
 * Ceiling: a core whose neighbour works may be slower by itself (clock, shared units). So the same turns measure a matrix
 * product of 0.4 MB, which stays in a core's own cache and shares nothing with anybody, on one thread and on two.
 */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { manyworlds, splitPath } from "./datasets.mjs";
import { machineLine, table } from "./machine.mjs";

const { values: options } = parseArgs({
  options: { turns: { type: "string", default: "15" } },
});
const train = splitPath("nvd", "train");
const folder = mkdtempSync(join(tmpdir(), "manyworlds-scaling-"));

/** Seconds that all processors together have worked since the machine started. */
function busySeconds() {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1000;
}

/** `seconds`: what each world's training took. `others`: share of the processors that other programs had. */
function run(worlds, threads) {
  const model = join(folder, `r${worlds}-t${threads}`);
  const counts = ["--worlds", String(worlds), "--threads", String(threads)];
  const [startMs, busyBefore] = [performance.now(), busySeconds()];
  const summary = manyworlds("train", train, "--model", model, "--overwrite", ...counts);
  const available = (cpus().length * (performance.now() - startMs)) / 1000;
  const { worlds: records } = JSON.parse(readFileSync(join(model, "manifest.json"), "utf8"));
  return {
    seconds: records.map(({ seconds }) => seconds),
    peakMemoryBytes: summary.peakMemoryBytes,
    sha: records.map(({ sha256 }) => sha256),
    others: (busySeconds() - busyBefore - summary.cpuSeconds) / available,
  };
}

/** GFLOP/s of each of `count` threads that multiply at the same time. */
async function products(count) {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const script = new URL("./product-worker.mjs", import.meta.url);
  const workers = Array.from({ length: count }, () => new Worker(script, { workerData: { gate, count } }));
  return Promise.all(workers.map((worker) => once(worker, "message").then(([rate]) => rate)));
}

try {
  console.log(machineLine());
  const turns = [];
  for (let turn = 0; turn < Number(options.turns); turn++) {
    turns.push([run(1, 1), run(2, 2), await products(1), await products(2)]);
  }
  const [[{ sha }]] = turns;
  if (turns.some(([one, two]) => one.sha[0] !== sha[0] || two.sha[0] !== sha[0])) {
    throw new Error("worlds of 1 and 2 threads differ");
  }
  /** Worlds a second. */
  const rate = ({ seconds }) => seconds.reduce((sum, each) => sum + 1 / each, 0);
  const most = (which) => turns.map((turn) => turn[which]).reduce((best, run) => (rate(run) > rate(best) ? run : best));
  const [one, two] = [most(0), most(1)];
  const ratios = turns.map(([alone, both]) => rate(both) / rate(alone)).sort((a, b) => a - b);
  const listed = ({ seconds }) => seconds.map((each) => each.toFixed(2)).join(" and ");
  console.log(
    `one world on one thread ${listed(one)} s, two on two ${listed(two)} s (best of ${turns.length} turns, same bytes): ` +
      `${(rate(two) / rate(one)).toFixed(2)}× the worlds a second, ${(2 / rate(one) / Math.max(...two.seconds)).toFixed(2)}× by the slower`,
  );
  const sum = (rates) => rates.reduce((total, each) => total + each, 0);
  const [alone, both] = [2, 3].map((which) => Math.max(...turns.map((turn) => sum(turn[which]))));
  console.log(
    `a matrix product in cache: ${alone.toFixed(0)} GFLOP/s on one thread, ${both.toFixed(0)} on two: ${(both / alone).toFixed(2)}×, what these two cores give`,
  );
  console.log(`turn by turn: ${ratios.map((ratio) => `${ratio.toFixed(2)}×`).join(", ")}`);
  const others = turns.map(([, { others: share }]) => 100 * share).sort((a, b) => a - b);
  const [fewest, median, greatest] = [0, others.length >> 1, others.length - 1].map((i) => others[i].toFixed(1));
  console.log(`other programs beside two worlds: ${median} % of the processors (${fewest} to ${greatest})\n`);
  const rows = [["worlds", "threads", "peak MB"]];
  for (const [worlds, threads] of [
    [1, 1],
    [4, 1],
    [2, 2],
    [4, 2],
    [8, 2],
    [16, 2],
  ]) {
    rows.push([worlds, threads, (run(worlds, threads).peakMemoryBytes / 1e6).toFixed(0)]);
  }
  console.log(table(rows));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
