/** @file Does the history of a run keep its curves in bounded memory, and its file survive what ends a run? */
import { appendFileSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HistoryFeed } from "../../src/train/run-history/history-feed.js";
import { HistoryFile, readHistory } from "../../src/train/run-history/history-file.node.js";
import {
  type HistoryRecord,
  type PointRecord,
  parseRecord,
  type RunRecord,
} from "../../src/train/run-history/records.js";
import { fillReport } from "../../src/train/run-history/report.node.js";
import { RunHistory } from "../../src/train/run-history/run-history.js";
import { ThinnedSeries } from "../../src/train/run-history/thinned-series.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";

function run(worlds: readonly number[], changes: Partial<RunRecord> = {}): RunRecord {
  return {
    type: "run",
    format: 1,
    run: 1,
    started: "2026-01-01T00:00:00.000Z",
    writtenBy: "manyworlds 0",
    model: "m",
    isResumed: false,
    data: {
      ...{ files: ["a.tsv"], format: "tsv", rows: 10, trainingRows: 9, features: 5, labels: 3 },
      ...{ nonZeros: 20, labelOccurrences: 10, skipped: 0 },
    },
    options: {},
    strategy: null,
    threads: 2,
    kernels: "native",
    parameters: 100,
    worlds,
    kept: [],
    heldOut: { rows: 100, epochSample: 100, sample: 100 },
    s: 0,
    ...changes,
  };
}

function point(world: number, step: number, s = step): PointRecord {
  return { type: "point", world, step, numSteps: 100_000, epoch: step / 1000, loss: 1 / step, rate: 9, memory: 1, s };
}

const epoch = (world: number, number: number, s: number): HistoryRecord => ({
  ...{ type: "epoch", world, epoch: number, epochs: 100, loss: 1, learningRate: 0.1, buckets: { "p@1": 0.5 }, s },
});

describe("ThinnedSeries", () => {
  it("keeps a bounded number of points over the whole range, and the newest", () => {
    const series = new ThinnedSeries<number>(64, (x) => x);
    for (let x = 1; x <= 100_000; x++) series.add(x);
    const { items } = series;
    expect(items.length).toBeGreaterThan(30);
    expect(items.length).toBeLessThanOrEqual(66);
    expect([items[0], items.at(-1), series.latest]).toEqual([1, 100_000, 100_000]);
    const gaps = items.slice(1, -1).map((x, i) => x - items[i]);
    expect(Math.max(...gaps) / Math.min(...gaps)).toBeLessThan(4.1);
  });

  it("goes back to where a resumed run starts", () => {
    const series = new ThinnedSeries<number>(64, (x) => x);
    for (const x of [10, 20, 30, 40]) series.add(x);
    expect(series.add(25)).toBe(true);
    expect(series.items).toEqual([10, 20, 25]);
  });
});

describe("RunHistory", () => {
  it("adds up to the same from its own records", () => {
    const history = new RunHistory();
    const records: HistoryRecord[] = [
      run([0, 1, 2]),
      { type: "world", world: 0, phase: "running", s: 1 },
      ...[1, 2, 3, 500].map((step) => point(0, step, 4)),
      epoch(0, 1, 4),
      { type: "world", world: 0, phase: "done", loss: 0.5, seconds: 3, bytes: 7, s: 5 },
      { type: "merged", worlds: 1, rows: 100, figures: { "p@1": 0.4 }, s: 6 },
      { type: "sample", rss: 9, rate: 8, s: 6 },
      { type: "world", world: 1, phase: "running", s: 6 },
      point(1, 7, 7),
      { type: "note", message: "look", s: 8 },
      { type: "end", end: "interrupted", seconds: 9, cpuSeconds: 9, peakBytes: 9, s: 9 },
    ];
    for (const record of records) history.add(record);
    expect(history.worlds.map(({ state }) => state.phase)).toEqual(["done", "stopped", "waiting"]);
    const again = new RunHistory();
    for (const record of history.records()) again.add(JSON.parse(JSON.stringify(record)));
    expect(again.records()).toEqual(history.records());
    expect(again.worlds).toEqual(history.worlds);
    expect(again.seconds).toBe(9);
  });

  it("bounds what many worlds and long runs leave behind", () => {
    const history = new RunHistory();
    const worlds = Array.from({ length: 64 }, (_, i) => i);
    history.add(run(worlds));
    for (const world of worlds) {
      for (let step = 1; step <= 3000; step++) history.add(point(world, step));
      for (let e = 1; e <= 400; e++) history.add(epoch(world, e, e));
    }
    for (let s = 1; s < 5000; s++) history.add({ type: "sample", rss: 1, rate: 1, s });
    const text = JSON.stringify(history.records());
    expect(history.records().length).toBeLessThan(20_000);
    expect(text.length).toBeLessThan(3e6);
    for (const { points, epochs, latest } of history.worlds) {
      expect([points[0].step, latest?.step, epochs.at(-1)?.epoch]).toEqual([1, 3000, 400]);
    }
  });

  it("goes on from a checkpoint behind the point that was reached", () => {
    const history = new RunHistory();
    history.add(run([0]));
    for (let e = 1; e <= 3; e++) {
      for (let step = 1000 * (e - 1) + 100; step <= 1000 * e; step += 100) history.add(point(0, step));
      history.add(epoch(0, e, e));
    }
    history.add(run([0], { run: 2, isResumed: true, s: 3000 }));
    history.add(point(0, 1550));
    const [{ points, epochs }] = history.worlds;
    expect(points.at(-2)?.step).toBe(1500);
    expect(points.at(-1)?.step).toBe(1550);
    expect(epochs.map((record) => record.epoch)).toEqual([1]);
  });

  it("drops merged points of another sample of rows", () => {
    const history = new RunHistory();
    history.add(run([0, 1]));
    for (const [worlds, rows] of [
      [1, 100],
      [2, 100],
      [3, 50],
    ])
      history.add({ type: "merged", worlds, rows, figures: { "p@1": 0.1 * worlds }, s: 1 });
    expect(history.merged.map(({ worlds }) => worlds)).toEqual([3]);
  });
});

