/**
 * @file What do the records of a model's runs add up to? The state that the live page and the report draw, in bounded memory.
 *
 *   record ──add──▶ runs │ worlds: points, epochs, phase │ merged │ samples │ figures
 *                      └──records──▶ fewer records that add up to the same: a snapshot for who comes late, a compact file
 *
 * Pure and portable: the trainer folds what it writes, the page folds what it reads, the report what it carries.
 */
import type {
  EndRecord,
  EpochRecord,
  HistoryRecord,
  MeasuredRecord,
  MergedRecord,
  NoteRecord,
  PointRecord,
  ReadingRecord,
  RunRecord,
  SampleRecord,
  WorldStateRecord,
} from "./records.js";
import { ThinnedSeries } from "./thinned-series.js";

/** Points of all worlds together, about: some hundred bytes each. */
const POINTS_IN_ALL = 6144;
/** Of one world: more than a chart has pixels to tell apart, and enough to see a curve. */
const MOST_POINTS = 256;
const LEAST_POINTS = 16;
const MOST_SAMPLES = 512;
/** Runs remembered: the first, and the latest of the others. */
const MOST_RUNS = 32;
const MOST_NOTES = 32;

/** A run; `end` is null while it goes on, and for good if it was killed. */
export interface RunSummary {
  /** What the run began with. */
  readonly record: RunRecord;
  readonly end: EndRecord | null;
}

/** A world as the records tell it. */
export interface WorldHistory {
  readonly world: number;
  /** The latest. */
  readonly state: WorldStateRecord;
  /** By ascending step, thinned; all runs together. */
  readonly points: readonly PointRecord[];
  /** The newest point; null before the first. */
  readonly latest: PointRecord | null;
  /** By ascending epoch, thinned where they are many. */
  readonly epochs: readonly EpochRecord[];
}

interface WorldSeries {
  state: WorldStateRecord;
  readonly points: ThinnedSeries<PointRecord>;
  readonly epochs: ThinnedSeries<EpochRecord>;
}

/** The state that a model's records add up to, in bounded memory. */
export class RunHistory {
  private pastRuns: RunSummary[];
  private readonly byWorld: Map<number, WorldSeries>;
  private mergedPoints: MergedRecord[];
  private readonly sampleSeries: ThinnedSeries<SampleRecord>;
  private currentNotes: NoteRecord[];
  private result: MeasuredRecord | null;
  private reading: ReadingRecord | null;
  private lastSecond: number;

  constructor() {
    this.pastRuns = [];
    this.byWorld = new Map();
    this.mergedPoints = [];
    this.sampleSeries = new ThinnedSeries(MOST_SAMPLES, ({ s }) => s);
    this.currentNotes = [];
    this.result = null;
    this.reading = null;
    this.lastSecond = 0;
  }

  /** Oldest first. */
  get runs(): readonly RunSummary[] {
    return this.pastRuns;
  }

  /** The latest, ended or not; null before the first. */
  get currentRun(): RunSummary | null {
    return this.pastRuns.at(-1) ?? null;
  }

  /** Ascending. */
  get worlds(): readonly WorldHistory[] {
    return [...this.byWorld.entries()]
      .sort(([a], [b]) => a - b)
      .map(([world, { state, points, epochs }]) => ({
        world,
        state,
        points: points.items,
        latest: points.latest,
        epochs: epochs.items,
      }));
  }

  /** By ascending number of worlds. */
  get merged(): readonly MergedRecord[] {
    return this.mergedPoints;
  }

  /** By ascending `s`, thinned. */
  get samples(): readonly SampleRecord[] {
    return this.sampleSeries.items;
  }

  /** Of the current run, the latest of them. */
  get notes(): readonly NoteRecord[] {
    return this.currentNotes;
  }

  /** Figures of the finished model; null until it is measured. */
  get measured(): MeasuredRecord | null {
    return this.result;
  }

  /** How far rows are read; null before, and once a run has begun. */
  get rowsRead(): ReadingRecord | null {
    return this.reading;
  }

  /** Seconds of run time of the latest record. */
  get seconds(): number {
    return this.lastSecond;
  }

