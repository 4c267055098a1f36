/**
 * @file How does a text become numbers? tf-idf over words, runs of words or pieces of words, each row of length 1.
 *
 *   weight(t, d) = (1 + ln tf) · (ln(N / df) + 1)        tf: occurrences of t in d; df: training rows with t; N: rows
 *   row          = weights / ‖weights‖₂                  features with df < minDocumentFrequency are dropped
 *
 * Features are numbered by a vocabulary, most frequent first (so that the rows of the first layer which are used most lie
 * together), or hashed into 2^bits columns, whose document frequencies are learnt in the same way. Unknown features are
 * dropped; a text of unknown words only is an empty row.
 *
 * Source: Salton and Buckley, "Term-weighting approaches in automatic text retrieval", 1988 (variant l·t·c with + 1).
 * Hashing as in Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009, without signs.
 */
import { ConfigError } from "../core/errors.js";
import { checkKnownOptions } from "../core/known-options.js";
import type { ByteTable } from "./byte-table.js";
import type { FeatureMatrix } from "./dataset.js";
import { FeatureCounter, type FeatureKinds } from "./feature-counter.js";
import { SparseRow } from "./sparse-row.js";
import { encodeCounts } from "./varint.js";
import { RowBatch } from "./vectorizer.js";
import { VECTORIZER_FORMAT, VECTORIZER_VERSION } from "./vectorizer-format.js";

/** How texts become features. Defaults: DEFAULT_TEXT_OPTIONS. */
export interface TextVectorizerOptions extends FeatureKinds {
  /** Hash features into 2^hashBits columns instead of keeping a vocabulary; 1 … 26. Null: vocabulary. */
  readonly hashBits: number | null;
  /** Features in fewer training rows are dropped; ≥ 1. */
  readonly minDocumentFrequency: number;
  /** Keep only so many features of the vocabulary, the most frequent; ≥ 1. Null: all. */
  readonly maxFeatures: number | null;
  /** Weigh by rarity; false: only by 1 + ln tf. */
  readonly useIdf: boolean;
}

/** What a text vectorizer does unless told otherwise: single words in a vocabulary, weighed by rarity. */
export const DEFAULT_TEXT_OPTIONS: TextVectorizerOptions = {
  wordNgrams: 1,
  charNgrams: null,
  alphabet: "unicode",
  hashBits: null,
  minDocumentFrequency: 2,
  maxFeatures: null,
  useIdf: true,
};

/** `vectorizer.json` of a model trained on text. */
export interface TextVectorizerJson {
  readonly format: typeof VECTORIZER_FORMAT;
  readonly version: typeof VECTORIZER_VERSION;
  readonly kind: "text";
  /** Complete, as `TextVectorizer` has them. */
  readonly options: TextVectorizerOptions;
  /** N. */
  readonly numDocuments: number;
  /** The vocabulary in the order of its columns, separated by line ends (no feature holds one); null when hashed. */
  readonly terms: string | null;
  /** df of each column: base64 of LEB128 numbers. */
  readonly documentFrequency: string;
}

/** What is learnt from the training rows. */
export interface TextStatistics {
  /** N. */
  readonly numDocuments: number;
  /** [D] */
  readonly documentFrequency: Uint32Array;
  /** The vocabulary, [D] terms; null when features are hashed. */
  readonly terms: ByteTable | null;
}

/** @throws {ConfigError} naming the option. */
export function checkTextOptions(options: Partial<TextVectorizerOptions>): TextVectorizerOptions {
  checkKnownOptions("textOptions", options, Object.keys(DEFAULT_TEXT_OPTIONS));
  const all = { ...DEFAULT_TEXT_OPTIONS, ...options };
  const { wordNgrams, charNgrams, hashBits, minDocumentFrequency, maxFeatures } = all;
  const check = (name: string, value: number, low: number, high: number): void => {
    if (Number.isInteger(value) && value >= low && value <= high) return;
    throw new ConfigError(`${name}: expected an integer from ${low} to ${high}, got ${value}`);
  };
  check("wordNgrams", wordNgrams, charNgrams === null ? 1 : 0, 5);
  if (charNgrams !== null) {
    check("charNgrams minimum", charNgrams[0], 1, 20);
    check("charNgrams maximum", charNgrams[1], charNgrams[0], 20);
  }
  // 2²⁶ columns × 256 hidden units are 64 GiB of weights already.
  if (hashBits !== null) check("hashBits", hashBits, 1, 26);
  check("minDocumentFrequency", minDocumentFrequency, 1, 2 ** 31);
  if (maxFeatures !== null) check("maxFeatures", maxFeatures, 1, 2 ** 31);
  return all;
}

