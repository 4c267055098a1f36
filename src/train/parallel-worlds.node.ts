/**
 * @file How are worlds trained by a strategy? One after another, each by all workers; the file is written here.
 *
 *   sequential (world-worker.node.ts)    world 0 on a core │ world 1 on a core │ …     no traffic at all: the default
 *   any other strategy                   world 0 on all cores, then world 1, …         memory of one world at a time
 */
import { join } from "node:path";
import { partialFileName, writeWorldFile } from "../checkpoint/world-file.node.js";
import { InterruptedError } from "../core/errors.js";
import { WorkerError } from "../parallel/job-thread.node.js";
import type { StrategyReport } from "./strategies/ledger.js";
import type { ParallelProgress } from "./strategies/parallel-job.js";
import type { StrategyOptions } from "./strategies/strategy.js";
import { trainInParallel } from "./strategies/train-in-parallel.node.js";
import type { WorldRecipeData } from "./strategies/world-recipe.js";
import { TrainerCheckpoint } from "./trainer-checkpoint.node.js";
import type { EpochReport } from "./trainer-options.js";
import type { WorldJob, WorldJobResult, WorldJobShared } from "./world-job.js";

export interface ParallelWorldsOptions {
  readonly shared: WorldJobShared;
  readonly strategy: StrategyOptions;
  readonly onStart: (job: WorldJob) => void;
  readonly onProgress: (job: WorldJob, progress: ParallelProgress) => void;
  readonly onEpoch: (job: WorldJob, report: EpochReport) => void;
  readonly signal?: AbortSignal;
}

/** What a strategy did for a world, if it came to an end. */
export type ParallelWorldResult = WorldJobResult & { readonly report?: StrategyReport };

/**
 * Trains `jobs` in order. @throws {InterruptedError} when `signal` aborts, after a checkpoint; what a worker thread threw,
 * or that it died.
 */
export async function trainWorldsByStrategy(
  jobs: readonly WorldJob[],
  options: ParallelWorldsOptions,
  onResult: (job: WorldJob, result: ParallelWorldResult) => void,
): Promise<void> {
  for (const job of jobs) {
    options.onStart(job);
    onResult(job, await trainWorld(job, options));
  }
}

async function trainWorld(job: WorldJob, options: ParallelWorldsOptions): Promise<ParallelWorldResult> {
  const { shared, strategy, onProgress, onEpoch, signal } = options;
  const { dataset, heldOut, model, optimization, embeddings, root, runFingerprint: run, checkpointIntervalMs } = shared;
  const { world } = job;
  const data: WorldRecipeData = { dataset, options: { ...job, model, optimization, embeddings, heldOut } };
  const checkpoint = new TrainerCheckpoint(join(root, partialFileName(world)));
  try {
    const { parameters, history, loss, report } = await trainInParallel({
      ...strategy,
      recipe: { module: new URL("./strategies/world-recipe.js", import.meta.url), data },
      checkpoint: checkpoint.path,
      run,
      remedy: "delete this file and train with --resume: the world starts from its beginning",
      checkpointIntervalMs,
      onProgress: (progress) => onProgress(job, progress),
      onEpoch: (report) => onEpoch(job, report),
      ...(signal === undefined ? {} : { signal }),
    });
    if (history.ended === "interrupted") throw new InterruptedError("interrupted: what was finished is on disk");
    const tensors = parameters.map(({ name, shape, value }) => ({ name, shape, data: value }));
    const file = writeWorldFile(root, world, tensors, { world: String(world) });
    checkpoint.remove();
    return { status: "done", file, loss, seconds: history.seconds, report };
  } catch (error) {
    if (!(error instanceof WorkerError && error.originalName === "DivergenceError")) throw error;
    checkpoint.remove();
    return { status: "diverged", message: error.message, step: error.step ?? 0 };
  }
}
