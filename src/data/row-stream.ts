/**
 * @file From chunks of one file's bytes to rows: recognises the format, keeps the unfinished end of a chunk, counts.
 *
 *   chunk ──push──▶ │ unfinished record │ chunk │ ──parser──▶ handler.row(…) for each record
 *                    ◀─ copied to the front for the next chunk
 *
 * Splitting the bytes anywhere gives the same rows. A leading byte order mark is dropped. Memory: one chunk and one
 * record, never the file. Runs anywhere: opening files and gunzip are in byte-source.node.ts.
 */
import { FormatError } from "../core/errors.js";
import type { BadRows } from "./bad-rows.js";
import { describeOtherEncoding } from "./byte-order-mark.js";
import { rejectLongLine } from "./formats/line-parser.js";
import { formatByName, ROW_FORMATS, sniffFormat } from "./formats/registry.js";
import type { BadRowReason, FileHeader, ParsedRow, Purpose, RowFormat, RowParser, RowTarget } from "./row-format.js";

/** Longest accepted line or CSV record unless an option says otherwise: 8 MiB. */
export const DEFAULT_MAX_LINE_BYTES: number = 8 * 2 ** 20;
const HEAD_BYTES = 65_536;
const LF = 10;

/** Receives the rows of one file. */
export interface RowHandler {
  /** The format is known; throw to refuse it. */
  begin(format: RowFormat): void;
  header(header: FileHeader): void;
  /** A good row, or one to be refused with `reject`. `row` is reused: take what you need. */
  row(row: ParsedRow, reject: RejectRow): void;
  /** A bad row was skipped and counted. */
  skipped(): void;
}

/** Refuses the row at hand. The handler returns right after. */
export type RejectRow = (reason: BadRowReason, problem: string) => void;

export interface RowStreamOptions {
  /** Name for messages, and for the extension. */
  readonly file: string;
  /** Name of a format, or null to recognise it. */
  readonly format: string | null;
  /** Only formats of this kind come into question; null for any. */
  readonly kind: "text" | "numeric" | null;
  readonly purpose: Purpose;
  readonly maxLineBytes: number;
  readonly badRows: BadRows;
}

/** Turns one file's bytes into rows. Call `push` for each chunk, then `finish`. */
export class RowStream implements RowTarget {
  readonly purpose: Purpose;
  readonly maxLineBytes: number;
  /** Rows so far, bad ones included. */
  numRows = 0;
  /** Name of the file's format; empty before it is known. */
  format = "";
  private readonly options: RowStreamOptions;
  private readonly handler: RowHandler;
  private readonly rejectCurrent: RejectRow;
  private buffer = new Uint8Array(2 * HEAD_BYTES);
  private used = 0;
  private parser: RowParser | null = null;
  private declared: FileHeader | null = null;
  private currentLine = 0;
  /** Within a line beyond the limit: drop bytes up to its end. */
  private isDiscarding = false;
  private totalBytes = 0;

  constructor(options: RowStreamOptions, handler: RowHandler) {
    this.options = options;
    this.purpose = options.purpose;
    this.maxLineBytes = options.maxLineBytes;
    this.handler = handler;
    this.rejectCurrent = (reason, problem) => this.refuse(this.currentLine, reason, problem);
  }

  /** Parses what has become whole. `chunk` is copied. @throws {FormatError} at a bad row or file. */
  push(chunk: Uint8Array): void {
    this.totalBytes += chunk.length;
    let from = 0;
    if (this.isDiscarding) {
      const lineEnd = chunk.indexOf(LF);
      if (lineEnd < 0) return;
      this.isDiscarding = false;
      from = lineEnd + 1;
    }
    this.append(chunk, from);
    if (this.parser === null && this.used < HEAD_BYTES) return;
    this.parseBuffer();
  }

  /** Parses the rest and checks the file as a whole. */
  finish(): void {
    if (this.totalBytes === 0) this.fail(undefined, "expected rows, got an empty file; was it written completely?");
    if (this.used > 0 && this.buffer[this.used - 1] !== LF) this.append(Uint8Array.of(LF), 0);
    if (this.used > 0 || this.parser === null) this.parseBuffer();
    if (this.used > 0) {
      this.parser?.finish?.(this.buffer, 0, this.used, this);
    }
    if (this.numRows === 0)
      this.fail(undefined, "expected rows, got none; the file holds only blank lines or a header");
    const declared = this.declared;
    if (declared !== null && declared.numRows !== this.numRows) {
      const problem = `expected ${declared.numRows} rows, as the header says, got ${this.numRows}`;
      this.fail(undefined, `${problem}; is the file complete? If so correct the first number of its first line`);
    }
  }

