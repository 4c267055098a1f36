/**
 * @file How do the worlds of a model that is prepared come to be? On threads; each is recorded as it ends.
 *
 *   worlds wanted − those that are whole on disk
 *     ─▶ jobs ─▶ a world a thread (world-worker.node.ts), or one after another by a strategy (parallel-worlds.node.ts)
 *     ─▶ file on disk ─▶ manifest          a world that diverges fails the run when the others are done
 *     ─▶ measured on the rows set aside ─▶ published
 *
 * Not here: preparing the model (train-model.node.ts), what is told meanwhile (watched-run.node.ts).
 */
import type { JsonRecord } from "../checkpoint/manifest.js";
import type { ModelDirectory } from "../checkpoint/model-directory.node.js";
import { ConfigError, DivergenceError } from "../core/errors.js";
import type { LoadReport } from "../data/load-dataset.node.js";
import { createKernels } from "../kernels/index.js";
import { LabelHash } from "../mach/label-hash.js";
import { WorkerError } from "../parallel/job-thread.node.js";
import { runJobs } from "../parallel/worker-pool.node.js";
import { type DataParts, measure } from "./data-parts.node.js";
import { runFingerprint } from "./fingerprints.node.js";
import type { InitEmbeddings } from "./init-embeddings.node.js";
import { type ModelOptions, optimizationOf, worldOptionsOf } from "./model-options.js";
import { type ParallelWorldResult, trainWorldsByStrategy } from "./parallel-worlds.node.js";
import type { Plan } from "./plan/plan-model.node.js";
import type { ParallelProgress } from "./strategies/parallel-job.js";
import { resolveStrategy } from "./strategies/strategy.js";
import type { TrainReport, TrainRequest } from "./train-request.js";
import { CHECKPOINT_INTERVAL_MS, type EpochReport } from "./trainer-options.js";
import { WatchedRun } from "./watched-run.node.js";
import type { WorldJob, WorldJobProgress, WorldJobResult, WorldJobShared } from "./world-job.js";

/** Raised whenever what a checkpoint holds changes: one of another format is not continued. */
const CHECKPOINT_FORMAT = 3;

/** A model on disk that lacks worlds, and the rows that they are to learn from. */
export interface PreparedModel {
  readonly directory: ModelDirectory;
  readonly options: ModelOptions;
  /** What was chosen for the budgets; null without any. */
  readonly plan: Plan | null;
  readonly report: LoadReport;
  readonly parts: DataParts;
  /** What input layers start from; null: random weights. */
  readonly initial: InitEmbeddings | null;
  /** [L] training rows of each label, if they were counted. */
  readonly labelCounts: Uint32Array | null;
  /** The model has just been made: no run before this one. */
  readonly isNew: boolean;
  /** performance.now() when the run began. */
  readonly startedMs: number;
  /** Worlds to train at once, unless a strategy trains one on several threads. */
  readonly threads: number;
}

/** How worlds are made, beside their options, where that is not the usual: for the manifest, and for a run's fingerprint. */
export function originRecord(
  request: TrainRequest,
  initial: InitEmbeddings | null,
): { strategy?: JsonRecord; initEmbeddings?: JsonRecord } {
  const strategy = resolveStrategy(request.strategy ?? {});
  return {
    ...(strategy.strategy === "sequential" ? {} : { strategy: { ...strategy } }),
    ...(initial === null ? {} : { initEmbeddings: initial.record }),
  };
}

/** Trains the worlds that `request` wants and `model` lacks. @throws as trainModel, whose last part this is. */
export async function trainWorlds(request: TrainRequest, model: PreparedModel): Promise<TrainReport> {
  const { directory, options, plan, report, initial, threads } = model;
  const wanted = request.worlds ?? Array.from({ length: options.numWorlds }, (_, world) => world);
  const keptWorlds = wanted.filter((world) => directory.checkWorld(world) === "ok");
  const worlds = wanted.filter((world) => !keptWorlds.includes(world));
  const run = new WatchedRun({ ...model, request, worlds, threads });
  run.emit({ kind: "prepared", data: report, options, worlds });
  try {
    run.begin();
    const { trainedWorlds, strategy } = await runWorlds(request, model, { worlds, threads, run });
    await run.finishCurve();
    const { validation } = model.parts;
    if (validation !== null) run.emit({ kind: "measured", ...(await measure(directory, validation, request.signal)) });
    directory.publish();
    await run.end(null);
    const { manifest } = directory;
    const initEmbeddings = initial?.record ?? null;
    return { options, data: report, trainedWorlds, keptWorlds, plan, initEmbeddings, manifest, strategy };
  } catch (error) {
    // Workers refuse what only they can know, such as more of them than the model has layers. A new model that is
    // refused was never there: it would be in the way of the next try.
    const isRefused = model.isNew && isConfigError(error);
    await run.end(error, isRefused);
    if (isRefused) directory.discard();
    throw error;
  }
}

