/** @file What the owner of a calibration and the threads that time steps say to each other. */
import type { Dataset } from "../../data/dataset.js";
import type { HashParameters } from "../../kernels/contract.js";
import type { WorldOptions } from "../../mach/world.js";
import type { OptimizationOptions } from "../train-options.js";

/** The same for all threads. */
export interface CalibrationShared {
  readonly dataset: Dataset;
  readonly model: WorldOptions;
  readonly optimization: OptimizationOptions;
  /** How long steps are timed. */
  readonly seconds: number;
  /** Directory for a file of at most 32 MB, which is removed again. */
  readonly folder: string;
}

export interface CalibrationJob {
  readonly world: number;
  readonly hash: HashParameters;
}

export interface CalibrationResult {
  /** Making a world: weights, targets. */
  readonly setupSeconds: number;
  /** One step, mean of those after the first quarter of the time. */
  readonly stepSeconds: number;
  readonly numSteps: number;
  /** Writing a byte of a model: hashing, writing and syncing. */
  readonly secondsPerByte: number;
}
