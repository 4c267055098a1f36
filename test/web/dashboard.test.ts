/** @file What the dashboard works out from a history: state, time left, curves, advice. */
import { describe, expect, it } from "vitest";
import type { HistoryRecord, RunRecord } from "../../src/train/run-history/records.js";
import { RunHistory } from "../../src/train/run-history/run-history.js";
import { bucketChart, lossChart, memoryChart, mergedChart, rateChart } from "../../web/dashboard/charts.js";
import { formatBytes, formatSeconds } from "../../web/dashboard/format.js";
import { nextSteps } from "../../web/dashboard/next-steps.js";
import { statusOf } from "../../web/dashboard/run-status.js";

const RUN: RunRecord = {
  ...{ type: "run", format: 1, run: 1, started: "2026-01-01T00:00:00.000Z", writtenBy: "manyworlds 0", model: "m" },
  ...{ isResumed: false, flags: [] },
  data: {
    ...{ files: ["my rows.tsv"], format: "tsv", rows: 1100, trainingRows: 1000, features: 5, labels: 3 },
    ...{ nonZeros: 20, labelOccurrences: 10, skipped: 0 },
  },
  options: { numWorlds: 4, epochs: 10, learningRate: 0.01 },
  ...{ strategy: null, threads: 2, kernels: "native", parameters: 100, worlds: [0, 1, 2, 3], kept: [], s: 0 },
  heldOut: { rows: 100, epochSample: 100, sample: 80 },
};

function historyOf(...records: HistoryRecord[]): RunHistory {
  const history = new RunHistory();
  for (const record of records) history.add(record);
  return history;
}

const running = (world: number): HistoryRecord => ({ type: "world", world, phase: "running", s: 1 });
const done = (world: number): HistoryRecord => ({
  type: "world",
  world,
  phase: "done",
  loss: 1,
  seconds: 5,
  bytes: 9,
  s: 5,
});
const point = (world: number, step: number, rate = 1000): HistoryRecord => ({
  ...{ type: "point", world, step, numSteps: 100, epoch: step / 10, loss: 100 / step, rate, memory: 1, s: step },
});
const epoch = (world: number, number: number, p1: number): HistoryRecord => ({
  ...{ type: "epoch", world, epoch: number, epochs: 10, loss: 1, learningRate: 0.1, s: number },
  buckets: { "p@1": p1, "p@3": p1 / 2 },
});
const merged = (worlds: number, p1: number): HistoryRecord => ({
  ...{ type: "merged", worlds, rows: 80, figures: { "p@1": p1, "p@3": p1 / 2, "p@5": p1 / 3 }, s: 9 },
});
const end = (how: "finished" | "interrupted" | "failed"): HistoryRecord => ({
  ...{ type: "end", end: how, message: "disk full", seconds: 9, cpuSeconds: 9, peakBytes: 9, s: 9 },
});

describe("statusOf", () => {
  it("adds up the worlds, and foretells the end by what trains at once", () => {
    // Two worlds half done at 1,000 rows a second each; 10,000 rows a world: 5 s of both, then 10 s of the other two.
    const history = historyOf(RUN, running(0), running(1), point(0, 50), point(1, 50));
    const status = statusOf(history, "live");
    expect(status).toMatchObject({ state: "running", fraction: 0.25, counts: { running: 2, waiting: 2, done: 0 } });
    expect(status.etaSeconds).toBeCloseTo(15);
  });

  it("waits for the longest world where it is the last", () => {
    const history = historyOf(RUN, done(0), done(1), done(2), running(3), point(3, 20));
    expect(statusOf(history, "live").etaSeconds).toBeCloseTo(8);
  });

  it("tells a run that ended from one that was cut off", () => {
    const begun = [RUN, running(0), point(0, 50)] as const;
    expect(statusOf(historyOf(...begun), "lost").state).toBe("running");
    expect(statusOf(historyOf(...begun), "report").state).toBe("cut off");
    expect(statusOf(historyOf(...begun, end("interrupted")), "report")).toMatchObject({
      state: "interrupted",
      counts: { stopped: 1, waiting: 3 },
      etaSeconds: null,
    });
    expect(statusOf(historyOf({ type: "reading", rows: 5, fraction: 0.5 }), "live")).toMatchObject({
      ...{ state: "reading", fraction: 0.5 },
    });
    expect(statusOf(new RunHistory(), "connecting").state).toBe("connecting");
  });
});