function isConfigError(error: unknown): boolean {
  return error instanceof ConfigError || (error instanceof WorkerError && error.originalName === "ConfigError");
}

interface WorldsToRun {
  readonly worlds: readonly number[];
  readonly threads: number;
  readonly run: WatchedRun;
}

/** Trains and records `worlds`. @throws {DivergenceError} when all are through, if some diverged. */
async function runWorlds(
  request: TrainRequest,
  model: PreparedModel,
  { worlds, threads, run }: WorldsToRun,
): Promise<Pick<TrainReport, "trainedWorlds" | "strategy">> {
  const { directory, options } = model;
  const hash = LabelHash.fromJSON(directory.manifest.hash);
  const trained: number[] = [];
  const costs: TrainReport["strategy"][number][] = [];
  const diverged: (WorldJobResult & { status: "diverged" })[] = [];
  const onResult = ({ world }: WorldJob, result: ParallelWorldResult): void => {
    if (result.status === "done") {
      const { file, loss, seconds } = result;
      directory.recordWorld({ ...file, epochs: options.epochs, loss, seconds });
      trained.push(world);
      if (result.report !== undefined) costs.push({ world, ...result.report });
    } else diverged.push(result);
    run.emit({ kind: "world", world, result });
  };
  const jobs = worlds.map((world) => ({ world, hash: hash.parameters(world) }));
  const strategy = resolveStrategy(request.strategy ?? {});
  const running = {
    shared: sharedByJobs(request, model, hash, run),
    onStart: ({ world }: WorldJob): void => run.emit({ kind: "start", world }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  };
  if (strategy.strategy === "sequential") {
    const script = new URL("./world-worker.node.js", import.meta.url);
    const onProgress = ({ world }: WorldJob, progress: WorldJobProgress): void => run.emit({ world, ...progress });
    const pool = { ...running, onProgress, script, numThreads: threads };
    await runJobs<WorldJob, WorldJobProgress, WorldJobResult>(jobs, pool, onResult);
  } else {
    const events = {
      onProgress: ({ world }: WorldJob, progress: ParallelProgress) =>
        run.emit({ kind: "progress", world, ...progress }),
      onEpoch: ({ world }: WorldJob, report: EpochReport) => run.emit({ kind: "epoch", world, ...report }),
    };
    await trainWorldsByStrategy(jobs, { ...running, ...events, strategy }, onResult);
  }
  if (diverged.length > 0) {
    const others = diverged.length === 1 ? "" : ` (and ${diverged.length - 1} more worlds)`;
    throw new DivergenceError(`${diverged[0].message}${others}`, diverged[0].step);
  }
  return { trainedWorlds: trained.sort((a, b) => a - b), strategy: costs };
}

function sharedByJobs(
  request: TrainRequest,
  { directory, options, report, parts, initial }: PreparedModel,
  { p }: LabelHash,
  { epochRows }: WatchedRun,
): WorldJobShared {
  const model = worldOptionsOf(options, report.numFeatures);
  const optimization = optimizationOf(options);
  return {
    dataset: parts.training,
    heldOut: epochRows,
    model,
    optimization,
    embeddings: initial?.embeddings ?? null,
    root: directory.root,
    runFingerprint: runFingerprint(report.fingerprint, {
      checkpoints: CHECKPOINT_FORMAT,
      ...{ model, optimization, p, kernels: createKernels().info },
      ...originRecord(request, initial),
    }),
    checkpointIntervalMs: request.checkpointIntervalMs ?? CHECKPOINT_INTERVAL_MS,
  };
}
