/**
 * @file Who writes a run down? The recorder turns what a run reports into records: into the feed that pages watch, into
 * `history.jsonl`, and at the end into `report.html`.
 *
 *   TrainEvent ─▶ record ─▶ feed (all) ─▶ file (those that the history keeps)
 *   each second ─▶ sample: memory, rows a second
 *
 * It reads what training reports and gives nothing back: no byte of a model depends on it. What it cannot write, it says
 * in `notes`; the training goes on.
 */
import { InterruptedError } from "../../core/errors.js";
import type { TrainEvent } from "../train-request.js";
import { HistoryFeed } from "./history-feed.js";
import { HistoryFile, readHistory } from "./history-file.node.js";
import { type Figures, HISTORY_FORMAT, type HistoryRecord, type RunRecord } from "./records.js";
import { writeReport } from "./report.node.js";

const SAMPLE_INTERVAL_MS = 1000;

export interface RunRecorderOptions {
  /** The model's directory as it is at the time: a finished replacement moves. */
  readonly root: () => string;
  /** A new model: what history may lie there is of another. */
  readonly isNew: boolean;
  /** performance.now() when the run began. */
  readonly startedMs: number;
  /** Default: one of its own, that nobody watches. */
  readonly feed?: HistoryFeed;
}

export type RunDescription = Omit<RunRecord, "type" | "format" | "run" | "started" | "s">;

export class RunRecorder {
  /** What could not be written, and why. */
  readonly notes: string[];
  private readonly feed: HistoryFeed;
  private readonly file: HistoryFile;
  private readonly root: () => string;
  private readonly startedMs: number;
  private readonly earlierSeconds: number;
  /** Steps that each world had done when it last reported. */
  private readonly steps: Map<number, number>;
  private rowsPerWorld: number;
  private rowsSinceSample: number;
  private sampledMs: number;
  private timer: NodeJS.Timeout | null;

  /** Reads the history of a model that goes on. */
  constructor({ root, isNew, startedMs, feed = new HistoryFeed() }: RunRecorderOptions) {
    this.notes = [];
    this.feed = feed;
    this.root = root;
    this.startedMs = startedMs;
    this.attempt(() => {
      if (!isNew) for (const record of readHistory(root())) feed.add(record);
    });
    this.earlierSeconds = feed.history.seconds;
    this.file = new HistoryFile(root, () => feed.snapshot().filter(({ type }) => type !== "reading"));
    this.steps = new Map();
    this.rowsPerWorld = 0;
    this.rowsSinceSample = 0;
    this.sampledMs = startedMs;
    this.timer = null;
  }

  begin(run: RunDescription): void {
    const number = (this.feed.history.currentRun?.record.run ?? 0) + 1;
    const started = new Date(Date.now() - (performance.now() - this.startedMs)).toISOString();
    this.add({ type: "run", format: HISTORY_FORMAT, run: number, started, ...run, s: this.earlierSeconds });
    this.rowsPerWorld = run.data.trainingRows * Number(run.options.epochs);
    this.sample();
    this.timer = setInterval(() => this.sample(), SAMPLE_INTERVAL_MS);
    this.timer.unref();
  }

  /** Takes in what the run reports. */
  observe(event: TrainEvent): void {
    const s = this.now();
    switch (event.kind) {
      case "start":
        this.add({ type: "world", world: event.world, phase: "running", s });
        break;
      case "progress": {
        const { world, step, numSteps, epochs, loss, rowsPerSecond } = event;
        // A world that goes on from a checkpoint has done its first steps in another run.
        const stepsBefore = this.steps.get(world) ?? Math.max(0, step - 1);
        this.rowsSinceSample += (this.rowsPerWorld * (step - stepsBefore)) / numSteps;
        this.steps.set(world, step);
        const memory = "memoryBytes" in event ? event.memoryBytes : null;
        const epoch = rounded((step / numSteps) * epochs);
        this.add({
          ...{ type: "point", world, step, numSteps, epoch, loss: rounded(loss), rate: Math.round(rowsPerSecond) },
          ...{ memory, s },
        });
        break;
      }
      case "epoch": {
        const { world, epoch, epochs, loss, learningRate, metrics } = event;
        const buckets = metrics === null ? null : roundedFigures(metrics);
        this.add({ type: "epoch", world, epoch, epochs, loss: rounded(loss), learningRate, buckets, s });
        break;
      }
      case "world": {
        const { world, result } = event;
        if (result.status === "done") {
          const { loss, seconds, file } = result;
          this.add({ type: "world", world, phase: "done", loss, seconds, bytes: file.bytes, s });
        } else this.add({ type: "world", world, phase: "diverged", message: result.message, s });
        break;
      }
      case "merged":
      case "measured":
        this.add({ type: event.kind, worlds: event.numWorlds, rows: event.numRows, figures: event.figures, s });
        break;
      case "note":
        this.add({ type: "note", message: event.message, s });
    }
  }

  /** The run is over; `error`: what it threw, null if it is complete. Writes the report. */
  end(error: unknown): void {
    if (this.timer !== null) clearInterval(this.timer);
    if (performance.now() - this.sampledMs > SAMPLE_INTERVAL_MS / 2) this.sample();
    const { user, system } = process.cpuUsage();
    const end = error === null ? "finished" : error instanceof InterruptedError ? "interrupted" : "failed";
    this.add({
      type: "end",
      end,
      ...(end === "failed" ? { message: error instanceof Error ? error.message : String(error) } : {}),
      seconds: (performance.now() - this.startedMs) / 1000,
      cpuSeconds: (user + system) / 1e6,
      peakBytes: process.resourceUsage().maxRSS * 1024,
      s: this.now(),
    });
    this.file.close();
    const { failure } = this.file;
    if (failure !== null) this.notes.push(`history.jsonl is not complete: ${failure.message}`);
    this.attempt(() => writeReport(this.root(), this.feed.snapshot()));
  }

  private sample(): void {
    const nowMs = performance.now();
    const rate = Math.round((1000 * this.rowsSinceSample) / Math.max(1, nowMs - this.sampledMs));
    this.sampledMs = nowMs;
    this.rowsSinceSample = 0;
    this.add({ type: "sample", rss: process.memoryUsage.rss(), rate, s: this.now() });
  }

  private now(): number {
    return rounded(this.earlierSeconds + (performance.now() - this.startedMs) / 1000);
  }

  private add(record: HistoryRecord): void {
    if (this.feed.add(record)) this.file.append(record);
  }

  private attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.notes.push(error instanceof Error ? error.message : String(error));
    }
  }
}

/** Six digits: more are noise, and bytes in every line. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

function roundedFigures(figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, rounded(value)]));
}
