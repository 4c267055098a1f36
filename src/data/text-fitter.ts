/**
 * @file Learns a text vectorizer while reading: one pass over the file, counts kept as numbers, never the text.
 *
 *   reading    document → (provisional id, tf) pairs          ids [chunks of u32] · tf [chunks of u8, 255 = look aside]
 *   finishing  df known → final columns, weights, length 1    straight into the exact shared arrays
 *
 * Weights need N and every df, hence the second step; it reads 5 bytes an entry instead of the file again. The final size
 * is known beforehand (Σ df of the features kept), and chunks go as they are used: the peak stays near 1.6 times the result.
 */
import { ByteTable } from "./byte-table.js";
import { ChunkedArray, sharedArray } from "./chunked-array.js";
import type { FeatureMatrix } from "./dataset.js";
import { FeatureCounter } from "./feature-counter.js";
import { SparseRow } from "./sparse-row.js";
import { checkTextOptions, TextVectorizer, type TextVectorizerOptions } from "./text-vectorizer.js";

const DROPPED = 0xffffffff;
const ASIDE = 255;
const BLOCK_LENGTH = 65_536;

/** Collects documents, then gives the vectorizer and their rows. */
export class TextFitter {
  private readonly options: TextVectorizerOptions;
  private readonly table: ByteTable | null;
  private readonly counter: FeatureCounter;
  private readonly row = new SparseRow();
  private readonly ids = new ChunkedArray<Uint32Array>(Uint32Array);
  private readonly counts = new ChunkedArray<Uint8Array>(Uint8Array);
  private readonly lengths = new ChunkedArray<Uint32Array>(Uint32Array);
  /** Counts ≥ 255, in order. */
  private readonly largeCounts: number[] = [];
  private documentFrequency: Uint32Array;
  private tf: Uint8Array = new Uint8Array(256);

  /** Defaults: DEFAULT_TEXT_OPTIONS. @throws {ConfigError} naming the option that makes no sense. */
  constructor(options: Partial<TextVectorizerOptions> = {}) {
    this.options = checkTextOptions(options);
    const { hashBits } = this.options;
    this.table = hashBits === null ? new ByteTable() : null;
    this.counter = new FeatureCounter(
      this.options,
      this.table === null ? { mode: "hash", bits: hashBits as number } : { mode: "intern", table: this.table },
    );
    this.documentFrequency = new Uint32Array(hashBits === null ? 1024 : 2 ** hashBits);
  }

  /** Adds a document. @returns its number of tokens; 0 (an empty document) and NOT_UTF8 leave everything as it was. */
  add(bytes: Uint8Array, start: number, end: number): number {
    const { row } = this;
    const numTokens = this.counter.count(bytes, start, end, row);
    if (numTokens <= 0) return numTokens;
    if (this.table !== null && this.table.size > this.documentFrequency.length) {
      const grown = new Uint32Array(2 * this.table.size);
      grown.set(this.documentFrequency);
      this.documentFrequency = grown;
    }
    const { columns, values, length } = row;
    if (this.tf.length < length) this.tf = new Uint8Array(2 * length);
    const { documentFrequency, tf } = this;
    for (let i = 0; i < length; i++) {
      documentFrequency[columns[i]]++;
      const count = values[i];
      tf[i] = Math.min(count, ASIDE);
      if (count >= ASIDE) this.largeCounts.push(count);
    }
    this.counts.pushAll(tf, length);
    this.ids.pushAll(columns, length);
    this.lengths.push(length);
    return numTokens;
  }

  /** Adds a document without tokens: an empty row, which counts in N. */
  addEmpty(): void {
    this.lengths.push(0);
  }

