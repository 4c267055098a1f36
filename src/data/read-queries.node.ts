/**
 * @file Inputs for prediction: a file of queries as batches of vectorised rows, in order, without loading the file.
 *
 * Row i of the batches is row i of the file, always: an empty query, and with `skipBadRows` a bad row too, becomes an
 * empty row and is counted. Labels in the file are ignored. Text models also take plain text, one query a line.
 */
import { InterruptedError } from "../core/errors.js";
import { BadRows, type SkippedRows } from "./bad-rows.js";
import { fileSize, readBytes } from "./byte-source.node.js";
import type { FeatureMatrix } from "./dataset.js";
import { featureBeyondModel, NOT_UTF8_PROBLEM } from "./dataset-builder.js";
import { NOT_UTF8 } from "./feature-counter.js";
import type { ReadOptions } from "./load-dataset.node.js";
import type { ParsedRow } from "./row-format.js";
import { DEFAULT_MAX_LINE_BYTES, type RejectRow, type RowHandler, RowStream } from "./row-stream.js";
import { SparseRow } from "./sparse-row.js";
import { RowBatch, type Vectorizer } from "./vectorizer.js";

/** How `readQueries` reads. With `skipBadRows` a bad row becomes an empty one. */
export interface QueryOptions extends ReadOptions {
  /** The model's. */
  readonly vectorizer: Vectorizer;
  /** Rows a batch; the last may be shorter. Default 1024. */
  readonly batchSize?: number | undefined;
}

/** Consecutive rows of the file. The arrays are the receiver's to keep. */
export interface QueryBatch {
  /** Number of the batch's first row in the file, from 0. */
  readonly firstRow: number;
  /** [rows of the batch, D] */
  readonly features: FeatureMatrix;
}

/** Counts so far; final once the iteration is over. */
export interface QueryReport {
  /** All rows, bad ones included. */
  readonly numRows: number;
  /** Rows without a known feature, bad ones included. */
  readonly numEmptyRows: number;
  /** Bad rows, which became empty ones. */
  readonly skipped: readonly SkippedRows[];
}

/** Batches of one file; iterate once. */
export interface QueryFile extends AsyncIterable<QueryBatch> {
  /** A new object at each access. */
  readonly report: QueryReport;
}

/** The queries of a file. Nothing is opened before the iteration starts; errors are those of `loadDataset`. */
export function readQueries(path: string, options: QueryOptions): QueryFile {
  const badRows = new BadRows(options.skipBadRows ?? false);
  const collector = new QueryCollector(options.vectorizer, options.batchSize ?? 1024);
  async function* batches(): AsyncGenerator<QueryBatch> {
    const { vectorizer, onProgress, signal } = options;
    const stream = new RowStream(
      {
        file: path,
        format: options.format ?? null,
        kind: vectorizer.kind,
        purpose: "predict",
        maxLineBytes: options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES,
        badRows,
      },
      collector,
    );
    const bytesTotal = await fileSize(path);
    let bytesRead = 0;
    const onRaw = (chunk: Uint8Array): void => {
      bytesRead += chunk.length;
    };
    for await (const chunk of readBytes(path, onRaw)) {
      stream.push(chunk);
      if (signal?.aborted === true) throw new InterruptedError(`${path}: reading was interrupted`);
      onProgress?.({ file: path, bytesRead, bytesTotal, rows: stream.numRows });
      yield* collector.takeFull();
    }
    stream.finish();
    yield* collector.takeFull();
    yield* collector.takeRest();
  }
  return {
    [Symbol.asyncIterator]: batches,
    get report() {
      return { numRows: collector.numRows, numEmptyRows: collector.numEmptyRows, skipped: badRows.skipped };
    },
  };
}

/** Vectorises rows as they come and cuts them into batches. */
class QueryCollector implements RowHandler {
  numRows = 0;
  numEmptyRows = 0;
  private readonly vectorizer: Vectorizer;
  private readonly batchSize: number;
  private readonly batch = new RowBatch();
  private readonly sparseRow = new SparseRow();
  private full: QueryBatch[] = [];

  constructor(vectorizer: Vectorizer, batchSize: number) {
    this.vectorizer = vectorizer;
    this.batchSize = batchSize;
  }

  begin(): void {}

  header(): void {}

  row(row: ParsedRow, reject: RejectRow): void {
    const { vectorizer } = this;
    if (vectorizer.kind === "numeric") {
      if (vectorizer.apply(row.features) < 0) reject("feature beyond D", featureBeyondModel(vectorizer.numFeatures));
      else this.add(row.features);
      return;
    }
    const numTokens = vectorizer.transformBytes(row.textBytes, row.textStart, row.textEnd, this.sparseRow);
    if (numTokens === NOT_UTF8) reject("not UTF-8", NOT_UTF8_PROBLEM);
    else this.add(this.sparseRow);
  }

  skipped(): void {
    this.add(null);
  }

  /** Batches that are complete. A chunk of the file may fill several. */
  takeFull(): QueryBatch[] {
    const { full } = this;
    this.full = [];
    return full;
  }

  takeRest(): QueryBatch[] {
    if (this.batch.numRows > 0) this.closeBatch();
    return this.takeFull();
  }

  private add(row: SparseRow | null): void {
    this.batch.add(row);
    this.numRows++;
    if (row === null || row.length === 0) this.numEmptyRows++;
    if (this.batch.numRows === this.batchSize) this.closeBatch();
  }

  private closeBatch(): void {
    const firstRow = this.numRows - this.batch.numRows;
    this.full.push({ firstRow, features: this.batch.take(this.vectorizer.numFeatures) });
  }
}
