/**
 * @file A query in, named labels out: a model directory loaded whole – vectorizer, label names, worlds.
 *
 *   const model = await Model.load("m/");
 *   model.predict(["buffer overflow in nfs server"], { k: 10 })[0]   →  [{ label: "linux:kernel", score: 0.81 }, …]
 *
 * Worlds whose file is missing are left out (`missingWorlds`); a damaged one is an error that names it, or
 * is left out too (`tolerateDamage`).
 */

import type { Manifest } from "../checkpoint/manifest.js";
import { ModelDirectory } from "../checkpoint/model-directory.node.js";
import { ConfigError, FormatError } from "../core/errors.js";
import { LabelTable } from "../data/label-table.js";
import type { Vectorizer } from "../data/vectorizer.js";
import { parseVectorizer } from "../data/vectorizer-json.js";
import type { Kernels } from "../kernels/contract.js";
import { createKernels } from "../kernels/index.js";
import type { SparseBatch } from "../nn/module.js";
import type { Ensemble } from "./ensemble.js";
import { type LoadedEnsemble, loadEnsemble } from "./load-ensemble.js";
import type { MergeKind } from "./merge.js";
import type { PropensityOptions } from "./metrics.js";
import type { Predictions, PredictOptions } from "./predictions.js";

/** Which worlds of a model are loaded, and how they answer. */
export interface ModelLoadOptions {
  /** Default: createKernels(). */
  readonly kernels?: Kernels;
  /** Only these worlds. Default all. */
  readonly worlds?: readonly number[];
  /** Merge instead of the model's own. */
  readonly merge?: MergeKind;
  /** Check the SHA-256 of every world that is read. Default true. */
  readonly verify?: boolean;
  /** Answer without worlds whose file is damaged (`damagedWorlds`). Default false: they are an error. */
  readonly tolerateDamage?: boolean;
  /** Keep parameters on shared memory, for a PredictionPool. Default false. */
  readonly shared?: boolean;
}

/** A label with its score; see mach/merge.ts for the score's meaning. */
export interface RankedLabel {
  /** Its name. */
  readonly label: string;
  /** Larger is better. */
  readonly score: number;
}

/** A trained model that answers: its worlds, its labels and what turns texts into features, read from a model directory. */
export class Model {
  /** What the directory says of itself: sizes, training, checksums. */
  readonly manifest: Manifest;
  /** The worlds that answer, for rows and label ids; one call at a time. */
  readonly ensemble: Ensemble;
  /** Makes rows [N, D] of texts or feature numbers. */
  readonly vectorizer: Vectorizer;
  /** Names and training counts of the labels, by id. */
  readonly labels: LabelTable;
  /** What the ensemble computes with. */
  readonly kernels: Kernels;
  /** Worlds that the model should have and that do not answer. */
  readonly missingWorlds: readonly number[];
  /** Worlds that were left out because of `tolerateDamage`. */
  readonly damagedWorlds: LoadedEnsemble["damagedWorlds"];
  /** Arrays by name of each world that answers. */
  readonly parameters: LoadedEnsemble["parameters"];

  private constructor(
    manifest: Manifest,
    kernels: Kernels,
    parts: LoadedEnsemble & { vectorizer: Vectorizer; labels: LabelTable },
  ) {
    this.manifest = manifest;
    this.kernels = kernels;
    this.ensemble = parts.ensemble;
    this.vectorizer = parts.vectorizer;
    this.labels = parts.labels;
    this.missingWorlds = parts.missingWorlds;
    this.damagedWorlds = parts.damagedWorlds;
    this.parameters = parts.parameters;
  }

  /**
   * Reads the model directory at `path` whole.
   * @throws {FormatError} naming a file that is truncated, tampered with or of a newer version.
   * @throws {ConfigError} if no world is there. @throws {StorageError} if there is no model.
   */
  static async load(path: string, options: ModelLoadOptions = {}): Promise<Model> {
    const directory = ModelDirectory.open(path);
    const { manifest } = directory;
    const kernels = options.kernels ?? createKernels();
    const labels = loadLabels(directory);
    const vectorizer = loadModelVectorizer(directory);
    const loaded = await loadEnsemble(kernels, directory, {
      labelCounts: labels.labelCounts,
      ...(options.worlds === undefined ? {} : { worlds: options.worlds }),
      ...(options.merge === undefined ? {} : { merge: options.merge }),
      ...(options.verify === undefined ? {} : { verify: options.verify }),
      ...(options.tolerateDamage === undefined ? {} : { tolerateDamage: options.tolerateDamage }),
      ...(options.shared === true ? { allocate: sharedF32 } : {}),
    });
    return new Model(manifest, kernels, { ...loaded, vectorizer, labels });
  }

  /**
   * Ranked labels of each text. @throws {ConfigError} for a model of feature numbers: use `predictRows`.
   * @throws {ShapeError | ConfigError} for options, as `Ensemble.predict`.
   */
  predict(texts: readonly string[], options: PredictOptions): RankedLabel[][] {
    if (this.vectorizer.kind !== "text") {
      throw new ConfigError("this model was trained on feature numbers: give rows of them (a file, or predictRows)");
    }
    return this.name(this.predictRows(this.vectorizer.transformAll(texts), options));
  }

  /**
   * Ranked label ids of each row of `rows` [N, D], as the model's vectorizer makes them.
   * @throws {ShapeError | ConfigError} as `Ensemble.predict`.
   */
  predictRows(rows: SparseBatch, options: PredictOptions): Predictions {
    return this.ensemble.predict(rows, options);
  }

  /** Predictions with the labels' names. */
  name({ numQueries, k, labels, scores, counts }: Predictions): RankedLabel[][] {
    return Array.from({ length: numQueries }, (_, q) =>
      Array.from({ length: counts[q] }, (_, j) => ({
        label: this.labels.nameOf(labels[q * k + j]),
        score: scores[q * k + j],
      })),
    );
  }

  /** What psp@k needs; null if the model does not know its labels' counts. */
  get propensity(): PropensityOptions | null {
    const { labelCounts } = this.labels;
    const numTrainingRows = Number(this.manifest.dataset.numRows);
    return labelCounts === null || !(numTrainingRows > 0) ? null : { labelCounts, numTrainingRows };
  }
}

function sharedF32(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(4 * length));
}

/** The model's label table. @throws {FormatError | StorageError} */
export function loadLabels(directory: ModelDirectory): LabelTable {
  const { labelsFile } = directory.manifest;
  return LabelTable.fromBytes(directory.readFile(labelsFile), `${directory.root}/${labelsFile}`);
}

/** The model's vectorizer. @throws {FormatError | StorageError} */
export function loadModelVectorizer(directory: ModelDirectory): Vectorizer {
  const { vectorizerFile } = directory.manifest;
  if (vectorizerFile === null) {
    throw new FormatError({ file: directory.root }, "the model has no vectorizer; train it again with --overwrite");
  }
  const file = `${directory.root}/${vectorizerFile}`;
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(directory.readFile(vectorizerFile)));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new FormatError({ file }, `expected JSON, got: ${error.message}; train the model again with --overwrite`);
  }
  return parseVectorizer(json, file);
}
