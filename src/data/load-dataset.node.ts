/**
 * @file Training and evaluation data in one call: files → Dataset, vectorizer, label table, report.
 *
 * One pass over each file, in chunks. The report says what was read, what was skipped and why, and a fingerprint of the
 * raw bytes by which a resumed training recognises its data.
 */
import { createHash } from "node:crypto";
import { ConfigError, FormatError, InterruptedError } from "../core/errors.js";
import { BadRows, type SkippedRows } from "./bad-rows.js";
import { fileSize, readBytes } from "./byte-source.node.js";
import type { Dataset } from "./dataset.js";
import { DatasetBuilder } from "./dataset-builder.js";
import type { LabelTable } from "./label-table.js";
import type { NumericVectorizerOptions } from "./numeric-vectorizer.js";
import { DEFAULT_MAX_LINE_BYTES, RowStream } from "./row-stream.js";
import type { TextVectorizerOptions } from "./text-vectorizer.js";
import type { Vectorizer } from "./vectorizer.js";

/** How far reading is. Bytes are those on disk, perhaps compressed. */
export interface ReadProgress {
  /** The one being read. */
  readonly file: string;
  /** Of all files. */
  readonly bytesRead: number;
  /** Of all files. */
  readonly bytesTotal: number;
  /** Of all files, bad ones included. */
  readonly rows: number;
}

/** Options of everything that reads rows. */
export interface ReadOptions {
  /** Name of a format (xc, fasttext, tsv, csv; for queries also lines). Default: recognised. */
  readonly format?: string | undefined;
  /** Skip and count bad rows instead of stopping at the first. Default false. */
  readonly skipBadRows?: boolean | undefined;
  /** Longest line or CSV record; a longer one is a bad row. Default {@link DEFAULT_MAX_LINE_BYTES}. */
  readonly maxLineBytes?: number | undefined;
  /** Called after every chunk, some 256 KiB. */
  readonly onProgress?: ((progress: ReadProgress) => void) | undefined;
  /** Aborted: reading ends after the chunk at hand with an InterruptedError. */
  readonly signal?: AbortSignal | undefined;
}

/** What `loadDataset` reads rows for, and what it learns or is given. */
export interface LoadOptions extends ReadOptions {
  /**
   * Default "train": rows without labels or features are bad. "evaluate" keeps them. To evaluate a model give its
   * `vectorizer` and `labelTable`: what is left out is made anew from these rows, whose numbers no model knows, as
   * befits rows that are looked at for themselves.
   */
  readonly purpose?: "train" | "evaluate" | undefined;
  /** Apply this vectorizer. Default: learn one. */
  readonly vectorizer?: Vectorizer | undefined;
  /** How to learn one from text. Default DEFAULT_TEXT_OPTIONS. */
  readonly textOptions?: Partial<TextVectorizerOptions> | undefined;
  /** How to take rows of numbers. Default DEFAULT_NUMERIC_OPTIONS. */
  readonly numericOptions?: Partial<NumericVectorizerOptions> | undefined;
  /** Look labels up in this table and add nothing. Default: start a new one. */
  readonly labelTable?: LabelTable | undefined;
}

/** What one file held. */
export interface FileReport {
  /** As given. */
  readonly path: string;
  /** Name of the format, such as "xc". */
  readonly format: string;
  /** On disk, perhaps compressed. */
  readonly sizeBytes: number;
  /** Bad rows included. */
  readonly numRows: number;
}

/** What was read, what was skipped and why. */
export interface LoadReport {
  /** In the order given. */
  readonly files: readonly FileReport[];
  /** N: rows of the dataset. */
  readonly numRows: number;
  /** D. */
  readonly numFeatures: number;
  /** L. */
  readonly numLabels: number;
  /** Entries of all rows of features. */
  readonly numNonZeros: number;
  /** (row, label) pairs of known labels. */
  readonly numLabelOccurrences: number;
  /** Bad rows by reason; empty unless `skipBadRows`. */
  readonly skipped: readonly SkippedRows[];
  /** All of them together. */
  readonly numSkipped: number;
  /** Rows of the dataset without any known feature. */
  readonly numEmptyRows: number;
  /** (row, label) pairs whose label the given table does not know. */
  readonly numUnknownLabelOccurrences: number;
  /** Occurrences of feature numbers that the given vectorizer does not know. */
  readonly numDroppedFeatures: number;
  /** sha-256, in hex, of the files' raw bytes one after the other: what `cat files | sha256sum` prints. */
  readonly fingerprint: string;
}

