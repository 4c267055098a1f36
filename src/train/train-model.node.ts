/**
 * @file How does a model come about, and go on after a crash? From files of rows to a directory of trained worlds.
 *
 *   read rows ─▶ choose options ─▶ model directory (labels, vectorizer, manifest) ─▶ worlds on threads ─▶ publish
 *
 * Modes: "create" refuses to touch a model; "overwrite" builds a new one beside it and swaps when all worlds are there;
 * "resume" continues: same data (by fingerprint), same options, worlds that are missing or damaged, or further ones.
 * The manifest learns of a world only after its file is complete on disk, so a crash loses at most what the threads were
 * doing since their last checkpoint.
 *
 * Memory: the data once, shared, and one world (weights, optimiser, activations) for each running thread.
 */
import { basename } from "node:path";
import type { JsonRecord, Manifest } from "../checkpoint/manifest.js";
import { type ModelDescription, ModelDirectory } from "../checkpoint/model-directory.node.js";
import { lockModel } from "../checkpoint/model-lock.node.js";
import { ConfigError, DivergenceError, FormatError } from "../core/errors.js";
import { checkKnownOptions } from "../core/known-options.js";
import { fileSize } from "../data/byte-source.node.js";
import { type LoadedDataset, type LoadReport, loadDataset, type ReadProgress } from "../data/load-dataset.node.js";
import type { NumericVectorizerOptions } from "../data/numeric-vectorizer.js";
import type { TextVectorizerOptions } from "../data/text-vectorizer.js";
import type { Vectorizer } from "../data/vectorizer.js";
import { createKernels } from "../kernels/index.js";
import { LabelHash } from "../mach/label-hash.js";
import type { MetricValues } from "../mach/metrics.js";
import { loadLabels, loadModelVectorizer } from "../mach/model.node.js";
import { WorkerError } from "../parallel/job-thread.node.js";
import { runJobs } from "../parallel/worker-pool.node.js";
import { chooseOptions, chooseTextOptions } from "./choose-options.js";
import { type DataParts, measure, splitRows } from "./data-parts.node.js";
import { fingerprintFiles, runFingerprint } from "./fingerprints.node.js";
import { checkIdleFeatures, checkIdleOptions } from "./idle-options.js";
import { checkInitEmbeddings, type InitEmbeddings, loadInitEmbeddings } from "./init-embeddings.node.js";
import {
  checkModelOptions,
  checkResumable,
  checkSame,
  type ModelOptions,
  modelOptionsOf,
  optimizationOf,
  worldOptionsOf,
} from "./model-options.js";
import { type ParallelWorldResult, trainWorldsByStrategy } from "./parallel-worlds.node.js";
import type { Plan } from "./plan/plan-model.node.js";
import { markStart, planLoaded, planResumed } from "./plan/plan-training.node.js";
import type { Budgets } from "./plan/recommend.js";
import type { HistoryFeed } from "./run-history/history-feed.js";
import type { GivenFlag } from "./run-history/records.js";
import type { StrategyReport } from "./strategies/ledger.js";
import type { ParallelProgress } from "./strategies/parallel-job.js";
import { resolveStrategy, type StrategyOptions } from "./strategies/strategy.js";
import { checkSharing } from "./strategies/train-in-parallel.node.js";
import { CHECKPOINT_INTERVAL_MS, type EpochReport } from "./trainer-options.js";
import { WatchedRun } from "./watched-run.node.js";
import type { WorldJob, WorldJobProgress, WorldJobResult, WorldJobShared, WorldStep } from "./world-job.js";

export const LABELS_FILE = "labels.bin";
export const VECTORIZER_FILE = "vectorizer.json";

/** Raised whenever what a checkpoint holds changes: one of another format is not continued. */
const CHECKPOINT_FORMAT = 3;

