/**
 * @file What is asked of a training, what does it say while it goes on, and what does it hand back?
 *
 *   TrainRequest ─▶ trainModel ─▶ TrainReport     train-model.node.ts
 *                       └───────▶ TrainEvent      told by watched-run.node.ts; kept, in part, by run-history/
 *
 * Not here: the options of a model (model-options.ts) and of a strategy (strategies/strategy.ts).
 */
import type { Manifest } from "../checkpoint/manifest.js";
import type { LoadReport, ReadProgress } from "../data/load-dataset.node.js";
import type { NumericVectorizerOptions } from "../data/numeric-vectorizer.js";
import type { TextVectorizerOptions } from "../data/text-vectorizer.js";
import type { MetricValues } from "../mach/metrics.js";
import type { InitEmbeddings } from "./init-embeddings.node.js";
import type { ModelOptions } from "./model-options.js";
import type { ParallelWorldResult } from "./parallel-worlds.node.js";
import type { Plan } from "./plan/plan-model.node.js";
import type { Budgets } from "./plan/recommend.js";
import type { HistoryFeed } from "./run-history/history-feed.js";
import type { GivenFlag } from "./run-history/records.js";
import type { StrategyReport } from "./strategies/ledger.js";
import type { ParallelProgress } from "./strategies/parallel-job.js";
import type { StrategyOptions } from "./strategies/strategy.js";
import type { EpochReport } from "./trainer-options.js";
import type { WorldStep } from "./world-job.js";

/** What `trainModel` is to learn from, what it is to make of it, and where. */
export interface TrainRequest {
  /** Files of rows. */
  readonly inputs: readonly string[];
  /** Directory of the model. */
  readonly modelPath: string;
  /**
   * "create" refuses to touch a model, "overwrite" builds a new one that replaces it once all its worlds are there,
   * "resume" continues the one that is there (or starts one). Default "create".
   */
  readonly mode?: "create" | "resume" | "overwrite";
  /** Options that differ from what `chooseOptions` would choose. */
  readonly options?: Partial<ModelOptions>;
  /** Train only these worlds now; null: all. */
  readonly worlds?: readonly number[] | null;
  /** How texts become features, where that differs from what `chooseTextOptions` would choose. */
  readonly textOptions?: Partial<TextVectorizerOptions>;
  /** How rows of numbers are scaled. Default: to norm 1. */
  readonly numericOptions?: Partial<NumericVectorizerOptions>;
  /** File of word vectors that the worlds' input layers start from. Resuming needs it again. Default: random weights. */
  readonly initEmbeddings?: string;
  /** Name of the rows' format: xc, fasttext, tsv, csv. Default: recognised. */
  readonly format?: string;
  /** Skip and count bad rows instead of stopping at the first. Default false. */
  readonly skipBadRows?: boolean;
  /** Worker threads, each training one world at a time. Of no account where a strategy trains one world on several. */
  readonly numThreads: number;
  /** Who trains one world. Default: sequential, one thread; to resume, that of the model's worlds, and no other. */
  readonly strategy?: Partial<StrategyOptions>;
  /** Least time between two checkpoints of a world in training. Default `CHECKPOINT_INTERVAL_MS`. */
  readonly checkpointIntervalMs?: number;
  /** Memory and time that may be used: options that are left out, and worlds at once, are chosen to fit (plan/). */
  readonly budgets?: Pick<Budgets, "memoryBytes" | "seconds">;
  /** Program and version, for the manifest. */
  readonly writtenBy: string;
  /** Ends the run after a checkpoint of each world in training; "resume" goes on from there. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainEvent) => void;
  /** Gets the records of the run's history, those of earlier runs first. They are written to the model in any case. */
  readonly history?: HistoryFeed;
  /** Flags that this request comes from: the report repeats them in the commands that it proposes. Changes no training. */
  readonly flags?: readonly GivenFlag[];
}

/** What a run reports while it goes on. */
export type TrainEvent =
  | ({ readonly kind: "reading" } & ReadProgress)
  /** Only where budgets are given. */
  | { readonly kind: "planned"; readonly plan: Plan }
  | {
      readonly kind: "prepared";
      readonly data: LoadReport;
      readonly options: ModelOptions;
      /** Those to be trained now. */
      readonly worlds: readonly number[];
    }
  | { readonly kind: "start"; readonly world: number }
  | ({ readonly kind: "progress"; readonly world: number } & (WorldStep | ParallelProgress))
  | ({ readonly kind: "epoch"; readonly world: number } & EpochReport)
  | { readonly kind: "world"; readonly world: number; readonly result: ParallelWorldResult }
  /** Figures of the worlds finished so far, on a sample of the rows set aside; of all worlds, on all of these rows. */
  | {
      readonly kind: "merged" | "measured";
      readonly numWorlds: number;
      readonly numRows: number;
      readonly figures: MetricValues;
    }
  | { readonly kind: "note"; readonly message: string };

/** What `trainModel` has made. */
export interface TrainReport {
  readonly options: ModelOptions;
  readonly data: LoadReport;
  /** Worlds trained by this run, and worlds that the model had before. */
  readonly trainedWorlds: readonly number[];
  readonly keptWorlds: readonly number[];
  /** What was chosen for the budgets; null without any. */
  readonly plan: Plan | null;
  readonly manifest: Manifest;
  /** What worlds started from; null: random weights. */
  readonly initEmbeddings: InitEmbeddings["record"] | null;
  /** What a strategy cost, world by world; none for sequential. */
  readonly strategy: readonly ({ readonly world: number } & StrategyReport)[];
}
