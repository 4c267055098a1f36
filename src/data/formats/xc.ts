/**
 * @file Rows of the extreme classification repository and of svmlight: labels, then feature:value pairs.
 *
 *   115006 60851 88747                         optional header: rows N, features D, labels L
 *   9001,9631 13967:0.1469 16297:0.07643       labels separated by commas, then features
 *    13967:0.1469                              a space or a feature first: no labels
 *   -1 3:1 11:1 # a comment                    svmlight: signed labels, comments
 *
 * Labels and features are integers; with a header they count from 0 to L − 1 and D − 1. A label's external name is its
 * decimal form ("+1" and "01" are 1). Features come in any order but once. Numbers are read from the bytes themselves.
 *
 * Source: The Extreme Classification Repository, Bhatia et al., 2016; Joachims, SVM-light, 1999.
 */
import { headLines } from "../byte-text.js";
import { ParsedRow, type RowFormat, type RowTarget } from "../row-format.js";
import { got, LineParser } from "./line-parser.js";

const TAB = 9;
const SPACE = 32;
const HASH = 35;
const PLUS = 43;
const COMMA = 44;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const COLON = 58;

/** Powers of ten that doubles hold exactly: m / 10ᵏ is then correctly rounded for m < 2⁵³ (Clinger 1990, fast path). */
const POWERS_OF_TEN: Float64Array = Float64Array.from({ length: 23 }, (_, i) => 10 ** i);
const MAX_ID = 0xffffffff;
const MAX_F32 = 3.4028234663852886e38;

const HEADER = /^\s*(\d+)[ \t]+(\d+)[ \t]+(\d+)\s*$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
/** What is not finite once it is an f32, however it is written. */
const NON_FINITE = /^[+-]?(nan|inf(inity)?|[\d.]+(e[+-]?\d+)?)$/i;
const LABELS = /^[+-]?\d+(,[+-]?\d+)*,?$/;
const FEATURE = /^\d+:[^:]+$/;

class XcParser extends LineParser {
  private readonly row = new ParsedRow();
  private started = false;
  private numFeatures = MAX_ID;
  private numLabels = MAX_ID;
  private hasHeader = false;
  /** Where `readValue` stopped. */
  private at = 0;

  protected override parseLine(bytes: Uint8Array, start: number, end: number, target: RowTarget): void {
    if (start < end && bytes[start] === HASH) return;
    if (!this.started) {
      this.started = true;
      if (this.readHeader(bytes, start, end, target)) return;
    }
    const { row } = this;
    row.line = this.line;
    row.numLabels = 0;
    row.labelBytes = bytes;
    const at = this.readLabels(bytes, start, end, target);
    if (at >= 0 && this.readFeatures(bytes, at, end, target)) target.row(row);
  }

  private readHeader(bytes: Uint8Array, start: number, end: number, target: RowTarget): boolean {
    if (end - start > 100) return false;
    const match = HEADER.exec(String.fromCharCode(...bytes.subarray(start, end)));
    if (match === null) return false;
    const [numRows, numFeatures, numLabels] = match.slice(1).map(Number);
    if (Math.max(numRows, numFeatures, numLabels) > MAX_ID) {
      target.fail(this.line, `expected a header N D L with numbers below 2³², got "${match[0].trim()}"`);
    }
    this.hasHeader = true;
    this.numFeatures = numFeatures;
    this.numLabels = numLabels;
    target.header({ numRows, numFeatures, numLabels });
    return true;
  }

  /** @returns where the features start, or −1 when the row was refused. */
  private readLabels(bytes: Uint8Array, start: number, end: number, target: RowTarget): number {
    let at = start;
    while (at < end) {
      const from = at;
      const sign = bytes[at];
      if (sign === MINUS || sign === PLUS) at++;
      const digits = at;
      let label = 0;
      for (let d = bytes[at] - ZERO; d >= 0 && d <= 9; d = bytes[++at] - ZERO) label = label * 10 + d;
      const next = bytes[at];
      if (at === digits) {
        // No number: fine where no label was begun.
        if (from === start && (at === end || next === SPACE || next === TAB || next === HASH)) return at;
        return this.malformed("integer labels separated by commas", bytes, from, end, target);
      }
      if (next === COLON && from === start) return from;
      if (at < end && next !== COMMA && next !== SPACE && next !== TAB) {
        return this.malformed("integer labels separated by commas, then feature:value pairs", bytes, from, end, target);
      }
      const isNegative = sign === MINUS && label > 0;
      if (this.hasHeader && (label >= this.numLabels || isNegative) && target.purpose !== "predict") {
        const number = isNegative ? -label : label;
        target.reject(
          this.line,
          "label beyond the header",
          `expected label ids from 0 to ${this.numLabels - 1}, as the header's L = ${this.numLabels} says, got ${number}; ` +
            "correct the third number of the first line, or count labels from 0",
        );
        return -1;
      }
      let nameStart = digits;
      while (nameStart < at - 1 && bytes[nameStart] === ZERO) nameStart++;
      this.row.addLabel(isNegative && nameStart === digits ? from : nameStart, at);
      if (isNegative && nameStart !== digits) {
        return this.malformed("negative labels without leading zeros", bytes, from, end, target);
      }
      if (next !== COMMA || at === end) return at;
      at++;
    }
    return at;
  }

