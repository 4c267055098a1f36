/**
 * @file How do budgets decide a training run? A plan made from the rows that were read, in the process that will train.
 *
 * Memory is what the process holds by now plus what its worlds will take. Time counts from when the run began: reading
 * and the plan's own measurements are spent already. A model that is continued keeps its options; a budget of memory then
 * decides how many worlds are trained at once.
 */
import { ConfigError } from "../../core/errors.js";
import type { Dataset } from "../../data/dataset.js";
import type { LoadReport } from "../../data/load-dataset.node.js";
import type { ModelOptions } from "../model-options.js";
import type { TrainRequest } from "../train-request.js";
import { worldsThatFit } from "./machine-memory.node.js";
import { type Plan, planModel } from "./plan-model.node.js";
import type { PlanShape } from "./plan-shape.js";
import type { ProcessMemory } from "./training-memory.js";

/** When a run began and what the process held then. */
export interface StartMark {
  readonly startMs: number;
  readonly startedBytes: number;
}

export function markStart(): StartMark {
  return { startMs: performance.now(), startedBytes: process.memoryUsage().rss };
}

/** What the process holds now. */
export function currentProcess(): ProcessMemory {
  return { residentBytes: process.memoryUsage().rss, peakBytes: process.resourceUsage().maxRSS * 1024 };
}

/** The sizes of what was read. */
export function planShapeOf(report: LoadReport): PlanShape {
  const { numRows, numFeatures, numLabels, numNonZeros, numLabelOccurrences } = report;
  return {
    numRows,
    numFeatures,
    numLabels,
    labelsPerRow: numLabelOccurrences / numRows,
    featuresPerRow: numNonZeros / numRows,
  };
}

/** A plan for a new model; null without budgets. @throws {ConfigError} if no model meets them. */
export async function planLoaded(
  request: TrainRequest,
  report: LoadReport,
  dataset: Dataset,
  started: StartMark,
): Promise<Plan | null> {
  const { budgets = {} } = request;
  if (budgets.memoryBytes === undefined && budgets.seconds === undefined) return null;
  return planRun(request, report, dataset, started, request.options ?? {});
}

/** Worlds at once for a model that is continued; null without budgets. @throws {ConfigError} for a budget of time. */
export async function planResumed(
  request: TrainRequest,
  report: LoadReport,
  dataset: Dataset,
  options: ModelOptions,
  started: StartMark,
): Promise<Plan | null> {
  const { budgets = {} } = request;
  if (budgets.seconds !== undefined) {
    throw new ConfigError(
      `${request.modelPath}: expected no budget of time for a model that is continued, whose options are fixed; ` +
        "leave --time out, interrupt the run when it takes too long, and resume it later",
    );
  }
  if (budgets.memoryBytes === undefined) return null;
  return planRun(request, report, dataset, started, options);
}

/**
 * Worlds to train at once: the plan's, or without one as many as memory has room for, of which a note tells.
 * @throws {ConfigError} if not one fits.
 */
export function worldsAtOnce(
  request: TrainRequest,
  report: LoadReport,
  options: ModelOptions,
  plan: Plan | null,
): number {
  if (plan !== null) return plan.worldsAtOnce;
  const { numThreads, worlds, onEvent } = request;
  const wanted = Math.max(1, Math.min(numThreads, worlds?.length ?? options.numWorlds));
  const fitting = worldsThatFit({ options, shape: planShapeOf(report), process: currentProcess(), numThreads: wanted });
  if (fitting < wanted) {
    const message = `memory has room for ${fitting} of the ${wanted} worlds that could be trained at once`;
    onEvent?.({ kind: "note", message });
  }
  return fitting;
}

async function planRun(
  request: TrainRequest,
  report: LoadReport,
  dataset: Dataset,
  { startMs, startedBytes }: StartMark,
  given: Partial<ModelOptions>,
): Promise<Plan> {
  const { budgets = {}, numThreads, worlds, signal, onEvent } = request;
  const plan = await planModel({
    shape: planShapeOf(report),
    given,
    budgets,
    numThreads,
    dataset,
    startedBytes,
    process: currentProcess(),
    secondsBefore: (performance.now() - startMs) / 1000 + (budgets.seconds === undefined ? 0 : PLANNING_SECONDS),
    numTrained: worlds?.length,
    measure: "budgets",
    calibrationSeconds: Math.min(2, (budgets.seconds ?? Number.POSITIVE_INFINITY) / 20),
    command: "train",
    signal,
  });
  onEvent?.({ kind: "planned", plan });
  return plan;
}

/** What the measurements of a plan take, about. */
const PLANNING_SECONDS = 4;
