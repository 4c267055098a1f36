/**
 * @file What is a row format? A name, a guess whether a file is in it, and a parser of bytes.
 *
 *   bytes of a file ──RowStream──▶ whole records ──RowParser──▶ ParsedRow ──▶ RowHandler (builds a dataset, a batch …)
 *
 * Formats are an open set: to add one, write `formats/<name>.ts` and add it to the list in `formats/registry.ts`.
 * Parsers work on bytes and reuse one `ParsedRow`, so that reading costs no object and no string a row.
 */
import { SparseRow } from "./sparse-row.js";

/**
 * What the rows are for, which decides what a bad row is:
 * - `train`: a row without labels or without features is bad.
 * - `evaluate`: both are kept. They count in the denominators of the metrics.
 * - `predict`: labels do not matter; a bad row that is skipped leaves an empty row, so that output lines match input lines.
 */
export type Purpose = "train" | "evaluate" | "predict";

/** Why a row was refused. Reports count rows by these words. */
export type BadRowReason =
  | "malformed row"
  | "label beyond the header"
  | "feature beyond D"
  | "duplicate feature"
  | "not a finite number"
  | "not UTF-8"
  | "line too long"
  | "no labels"
  | "empty document";

/** One row as a parser found it, reused for the next. Ranges are byte offsets. */
export class ParsedRow {
  /** Line the row starts on, from 1. */
  line = 0;
  /** Label i is labelBytes[labelStarts[i], labelEnds[i]): UTF-8, never empty, possibly repeated. */
  labelBytes: Uint8Array = new Uint8Array(0);
  numLabels = 0;
  labelStarts: Uint32Array = new Uint32Array(64);
  labelEnds: Uint32Array = new Uint32Array(64);
  /** Formats of kind `text`: the document is textBytes[textStart, textEnd), not yet known to be UTF-8. */
  textBytes: Uint8Array = new Uint8Array(0);
  textStart = 0;
  textEnd = 0;
  /** Formats of kind `numeric`: ascending distinct columns with finite values. */
  readonly features: SparseRow = new SparseRow();

  addLabel(start: number, end: number): void {
    const i = this.numLabels++;
    if (i === this.labelStarts.length) {
      const starts = new Uint32Array(i * 2);
      const ends = new Uint32Array(i * 2);
      starts.set(this.labelStarts);
      ends.set(this.labelEnds);
      this.labelStarts = starts;
      this.labelEnds = ends;
    }
    this.labelStarts[i] = start;
    this.labelEnds[i] = end;
  }
}

/** What the first line of an XC file promises. */
export interface FileHeader {
  readonly numRows: number;
  readonly numFeatures: number;
  readonly numLabels: number;
}

/** What a parser reports to. Rows given to `row` and `reject` are counted. */
export interface RowTarget {
  readonly purpose: Purpose;
  /** Longest record in bytes, line end excluded. */
  readonly maxLineBytes: number;
  /** At most once, before any row. */
  header(header: FileHeader): void;
  /** A row without fault so far. The parser reuses it: take what you need. */
  row(row: ParsedRow): void;
  /** Refuses one row: throws a FormatError unless bad rows are skipped. `problem` reads "expected …, got …; remedy". */
  reject(line: number, reason: BadRowReason, problem: string): void;
  /** The file as a whole is at fault. */
  fail(line: number | undefined, problem: string): never;
}

/** A parser of one file. It keeps the line number and nothing else between calls. */
export interface RowParser {
  /** Lines wholly consumed so far. */
  line: number;
  /**
   * Parses the records that end within bytes[0, end). `bytes[end]` is readable.
   * @returns where the first unfinished record starts; its bytes come again with more behind them.
   */
  parse(bytes: Uint8Array, end: number, target: RowTarget): number;
  /** Called once at the end of the file with what no record end was found for (CSV: an open quote). */
  finish?(bytes: Uint8Array, start: number, end: number, target: RowTarget): void;
}

/** How files of one format are recognised and parsed. */
export interface RowFormat {
  /** As written for `--format`. */
  readonly name: string;
  /** Rows hold words, or feature numbers. */
  readonly kind: "text" | "numeric";
  /** One line for help and error messages. */
  readonly example: string;
  /**
   * Is this the format of a file with this path (any .gz removed) and these first bytes (64 KiB, or the whole file)?
   * Asked in the registry's order; the first yes wins.
   */
  sniff(path: string, head: Uint8Array, purpose: Purpose): boolean;
  /** A parser for one file. */
  createParser(): RowParser;
}