/** What `trainModel` is to learn from, what it is to make of it, and where. */
export interface TrainRequest {
  /** Files of rows. */
  readonly inputs: readonly string[];
  readonly modelPath: string;
  /** Default "create". */
  readonly mode?: "create" | "resume" | "overwrite";
  /** Options that differ from what `chooseOptions` would choose. */
  readonly options?: Partial<ModelOptions>;
  /** Train only these worlds now; null: all. */
  readonly worlds?: readonly number[] | null;
  /** How texts become features, where that differs from what `chooseTextOptions` would choose. */
  readonly textOptions?: Partial<TextVectorizerOptions>;
  /** How rows of numbers are scaled. Default: to norm 1. */
  readonly numericOptions?: Partial<NumericVectorizerOptions>;
  /** File of word vectors that the worlds' input layers start from. Resuming needs it again. Default: random weights. */
  readonly initEmbeddings?: string;
  readonly format?: string;
  readonly skipBadRows?: boolean;
  /** Worker threads, each training one world at a time. Of no account where a strategy trains one world on several. */
  readonly numThreads: number;
  /** Who trains one world. Default: sequential, one thread. */
  readonly strategy?: Partial<StrategyOptions>;
  /** Default 30 s. */
  readonly checkpointIntervalMs?: number;
  /** Memory and time that may be used: options that are left out, and worlds at once, are chosen to fit (plan/). */
  readonly budgets?: Pick<Budgets, "memoryBytes" | "seconds">;
  /** Written to the manifest. */
  readonly writtenBy: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainEvent) => void;
  /** Gets the records of the run's history, those of earlier runs first. They are written to the model in any case. */
  readonly history?: HistoryFeed;
  /** Flags that this request comes from: the report repeats them in the commands that it proposes. Changes no training. */
  readonly flags?: readonly GivenFlag[];
}

/** What a run reports while it goes on. */
export type TrainEvent =
  | ({ readonly kind: "reading" } & ReadProgress)
  | { readonly kind: "planned"; readonly plan: Plan }
  | {
      readonly kind: "prepared";
      readonly data: LoadReport;
      readonly options: ModelOptions;
      readonly worlds: readonly number[];
    }
  | { readonly kind: "start"; readonly world: number }
  | ({ readonly kind: "progress"; readonly world: number } & (WorldStep | ParallelProgress))
  | ({ readonly kind: "epoch"; readonly world: number } & EpochReport)
  | { readonly kind: "world"; readonly world: number; readonly result: ParallelWorldResult }
  /** Figures of the worlds finished so far, on a sample of the rows set aside; of all worlds, on all of these rows. */
  | {
      readonly kind: "merged" | "measured";
      readonly numWorlds: number;
      readonly numRows: number;
      readonly figures: MetricValues;
    }
  | { readonly kind: "note"; readonly message: string };

/** What `trainModel` has made. */
export interface TrainReport {
  readonly options: ModelOptions;
  readonly data: LoadReport;
  /** Worlds trained by this run, and worlds that the model had before. */
  readonly trainedWorlds: readonly number[];
  readonly keptWorlds: readonly number[];
  /** What was chosen for the budgets; null without any. */
  readonly plan: Plan | null;
  readonly manifest: Manifest;
  /** What worlds started from; null: random weights. */
  readonly initEmbeddings: InitEmbeddings["record"] | null;
  /** What a strategy cost, world by world; none for sequential. */
  readonly strategy: readonly ({ readonly world: number } & StrategyReport)[];
}

/**
 * Trains a model. @throws {ConfigError} for options, {FormatError} for data or a model that does not fit,
 * {DivergenceError} when a world diverged (the others are finished first), {InterruptedError} on `signal`.
 */
export async function trainModel(request: TrainRequest): Promise<TrainReport> {
  const { modelPath, mode = "create" } = request;
  if (mode === "create" && ModelDirectory.exists(modelPath)) {
    throw new ConfigError(
      `${modelPath}: a model is there already; use --resume to continue it, --overwrite to replace it`,
    );
  }
  const strategy = resolveStrategy(request.strategy ?? {});
  if (strategy.strategy !== "sequential") {
    checkSharing(strategy);
    if (Object.values(request.budgets ?? {}).some((budget) => budget !== undefined)) {
      throw new ConfigError(
        `train: budgets are planned for a world a thread, got strategy ${strategy.strategy}; leave one of them out`,
      );
    }
  }
  const lock = lockModel(modelPath);
  try {
    const existing = mode === "resume" ? ModelDirectory.openForTraining(modelPath) : null;
    return await (existing === null ? startModel(request) : continueModel(request, existing));
  } finally {
    lock.release();
  }
}