  // ---- RowTarget, called by the parser ---------------------------------------------------------------------------

  header(header: FileHeader): void {
    this.declared = header;
    this.handler.header(header);
  }

  row(row: ParsedRow): void {
    this.countRow(row.line);
    this.currentLine = row.line;
    this.handler.row(row, this.rejectCurrent);
  }

  reject(line: number, reason: BadRowReason, problem: string): void {
    this.countRow(line);
    this.refuse(line, reason, problem);
  }

  fail(line: number | undefined, problem: string): never {
    const { file } = this.options;
    throw new FormatError(line === undefined ? { file } : { file, line }, problem);
  }

  // ----------------------------------------------------------------------------------------------------------------

  private refuse(line: number, reason: BadRowReason, problem: string): void {
    this.options.badRows.reject(this.options.file, line, reason, problem);
    this.handler.skipped();
  }

  private countRow(line: number): void {
    this.numRows++;
    const declared = this.declared;
    if (declared !== null && this.numRows > declared.numRows) {
      const problem = `expected ${declared.numRows} rows, as the header says, got more`;
      this.fail(line, `${problem}; correct the first number of the first line or cut the file`);
    }
  }

  private append(chunk: Uint8Array, from: number): void {
    const needed = this.used + chunk.length - from;
    // One byte of room behind the end: parsers may read bytes[end].
    if (needed + 1 > this.buffer.length) {
      const grown = new Uint8Array(Math.max(needed + 1, this.buffer.length * 2));
      grown.set(this.buffer.subarray(0, this.used));
      this.buffer = grown;
    }
    this.buffer.set(from === 0 ? chunk : chunk.subarray(from), this.used);
    this.used = needed;
  }

  private parseBuffer(): void {
    const parser = this.parser ?? this.begin();
    this.buffer[this.used] = 0;
    const consumed = parser.parse(this.buffer, this.used, this);
    this.buffer.copyWithin(0, consumed, this.used);
    this.used -= consumed;
    if (this.used > this.maxLineBytes + 1) this.discardRecord(parser);
  }

  /** The unfinished record is longer than a record may be: refuse it and go on after its first line end. */
  private discardRecord(parser: RowParser): void {
    parser.line++;
    rejectLongLine(parser.line, this);
    const lineEnd = this.buffer.subarray(0, this.used).indexOf(LF);
    if (lineEnd < 0) {
      this.used = 0;
      this.isDiscarding = true;
      return;
    }
    this.buffer.copyWithin(0, lineEnd + 1, this.used);
    this.used -= lineEnd + 1;
    this.parseBuffer();
  }

  private begin(): RowParser {
    this.dropByteOrderMark();
    const { file, format, kind, purpose } = this.options;
    const head = this.buffer.subarray(0, Math.min(this.used, HEAD_BYTES));
    if (head.indexOf(0) >= 0) {
      this.fail(undefined, "expected text, got bytes of value 0; is it a binary file?");
    }
    if (purpose !== "predict" && head.every((c) => c === LF || c === 13 || c === 32 || c === 9)) {
      this.fail(undefined, "expected rows, got only blank lines; was the file written completely?");
    }
    const chosen =
      format === null
        ? (sniffFormat(file, head, purpose, kind) ?? sniffFormat(file, head, purpose, null))
        : formatByName(format);
    if (chosen === null) this.fail(1, unknownFormat(purpose, kind));
    if (kind !== null && chosen.kind !== kind) {
      const words = { text: "words", numeric: "feature numbers (xc)" };
      const problem = `expected rows of ${words[kind]}, as the model or the files before hold, got format ${chosen.name}`;
      this.fail(undefined, `${problem}; give files of one kind, the one that the model was trained on`);
    }
    this.format = chosen.name;
    this.handler.begin(chosen);
    this.parser = chosen.createParser();
    return this.parser;
  }

  private dropByteOrderMark(): void {
    const other = describeOtherEncoding(this.buffer.subarray(0, this.used));
    if (other !== null) this.fail(undefined, other);
    const [a, b, c] = this.buffer;
    if (this.used < 3 || a !== 0xef || b !== 0xbb || c !== 0xbf) return;
    this.buffer.copyWithin(0, 3, this.used);
    this.used -= 3;
  }
}

function unknownFormat(purpose: Purpose, kind: "text" | "numeric" | null): string {
  const known = ROW_FORMATS.filter((format) => (kind === null || format.kind === kind) && format.sniff !== undefined)
    .filter((format) => purpose === "predict" || format.name !== "lines")
    .map((format) => `${format.name} (${format.example})`)
    .join(", ");
  return `expected a known format, got none; name it (--format) or write rows as ${known}`;
}