  /** Takes a record in. @returns whether it is kept; one that is not matters only until the next of its kind. */
  add(record: HistoryRecord): boolean {
    if ("s" in record) this.lastSecond = Math.max(this.lastSecond, record.s);
    switch (record.type) {
      case "run":
        this.begin(record);
        return true;
      case "world":
        this.series(record.world).state = record;
        return true;
      case "point": {
        const series = this.series(record.world);
        const { latest } = series.points;
        const isKept = series.points.add(record);
        // Training began anew, or went on from a checkpoint: epochs after it will come again.
        if (latest !== null && record.step <= latest.step) this.forgetEpochs(record);
        return isKept || record.step === record.numSteps;
      }
      case "epoch":
        return this.series(record.world).epochs.add(record);
      case "merged":
        this.mergedPoints = [
          ...this.mergedPoints.filter(({ worlds, rows }) => worlds !== record.worlds && rows === record.rows),
          record,
        ].sort((a, b) => a.worlds - b.worlds);
        return true;
      case "sample":
        return this.sampleSeries.add(record);
      case "measured":
        this.result = record;
        return true;
      case "end":
        this.finish(record);
        return true;
      case "note":
        this.currentNotes = [...this.currentNotes.slice(1 - MOST_NOTES), record];
        return true;
      case "reading":
        this.reading = record;
        return false;
    }
  }

  /** Records that add up to this history. */
  records(): HistoryRecord[] {
    const runs = this.pastRuns.flatMap(({ record, end }) => (end === null ? [record] : [record, end]));
    const worlds = this.worlds.flatMap(({ state, points, epochs }) => [...points, ...epochs, state]);
    return [
      ...(this.reading === null ? [] : [this.reading]),
      ...runs,
      ...worlds,
      ...this.mergedPoints,
      ...this.samples,
      ...this.currentNotes,
      ...(this.result === null ? [] : [this.result]),
    ];
  }

  private begin(record: RunRecord): void {
    this.reading = null;
    this.result = null;
    this.currentNotes = [];
    this.pastRuns.push({ record, end: null });
    if (this.pastRuns.length > MOST_RUNS) this.pastRuns.splice(1, 1);
    const { s } = record;
    for (const { world, loss, seconds, bytes } of record.kept) {
      this.series(world).state = { type: "world", world, phase: "done", loss, seconds, bytes, s };
    }
    for (const world of record.worlds) this.series(world).state = { type: "world", world, phase: "waiting", s };
    // Of a run that was killed: no record says that they stopped.
    this.stopRunning(s);
  }

  private finish(end: EndRecord): void {
    const current = this.pastRuns.pop();
    if (current === undefined) return;
    this.pastRuns.push({ ...current, end });
    this.stopRunning(end.s);
  }

  private stopRunning(s: number): void {
    for (const series of this.byWorld.values()) {
      const { phase, world } = series.state;
      if (phase === "running") series.state = { type: "world", world, phase: "stopped", s };
    }
  }

  private series(world: number): WorldSeries {
    let found = this.byWorld.get(world);
    if (found === undefined) {
      const most = this.mostPoints();
      found = {
        state: { type: "world", world, phase: "waiting", s: this.lastSecond },
        points: new ThinnedSeries(most, ({ step }) => step),
        epochs: new ThinnedSeries(most, ({ epoch }) => epoch),
      };
      this.byWorld.set(world, found);
    }
    return found;
  }

  /** Of each of two curves of a world: what is fair among the worlds that the run names. */
  private mostPoints(): number {
    const record = this.currentRun?.record;
    const numWorlds = record === undefined ? 1 : record.worlds.length + record.kept.length;
    return Math.max(LEAST_POINTS, Math.min(MOST_POINTS, Math.floor(POINTS_IN_ALL / Math.max(1, numWorlds))));
  }

  private forgetEpochs({ world, epoch }: PointRecord): void {
    const series = this.series(world);
    const kept = series.epochs.items.filter((item) => item.epoch <= epoch);
    const epochs = new ThinnedSeries<EpochRecord>(this.mostPoints(), (item) => item.epoch);
    for (const item of kept) epochs.add(item);
    this.byWorld.set(world, { ...series, epochs });
  }
}
