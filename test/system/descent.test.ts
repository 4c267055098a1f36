/** @file Do threads that share one vector reach what one thread reaches, do locks exclude, and does nothing wait for the dead? */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createKernels } from "../../src/kernels/create.node.js";
import { runJobs } from "../../src/parallel/worker-pool.node.js";
import { createLedgerCells } from "../../src/sparse-problems/epoch-ledger.js";
import {
  createFactorProblem,
  createLinearProblem,
  mistakeRate,
  objective,
  type SparseProblem,
  type ThreadStrategy,
} from "../../src/sparse-problems/index.js";
import { smallCut, smallFactors, smallRatings, smallRows } from "../sparse-problems/small-problems.js";
import { createDirectory, manyworlds, ROOT, removeDirectory } from "./manyworlds-process.js";

const built = (path: string): string => pathToFileURL(join(ROOT, "dist/src", path)).href;
const kernels = createKernels();
const SHARING: readonly ThreadStrategy[] = ["hogwild", "delayed", "locked", "locked-parts", "round-robin", "averaging"];
/** A run that has not ended after this time hangs. */
const PATIENCE = { timeout: 60_000 };

/** The built one: its threads run compiled files. */
let descend: typeof import("../../src/sparse-problems/index.js").descend;
let folder = "";
beforeAll(async () => {
  ({ descend } = await import(built("sparse-problems/index.js")));
  folder = createDirectory();
});
afterAll(() => removeDirectory(folder));

describe("two and three threads", () => {
  const linear = createLinearProblem(smallRows(2000, 200, 1), { positiveLabel: 0, lambda: 0.1 });
  const problems: [string, SparseProblem, number][] = [
    ["linear", linear, 0.5],
    ["one-vs-rest", createLinearProblem(smallRows(2000, 300, 5), { loss: "logistic", lambda: 0.1 }), 0.5],
    ["factors", smallFactors(4000), 0.05],
    ["cut", smallCut(), 0.05],
  ];

  it.each(problems)(
    "reach the serial objective by every strategy: %s",
    PATIENCE,
    async (name, problem, learningRate) => {
      const epochs = 8;
      const serial = await descend(problem, { learningRate, epochs, strategy: "serial" });
      const wanted = objective(kernels, problem, serial.vector);
      for (const strategy of SHARING) {
        if (strategy === "delayed" && name === "cut") {
          const refused = descend(problem, { learningRate, epochs, strategy });
          await expect(refused).rejects.toThrow(/expected another strategy than delayed for a cut/);
          continue;
        }
        // Three threads taking turns on two cores wait for the system more than for each other.
        for (const numThreads of strategy === "round-robin" ? [2] : [2, 3]) {
          const report = await descend(problem, { learningRate, epochs, strategy, numThreads });
          expect(report.epochs.length).toBe(epochs);
          expect(report.seconds).toBeGreaterThan(0);
          // Averages of factors that went different ways, or of half as many steps, come less far.
          const slack = strategy !== "averaging" ? 1.1 : name === "factors" || name === "cut" ? 3 : 1.5;
          expect(objective(kernels, problem, report.vector)).toBeLessThan(slack * wanted + 1);
        }
      }
      if (problem === linear) expect(mistakeRate(kernels, linear, serial.vector)).toBeLessThan(0.2);
    },
  );

  it(
    "come to an end with groups and cells that have no ratings, and with more threads than groups",
    PATIENCE,
    async () => {
      const problem = smallFactors(12, { numGroups: 3 });
      for (const strategy of SHARING) {
        for (const numThreads of [2, 3, 4]) {
          const report = await descend(problem, { learningRate: 0.05, epochs: 4, strategy, numThreads });
          expect(report.epochs[3].loss).toBeLessThan(report.epochs[0].loss);
        }
      }
    },
  );

  it(
    "measure epochs that threads work on two at a time one after the other, to the end of the last",
    PATIENCE,
    async () => {
      for (const strategy of SHARING) {
        const numThreads = strategy === "round-robin" ? 2 : 3;
        const epochs = 200;
        const told: number[] = [];
        const onProgress = ({ epoch }: { epoch: number }): number => told.push(epoch);
        const report = await descend(smallFactors(2000, { numGroups: 4 }), {
          ...{ learningRate: 0.01, epochs, strategy, numThreads, onProgress },
        });
        expect(report.epochs.every(({ seconds }) => seconds >= 0)).toBe(true);
        expect(report.epochs.reduce((sum, { seconds }) => sum + seconds, 0)).toBeLessThanOrEqual(
          report.seconds * (1 + 1e-9),
        );
        expect(told).toEqual([...told].sort((a, b) => a - b));
      }
    },
  );

  it("lose no update with locks or turns: increments add up exactly", PATIENCE, async () => {
    const n = 30_000;
    // Each example adds 2⁻²⁰ to the one weight while its margin is below 1: in all, n·2⁻²⁰ < 1.
    const ones = { offsets: Uint32Array.from({ length: n + 1 }, (_, i) => i), columns: new Uint32Array(n) };
    const rows = createLinearProblem(
      {
        features: { ...ones, values: new Float32Array(n).fill(1), numRows: n, numCols: 1 },
        labels: { offsets: ones.offsets, ids: ones.columns, numRows: n, numLabels: 1 },
      },
      { positiveLabel: 0, lambda: 0 },
    );
    for (const strategy of ["serial", "locked", "round-robin"] as const) {
      const numThreads = strategy === "serial" ? 1 : 2;
      const request = { learningRate: 2 ** -20, backoff: 1, epochs: 2, strategy, numThreads };
      expect((await descend(rows, request)).vector[0]).toBe((2 * n) / 2 ** 20);
    }
  });
});

