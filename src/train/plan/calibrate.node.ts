/**
 * @file How fast does this machine train? A few real steps of the exact shape, on as many threads as training will use.
 *
 *   rows of the data, or synthetic ones ──▶ a world on each thread, for two seconds ──▶ seconds a step, mean of threads
 *
 * Threads slow each other (memory, caches, turbo), hence all at once. A shape that does not fit the memory that is free
 * is timed with fewer features, then with a narrower layer; whoever uses the figures scales them (step-work.ts).
 */
import { rmSync } from "node:fs";
import { freemem } from "node:os";
import { createTemporaryDirectory } from "../../checkpoint/temporary-directory.node.js";
import { Rng } from "../../core/rng.js";
import type { Dataset } from "../../data/dataset.js";
import { LabelHash } from "../../mach/label-hash.js";
import { runJobs } from "../../parallel/worker-pool.node.js";
import { type ModelOptions, optimizationOf, worldOptionsOf } from "../model-options.js";
import type { CalibrationJob, CalibrationResult, CalibrationShared } from "./calibration-job.js";
import type { PlanShape } from "./plan-shape.js";
import { syntheticRows } from "./synthetic-rows.js";
import { trainingBytes } from "./training-memory.js";

export interface CalibrationRequest {
  readonly options: ModelOptions;
  readonly shape: PlanShape;
  /** Rows to train on; null: synthetic ones. */
  readonly dataset: Dataset | null;
  readonly worldsAtOnce: number;
  /** How long steps are timed. */
  readonly seconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** Times, and the shape that they belong to. */
export interface Calibration extends CalibrationResult {
  readonly options: ModelOptions;
  readonly shape: PlanShape;
}

/** Share of the free memory that a calibration may take. */
const FREE_SHARE = 0.7;
const LEAST_FEATURES = 4096;
const LEAST_HIDDEN = 16;
/** Synthetic rows, in batches; and the most entries that they may have. */
const NUM_BATCHES = 48;
const MOST_ENTRIES = 4e6;

/** @throws {InterruptedError} on `signal`. */
export async function calibrate(request: CalibrationRequest): Promise<Calibration> {
  const { worldsAtOnce, seconds, signal } = request;
  const { options, shape } = fitFreeMemory(request);
  const dataset = request.dataset !== null && shape === request.shape ? request.dataset : rowsOf(options, shape);
  const hash = new LabelHash({ ...options, numLabels: shape.numLabels, numWorlds: worldsAtOnce });
  const folder = createTemporaryDirectory("plan");
  const shared: CalibrationShared = {
    dataset,
    model: worldOptionsOf(options, shape.numFeatures),
    optimization: optimizationOf(options),
    seconds,
    folder,
  };
  const results: CalibrationResult[] = [];
  try {
    await runJobs<CalibrationJob, never, CalibrationResult>(
      Array.from({ length: worldsAtOnce }, (_, world) => ({ world, hash: hash.parameters(world) })),
      {
        script: new URL("./calibration-worker.node.js", import.meta.url),
        numThreads: worldsAtOnce,
        shared,
        ...(signal === undefined ? {} : { signal }),
      },
      (_, result) => void results.push(result),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const mean = (of: (result: CalibrationResult) => number): number =>
    results.reduce((sum, result) => sum + of(result), 0) / results.length;
  return {
    options,
    shape,
    setupSeconds: mean(({ setupSeconds }) => setupSeconds),
    stepSeconds: mean(({ stepSeconds }) => stepSeconds),
    numSteps: results.reduce((sum, { numSteps }) => sum + numSteps, 0),
    secondsPerByte: mean(({ secondsPerByte }) => secondsPerByte),
  };
}

/** Options and shape as they are, or smaller ones whose worlds fit. */
function fitFreeMemory({ options, shape, worldsAtOnce }: CalibrationRequest): {
  readonly options: ModelOptions;
  readonly shape: PlanShape;
} {
  const fits = (o: ModelOptions, s: PlanShape): boolean =>
    trainingBytes(o, { ...s, numRows: Math.min(s.numRows, 1e6) }, { residentBytes: 0, peakBytes: 0 }, worldsAtOnce) <=
    FREE_SHARE * freemem();
  let [fitting, smaller] = [options, shape];
  while (!fits(fitting, smaller) && smaller.numFeatures > LEAST_FEATURES) {
    smaller = { ...smaller, numFeatures: Math.max(LEAST_FEATURES, Math.ceil(smaller.numFeatures / 2)) };
  }
  while (!fits(fitting, smaller) && fitting.hidden.some((units) => units > LEAST_HIDDEN)) {
    fitting = { ...fitting, hidden: fitting.hidden.map((units) => Math.max(LEAST_HIDDEN, Math.ceil(units / 2))) };
  }
  return { options: fitting, shape: smaller };
}

function rowsOf(options: ModelOptions, shape: PlanShape): Dataset {
  const most = Math.max(options.batchSize, Math.floor(MOST_ENTRIES / (shape.featuresPerRow + shape.labelsPerRow)));
  const numRows = Math.min(shape.numRows, most, NUM_BATCHES * options.batchSize);
  return syntheticRows(shape, numRows, Rng.derive(options.seed, "plan", "rows"));
}
