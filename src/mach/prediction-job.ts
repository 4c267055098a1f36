/** @file What the owner of a prediction pool and its threads say to each other. */
import type { LabelPrior } from "../kernels/contract.js";
import type { SparseBatch } from "../nn/module.js";
import type { LabelHashJson } from "./label-hash.js";
import type { MergeKind } from "./merge.js";
import type { PredictOptions } from "./predictions.js";
import type { WorldOptions } from "./world.js";

/** The model, the same for all threads. */
export interface PredictionShared {
  readonly hash: LabelHashJson;
  readonly worldOptions: WorldOptions;
  /** Where a job does not say otherwise; so is the prior. */
  readonly merge: MergeKind;
  /** In ordinary memory, copied to each thread. */
  readonly prior: LabelPrior | null;
  /** Parameters by name, on shared memory. */
  readonly worlds: readonly { readonly world: number; readonly parameters: ReadonlyMap<string, Float32Array> }[];
}

/** Some rows to rank. Answered by Predictions. */
export interface PredictionJob {
  readonly rows: SparseBatch;
  readonly options: PredictOptions;
}
