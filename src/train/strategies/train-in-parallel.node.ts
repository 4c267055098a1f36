/**
 * @file How does a program train one model on several threads? It names a recipe and a strategy.
 *
 *   const { parameters, history, report } = await trainInParallel({
 *     recipe: { module: new URL("./digits-training.mjs", import.meta.url), data },
 *     strategy: "data-parallel",
 *     numWorkers: 2,
 *   });
 *
 * The calling thread computes nothing: it watches the workers, so that one that dies ends the run at once.
 */
import type { Worker } from "node:worker_threads";
import { ConfigError } from "../../core/errors.js";
import { createKernels, type KernelsOptions } from "../../kernels/create.node.js";
import { runTeam } from "../../parallel/team.node.js";
import { CHECKPOINT_INTERVAL_MS, type EpochReport } from "../trainer-options.js";
import { createLedgerNumbers } from "./ledger.js";
import type { ParallelJob, ParallelMessage, ParallelProgress, ParallelTraining } from "./parallel-job.js";
import { resolveStrategy, type StrategyOptions } from "./strategy.js";
import type { TrainingRecipe } from "./training-recipe.js";

/** What is trained on several threads, by which strategy, and who hears of it. */
export interface ParallelOptions<D> extends Partial<StrategyOptions> {
  /** From which every worker builds the same training. */
  readonly recipe: TrainingRecipe<D>;
  /** Which kernels the workers use. Default: as `createKernels`. */
  readonly kernels?: KernelsOptions;
  /** File that the training is saved to and goes on from, if it is there. Default: none. */
  readonly checkpoint?: string;
  /** Names the training: a checkpoint of another one is not continued. Default "". */
  readonly run?: string;
  /** What to do about a checkpoint that cannot be read, for its message. */
  readonly remedy?: string;
  /** Least time between two checkpoints. Default `CHECKPOINT_INTERVAL_MS`. */
  readonly checkpointIntervalMs?: number;
  /** Some ten times a second. */
  readonly onProgress?: (progress: ParallelProgress) => void;
  /** Called when an epoch and its validation are done. */
  readonly onEpoch?: (report: EpochReport) => void;
  /** Ends the training after the step in which it aborts; what was reached is the result, `history.ended` says so. */
  readonly signal?: AbortSignal;
  /** The threads, once they are started: for whoever wants to watch or end one. */
  readonly onStart?: (workers: readonly Worker[]) => void;
}

/**
 * Trains one model on several threads by a strategy.
 * @throws {ConfigError} for options that do not fit each other or the model, or kernels that share no memory;
 * {WorkerError} with a worker's own error (a DivergenceError, say); {Error} when a thread dies.
 */
export async function trainInParallel<D>(options: ParallelOptions<D>): Promise<ParallelTraining> {
  const { recipe, kernels = {}, checkpoint, run = "", remedy, checkpointIntervalMs, signal, onStart } = options;
  const strategy = strategyOptionsOf(options);
  if (strategy.strategy !== "sequential") checkSharing(strategy, kernels);
  const shared: ParallelJob = {
    module: String(recipe.module),
    data: recipe.data,
    options: strategy,
    kernels,
    ledger: createLedgerNumbers(strategy.numWorkers),
    checkpoint:
      checkpoint === undefined ? null : { path: checkpoint, run, ...(remedy === undefined ? {} : { remedy }) },
    checkpointIntervalMs: checkpointIntervalMs ?? CHECKPOINT_INTERVAL_MS,
  };
  const [lead] = await runTeam<ParallelMessage, ParallelTraining>({
    script: new URL("./strategy-worker.node.js", import.meta.url),
    size: strategy.numWorkers,
    shared,
    numCounters: 2 * strategy.numWorkers,
    onProgress: (_, message) => {
      if (message.kind === "epoch") options.onEpoch?.(message);
      else options.onProgress?.(message);
    },
    ...(signal === undefined ? {} : { signal }),
    ...(onStart === undefined ? {} : { onStart }),
  });
  return lead;
}

/** The part of `options` that is the strategy's. */
function strategyOptionsOf<D>(options: ParallelOptions<D>): StrategyOptions {
  const { strategy, numWorkers, backoff, averageEvery, microBatches, groupSize, modelSplit } = options;
  const given = { strategy, numWorkers, backoff, averageEvery, microBatches, groupSize, modelSplit };
  return resolveStrategy(
    Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<StrategyOptions>,
  );
}

/** @throws {ConfigError} for kernels whose memory is one thread's own. */
export function checkSharing({ strategy }: StrategyOptions, options: KernelsOptions = {}): void {
  const { backend, fallbackReason } = createKernels({ wasmMemoryBytes: 2 ** 26, ...options }).info;
  if (backend !== "wasm") return;
  const why = fallbackReason === undefined ? "" : ` (native ones did not load: ${fallbackReason})`;
  throw new ConfigError(
    `strategy ${strategy}: expected native kernels, which share memory between threads, got wasm${why}; ` +
      "use --strategy sequential, or native kernels",
  );
}