const LOG_TF: Float64Array = Float64Array.from({ length: 256 }, (_, tf) => 1 + Math.log(Math.max(1, tf)));

/** Text → sparse row. Learnt by `TextFitter` (text-fitter.ts). */
export class TextVectorizer {
  /** Tells it from a NumericVectorizer. */
  readonly kind = "text";
  /** Those it was learnt with, complete. */
  readonly options: TextVectorizerOptions;
  /** D. */
  readonly numFeatures: number;
  /** What was learnt from the training rows; weights follow from it. */
  readonly statistics: TextStatistics;
  /** [D] ln(N/df) + 1; 0 for columns that are dropped. */
  private readonly idf: Float64Array;
  private readonly counter: FeatureCounter;
  private readonly row = new SparseRow();

  constructor(options: TextVectorizerOptions, statistics: TextStatistics) {
    this.options = options;
    this.statistics = statistics;
    const { numDocuments, documentFrequency, terms } = statistics;
    this.numFeatures = documentFrequency.length;
    this.idf = Float64Array.from(documentFrequency, (df) => {
      if (df < options.minDocumentFrequency) return 0;
      return options.useIdf ? Math.log(numDocuments / df) + 1 : 1;
    });
    const source =
      terms === null
        ? ({ mode: "hash", bits: options.hashBits ?? 0 } as const)
        : ({ mode: "find", table: terms } as const);
    this.counter = new FeatureCounter(options, source);
  }

  /**
   * Overwrites `out` with the row of the document bytes[start, end).
   * @returns the number of its tokens, known or not (0: an empty document), or NOT_UTF8.
   */
  transformBytes(bytes: Uint8Array, start: number, end: number, out: SparseRow): number {
    const numTokens = this.counter.count(bytes, start, end, out);
    this.weigh(out);
    return numTokens;
  }

  /** The row of one text; arrays of its own. Unknown words are dropped. */
  transform(text: string): { columns: Uint32Array; values: Float32Array } {
    const bytes = new TextEncoder().encode(text);
    this.transformBytes(bytes, 0, bytes.length, this.row);
    const { columns, values, length } = this.row;
    return { columns: columns.slice(0, length), values: values.slice(0, length) };
  }

  /** One row a text, [texts, D]. */
  transformAll(texts: Iterable<string>): FeatureMatrix {
    const batch = new RowBatch();
    const encoder = new TextEncoder();
    for (const text of texts) {
      const bytes = encoder.encode(text);
      this.transformBytes(bytes, 0, bytes.length, this.row);
      batch.add(this.row);
    }
    return batch.take(this.numFeatures);
  }

  /** Turns counts of features (any order, distinct) into the weights of a row (ascending), in place. */
  weigh(row: SparseRow): void {
    const { columns, values } = row;
    const { idf } = this;
    let n = 0;
    for (let i = 0; i < row.length; i++) {
      const column = columns[i];
      const rarity = idf[column];
      if (rarity === 0) continue;
      const tf = values[i];
      columns[n] = column;
      values[n++] = (tf < 256 ? LOG_TF[tf] : 1 + Math.log(tf)) * rarity;
    }
    row.length = n;
    row.sort();
    row.normalize();
  }

  /** What `parseVectorizer` reads. */
  toJSON(): TextVectorizerJson {
    const { numDocuments, documentFrequency, terms } = this.statistics;
    return {
      format: VECTORIZER_FORMAT,
      version: VECTORIZER_VERSION,
      kind: this.kind,
      options: this.options,
      numDocuments,
      terms: terms === null ? null : joinTerms(terms),
      documentFrequency: encodeCounts(documentFrequency),
    };
  }
}

function joinTerms(terms: ByteTable): string {
  const names: string[] = [];
  for (let id = 0; id < terms.size; id++) names.push(terms.nameOf(id));
  return names.join("\n");
}