async function startModel(request: TrainRequest): Promise<TrainReport> {
  const startedMs = performance.now();
  const started = markStart();
  const loaded = await readTrainingRows(request);
  const { report } = loaded;
  const shape = { ...report, labelsPerRow: report.numLabelOccurrences / report.numRows };
  checkKnownOptions("train", request.options ?? {}, Object.keys(chooseOptions(shape, {})));
  // Before the plan, which counts what is resident.
  const initial = await initialEmbeddings(request, loaded.vectorizer);
  const plan = await planLoaded(request, report, loaded.dataset, started);
  const options = plan?.options ?? chooseOptions(shape, request.options ?? {});
  checkModelOptions(options, report.numFeatures);
  checkIdleOptions("train", request.options ?? {}, options);
  checkIdleFeatures("train", loaded.vectorizer.kind, request.textOptions ?? {}, request.numericOptions ?? {});
  checkWorlds(request.worlds, options.numWorlds);
  const parts = splitRows(loaded.dataset, options);
  const network = worldOptionsOf(options, report.numFeatures);
  const hash = new LabelHash({ ...options, numLabels: report.numLabels });
  loaded.labelTable.countLabels(parts.training.labels);
  const description: ModelDescription = {
    writtenBy: request.writtenBy,
    created: null,
    network,
    hash: hash.toJSON(),
    merge: options.merge,
    prior: { alpha: options.priorAlpha, seenOnly: options.seenOnly },
    training: { ...optimizationOf(options), ...strategyRecord(request), ...embeddingsRecord(initial) },
    dataset: {
      fingerprint: report.fingerprint,
      files: report.files.map(({ path }) => basename(path)),
      format: report.files[0].format,
      numRows: parts.training.features.numRows,
      numFeatures: report.numFeatures,
      numLabels: report.numLabels,
      numNonZeros: report.numNonZeros,
      numLabelOccurrences: report.numLabelOccurrences,
      numSkipped: report.numSkipped,
    },
    labelsFile: LABELS_FILE,
    vectorizerFile: VECTORIZER_FILE,
    labelCountsFile: null,
    metrics: null,
  };
  const vectorizer = new TextEncoder().encode(`${JSON.stringify(loaded.vectorizer)}\n`);
  const directory = ModelDirectory.create(
    request.modelPath,
    description,
    { [LABELS_FILE]: [loaded.labelTable.toBytes()], [VECTORIZER_FILE]: [vectorizer] },
    { overwrite: request.mode === "overwrite" },
  );
  const data = { report, parts, initial, labelCounts: loaded.labelTable.labelCounts, isNew: true, startedMs };
  return trainWorlds(request, directory, data, options, plan);
}

/** What of a request says how rows are read. */
export type ReadRequest = Pick<
  TrainRequest,
  "inputs" | "textOptions" | "numericOptions" | "format" | "skipBadRows" | "signal" | "onEvent"
>;

/** Rows of a new model, with features as `chooseTextOptions` and the request say. @throws as loadDataset */
export async function readTrainingRows(request: ReadRequest): Promise<LoadedDataset> {
  return loadDataset(request.inputs, {
    ...readOptions(request),
    textOptions: chooseTextOptions(await estimateTextBytes(request.inputs), request.textOptions ?? {}),
    numericOptions: { scaling: "l2", ...request.numericOptions },
  });
}

async function initialEmbeddings(request: TrainRequest, vectorizer: Vectorizer): Promise<InitEmbeddings | null> {
  const { initEmbeddings, signal } = request;
  return initEmbeddings === undefined ? null : await loadInitEmbeddings(initEmbeddings, vectorizer, signal);
}

function embeddingsRecord(initial: InitEmbeddings | null): { initEmbeddings?: JsonRecord } {
  return initial === null ? {} : { initEmbeddings: initial.record };
}

/** How a model says that its worlds were trained by a strategy. */
function strategyRecord(request: TrainRequest): { strategy?: JsonRecord } {
  const strategy = resolveStrategy(request.strategy ?? {});
  return strategy.strategy === "sequential" ? {} : { strategy: { ...strategy } };
}

/** Unpacked size of the files; gzip packs text to about a third. @throws {FormatError} for one that is absent or no file. */
async function estimateTextBytes(paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(paths.map(fileSize));
  return sizes.reduce((sum, size, i) => sum + (paths[i].endsWith(".gz") ? 3 * size : size), 0);
}

