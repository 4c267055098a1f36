/**
 * @file What does a user see while work goes on? On a terminal a bar for each running job, redrawn in place; elsewhere
 * one JSON object a line, at most one a second for each job. Both go to stderr: stdout carries results alone.
 *
 *   world 3 ━━━━━━━━━━━━━━━━╸─────────  64 %  epoch 4/6  loss 2.114  31,204 rows/s  ETA 12 s
 */
import type { WriteStream } from "node:tty";

/** State of one job, as its owner last reported it. */
export interface ProgressUpdate {
  /** Names the job, such as `world 3` or `reading train.tsv`. */
  readonly job: string;
  /** 0 … 1 */
  readonly fraction: number;
  /** Fields of the JSON line, and parts of the bar's. */
  readonly details: Readonly<Record<string, string | number>>;
  /** Units done per second, with the unit's name. */
  readonly rate?: { readonly perSecond: number; readonly unit: string };
}

export interface Progress {
  update(update: ProgressUpdate): void;
  /** The job ended: its bar goes away, `line` (if any) stays. */
  finish(job: string, line?: string): void;
  /** Prints a line above the bars. */
  note(line: string): void;
  /** Removes the bars; the terminal is as before. */
  close(): void;
}

/** Bars when `stream` is a terminal, JSON lines otherwise; nothing at all when `quiet`. */
export function createProgress(
  stream: WriteStream | NodeJS.WriteStream,
  options: { readonly quiet?: boolean; readonly now?: () => number } = {},
): Progress {
  if (options.quiet) return { update: () => {}, finish: () => {}, note: () => {}, close: () => {} };
  const now = options.now ?? Date.now;
  return stream.isTTY ? new BarProgress(stream as WriteStream, now) : new LineProgress(stream, now);
}

const REDRAW_MS = 100;
const LINE_MS = 1000;
const BAR_WIDTH = 26;

class BarProgress implements Progress {
  private readonly stream: WriteStream;
  private readonly now: () => number;
  private readonly jobs = new Map<string, { update: ProgressUpdate; startedMs: number; startFraction: number }>();
  private drawnLines = 0;
  private lastDrawMs = 0;

  constructor(stream: WriteStream, now: () => number) {
    this.stream = stream;
    this.now = now;
  }

  update(update: ProgressUpdate): void {
    const known = this.jobs.get(update.job);
    if (known === undefined) {
      this.jobs.set(update.job, { update, startedMs: this.now(), startFraction: update.fraction });
    } else known.update = update;
    if (this.now() - this.lastDrawMs >= REDRAW_MS) this.draw();
  }

  finish(job: string, line?: string): void {
    this.jobs.delete(job);
    this.erase();
    if (line !== undefined) this.stream.write(`${line}\n`);
    this.draw();
  }

  note(line: string): void {
    this.erase();
    this.stream.write(`${line}\n`);
    this.draw();
  }

  close(): void {
    this.erase();
    this.jobs.clear();
  }

  private erase(): void {
    if (this.drawnLines > 0) this.stream.write(`\x1b[${this.drawnLines}A\x1b[0J`);
    this.drawnLines = 0;
  }

  private draw(): void {
    this.lastDrawMs = this.now();
    const lines = [...this.jobs.values()].map(({ update, startedMs, startFraction }) => {
      const seconds = (this.now() - startedMs) / 1000;
      const gained = update.fraction - startFraction;
      const etaSeconds = gained > 0 ? (seconds * (1 - update.fraction)) / gained : Number.NaN;
      return renderBar(update, etaSeconds).slice(0, Math.max(20, (this.stream.columns ?? 100) - 1));
    });
    this.erase();
    if (lines.length > 0) this.stream.write(`${lines.join("\n")}\n`);
    this.drawnLines = lines.length;
  }
}

/** One line of a bar display. Exported for its test. */
export function renderBar(update: ProgressUpdate, etaSeconds: number): string {
  const filled = Math.floor(Math.min(1, Math.max(0, update.fraction)) * BAR_WIDTH);
  const bar = "━".repeat(filled) + "─".repeat(BAR_WIDTH - filled);
  const parts = [`${update.job.padEnd(9)} ${bar} ${String(Math.floor(update.fraction * 100)).padStart(3)} %`];
  for (const [key, value] of Object.entries(update.details)) parts.push(`${key} ${formatDetail(value)}`);
  if (update.rate !== undefined) {
    parts.push(`${Math.round(update.rate.perSecond).toLocaleString("en-US")} ${update.rate.unit}/s`);
  }
  if (Number.isFinite(etaSeconds)) parts.push(`ETA ${formatSeconds(etaSeconds)}`);
  return parts.join("  ");
}

/** Counts with separators; measured numbers with decimals that do not come and go. */
function formatDetail(value: string | number): string {
  if (typeof value === "string") return value;
  return Number.isInteger(value) ? value.toLocaleString("en-US") : value.toFixed(3);
}

class LineProgress implements Progress {
  private readonly stream: NodeJS.WriteStream | WriteStream;
  private readonly now: () => number;
  private readonly lastMs = new Map<string, number>();

  constructor(stream: NodeJS.WriteStream | WriteStream, now: () => number) {
    this.stream = stream;
    this.now = now;
  }

  update(update: ProgressUpdate): void {
    if (this.now() - (this.lastMs.get(update.job) ?? Number.NEGATIVE_INFINITY) < LINE_MS) return;
    this.lastMs.set(update.job, this.now());
    const { job, fraction, details, rate } = update;
    const rates = rate === undefined ? {} : { [`${rate.unit}/s`]: Math.round(rate.perSecond) };
    // A pipe has no size, so that what was read of it is any multiple of that.
    const share = Math.round(Math.min(1, Math.max(0, fraction)) * 1e4) / 1e4;
    this.write({ event: "progress", job, fraction: share, ...details, ...rates });
  }

  finish(job: string, line?: string): void {
    this.write(line === undefined ? { event: "finished", job } : { event: "finished", job, message: line });
  }

  note(line: string): void {
    this.write({ event: "note", message: line });
  }

  close(): void {}

  private write(record: object): void {
    this.stream.write(`${JSON.stringify(record)}\n`);
  }
}

/** `8.4 s`, `3 min 20 s`, `2 h 5 min`. Rounded before it is split, so that no minute has 60 seconds. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
