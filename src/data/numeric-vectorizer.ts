/**
 * @file Rows that are numbers already: how many features there are, and how values are tempered and scaled.
 *
 *   x ← sign(x)·|x|^power, then the row is divided by its norm (l2), by its largest |x| (max), or left as it is (none)
 *
 * Scaling by the maximum gives back zeros and ones where binary rows had been scaled to norm 1. A power of 0.5 tempers
 * tf-idf weights, so that one rare word does not outweigh all others.
 */
import { OptionError } from "../core/errors.js";
import { checkKnownOptions } from "../core/known-options.js";
import type { SparseRow } from "./sparse-row.js";
import { VECTORIZER_FORMAT, VECTORIZER_VERSION } from "./vectorizer-format.js";

/** Who said how many features there are; see `NumericVectorizer.apply`. */
export type DimensionSource = "header" | "data";

/** How the values of a row are tempered and scaled. Defaults: DEFAULT_NUMERIC_OPTIONS. */
export interface NumericVectorizerOptions {
  /** What each row is divided by: its Euclidean norm, its largest absolute value, nothing. */
  readonly scaling: Scaling;
  /** Exponent on the absolute values, before scaling; above 0. */
  readonly power: number;
}

export type Scaling = "l2" | "max" | "none";
export const SCALINGS: readonly Scaling[] = ["l2", "max", "none"];

/** Values stay as they are. */
export const DEFAULT_NUMERIC_OPTIONS: NumericVectorizerOptions = { scaling: "none", power: 1 };

/** Complete options. @throws {ConfigError} for an option that there is not, {OptionError} for a value out of range. */
export function checkNumericOptions(options: Partial<NumericVectorizerOptions>): NumericVectorizerOptions {
  checkKnownOptions("numericOptions", options, Object.keys(DEFAULT_NUMERIC_OPTIONS));
  const all = { ...DEFAULT_NUMERIC_OPTIONS, ...options };
  const { scaling, power } = all;
  if (!SCALINGS.includes(scaling)) {
    const expected = SCALINGS.join(", ");
    throw new OptionError("scaling", (name) => `${name}: expected one of ${expected}, got ${scaling}; choose one`);
  }
  if (!(power > 0 && Number.isFinite(power))) {
    throw new OptionError("power", (name) => `${name}: expected a number above 0, got ${power}; 1 changes nothing`);
  }
  return all;
}

/** Tempers and scales the values of `row` in place. */
export function scaleRow(row: SparseRow, { scaling, power }: NumericVectorizerOptions): void {
  if (power !== 1) {
    // Rows that are scaled come out the same, and large values to a large power stay finite.
    if (scaling !== "none") row.divideByLargest();
    row.raise(power);
  }
  if (scaling === "l2") row.normalize();
  else if (scaling === "max") row.divideByLargest();
}

/** `vectorizer.json` of a model trained on feature numbers. */
export interface NumericVectorizerJson {
  readonly format: typeof VECTORIZER_FORMAT;
  readonly version: typeof VECTORIZER_VERSION;
  readonly kind: "numeric";
  /** D. */
  readonly numFeatures: number;
  readonly dimensionFrom: DimensionSource;
  readonly options: NumericVectorizerOptions;
}

/** Checks feature numbers against D. */
export class NumericVectorizer {
  /** Tells it from a TextVectorizer. */
  readonly kind = "numeric";
  /** D. */
  readonly numFeatures: number;
  /** header: a feature ≥ D is an error; data: it is unknown, and dropped. */
  readonly dimensionFrom: DimensionSource;
  /** Complete: defaults are filled in. */
  readonly options: NumericVectorizerOptions;

  /** `options` are trusted. */
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
    scaleRow(row, this.options);
    return dropped;
  }

  /** What `parseVectorizer` reads. */
  toJSON(): NumericVectorizerJson {
    const { kind, numFeatures, dimensionFrom, options } = this;
    return { format: VECTORIZER_FORMAT, version: VECTORIZER_VERSION, kind, numFeatures, dimensionFrom, options };
  }
}