async function continueModel(request: TrainRequest, directory: ModelDirectory): Promise<TrainReport> {
  const startedMs = performance.now();
  const started = markStart();
  const { manifest, isReplacement, root } = directory;
  // Not that of the model which answers there: its options and data may be others.
  const name = isReplacement ? `${root}, begun to replace ${request.modelPath}` : request.modelPath;
  if (isReplacement) {
    const message = `${request.modelPath}: going on with its unfinished replacement; remove ${root} to go on with the model itself`;
    request.onEvent?.({ kind: "note", message });
  }
  const stored = modelOptionsOf(manifest);
  checkResumable(request.options ?? {}, stored, name);
  const vectorizer = loadModelVectorizer(directory);
  const featureOptions = vectorizer.kind === "text" ? request.textOptions : request.numericOptions;
  checkSame(featureOptions ?? {}, vectorizer.options, name);
  checkIdleFeatures("train", vectorizer.kind, request.textOptions ?? {}, request.numericOptions ?? {});
  if (request.format !== undefined) checkSame({ format: request.format }, manifest.dataset, name);
  const { fingerprint } = manifest.dataset;
  const otherData = new ConfigError(
    `${name}: this model was trained on other data than ${request.inputs.join(", ")}; ` +
      "give the same files to resume, or use --overwrite to start anew",
  );
  const options = { ...readOptions(request), vectorizer, labelTable: loadLabels(directory) };
  const loaded = await loadDataset(request.inputs, options).catch(async (error: unknown) => {
    // What is wrong with a row of other data (its labels are unknown) would mislead.
    const isOther =
      error instanceof FormatError && ![null, fingerprint].includes(await fingerprintFiles(request.inputs));
    throw isOther ? otherData : error;
  });
  if (loaded.report.fingerprint !== fingerprint) throw otherData;
  const numWorlds = Math.max(stored.numWorlds, request.options?.numWorlds ?? 0);
  const all = { ...stored, numWorlds };
  checkModelOptions(all, loaded.report.numFeatures);
  checkWorlds(request.worlds, numWorlds);
  const initial = await initialEmbeddings(request, vectorizer);
  checkInitEmbeddings(initial?.record ?? null, manifest.training.initEmbeddings, name);
  const parts = splitRows(loaded.dataset, stored);
  const plan = await planResumed(request, loaded.report, loaded.dataset, all, started);
  const { report, labelTable } = loaded;
  const data = { report, parts, initial, labelCounts: labelTable.labelCounts, isNew: false, startedMs };
  // Nothing is refused from here on: what is refused leaves the model as it was.
  if (numWorlds > stored.numWorlds) {
    directory.update({ hash: LabelHash.fromJSON(manifest.hash).withWorlds(numWorlds).toJSON() });
  }
  return trainWorlds(request, directory, data, all, plan);
}

function checkWorlds(worlds: readonly number[] | null | undefined, numWorlds: number): void {
  const unknown = worlds?.find((world) => !Number.isInteger(world) || world < 0 || world >= numWorlds);
  if (unknown !== undefined) {
    throw new ConfigError(`train: expected worlds below ${numWorlds}, got ${unknown}; raise numWorlds to add worlds`);
  }
}

function readOptions(request: ReadRequest): Parameters<typeof loadDataset>[1] & object {
  const { format, skipBadRows, signal, onEvent } = request;
  const onProgress = (progress: ReadProgress): void => onEvent?.({ kind: "reading", ...progress });
  return { format, skipBadRows, signal, onProgress };
}

/** Rows, ready to train on, and where they come from. */
interface TrainingData {
  readonly report: LoadReport;
  readonly parts: DataParts;
  readonly initial: InitEmbeddings | null;
  readonly labelCounts: Uint32Array | null;
  /** The model has just been made: no run before this one. */
  readonly isNew: boolean;
  readonly startedMs: number;
}

