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
 *
 * Not here: reading (training-rows.node.ts), what happens once the model is prepared (train-worlds.node.ts).
 */
import { basename } from "node:path";
import { type ModelDescription, ModelDirectory } from "../checkpoint/model-directory.node.js";
import { lockModel } from "../checkpoint/model-lock.node.js";
import { ConfigError } from "../core/errors.js";
import { checkKnownOptions } from "../core/known-options.js";
import type { LoadReport } from "../data/load-dataset.node.js";
import type { Vectorizer } from "../data/vectorizer.js";
import { LabelHash } from "../mach/label-hash.js";
import { loadLabels, loadModelVectorizer } from "../mach/model.node.js";
import { chooseOptions } from "./choose-options.js";
import { type DataParts, splitRows } from "./data-parts.node.js";
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
import { markStart, planLoaded, planResumed, worldsAtOnce } from "./plan/plan-training.node.js";
import { resumedStrategy } from "./strategies/resumed-strategy.js";
import { resolveStrategy, type StrategyOptions } from "./strategies/strategy.js";
import { checkSharing } from "./strategies/train-in-parallel.node.js";
import type { TrainReport, TrainRequest } from "./train-request.js";
import { originRecord, trainWorlds } from "./train-worlds.node.js";
import { readKnownRows, readTrainingRows } from "./training-rows.node.js";

const LABELS_FILE = "labels.bin";
const VECTORIZER_FILE = "vectorizer.json";

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
  const lock = lockModel(modelPath);
  try {
    const existing = mode === "resume" ? ModelDirectory.openForTraining(modelPath) : null;
    return await (existing === null ? startModel(request) : continueModel(request, existing));
  } finally {
    lock.release();
  }
}

/** @throws {ConfigError} for a strategy that is none, or that neither the kernels nor budgets go with. */
function checkStrategy(request: TrainRequest): void {
  const strategy = resolveStrategy(request.strategy ?? {});
  if (strategy.strategy === "sequential") return;
  checkSharing(strategy);
  if (Object.values(request.budgets ?? {}).some((budget) => budget !== undefined)) {
    throw new ConfigError(
      `train: budgets are planned for a world a thread, got strategy ${strategy.strategy}; leave one of them out`,
    );
  }
}

async function startModel(request: TrainRequest): Promise<TrainReport> {
  checkStrategy(request);
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
  const threads = worldsAtOnce(request, report, options, plan);
  const parts = splitRows(loaded.dataset, options);
  loaded.labelTable.countLabels(parts.training.labels);
  const vectorizer = new TextEncoder().encode(`${JSON.stringify(loaded.vectorizer)}\n`);
  const directory = ModelDirectory.create(
    request.modelPath,
    describeModel(request, report, parts, options, initial),
    { [LABELS_FILE]: [loaded.labelTable.toBytes()], [VECTORIZER_FILE]: [vectorizer] },
    { overwrite: request.mode === "overwrite" },
  );
  return trainWorlds(request, {
    ...{ directory, options, plan, report, parts, initial, labelCounts: loaded.labelTable.labelCounts },
    ...{ isNew: true, startedMs: started.startMs, threads },
  });
}

function describeModel(
  request: TrainRequest,
  report: LoadReport,
  parts: DataParts,
  options: ModelOptions,
  initial: InitEmbeddings | null,
): ModelDescription {
  return {
    writtenBy: request.writtenBy,
    created: null,
    network: worldOptionsOf(options, report.numFeatures),
    hash: new LabelHash({ ...options, numLabels: report.numLabels }).toJSON(),
    merge: options.merge,
    prior: { alpha: options.priorAlpha, seenOnly: options.seenOnly },
    training: { ...optimizationOf(options), ...originRecord(request, initial) },
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
}

async function initialEmbeddings(request: TrainRequest, vectorizer: Vectorizer): Promise<InitEmbeddings | null> {
  const { initEmbeddings, signal } = request;
  return initEmbeddings === undefined ? null : await loadInitEmbeddings(initEmbeddings, vectorizer, signal);
}

async function continueModel(given: TrainRequest, directory: ModelDirectory): Promise<TrainReport> {
  const started = markStart();
  const { manifest, isReplacement, root } = directory;
  // Not that of the model which answers there: its options and data may be others.
  const name = isReplacement ? `${root}, begun to replace ${given.modelPath}` : given.modelPath;
  const before = manifest.training.strategy as Partial<StrategyOptions> | undefined;
  const request = { ...given, strategy: resumedStrategy(given.strategy ?? {}, before, name) };
  checkStrategy(request);
  if (before !== undefined && given.strategy?.strategy === undefined) {
    const { strategy, numWorkers } = request.strategy;
    const message = `${name}: going on by the strategy of its worlds, ${strategy} with ${numWorkers} workers, one world after another, whatever --threads says`;
    request.onEvent?.({ kind: "note", message });
  }
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
  const known = { fingerprint, vectorizer, labelTable: loadLabels(directory) };
  const { dataset, report, labelTable } = await readKnownRows(request, known, name);
  const numWorlds = Math.max(stored.numWorlds, request.options?.numWorlds ?? 0);
  const all = { ...stored, numWorlds };
  checkModelOptions(all, report.numFeatures);
  checkWorlds(request.worlds, numWorlds);
  const initial = await initialEmbeddings(request, vectorizer);
  checkInitEmbeddings(initial?.record ?? null, manifest.training.initEmbeddings, name);
  const parts = splitRows(dataset, stored);
  const plan = await planResumed(request, report, dataset, all, started);
  const threads = worldsAtOnce(request, report, all, plan);
  // Nothing is refused from here on: what is refused leaves the model as it was.
  if (numWorlds > stored.numWorlds) {
    directory.update({ hash: LabelHash.fromJSON(manifest.hash).withWorlds(numWorlds).toJSON() });
  }
  return trainWorlds(request, {
    ...{ directory, options: all, plan, report, parts, initial, labelCounts: labelTable.labelCounts },
    ...{ isNew: false, startedMs: started.startMs, threads },
  });
}

function checkWorlds(worlds: readonly number[] | null | undefined, numWorlds: number): void {
  const unknown = worlds?.find((world) => !Number.isInteger(world) || world < 0 || world >= numWorlds);
  if (unknown !== undefined) {
    throw new ConfigError(`train: expected worlds below ${numWorlds}, got ${unknown}; raise numWorlds to add worlds`);
  }
}