describe("averaging", () => {
  it("gives the same bytes again for a fixed number of threads", PATIENCE, async () => {
    const request = { learningRate: 0.05, epochs: 3, strategy: "averaging", numThreads: 2 } as const;
    const [one, two] = [await descend(smallFactors(), request), await descend(smallFactors(), request)];
    expect(two.vector).toEqual(one.vector);
  });
});

describe("when something fails", () => {
  it("a loss that is no number ends the run and says so", PATIENCE, async () => {
    for (const strategy of ["serial", ...SHARING] as const) {
      await expect(descend(smallFactors(), { learningRate: 50, strategy })).rejects.toThrow(
        /loss became NaN or infinite in epoch 1; lower learningRate \(50\)/,
      );
    }
  });

  it("an abort ends the threads, those that wait for turns included", PATIENCE, async () => {
    const problem = createFactorProblem(smallRatings(200_000), { rank: 30 });
    for (const strategy of ["hogwild", "locked", "round-robin"] as const) {
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 100);
      const run = descend(problem, { learningRate: 1e-4, strategy, epochs: 100_000, signal: abort.signal });
      await expect(run).rejects.toThrow(/interrupted/);
    }
  });

  it("an error in a thread is the run's", PATIENCE, async () => {
    for (const numGroups of [1, 3]) {
      const problem = smallFactors(2000, { numGroups });
      const broken = { ...problem, data: { ...problem.data, lefts: problem.data.lefts.subarray(1) } };
      const wanted =
        numGroups === 1 ? /lefts: expected at least 2000 elements/ : /lefts: expected at least \d+ elements/;
      await expect(descend(broken, { learningRate: 0.1 })).rejects.toThrow(wanted);
    }
  });

  it("a thread that dies frees those that wait for its lock, its turn, its opening of an epoch", PATIENCE, async () => {
    const script = join(folder, "worker.mjs");
    writeFileSync(
      script,
      `
      import { createKernels } from ${JSON.stringify(built("kernels/index.js"))};
      import { serveJobs } from ${JSON.stringify(built("parallel/index.js"))};
      import { EpochLedger } from ${JSON.stringify(built("sparse-problems/epoch-ledger.js"))};
      serveJobs((shared, job, context) => {
        if (job.act === "die") {
          setTimeout(() => process.exit(5), 200);
          return new Promise(() => {});
        }
        const waiting = { spinMs: 1, shouldStop: () => context.shouldStop() };
        if (job.act === "gate") return new EpochLedger(shared.cells, 2, waiting).waitOpen(0);
        return createKernels().factorPass({ ...job.pass, stop: context.stopFlag }, shared.data, shared.x);
      });`,
    );
    const { data } = smallFactors();
    const shared = { data, x: new Float32Array(320), cells: createLedgerCells(1) };
    const pass = {
      ...{ numExamples: 2000, blockSize: 1, firstBlock: 0, blockStep: 1, numBlocks: 2000, rate: 0.1, delay: 0 },
      ...{
        locks: { words: new Uint32Array(320).fill(1), perPart: 4 },
        order: { turn: Uint32Array.of(1), firstTicket: 0, ticketStep: 2 },
      },
    };
    const order = { ...pass.order, numTurns: 2000 };
    const rest = { order, exchange: null };
    for (const job of [
      { act: "pass", pass: { ...pass, ...rest, mode: "locked" } },
      { act: "pass", pass: { ...pass, ...rest, mode: "ordered" } },
      { act: "gate" },
    ]) {
      const run = runJobs([{ act: "die" }, job], { script: pathToFileURL(script), numThreads: 2, shared }, () => {});
      await expect(run).rejects.toThrow(/exited with code 5 before its time/);
    }
  });
});

describe("manyworlds sparsity", () => {
  it("prints the statistics and the advice, as text and JSON; names bad lines", PATIENCE, async () => {
    const file = join(folder, "ratings.tsv");
    writeFileSync(file, Array.from({ length: 100 }, (_, i) => `${i}\t${i % 10}\t1\n`).join(""));
    const text = await manyworlds(["sparsity", file, "--ratings", "--threads", "2"]);
    expect(text.stdout).toMatch(/Δ +0\.100/);
    expect(text.stdout).toMatch(/ρ +0\.100 .*exact/);
    const json = await manyworlds(["sparsity", file, "--ratings", "--threads", "2", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      numExamples: 100,
      omega: 2,
      delta: 0.1,
      advice: { numThreads: 2 },
    });
    const rows = join(folder, "rows.tsv");
    writeFileSync(rows, "a\tone two\nb\ttwo three\na\tone three\n");
    expect((await manyworlds(["sparsity", rows])).stdout).toContain("verdict");
    const bad = await manyworlds(["sparsity", rows, "--ratings"]);
    expect([bad.code, bad.stderr]).toEqual([
      2,
      expect.stringContaining("rows.tsv:1: expected a row, a column and a value"),
    ]);
  });
});
