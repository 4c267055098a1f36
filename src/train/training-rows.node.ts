/**
 * @file How do files become the rows that a model learns from? For a new model, words and labels are learnt from them; a
 * model that is continued knows its own, and wants the very bytes that it was trained on.
 *
 * Not here: which rows are set aside (data-parts.node.ts).
 */
import { ConfigError, FormatError } from "../core/errors.js";
import { fileSize } from "../data/byte-source.node.js";
import type { LabelTable } from "../data/label-table.js";
import { type LoadedDataset, loadDataset, type ReadOptions, type ReadProgress } from "../data/load-dataset.node.js";
import type { Vectorizer } from "../data/vectorizer.js";
import { chooseTextOptions } from "./choose-options.js";
import { fingerprintFiles } from "./fingerprints.node.js";
import type { TrainRequest } from "./train-request.js";

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

/** What a model knows of the rows that it was trained on. */
export interface KnownRows {
  readonly fingerprint: string;
  readonly vectorizer: Vectorizer;
  readonly labelTable: LabelTable;
}

/**
 * The rows of a model that is continued. @throws {ConfigError} naming the model as `name` if they are others than
 * those that it was trained on. @throws as loadDataset
 */
export async function readKnownRows(request: ReadRequest, known: KnownRows, name: string): Promise<LoadedDataset> {
  const { fingerprint, vectorizer, labelTable } = known;
  const otherData = new ConfigError(
    `${name}: this model was trained on other data than ${request.inputs.join(", ")}; ` +
      "give the same files to resume, or use --overwrite to start anew",
  );
  const options = { ...readOptions(request), vectorizer, labelTable };
  const loaded = await loadDataset(request.inputs, options).catch(async (error: unknown) => {
    // What is wrong with a row of other data (its labels are unknown) would mislead.
    const isOther =
      error instanceof FormatError && ![null, fingerprint].includes(await fingerprintFiles(request.inputs));
    throw isOther ? otherData : error;
  });
  if (loaded.report.fingerprint !== fingerprint) throw otherData;
  return loaded;
}

/** Unpacked size of the files; gzip packs text to about a third. @throws {FormatError} for one that is absent or no file. */
async function estimateTextBytes(paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(paths.map(fileSize));
  return sizes.reduce((sum, size, i) => sum + (paths[i].endsWith(".gz") ? 3 * size : size), 0);
}

function readOptions(request: ReadRequest): ReadOptions {
  const { format, skipBadRows, signal, onEvent } = request;
  const onProgress = (progress: ReadProgress): void => onEvent?.({ kind: "reading", ...progress });
  return { format, skipBadRows, signal, onProgress };
}
