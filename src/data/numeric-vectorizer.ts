/**
 * @file Rows that are numbers already: how many features there are, and whether rows are scaled to length 1.
 */
import type { SparseRow } from "./sparse-row.js";
import { VECTORIZER_FORMAT, VECTORIZER_VERSION } from "./vectorizer-format.js";

/** Who said how many features there are; see `NumericVectorizer.apply`. */
export type DimensionSource = "header" | "data";

export interface NumericVectorizerOptions {
  /** Divide each row by its Euclidean length. Default false: values are taken as they are. */
  readonly normalize: boolean;
}

export const DEFAULT_NUMERIC_OPTIONS: NumericVectorizerOptions = { normalize: false };

/** `vectorizer.json` of a model trained on feature numbers. */
export interface NumericVectorizerJson {
  readonly format: typeof VECTORIZER_FORMAT;
  readonly version: typeof VECTORIZER_VERSION;
  readonly kind: "numeric";
  readonly numFeatures: number;
  readonly dimensionFrom: DimensionSource;
  readonly options: NumericVectorizerOptions;
}

/** Checks feature numbers against D. */
export class NumericVectorizer {
  readonly kind = "numeric";
  /** D. */
  readonly numFeatures: number;
  readonly dimensionFrom: DimensionSource;
  readonly options: NumericVectorizerOptions;

  constructor(numFeatures: number, dimensionFrom: DimensionSource, options: Partial<NumericVectorizerOptions> = {}) {
    this.numFeatures = numFeatures;
    this.dimensionFrom = dimensionFrom;
    this.options = { ...DEFAULT_NUMERIC_OPTIONS, ...options };
  }

  /**
   * Makes `row` (ascending columns) fit for the model, in place. Features ≥ D are an error where a header had promised D;
   * where D was only the largest seen at training, they are unknown features and dropped, like unknown words.
   * @returns how many were dropped, or −1 when the row must be refused.
   */
  apply(row: SparseRow): number {
    let length = row.length;
    while (length > 0 && row.columns[length - 1] >= this.numFeatures) length--;
    const dropped = row.length - length;
    if (dropped > 0 && this.dimensionFrom === "header") return -1;
    row.length = length;
    if (this.options.normalize) row.normalize();
    return dropped;
  }

  toJSON(): NumericVectorizerJson {
    const { kind, numFeatures, dimensionFrom, options } = this;
    return { format: VECTORIZER_FORMAT, version: VECTORIZER_VERSION, kind, numFeatures, dimensionFrom, options };
  }
}
