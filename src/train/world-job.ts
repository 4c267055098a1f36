/** @file What the thread that owns a run and the threads that train worlds say to each other. */
import type { WorldFile } from "../checkpoint/world-file.node.js";
import type { Dataset } from "../data/dataset.js";
import type { HashParameters } from "../kernels/contract.js";
import type { InputEmbeddings } from "../mach/input-embeddings.js";
import type { WorldOptions } from "../mach/world.js";
import type { OptimizationOptions } from "./train-options.js";
import type { EpochReport, RunProgress } from "./trainer-options.js";

/** The same for all worlds of a run. */
export interface WorldJobShared {
  readonly dataset: Dataset;
  /** Rows set aside on which worlds are measured epoch by epoch; null: none. */
  readonly heldOut: Dataset | null;
  readonly model: WorldOptions;
  readonly optimization: OptimizationOptions;
  /** What input layers start from; null: random weights. */
  readonly embeddings: InputEmbeddings | null;
  /** Directory in which `worlds/` is made. */
  readonly root: string;
  /** Unique to data, options and seed: a partial world of another run is not continued. */
  readonly runFingerprint: string;
  /** Least time between two checkpoints of a world in training. */
  readonly checkpointIntervalMs: number;
}

export interface WorldJob {
  readonly world: number;
  readonly hash: HashParameters;
}

/** Where a world stands, with the bytes that its thread holds, the shared data set left out. */
export type WorldStep = RunProgress & { readonly memoryBytes: number };

export type WorldJobProgress = ({ readonly kind: "progress" } & WorldStep) | ({ readonly kind: "epoch" } & EpochReport);

export type WorldJobResult =
  | {
      readonly status: "done";
      readonly file: WorldFile;
      readonly loss: number;
      /** Wall seconds of training, this run and those before it. */
      readonly seconds: number;
    }
  | { readonly status: "diverged"; readonly message: string; readonly step: number };
