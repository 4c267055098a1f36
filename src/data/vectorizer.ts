/**
 * @file What turns an input into a sparse row, the same way at training and at every query after it?
 *
 * A vectorizer is learnt while the training rows are read, saved as `vectorizer.json` with the model and loaded with it:
 *   text     words → features (text-vectorizer.ts)      numeric  feature numbers, checked (numeric-vectorizer.ts)
 */
import type { FeatureMatrix } from "./dataset.js";
import type { NumericVectorizer } from "./numeric-vectorizer.js";
import type { SparseRow } from "./sparse-row.js";
import type { TextVectorizer } from "./text-vectorizer.js";

/** Either kind; tell them apart by `kind`. */
export type Vectorizer = TextVectorizer | NumericVectorizer;

/** Gathers sparse rows into one matrix in plain memory, for batches of queries. */
export class RowBatch {
  private offsets = new Uint32Array(65);
  private columns = new Uint32Array(1024);
  private values = new Float32Array(1024);
  private count = 0;

  get numRows(): number {
    return this.count;
  }

  /** Appends a copy of `row`; null for an empty one. */
  add(row: SparseRow | null): void {
    const length = row?.length ?? 0;
    const start = this.offsets[this.count];
    if (start + length > this.columns.length) {
      const size = Math.max(start + length, 2 * this.columns.length);
      const columns = new Uint32Array(size);
      const values = new Float32Array(size);
      columns.set(this.columns);
      values.set(this.values);
      this.columns = columns;
      this.values = values;
    }
    if (row !== null) {
      for (let i = 0; i < length; i++) {
        this.columns[start + i] = row.columns[i];
        this.values[start + i] = row.values[i];
      }
    }
    if (this.count + 2 > this.offsets.length) {
      const offsets = new Uint32Array(2 * this.offsets.length);
      offsets.set(this.offsets);
      this.offsets = offsets;
    }
    this.offsets[++this.count] = start + length;
  }

  /** The rows so far as a matrix of its own, [numRows, numCols]; the batch is empty afterwards. */
  take(numCols: number): FeatureMatrix {
    const numRows = this.count;
    const end = this.offsets[numRows];
    this.count = 0;
    return {
      numRows,
      numCols,
      offsets: this.offsets.slice(0, numRows + 1),
      columns: this.columns.slice(0, end),
      values: this.values.slice(0, end),
    };
  }
}