describe("HistoryFile", () => {
  it("keeps each record that was appended, and skips a torn last line and lines it does not know", () => {
    const root = temporaryDirectory();
    const feed = new HistoryFeed();
    feed.add(run([0]));
    const file = new HistoryFile(
      () => root,
      () => feed.snapshot(),
    );
    feed.add(point(0, 1));
    file.append(point(0, 1));
    // As after a kill: no close.
    const path = join(root, "history.jsonl");
    appendFileSync(path, '{"type":"telepathy"}\n{"type":"run","format":99}\n{"type":"point","world":0,"st');
    expect(readHistory(root).map(({ type }) => type)).toEqual(["run", "world", "point"]);
    // The next run starts with whole lines again.
    const next = new HistoryFeed();
    for (const record of readHistory(root)) next.add(record);
    new HistoryFile(
      () => root,
      () => next.snapshot(),
    ).close();
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    expect(lines.every((line) => parseRecord(line) !== null)).toBe(true);
    expect(lines.length).toBe(3);
    file.close();
  });

  it("is rewritten before it grows large, with the same curves", () => {
    const root = temporaryDirectory();
    const feed = new HistoryFeed();
    feed.add(run([0]));
    const file = new HistoryFile(
      () => root,
      () => feed.snapshot(),
      { compactionBytes: 60_000 },
    );
    let mostBytes = 0;
    for (let step = 1; step <= 20_000; step++) {
      // A world that starts again and again: every point is kept.
      const record = point(0, (step % 200) + 1, step);
      if (feed.add(record)) file.append(record);
      if (step % 100 === 0) mostBytes = Math.max(mostBytes, statSync(join(root, "history.jsonl")).size);
    }
    file.close();
    expect(file.failure).toBeNull();
    expect(mostBytes).toBeGreaterThan(30_000);
    expect(mostBytes).toBeLessThan(130_000);
    const again = new HistoryFeed();
    for (const record of readHistory(root)) again.add(record);
    expect(again.history.worlds).toEqual(feed.history.worlds);
  });

  it("follows a directory that moves", () => {
    const parent = temporaryDirectory();
    let root = join(parent, "m.replacement");
    const feed = new HistoryFeed();
    feed.add(run([0]));
    renameSync(temporaryDirectory(), root);
    const file = new HistoryFile(
      () => root,
      () => feed.snapshot(),
    );
    renameSync(root, join(parent, "m"));
    root = join(parent, "m");
    file.append(point(0, 1));
    file.close();
    expect(readHistory(root).length).toBe(3);
  });

  it("gives up writing, not training, when the file system refuses", () => {
    const root = join(temporaryDirectory(), "absent", "deep");
    const file = new HistoryFile(
      () => root,
      () => [run([0])],
    );
    file.append(point(0, 1));
    file.close();
    expect(file.failure?.message).toMatch(/could not be written/);
    expect(existsSync(root)).toBe(false);
  });

  it("there is none in a directory without one", () => {
    const root = temporaryDirectory();
    expect(readHistory(root)).toEqual([]);
    writeFileSync(join(root, "history.jsonl"), "");
    expect(readHistory(root)).toEqual([]);
  });
});

describe("fillReport", () => {
  it("puts any text into a script element, and nothing can end it", () => {
    const page = '<p></p><script type="application/json" id="history"></script><b></b>';
    const record: HistoryRecord = { type: "note", message: "</script><!-- $& $1 <script>", s: 1 };
    const filled = fillReport(page, [record]);
    const [, json] = /id="history">([^<]*)<\/script><b>/.exec(filled) ?? [];
    expect(JSON.parse(json)).toEqual([record]);
  });
});
