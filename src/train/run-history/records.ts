/**
 * @file What is written down about a training run? The records of `history.jsonl`, one JSON object a line, and the same
 * on the wire to the live page and inside `report.html`.
 *
 *   run      a run has begun: settings, data, worlds to train and worlds that were there
 *   world    a world changed its state
 *   point    where a world stands: step, running loss, rows a second
 *   epoch    a world ended an epoch: mean loss, and precision on rows set aside
 *   merged   precision of the labels that the worlds finished so far find together
 *   sample   the whole process: memory, rows a second
 *   measured figures of the finished model on all rows set aside, those of the manifest
 *   end      the run has ended: how, and what it took
 *   note     something that the reader of the report should know
 *   reading  rows are being read: on the wire only
 *
 * `s` is seconds of run time: those of earlier runs of the same model added up, so that curves go on where they stopped.
 * Numbers that are not finite do not occur: they are left out or null.
 */

/** Version of the records; a reader skips lines of a later one. */
export const HISTORY_FORMAT = 1;

/** Figures by name, as fractions: `p@1`, `ndcg@3` … */
export type Figures = Readonly<Record<string, number>>;

export type WorldPhase = "waiting" | "running" | "done" | "stopped" | "diverged";

export type RunEnd = "finished" | "interrupted" | "failed";

/** A flag of the command line as it was typed: `--validation`, `0.1`. */
export interface GivenFlag {
  /** With its dashes. */
  readonly flag: string;
  /** null: it takes none. */
  readonly value: string | null;
}

export interface RunRecord {
  readonly type: "run";
  readonly format: number;
  /** From 1. */
  readonly run: number;
  /** ISO 8601. */
  readonly started: string;
  /** Program and version. */
  readonly writtenBy: string;
  /** Name of the model's directory. */
  readonly model: string;
  readonly isResumed: boolean;
  /** What the command gave besides files and model, so that it can be given again. Absent: no command line was there. */
  readonly flags?: readonly GivenFlag[];
  readonly data: {
    /** Names without directories. */
    readonly files: readonly string[];
    readonly format: string;
    /** Rows read, those set aside included. */
    readonly rows: number;
    /** Rows that worlds learn from. */
    readonly trainingRows: number;
    readonly features: number;
    readonly labels: number;
    readonly nonZeros: number;
    readonly labelOccurrences: number;
    readonly skipped: number;
  };
  /** ModelOptions, and the strategy's where worlds are trained by one. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly strategy: Readonly<Record<string, unknown>> | null;
  /** Worlds trained at once; workers of one world where a strategy trains it. */
  readonly threads: number;
  readonly kernels: string;
  /** Parameters of all worlds. */
  readonly parameters: number;
  /** Worlds to train, and those that the model had before. */
  readonly worlds: readonly number[];
  readonly kept: readonly KeptWorld[];
  /** null: no rows were set aside. `sample`: of them, those that curves are measured on; 0: too large for it. */
  readonly heldOut: { readonly rows: number; readonly epochSample: number; readonly sample: number } | null;
  readonly s: number;
}

export interface KeptWorld {
  readonly world: number;
  readonly loss: number;
  readonly seconds: number;
  readonly bytes: number;
}

export interface WorldStateRecord {
  readonly type: "world";
  readonly world: number;
  readonly phase: WorldPhase;
  /** Of a finished world. */
  readonly loss?: number;
  /** Training time of a finished world, all runs together. */
  readonly seconds?: number;
  readonly bytes?: number;
  /** Why it diverged. */
  readonly message?: string;
  readonly s: number;
}

export interface PointRecord {
  readonly type: "point";
  readonly world: number;
  readonly step: number;
  readonly numSteps: number;
  /** Epochs done, with a fraction. */
  readonly epoch: number;
  /** Mean over the last 100 steps or so. */
  readonly loss: number;
  /** Rows a second. */
  readonly rate: number;
  /** Bytes that the thread of this world holds, without the data set; null: several threads train it. */
  readonly memory: number | null;
  readonly s: number;
}

export interface EpochRecord {
  readonly type: "epoch";
  readonly world: number;
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
  readonly learningRate: number;
  /** P@k of the world's buckets on rows set aside; null without. */
  readonly buckets: Figures | null;
  readonly s: number;
}

export interface MergedRecord {
  readonly type: "merged";
  /** How many worlds answered together. */
  readonly worlds: number;
  readonly rows: number;
  readonly figures: Figures;
  readonly s: number;
}

export interface SampleRecord {
  readonly type: "sample";
  /** Resident bytes of the process. */
  readonly rss: number;
  /** Rows a second, all worlds together. */
  readonly rate: number;
  readonly s: number;
}

export interface MeasuredRecord {
  readonly type: "measured";
  readonly worlds: number;
  readonly rows: number;
  readonly figures: Figures;
  readonly s: number;
}

export interface EndRecord {
  readonly type: "end";
  readonly end: RunEnd;
  readonly message?: string;
  /** Wall time of this run, and processor time of its process, reading included. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly s: number;
}

export interface NoteRecord {
  readonly type: "note";
  readonly message: string;
  readonly s: number;
}

export interface ReadingRecord {
  readonly type: "reading";
  readonly rows: number;
  /** 0 … 1 */
  readonly fraction: number;
}

/** One thing that happened in a training run; `type` says what. */
export type HistoryRecord =
  | RunRecord
  | WorldStateRecord
  | PointRecord
  | EpochRecord
  | MergedRecord
  | SampleRecord
  | MeasuredRecord
  | EndRecord
  | NoteRecord
  | ReadingRecord;

const TYPES: ReadonlySet<string> = new Set([
  ...["run", "world", "point", "epoch", "merged", "sample", "measured", "end", "note", "reading"],
]);

/** The record in a line; null for one that is torn, or of a kind or version that this program does not know. */
export function parseRecord(line: string): HistoryRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { type, format } = value as { type?: unknown; format?: unknown };
  if (typeof type !== "string" || !TYPES.has(type)) return null;
  if (type === "run" && !(typeof format === "number" && format <= HISTORY_FORMAT)) return null;
  return value as HistoryRecord;
}