describe("charts", () => {
  const history = historyOf(
    ...[RUN, running(0), point(0, 10), point(0, 20), epoch(0, 1, 0.4), epoch(0, 2, 0.5), running(1), point(1, 10)],
    ...[merged(1, 0.2), merged(2, 0.6), { type: "sample", rss: 2 ** 20, rate: 0, s: 1 } as const],
  );

  it("have a line a world, or a figure, and say in words what they show", () => {
    expect(lossChart(history).lines.map(({ name, points }) => [name, points])).toEqual([
      [
        "world 0",
        [
          [1, 10],
          [2, 5],
        ],
      ],
      ["world 1", [[1, 10]]],
    ]);
    expect(lossChart(history).summary).toBe("2 worlds started at 10 and are now between 5 and 10.");
    expect(bucketChart(history, 3).lines[0].points).toEqual([
      [1, 0.2],
      [2, 0.25],
    ]);
    expect(mergedChart(history).lines.map(({ name }) => name)).toEqual(["P@1", "P@3", "P@5"]);
    expect(mergedChart(history).summary).toBe("P@1 is 20.00 % with 1 world and 60.00 % with 2.");
    expect(memoryChart(history).summary).toBe("Last 1 MiB, at most 1 MiB.");
  });

  it("say why there is nothing to draw", () => {
    expect(rateChart(history).absent).not.toBeNull();
    const blind = historyOf({ ...RUN, heldOut: null });
    for (const chart of [bucketChart(blind, 1), mergedChart(blind)]) expect(chart.absent).toContain("--validation 0.1");
    const large = historyOf({ ...RUN, heldOut: { rows: 100, epochSample: 100, sample: 0 } });
    expect(mergedChart(large).absent).toContain("too large");
    expect(bucketChart(large, 5).absent).toContain("first epoch");
  });
});

describe("nextSteps", () => {
  const commands = (history: RunHistory, state: Parameters<typeof nextSteps>[1]) =>
    nextSteps(history, state).map(({ command }) => command);

  it("are typed as a shell takes them", () => {
    const history = historyOf(RUN, running(0), end("interrupted"));
    expect(commands(history, "interrupted")).toEqual(["manyworlds train 'my rows.tsv' --model m/ --resume"]);
  });

  it("keep to the strategy of the run", () => {
    const strategy = { strategy: "data-parallel", numWorkers: 3, groupSize: 2 };
    expect(commands(historyOf({ ...RUN, strategy }, running(0), end("interrupted")), "interrupted")).toEqual([
      "manyworlds train 'my rows.tsv' --model m/ --strategy data-parallel --strategy-workers 3 --resume",
    ]);
  });

  it("follow from how the run went", () => {
    const all = [0, 1, 2, 3].map(done);
    const rising = historyOf(
      RUN,
      ...all,
      merged(2, 0.5),
      merged(4, 0.6),
      epoch(0, 9, 0.4),
      epoch(0, 10, 0.43),
      end("finished"),
    );
    expect(commands(rising, "finished").slice(0, 2)).toEqual([
      "manyworlds train 'my rows.tsv' --model m/ --worlds 4-7 --resume",
      "manyworlds train 'my rows.tsv' --model m/ --overwrite --epochs 15",
    ]);
    const flat = historyOf(
      RUN,
      ...all,
      merged(2, 0.5),
      merged(4, 0.501),
      epoch(0, 9, 0.4),
      epoch(0, 10, 0.3),
      end("finished"),
    );
    expect(nextSteps(flat, "finished")[0].why).toContain("hardly help");
    expect(commands(flat, "finished")[1]).toContain("--epochs 6");
    expect(commands(historyOf({ ...RUN, heldOut: null }, ...all, end("finished")), "finished")[0]).toBe(
      "manyworlds evaluate m/ test.tsv",
    );
    const diverged = historyOf(
      RUN,
      { type: "world", world: 2, phase: "diverged", message: "NaN", s: 1 },
      end("failed"),
    );
    expect(commands(diverged, "failed")).toEqual([
      "manyworlds train 'my rows.tsv' --model m/ --overwrite --learning-rate 0.005",
    ]);
    expect(nextSteps(historyOf(RUN, running(0), end("failed")), "failed")[0].why).toContain("disk full");
    expect(commands(historyOf(RUN, running(0)), "running")).toEqual([]);
  });
});

it("numbers are written as the command line writes them", () => {
  expect([0, 999, 1024 ** 2, 380.4 * 1024 ** 2, 1000 * 1024 ** 2].map(formatBytes)).toEqual([
    ...["0 B", "999 B", "1 MiB", "380 MiB", "1.0 GiB"],
  ]);
  expect([0.04, 9.96, 61, 3599.6].map(formatSeconds)).toEqual(["0.0 s", "10 s", "1 min 1 s", "1 h 0 min"]);
});