  /** @returns whether the row's features are good; if not, it was refused. */
  private readFeatures(bytes: Uint8Array, start: number, end: number, target: RowTarget): boolean {
    const features = this.row.features;
    let { columns, values } = features;
    let n = 0;
    let ascending = true;
    let previous = -1;
    let at = start;
    for (;;) {
      while (bytes[at] === SPACE || bytes[at] === TAB) at++;
      if (at >= end || bytes[at] === HASH) break;
      const from = at;
      let column = 0;
      for (let d = bytes[at] - ZERO; d >= 0 && d <= 9; d = bytes[++at] - ZERO) column = column * 10 + d;
      if (bytes[at] !== COLON || at === from) {
        this.malformed("feature:value", bytes, from, end, target);
        return false;
      }
      if (column >= this.numFeatures) {
        this.rejectColumn(column, target);
        return false;
      }
      const valueStart = at + 1;
      const value = this.readValue(bytes, valueStart, end);
      at = this.at;
      // NaN fails the comparison as well.
      if (!(value >= -MAX_F32 && value <= MAX_F32)) {
        this.rejectValue(column, bytes, valueStart, end, target);
        return false;
      }
      if (column <= previous) ascending = false;
      previous = column;
      if (n === columns.length) {
        features.reserve(n * 2);
        ({ columns, values } = features);
      }
      columns[n] = column;
      values[n++] = value;
    }
    features.length = n;
    if (!ascending) {
      features.sort();
      const duplicate = features.findDuplicate();
      if (duplicate >= 0) {
        target.reject(
          this.line,
          "duplicate feature",
          `expected each feature once in a row, got feature ${duplicate} twice; add up or drop the repeated values`,
        );
        return false;
      }
    }
    return true;
  }

  /** The number at `start`, NaN if there is none; `this.at` is then where it ends. */
  private readValue(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    let c = bytes[at];
    const negative = c === MINUS;
    if (negative || c === PLUS) c = bytes[++at];
    const first = at;
    let mantissa = 0;
    for (; c >= 48 && c <= 57; c = bytes[++at]) mantissa = mantissa * 10 + (c - 48);
    let digits = at - first;
    let decimals = 0;
    if (c === DOT) {
      const afterDot = at + 1;
      c = bytes[++at];
      for (; c >= 48 && c <= 57; c = bytes[++at]) mantissa = mantissa * 10 + (c - 48);
      decimals = at - afterDot;
      digits += decimals;
    }
    this.at = at;
    // 15 digits are below 2⁵³, hence exact.
    if ((at < end && c !== SPACE && c !== TAB && c !== HASH) || digits === 0 || digits > 15) {
      return this.readUnusualValue(bytes, start, end);
    }
    const value = decimals === 0 ? mantissa : mantissa / POWERS_OF_TEN[decimals];
    return negative ? -value : value;
  }

  /** Exponents, many digits, and what is no number at all. */
  private readUnusualValue(bytes: Uint8Array, start: number, end: number): number {
    const stop = tokenEnd(bytes, start, end);
    this.at = stop;
    if (stop - start > 100) return Number.NaN;
    const text = String.fromCharCode(...bytes.subarray(start, stop));
    return NUMBER.test(text) ? Number(text) : Number.NaN;
  }

  private rejectValue(column: number, bytes: Uint8Array, start: number, end: number, target: RowTarget): void {
    const stop = tokenEnd(bytes, start, end);
    const isNumber = NON_FINITE.test(String.fromCharCode(...bytes.subarray(start, Math.min(stop, start + 100))));
    const limit = "expected a finite number (at most 3.4e38 as f32)";
    const problem = `${limit} for feature ${column}, ${got(bytes, start, stop)}; correct or remove the feature`;
    target.reject(this.line, isNumber ? "not a finite number" : "malformed row", problem);
  }

  private rejectColumn(column: number, target: RowTarget): void {
    const problem = this.hasHeader
      ? `expected feature ids from 0 to ${this.numFeatures - 1}, as the header's D = ${this.numFeatures} says, got ${column}; ` +
        `if features count from 1, make the second number of the first line ${this.numFeatures + 1}`
      : `expected feature ids below 2³² − 1, got ${column}; number the features from 0`;
    target.reject(this.line, "feature beyond D", problem);
  }

  private malformed(expected: string, bytes: Uint8Array, start: number, end: number, target: RowTarget): -1 {
    const row = "a row reads label,label… feature:value …";
    target.reject(this.line, "malformed row", `expected ${expected}, ${got(bytes, start, end)}; ${row}`);
    return -1;
  }
}

function tokenEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== SPACE && bytes[at] !== TAB && bytes[at] !== HASH) at++;
  return at;
}

/** Does the line look like labels and features? Judged by its first thousand characters. */
function isRow(line: string): boolean {
  const words = line
    .slice(0, 1000)
    .replace(/#.*/, "")
    .trim()
    .split(/[ \t]+/);
  if (line.length > 1000) words.pop();
  return words.every((word, i) => FEATURE.test(word) || (i === 0 && LABELS.test(word)));
}

/** XC repository and svmlight files. */
export const xcFormat: RowFormat = {
  name: "xc",
  kind: "numeric",
  example: "3,17 0:0.5 42:1.25",
  sniff(path, head) {
    const lines = headLines(head, 50).filter((line) => !line.startsWith("#"));
    if (lines.length === 0) return false;
    if (HEADER.test(lines[0])) return true;
    // Text may begin with what looks like numbers: a name that says otherwise is believed.
    if (/\.[ct]sv$/.test(path)) return false;
    const first = lines.find((line) => line.includes(":"));
    return first !== undefined && isRow(first);
  },
  createParser: () => new XcParser(),
};
