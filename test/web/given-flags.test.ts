/** @file Do the commands that a report proposes give the options that the model was given? */
import { describe, expect, it } from "vitest";
import type { GivenFlag, HistoryRecord, RunRecord } from "../../src/train/run-history/records.js";
import { RunHistory } from "../../src/train/run-history/run-history.js";
import { nextSteps } from "../../web/dashboard/next-steps.js";

/** `--hidden 16 --skip-bad-rows` as records have it. */
function flags(typed: string): GivenFlag[] {
  return [...typed.matchAll(/(--\S+)(?: ([^-\s]\S*))?/g)].map(([, flag, value]) => ({ flag, value: value ?? null }));
}

function run(typed: string | null, changes: Partial<RunRecord> = {}): RunRecord {
  return {
    ...{ type: "run", format: 1, run: 1, started: "2026-01-01T00:00:00.000Z", writtenBy: "manyworlds 0", model: "m" },
    ...{ isResumed: false, strategy: null, threads: 2, kernels: "native", parameters: 1, s: 0 },
    ...(typed === null ? {} : { flags: flags(typed) }),
    data: {
      ...{ files: ["a.tsv"], format: "tsv", rows: 11, trainingRows: 10, features: 5, labels: 3 },
      ...{ nonZeros: 20, labelOccurrences: 10, skipped: 0 },
    },
    options: { numWorlds: 4, epochs: 4, learningRate: 0.01 },
    ...{ worlds: [0, 1, 2, 3], kept: [], heldOut: { rows: 1, epochSample: 1, sample: 1 } },
    ...changes,
  };
}

const end = (how: "finished" | "interrupted" | "failed"): HistoryRecord => ({
  ...{ type: "end", end: how, seconds: 9, cpuSeconds: 9, peakBytes: 9, s: 9 },
});
const epoch = (number: number, p1: number): HistoryRecord => ({
  ...{ type: "epoch", world: 0, epoch: number, epochs: 4, loss: 1, learningRate: 0.1, s: 1, buckets: { "p@1": p1 } },
});
/** Worlds that get better with each epoch, and together with each other. */
const RISING: HistoryRecord[] = [
  ...[epoch(3, 0.4), epoch(4, 0.5)],
  ...[2, 4].map((worlds) => ({ type: "merged" as const, worlds, rows: 1, figures: { "p@1": worlds / 10 }, s: 1 })),
  end("finished"),
];

function commands(...records: HistoryRecord[]): (string | null)[] {
  const history = new RunHistory();
  for (const record of records) history.add(record);
  return nextSteps(history, history.currentRun?.end?.end ?? "cut off").map(({ command }) => command);
}

const train = "manyworlds train a.tsv --model m/";

describe("commands that replace the model", () => {
  it("give every option again, and the changed one once", () => {
    const typed =
      "--validation 0.1 --worlds 16 --buckets 2000 --hidden 512,256 --epochs 4 --skip-bad-rows --init-embeddings v/v.bin " +
      "--char-ngrams none --threads 2 --time 10m";
    const [more, better] = commands(run(typed), ...RISING);
    expect(better).toBe(
      `${train} --validation 0.1 --worlds 16 --buckets 2000 --hidden 512,256 --skip-bad-rows --init-embeddings v/v.bin ` +
        "--char-ngrams none --time 10m --threads 2 --overwrite --epochs 6",
    );
    // A budget of time is refused where a model goes on.
    expect(more).toBe(`${train} --worlds 4-7 --skip-bad-rows --init-embeddings v/v.bin --threads 2 --resume`);
    const diverged: HistoryRecord = { type: "world", world: 0, phase: "diverged", message: "NaN", s: 1 };
    expect(commands(run("--learning-rate 0.01 --hidden 8"), diverged, end("failed"))).toEqual([
      `${train} --hidden 8 --overwrite --learning-rate 0.005`,
    ]);
  });

  it("remember what the first of several runs was given, and worlds added since", () => {
    const resumed = run("--worlds 2-3 --checkpoint 5", { run: 2, isResumed: true });
    const [, better] = commands(run("--worlds 2 --hidden 8 --memory 1GB"), end("interrupted"), resumed, ...RISING);
    expect(better).toBe(`${train} --worlds 4 --hidden 8 --memory 1GB --checkpoint 5 --overwrite --epochs 6`);
  });

  it("are not proposed where options are not known: the flag is named instead", () => {
    for (const record of [run(null), run("--hidden 8", { isResumed: true })]) {
      const history = new RunHistory();
      for (const each of [record, ...RISING]) history.add(each);
      const steps = nextSteps(history, "finished");
      expect(steps.filter(({ command }) => command?.includes("--overwrite"))).toEqual([]);
      expect(steps[1].why).toContain("--overwrite --epochs 6. All other options must be given");
    }
  });
});

describe("commands that go on with the model", () => {
  it("give what reading needs again, and leave out what the model keeps", () => {
    const typed = "--hidden 8 --format csv --skip-bad-rows --init-embeddings v.bin --worlds 4 --memory 1GB --time 1h";
    expect(commands(run(typed), end("interrupted"))).toEqual([
      `${train} --format csv --skip-bad-rows --init-embeddings v.bin --memory 1GB --resume`,
    ]);
  });

  it("keep to the worlds that the run was to train", () => {
    expect(commands(run("--worlds 0-1,3"), end("failed"))).toEqual([`${train} --worlds 0-1,3 --resume`]);
  });

  it("keep to the strategy of the last run, with all of its flags", () => {
    const strategy = { strategy: "hybrid", numWorkers: 4, groupSize: 2 };
    const shared = run("--strategy hybrid --group-size 2 --model-split layers", { strategy });
    const how = "--strategy hybrid --strategy-workers 4 --group-size 2 --model-split layers";
    expect(commands(shared, end("interrupted"))).toEqual([`${train} ${how} --resume`]);
    expect(commands(shared, end("interrupted"), run("", { run: 2, isResumed: true }))).toEqual([`${train} --resume`]);
  });
});