  /** The learnt vectorizer, and one row for each document added, as the vectorizer itself would make it. */
  finish(): { vectorizer: TextVectorizer; features: FeatureMatrix } {
    const numRows = this.lengths.length;
    const { vectorizer, columnOf } = this.learn(numRows);
    const { documentFrequency } = vectorizer.statistics;
    const { minDocumentFrequency } = this.options;
    let numEntries = 0;
    for (const df of documentFrequency) if (df >= minDocumentFrequency) numEntries += df;
    const offsets = sharedArray(Uint32Array, numRows + 1);
    const columns = sharedArray(Uint32Array, numEntries);
    const values = sharedArray(Float32Array, numEntries);
    const lengths = this.lengths.moveToShared();
    const { row } = this;
    // Entries are fetched in blocks of whole rows.
    let ids = new Uint32Array(BLOCK_LENGTH);
    let tf = new Uint8Array(BLOCK_LENGTH);
    let blockStart = 0;
    let blockEnd = 0;
    let read = 0;
    let written = 0;
    let aside = 0;
    for (let i = 0; i < numRows; i++) {
      const length = lengths[i];
      if (read + length > blockEnd) {
        if (length > ids.length) {
          ids = new Uint32Array(length);
          tf = new Uint8Array(length);
        }
        blockStart = read;
        blockEnd = Math.min(read + ids.length, this.ids.length);
        this.ids.readInto(blockStart, blockEnd - blockStart, ids);
        this.counts.readInto(blockStart, blockEnd - blockStart, tf);
      }
      row.reserve(length);
      const rowColumns = row.columns;
      const rowValues = row.values;
      let n = 0;
      for (let j = read - blockStart; j < read - blockStart + length; j++) {
        const count = tf[j] < ASIDE ? tf[j] : this.largeCounts[aside++];
        const column = columnOf === null ? ids[j] : columnOf[ids[j]];
        if (column === DROPPED) continue;
        rowColumns[n] = column;
        rowValues[n++] = count;
      }
      read += length;
      row.length = n;
      vectorizer.weigh(row);
      for (let j = 0; j < row.length; j++) {
        columns[written + j] = rowColumns[j];
        values[written + j] = rowValues[j];
      }
      written += row.length;
      offsets[i + 1] = written;
    }
    return { vectorizer, features: { numRows, numCols: vectorizer.numFeatures, offsets, columns, values } };
  }

  /** `columnOf` maps provisional ids to columns or DROPPED; null: they are the columns (hashed). */
  private learn(numDocuments: number): { vectorizer: TextVectorizer; columnOf: Uint32Array | null } {
    const { table, options } = this;
    if (table === null) {
      const { documentFrequency } = this;
      return {
        vectorizer: new TextVectorizer(options, { numDocuments, documentFrequency, terms: null }),
        columnOf: null,
      };
    }
    const df = this.documentFrequency;
    const kept: number[] = [];
    for (let id = 0; id < table.size; id++) if (df[id] >= options.minDocumentFrequency) kept.push(id);
    // Equal frequencies: in order of first appearance, which `sort` keeps.
    kept.sort((a, b) => df[b] - df[a]);
    if (options.maxFeatures !== null) kept.length = Math.min(kept.length, options.maxFeatures);
    const columnOf = new Uint32Array(table.size).fill(DROPPED);
    const terms = new ByteTable();
    kept.forEach((id, column) => {
      columnOf[id] = column;
      const term = table.bytesOf(id);
      terms.intern(term, 0, term.length);
    });
    const documentFrequency = Uint32Array.from(kept, (id) => df[id]);
    return { vectorizer: new TextVectorizer(options, { numDocuments, documentFrequency, terms }), columnOf };
  }
}

/** Learns a vectorizer from texts in memory and gives their rows; texts without a token get empty rows. */
export function fitTexts(
  texts: Iterable<string>,
  options: Partial<TextVectorizerOptions> = {},
): { vectorizer: TextVectorizer; features: FeatureMatrix } {
  const fitter = new TextFitter(options);
  const encoder = new TextEncoder();
  for (const text of texts) {
    const bytes = encoder.encode(text);
    if (fitter.add(bytes, 0, bytes.length) <= 0) fitter.addEmpty();
  }
  return fitter.finish();
}