async function trainWorlds(
  request: TrainRequest,
  directory: ModelDirectory,
  loaded: TrainingData,
  options: ModelOptions,
  plan: Plan | null,
): Promise<TrainReport> {
  const wanted = request.worlds ?? Array.from({ length: options.numWorlds }, (_, world) => world);
  const kept = wanted.filter((world) => directory.checkWorld(world) === "ok");
  const jobs = wanted.filter((world) => !kept.includes(world));
  const threads = plan?.worldsAtOnce ?? request.numThreads;
  const run = new WatchedRun({ ...loaded, request, directory, options, worlds: jobs, threads });
  run.emit({ kind: "prepared", data: loaded.report, options, worlds: jobs });
  try {
    run.begin();
    const done = await runWorlds(request, directory, loaded, options, { jobs, threads, run });
    const trainedWorlds = done.trained.sort((a, b) => a - b);
    const initEmbeddings = loaded.initial?.record ?? null;
    await run.end(null);
    const { manifest } = directory;
    return {
      ...{ options, data: loaded.report, trainedWorlds, keptWorlds: kept, plan, initEmbeddings, manifest },
      strategy: done.costs,
    };
  } catch (error) {
    // Workers refuse what only they can know, such as more of them than the model has layers. A new model that is
    // refused was never there: it would be in the way of the next try.
    const isRefused = loaded.isNew && isConfigError(error);
    await run.end(error, isRefused);
    if (isRefused) directory.discard();
    throw error;
  }
}

function isConfigError(error: unknown): boolean {
  return error instanceof ConfigError || (error instanceof WorkerError && error.originalName === "ConfigError");
}

/** Trains `jobs`, measures the model and publishes it. */
async function runWorlds(
  request: TrainRequest,
  directory: ModelDirectory,
  loaded: TrainingData,
  options: ModelOptions,
  { jobs, threads, run }: { readonly jobs: readonly number[]; readonly threads: number; readonly run: WatchedRun },
): Promise<{ readonly trained: number[]; readonly costs: TrainReport["strategy"] }> {
  const { signal } = request;
  const model = worldOptionsOf(options, loaded.report.numFeatures);
  const optimization = optimizationOf(options);
  const hash = LabelHash.fromJSON(directory.manifest.hash);
  const shared: WorldJobShared = {
    dataset: loaded.parts.training,
    heldOut: run.epochRows,
    model,
    optimization,
    embeddings: loaded.initial?.embeddings ?? null,
    root: directory.root,
    runFingerprint: runFingerprint(loaded.report.fingerprint, {
      checkpoints: CHECKPOINT_FORMAT,
      model,
      optimization,
      p: hash.p,
      kernels: createKernels().info,
      ...strategyRecord(request),
      ...embeddingsRecord(loaded.initial),
    }),
    checkpointIntervalMs: request.checkpointIntervalMs ?? CHECKPOINT_INTERVAL_MS,
  };
  const trained: number[] = [];
  const costs: ({ readonly world: number } & StrategyReport)[] = [];
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
  const onStart = ({ world }: WorldJob): void => run.emit({ kind: "start", world });
  const worldJobs = jobs.map((world) => ({ world, hash: hash.parameters(world) }));
  const strategy = resolveStrategy(request.strategy ?? {});
  const running = { shared, onStart, ...(signal === undefined ? {} : { signal }) };
  if (strategy.strategy === "sequential") {
    const script = new URL("./world-worker.node.js", import.meta.url);
    const onProgress = ({ world }: WorldJob, progress: WorldJobProgress): void => run.emit({ world, ...progress });
    const pool = { ...running, onProgress, script, numThreads: threads };
    await runJobs<WorldJob, WorldJobProgress, WorldJobResult>(worldJobs, pool, onResult);
  } else {
    const events = {
      onProgress: ({ world }: WorldJob, progress: ParallelProgress) =>
        run.emit({ kind: "progress", world, ...progress }),
      onEpoch: ({ world }: WorldJob, report: EpochReport) => run.emit({ kind: "epoch", world, ...report }),
    };
    await trainWorldsByStrategy(worldJobs, { ...running, ...events, strategy }, onResult);
  }
  if (diverged.length > 0) {
    const others = diverged.length === 1 ? "" : ` (and ${diverged.length - 1} more worlds)`;
    throw new DivergenceError(`${diverged[0].message}${others}`, diverged[0].step);
  }
  await run.finishCurve();
  const { validation } = loaded.parts;
  if (validation !== null) run.emit({ kind: "measured", ...(await measure(directory, validation, signal)) });
  directory.publish();
  return { trained, costs };
}
