/** @file Are worlds that the current run does not train left out of its state, and those of a killed run not running? */
import { describe, expect, it } from "vitest";
import type { HistoryRecord, RunRecord } from "../../src/train/run-history/records.js";
import { RunHistory } from "../../src/train/run-history/run-history.js";
import { statusOf, worldsOfRun } from "../../web/dashboard/run-status.js";

function run(number: number, worlds: readonly number[], kept: readonly number[]): RunRecord {
  return {
    ...{ type: "run", format: 1, run: number, started: "2026-01-01T00:00:00.000Z", writtenBy: "manyworlds 0" },
    ...{ model: "m", isResumed: number > 1, strategy: null, threads: 2, kernels: "native", parameters: 1 },
    data: {
      ...{ files: ["a.tsv"], format: "tsv", rows: 1000, trainingRows: 1000, features: 5, labels: 3 },
      ...{ nonZeros: 20, labelOccurrences: 10, skipped: 0 },
    },
    options: { numWorlds: 8, epochs: 10, learningRate: 0.01 },
    ...{ worlds, kept: kept.map((world) => ({ world, loss: 1, seconds: 1, bytes: 1 })), heldOut: null, s: 10 * number },
  };
}

const phase = (world: number, name: "running" | "done"): HistoryRecord => ({
  type: "world",
  world,
  phase: name,
  s: 11,
});
const point = (world: number, step: number): HistoryRecord => ({
  ...{ type: "point", world, step, numSteps: 100, epoch: step / 10, loss: 1, rate: 1000, memory: 1, s: 12 },
});
const ALL = [0, 1, 2, 3, 4, 5, 6, 7];
const end = (how: "finished" | "interrupted"): HistoryRecord => ({
  ...{ type: "end", end: how, seconds: 9, cpuSeconds: 9, peakBytes: 9, s: 19 },
});

function historyOf(...records: HistoryRecord[]): RunHistory {
  const history = new RunHistory();
  for (const record of records) history.add(record);
  return history;
}

describe("a run that trains some of the worlds", () => {
  const first = [run(1, ALL, []), phase(0, "done"), phase(1, "done"), phase(2, "running"), point(2, 40)];
  const resumed = [...first, end("interrupted"), run(2, [2, 3], [0, 1])];

  it("has their state, time left and share alone", () => {
    const history = historyOf(...resumed, phase(2, "running"), phase(3, "running"), point(2, 50), point(3, 50));
    expect(worldsOfRun(history).map(({ world }) => world)).toEqual([0, 1, 2, 3]);
    const status = statusOf(history, "live");
    expect(status).toMatchObject({ numWorlds: 4, fraction: 0.75, counts: { done: 2, running: 2, waiting: 0 } });
    // Half of 10,000 rows each, two at once at 1,000 rows a second.
    expect(status.etaSeconds).toBeCloseTo(5);
  });

  it("ends at 100 %, with the others still in the history", () => {
    const history = historyOf(...resumed, phase(2, "done"), phase(3, "done"), end("finished"));
    expect(statusOf(history, "report")).toMatchObject({
      state: "finished",
      fraction: 1,
      counts: { done: 4, waiting: 0 },
    });
    expect(history.worlds.length).toBe(8);
  });

  it("knows that worlds of a killed run do not run any more", () => {
    const killed = [run(1, ALL, []), phase(6, "running"), point(6, 50), phase(7, "running")];
    const history = historyOf(...killed, run(2, [0, 1], []));
    const phases = history.worlds.map(({ state }) => state.phase);
    expect(phases).toEqual([...Array<string>(6).fill("waiting"), "stopped", "stopped"]);
    expect(historyOf(...history.records()).worlds).toEqual(history.worlds);
  });
});
