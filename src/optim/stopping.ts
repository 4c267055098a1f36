/**
 * @file When is a minimisation over, and what does it tell on the way? Tolerances and limits; a step; a result.
 */
import { ConfigError } from "../core/index.js";
import type { LinePoint } from "./line-search.js";

/** When to stop, whichever comes first; see {@link STOPPING_DEFAULTS}. Tolerances and limits are at least 0. */
export interface StoppingOptions {
  /** |gradient| at or below this. Default 1e-5. */
  readonly gradientTolerance: number;
  /** Decrease of a step at or below this times max(1, |loss|). Default 1e-9. */
  readonly lossTolerance: number;
  /** Steps at most. Default 100. */
  readonly maxSteps: number;
  /** Calls of `evaluate` at most. Default 1000. */
  readonly maxEvaluations: number;
  /** Called after each step. Default: nothing. */
  readonly onStep: (step: BatchStep) => void;
}

/** What `minimize` takes where an option is left out. */
export const STOPPING_DEFAULTS: StoppingOptions = {
  gradientTolerance: 1e-5,
  lossTolerance: 1e-9,
  maxSteps: 100,
  maxEvaluations: 1000,
  onStep: () => {},
};

/** One step: a direction and how far along it. */
export interface BatchStep {
  /** Where it began: step 0, the loss, the slope along the direction. */
  readonly from: LinePoint;
  /** Where it ended. */
  readonly to: LinePoint;
  /** |gradient| at the end. */
  readonly gradientNorm: number;
  /** Calls of `evaluate`. */
  readonly evaluations: number;
  /** Trial points drawn back from since their loss or slope was not finite. */
  readonly notFinite: number;
  /**
   * wolfe: the strong Wolfe conditions hold. decrease: the loss fell, but the slope did not flatten enough in the trials
   * allowed. fixed: a step of fixed length. failed: no lower loss was found, the parameters are where they were.
   */
  readonly outcome: "wolfe" | "decrease" | "fixed" | "failed";
}

/** How a minimisation ended; loss and gradient are those of the parameters as they are left. */
export interface MinimizeResult {
  readonly loss: number;
  /** |gradient|. */
  readonly gradientNorm: number;
  /** Steps that moved the parameters. */
  readonly steps: number;
  /** Calls of `evaluate`, those of steps that failed included. */
  readonly evaluations: number;
  /**
   * gradient, loss: a tolerance was met. steps, evaluations: as many as allowed. noDescent: no lower loss lies along the
   * steepest descent, as at the limit of f32. notFinite: the loss or gradient at the start was NaN or infinite.
   */
  readonly reason: "gradient" | "loss" | "steps" | "evaluations" | "noDescent" | "notFinite";
}

/** @throws {ConfigError} that names `where`, for a tolerance or limit below 0. */
export function checkStopping(where: string, options: StoppingOptions): void {
  for (const name of ["gradientTolerance", "lossTolerance", "maxSteps", "maxEvaluations"] as const) {
    if (options[name] >= 0) continue;
    throw new ConfigError(`${where}: expected ${name} of at least 0, got ${options[name]}; see STOPPING_DEFAULTS`);
  }
}
