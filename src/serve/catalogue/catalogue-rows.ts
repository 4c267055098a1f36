/**
 * @file Which rows of a source become items? Each is checked once, here, whatever the format: a label that is there,
 * values of bearable length, addresses that a page may follow. What is left out is counted, with the first place.
 */
import { FormatError } from "../../core/errors.js";
import { BadRows } from "../../data/bad-rows.js";
import type { BadRowReason } from "../../data/row-format.js";
import type { CatalogueReport } from "./catalogue.js";
import type { RecordPartitions } from "./record-partitions.js";
import { MAX_VALUE_BYTES } from "./store-layout.js";
import { isWebAddress } from "./web-address.js";

/** A row as a format's reader found it; null where it says nothing. */
export interface SourceRow {
  label: string | null;
  title: string | null;
  url: string | null;
  image: string | null;
  price: string | null;
}

/** Takes the rows of one source, in order. */
export class CatalogueRows {
  /** Bad rows included. */
  numRows = 0;
  private readonly file: string;
  private readonly records: RecordPartitions;
  private readonly badRows: BadRows;
  private numDropped = 0;
  private firstDropped: { readonly line: number; readonly text: string } | null = null;

  constructor(file: string, records: RecordPartitions, skipBadRows: boolean) {
    this.file = file;
    this.records = records;
    this.badRows = new BadRows(skipBadRows);
  }

  /** Keeps a row, whose object may be used again. @throws {FormatError} for a bad one unless those are skipped. */
  row(line: number, row: SourceRow): void {
    const label = trimmed(row.label);
    if (label === undefined) {
      this.reject(line, "no labels", "expected a label, got an empty one; give the row its label");
      return;
    }
    const item = {
      title: trimmed(row.title),
      url: this.address(line, row.url),
      image: this.address(line, row.image),
      price: trimmed(row.price),
    };
    for (const [field, value] of [["label", label], ...Object.entries(item)] as const) {
      // Three bytes a UTF-16 unit at most: only long values are measured.
      if (value === undefined || value.length * 3 <= MAX_VALUE_BYTES) continue;
      const bytes = Buffer.byteLength(value);
      if (bytes <= MAX_VALUE_BYTES) continue;
      const problem = `expected a ${field} of at most ${MAX_VALUE_BYTES} bytes, got ${bytes}; shorten it`;
      this.reject(line, "malformed row", problem);
      return;
    }
    this.numRows++;
    this.records.add(label, item);
  }

  /** Refuses a row: ends the run, or counts it. `problem` reads "expected …, got …; remedy". */
  reject(line: number, reason: BadRowReason, problem: string): void {
    this.numRows++;
    this.badRows.reject(this.file, line, reason, problem);
  }

  /** The source as a whole is at fault. */
  fail(line: number | undefined, problem: string): never {
    throw new FormatError(line === undefined ? { file: this.file } : { file: this.file, line }, problem);
  }

  /** What happened; `numDuplicates` is known to whoever groups the records. @throws {FormatError} if no row was good. */
  report(numDuplicates: number): CatalogueReport {
    const { numRows, badRows, numDropped, firstDropped } = this;
    if (numRows === 0) this.fail(undefined, "expected rows, got none; was the file written completely?");
    if (badRows.total === numRows) {
      const [first] = badRows.skipped;
      this.fail(first.firstLine, `expected good rows, got only bad ones, the first: ${first.firstProblem}`);
    }
    const droppedLinks =
      firstDropped === null ? null : { count: numDropped, firstLine: firstDropped.line, first: firstDropped.text };
    return { numRows, numDuplicates, droppedLinks, skipped: badRows.skipped };
  }

  private address(line: number, value: string | null): string | undefined {
    const text = trimmed(value);
    if (text === undefined || isWebAddress(text)) return text;
    this.numDropped++;
    this.firstDropped ??= { line, text: text.slice(0, 80) };
    return undefined;
  }
}

function trimmed(value: string | null): string | undefined {
  if (value === null) return undefined;
  const text = value.trim();
  return text === "" ? undefined : text;
}
