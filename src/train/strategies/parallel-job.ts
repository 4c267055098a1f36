/** @file What the thread that owns a parallel training and its workers say to each other. */
import type { KernelsOptions } from "../../kernels/create.node.js";
import type { EpochReport, RunProgress } from "../trainer-options.js";
import type { TrainingHistory } from "../training-history.js";
import type { StrategyReport } from "./ledger.js";
import type { StrategyOptions } from "./strategy.js";

/** The same for all workers of a training. */
export interface ParallelJob {
  /** Address of the recipe's module. */
  readonly module: string;
  readonly data: unknown;
  readonly options: StrategyOptions;
  readonly kernels: KernelsOptions;
  readonly ledger: Float64Array;
  /** null: the training is not saved. */
  readonly checkpoint: { readonly path: string; readonly run: string; readonly remedy?: string } | null;
  readonly checkpointIntervalMs: number;
}

/** How far a training is, and what working together has cost so far. */
export type ParallelProgress = RunProgress & Pick<StrategyReport, "trafficBytesPerStep" | "waitingShare">;

export type ParallelMessage =
  | ({ readonly kind: "progress" } & ParallelProgress)
  | ({ readonly kind: "epoch" } & EpochReport);

/** A trained parameter. */
export interface TrainedParameter {
  /** As in the model: `0.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** On shared memory, unless the strategy was sequential. */
  readonly value: Float32Array;
}

/** What a parallel training ended with. */
export interface ParallelTraining {
  /** As given, defaults filled in. */
  readonly strategy: StrategyOptions;
  /** In the order of the model. */
  readonly parameters: readonly TrainedParameter[];
  readonly history: TrainingHistory;
  /** Mean loss of the last steps. */
  readonly loss: number;
  /** What working together cost. */
  readonly report: StrategyReport;
}
