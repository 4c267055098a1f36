/**
 * @file What do locks cost, and does anything get lost without them? The experiments of the Hogwild! paper on two threads.
 *
 *   node bench/hogwild.mjs [--problems rcv1,a9a,…] [--epochs 20] [--turns 15] [--threads 2] [--delays 7]
 *                         [--strategies serial,hogwild,…] [--report]
 *
 * Each problem is solved by every strategy, the same epochs from the same start within a turn; strategies take turns, and the
 * least time of each counts, since a virtual machine's cores are not always its own and whatever takes them away only adds time.
 * Quality is the median of the turns, each of a seed of its own: a cut's objective differs by a tenth from seed to seed.
 * Then the delay: costly gradients are simulated by a spin in the kernel, 1 ns to 1 ms, on rcv1, as in the paper's §7.
 *
 * "Cores had" is the processor time of that least turn over its time and threads: well below 100 %, other programs ran.
 *
 * Answers are checked: a strategy whose objective is more than 5 % above the serial one is marked with !. Writes
 * bench/results/hogwild.json, and from it the tables and the picture of docs/parallel.md (--report: only those). A run of
 * some problems, by all strategies, takes the place of theirs alone; what was measured when stands in the file.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createKernels } from "../dist/src/kernels/index.js";
import {
  adviseOnSparsity,
  descend,
  hypergraphOf,
  measureSparsity,
  nanosecondsOfSpin,
  objective,
  THREAD_STRATEGIES,
} from "../dist/src/sparse-problems/index.js";
import { root } from "./datasets.mjs";
import { PROBLEMS } from "./hogwild/problems.mjs";
import { writeReport } from "./hogwild/report.mjs";
import { machineLine, table } from "./machine.mjs";

const { values: given } = parseArgs({
  options: {
    problems: { type: "string", default: Object.keys(PROBLEMS).join(",") },
    epochs: { type: "string", default: "20" },
    turns: { type: "string", default: "15" },
    threads: { type: "string", default: "2" },
    delays: { type: "string", default: "7" },
    strategies: { type: "string", default: THREAD_STRATEGIES.join(",") },
    report: { type: "boolean", default: false },
  },
});
const RESULT = join(root, "bench/results/hogwild.json");
const [epochs, turns, numThreads, numDelays] = [given.epochs, given.turns, given.threads, given.delays].map(Number);
const kernels = createKernels();
/** Costly gradients leave little to chance. */
const MOST_DELAY_TURNS = 7;
/** Nor do slow strategies: one that has taken so long in all takes no further turn. */
const MOST_SECONDS = 30;
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

function chosen(names, known, what) {
  const unknown = names.split(",").find((name) => !known.includes(name));
  if (unknown === undefined) return names.split(",");
  console.error(`no ${what} "${unknown}"; there are ${known.join(", ")}`);
  process.exit(2);
}

/** Serial is Hogwild!'s code on one thread: what the second thread brings is the ratio of the two. */
const RUNS = [
  { strategy: "serial", numThreads: 1 },
  ...chosen(given.strategies, THREAD_STRATEGIES, "strategy")
    .filter((name) => name !== "serial")
    .map((strategy) => ({ strategy, numThreads })),
];

/** Of a cut, rows of two threads' copies do not add up; and where parts are numbers, a lock a part is a lock a number. */
const runsFor = (problem) =>
  RUNS.filter(
    ({ strategy }) =>
      !(strategy === "delayed" && problem.kind === "cut") && !(strategy === "locked-parts" && problem.partLength === 1),
  );

async function measureProblem(name) {
  const { title, make } = PROBLEMS[name];
  const { problem, learningRate, quality, measure, format } = await make();
  const sparsity = measureSparsity(hypergraphOf(problem));
  const results = runsFor(problem).map((run) => ({ ...run, seconds: [], shares: [], objectives: [], qualities: [] }));
  for (let turn = 0; turn < turns; turn++) {
    for (const result of results) {
      const { strategy, numThreads } = result;
      if (result.seconds.reduce((sum, seconds) => sum + seconds, 0) > MOST_SECONDS) continue;
      const request = { learningRate, epochs, strategy, numThreads, seed: 1 + turn };
      const { vector, seconds, coresUsed } = await descend(problem, request);
      result.seconds.push(seconds);
      result.shares.push(coresUsed / numThreads);
      result.objectives.push(objective(kernels, problem, vector));
      result.qualities.push(quality(kernels, vector));
    }
  }
  return {
    name,
    title,
    machine: machineLine(),
    measure,
    settings: { learningRate, epochs, turns, numThreads },
    sparsity,
    advice: adviseOnSparsity(sparsity, numThreads).verdict,
    runs: results.map(({ strategy, numThreads, seconds, shares, objectives, qualities }) => ({
      strategy,
      numThreads,
      seconds: Math.min(...seconds),
      coreShare: shares[seconds.indexOf(Math.min(...seconds))],
      ratios: seconds.map((s, turn) => results[0].seconds[turn] / s),
      objective: median(objectives),
      quality: qualities[0].map((_, i) => format(median(qualities.map((q) => q[i])))),
    })),
  };
}

