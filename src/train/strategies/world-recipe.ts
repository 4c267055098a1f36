/**
 * @file The recipe of one world (world-training.ts): what the threads that train it together build, each for itself.
 */
import type { Dataset } from "../../data/dataset.js";
import type { Kernels } from "../../kernels/contract.js";
import type { Batch } from "../batch-loader.js";
import type { TrainerOptions } from "../trainer-options.js";
import { type WorldTrainingOptions, worldTrainerOptions } from "../world-training.js";

export interface WorldRecipeData {
  /** On shared memory: read by all. */
  readonly dataset: Dataset;
  readonly options: WorldTrainingOptions;
}

/** See CreateTraining. */
export function createTraining(kernels: Kernels, { dataset, options }: WorldRecipeData): TrainerOptions<Batch> {
  return worldTrainerOptions(kernels, dataset, options);
}