/** A dataset, and what is needed to read further rows as it was read. */
export interface LoadedDataset {
  readonly dataset: Dataset;
  /** The one given, or learnt from these rows. */
  readonly vectorizer: Vectorizer;
  /** The one given, or made from these rows with their `labelCounts`. */
  readonly labelTable: LabelTable;
  /**
   * [N] distinct labels of each row that `labelTable` does not know; null where it was made from these rows. Recall
   * divides by known plus unknown labels.
   */
  readonly unknownLabelCounts: Uint32Array | null;
  readonly report: LoadReport;
}

/**
 * Reads one or more files of one kind (text or numbers) as one dataset.
 * @throws {FormatError} naming file and line, {ConfigError} for options, {InterruptedError} on `signal`.
 */
export async function loadDataset(
  paths: string | readonly string[],
  options: LoadOptions = {},
): Promise<LoadedDataset> {
  const list = typeof paths === "string" ? [paths] : paths;
  if (list.length === 0) throw new ConfigError("loadDataset: expected at least one file, got none; name one");
  const badRows = new BadRows(options.skipBadRows ?? false);
  const purpose = options.purpose ?? "train";
  const builder = new DatasetBuilder({
    purpose,
    vectorizer: options.vectorizer ?? null,
    textOptions: options.textOptions ?? {},
    numericOptions: options.numericOptions ?? {},
    labelTable: options.labelTable ?? null,
  });
  const hash = createHash("sha256");
  const sizes = await Promise.all(list.map(fileSize));
  const bytesTotal = sizes.reduce((sum, size) => sum + size, 0);
  const files: FileReport[] = [];
  let bytesRead = 0;
  let rowsBefore = 0;
  for (const [i, path] of list.entries()) {
    builder.file = path;
    const stream = new RowStream(
      {
        file: path,
        format: options.format ?? null,
        kind: builder.requiredKind,
        purpose,
        maxLineBytes: options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES,
        badRows,
      },
      builder,
    );
    const onRaw = (chunk: Uint8Array): void => {
      hash.update(chunk);
      bytesRead += chunk.length;
    };
    for await (const chunk of readBytes(path, onRaw)) {
      stream.push(chunk);
      if (options.signal?.aborted === true) throw new InterruptedError(`${path}: reading was interrupted`);
      options.onProgress?.({ file: path, bytesRead, bytesTotal, rows: rowsBefore + stream.numRows });
    }
    stream.finish();
    rowsBefore += stream.numRows;
    files.push({ path, format: stream.format, sizeBytes: sizes[i], numRows: stream.numRows });
  }
  if (badRows.total === rowsBefore) {
    throw new FormatError({ file: list.join(", ") }, allSkipped(badRows.skipped));
  }
  const built = builder.finish();
  const { features, labels } = built.dataset;
  if (features.numCols === 0) {
    const problem = "expected features that several rows share, got none";
    throw new FormatError(
      { file: list.join(", ") },
      `${problem}; give more rows, or lower minDocumentFrequency (--min-df)`,
    );
  }
  let numEmptyRows = 0;
  for (let i = 0; i < features.numRows; i++) if (features.offsets[i + 1] === features.offsets[i]) numEmptyRows++;
  const report: LoadReport = {
    files,
    numRows: features.numRows,
    numFeatures: features.numCols,
    numLabels: labels.numLabels,
    numNonZeros: features.columns.length,
    numLabelOccurrences: labels.ids.length,
    skipped: badRows.skipped,
    numSkipped: badRows.total,
    numEmptyRows,
    numUnknownLabelOccurrences: built.unknownLabelCounts?.reduce((sum, count) => sum + count, 0) ?? 0,
    numDroppedFeatures: built.numDroppedFeatures,
    fingerprint: hash.digest("hex"),
  };
  const { dataset, vectorizer, labelTable, unknownLabelCounts } = built;
  return { dataset, vectorizer, labelTable, unknownLabelCounts, report };
}

function allSkipped(skipped: readonly SkippedRows[]): string {
  const reasons = skipped.map(({ reason, count, firstLine }) => `${reason} (${count}, first in line ${firstLine})`);
  return `expected good rows, got only bad ones: ${reasons.join(", ")}; correct the file, or name its format`;
}