/** Speed-up over serial against the cost of a gradient. Fewer examples where they cost more: some tenths of a second. */
async function measureDelays() {
  const { problem, learningRate } = await PROBLEMS.rcv1.make();
  const spinNs = nanosecondsOfSpin(kernels);
  const runs = runsFor(problem);
  const points = [];
  for (let i = 0; i < numDelays; i++) {
    const delayNs = 10 ** i;
    const delay = Math.max(1, Math.round(delayNs / spinNs));
    const numExamples = Math.max(512, Math.min(problem.numExamples, Math.floor(2e8 / delayNs)));
    const few = { ...problem, numExamples };
    const least = runs.map(() => Number.POSITIVE_INFINITY);
    for (let turn = 0; turn < Math.min(turns, MOST_DELAY_TURNS); turn++) {
      for (const [r, { strategy, numThreads }] of runs.entries()) {
        const request = { learningRate, epochs: delayNs < 1e4 ? 5 : 1, strategy, numThreads, delay };
        const { seconds } = await descend(few, request);
        least[r] = Math.min(least[r], seconds / request.epochs / numExamples);
      }
    }
    points.push({ delayNs, secondsAnExample: Object.fromEntries(runs.map(({ strategy }, r) => [strategy, least[r]])) });
  }
  return { spinNs, points };
}

function print({ title, measure, sparsity, advice, runs }) {
  const { omega, delta, rho, rhoExact, overlap } = sparsity;
  const short = (x) => x.toPrecision(2);
  console.log(
    `\n${title}: ${sparsity.numExamples} examples, Ω ${omega}, Δ ${short(delta)}, ρ ${rhoExact ? "" : "≥ "}${short(rho)}, ` +
      `overlap ${short(overlap)} (${advice})`,
  );
  const [serial] = runs;
  const hogwild = runs.find(({ strategy }) => strategy === "hogwild") ?? serial;
  console.log(
    table([
      ["strategy", "threads", "seconds", "of serial", "of hogwild", "cores had", "objective", measure],
      ...runs.map((run) => [
        run.strategy,
        run.numThreads,
        run.seconds.toFixed(4),
        `${(serial.seconds / run.seconds).toFixed(2)}×`,
        `${(run.seconds / hogwild.seconds).toFixed(2)}×`,
        `${(100 * run.coreShare).toFixed(0)} %`,
        `${run.objective.toPrecision(5)}${run.objective > 1.05 * serial.objective ? "!" : ""}`,
        run.quality.join(" / "),
      ]),
    ]),
  );
  console.log(`hogwild over serial, turn by turn: ${hogwild.ratios.map((r) => `${r.toFixed(2)}×`).join(", ")}`);
}

if (!given.report) {
  const names = chosen(given.problems, Object.keys(PROBLEMS), "problem");
  const machine = machineLine();
  console.log(machine);
  const problems = [];
  for (const name of names) {
    problems.push(await measureProblem(name));
    print(problems.at(-1));
  }
  const delays = numDelays > 0 ? await measureDelays() : null;
  if (delays !== null) {
    console.log(
      `\nrcv1 with costly gradients, speed-up over serial (a spin step takes ${delays.spinNs.toFixed(2)} ns)`,
    );
    const strategies = Object.keys(delays.points[0].secondsAnExample);
    const speedUp = ({ secondsAnExample: s }, name) => `${(s.serial / s[name]).toFixed(2)}×`;
    const rows = delays.points.map((point) => [
      `${point.delayNs} ns`,
      ...strategies.slice(1).map((s) => speedUp(point, s)),
    ]);
    console.log(table([["delay", ...strategies.slice(1)], ...rows]));
  }
  const kept = existsSync(RESULT) ? JSON.parse(readFileSync(RESULT, "utf8")) : { problems: [], delays: null };
  const all = Object.keys(PROBLEMS).map((name) => [...problems, ...kept.problems].find((p) => p.name === name));
  if (RUNS.length === THREAD_STRATEGIES.length && all.every((problem) => problem !== undefined)) {
    const newDelays = numDelays === 7 ? delays : kept.delays;
    mkdirSync(join(root, "bench/results"), { recursive: true });
    writeFileSync(RESULT, `${JSON.stringify({ machine, problems: all, delays: newDelays }, null, 2)}\n`);
    writeReport(JSON.parse(readFileSync(RESULT, "utf8")));
  } else console.log("\nnot all problems and strategies: the report was left as it is");
} else if (existsSync(RESULT)) writeReport(JSON.parse(readFileSync(RESULT, "utf8")));
else {
  console.error(`no ${RESULT}; run npm run bench hogwild first`);
  process.exit(2);
}
