/**
 * @file Where does a CSV record end, and where are its cells? On bytes, without a string or an object a record.
 *
 * Source: RFC 4180. Differs: a quote within an unquoted cell is kept as it is; the separator may be another byte.
 */
import { describeBytes } from "../byte-text.js";

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;

/** The cells of one record, reused for the next. */
export class CsvRecord {
  /** Cell i is bytes[starts[i], ends[i]), without its quotes. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** Cell i has doubled quotes: take it through a CsvCell. */
  readonly escaped: boolean[] = [];
  /** Lines of the record: line ends within quotes count. */
  numLines = 0;
  /** What is wrong with the record as `expected …, got …; remedy`; empty if nothing is. */
  complaint = "";
  private readonly separator: number;

  constructor(separator: number = COMMA) {
    this.separator = separator;
  }

  /**
   * Finds the cells of the record at bytes[start, end); bytes[end] is readable.
   * @returns where the next one starts, −1 if this one is not complete.
   */
  scan(bytes: Uint8Array, start: number, end: number): number {
    const { starts, ends, escaped, separator } = this;
    starts.length = 0;
    ends.length = 0;
    escaped.length = 0;
    this.numLines = 1;
    this.complaint = "";
    let at = start;
    for (;;) {
      if (bytes[at] === QUOTE && at < end) {
        let hasEscapes = false;
        const cellStart = ++at;
        for (; ; at++) {
          if (at >= end) return -1;
          const c = bytes[at];
          if (c === LF) this.numLines++;
          else if (c === QUOTE) {
            if (bytes[at + 1] !== QUOTE || at + 1 >= end) break;
            hasEscapes = true;
            at++;
          }
        }
        starts.push(cellStart);
        ends.push(at++);
        escaped.push(hasEscapes);
        // The byte after a closing quote decides whether it was one: wait for it.
        if (at >= end) return -1;
        if (bytes[at] === CR && bytes[at + 1] === LF) at++;
        if (bytes[at] !== separator && bytes[at] !== LF) return this.giveUp(bytes, start, at, end);
      } else {
        const cellStart = at;
        while (at < end && bytes[at] !== separator && bytes[at] !== LF) at++;
        if (at >= end) return -1;
        starts.push(cellStart);
        ends.push(bytes[at] === LF && at > cellStart && bytes[at - 1] === CR ? at - 1 : at);
        escaped.push(false);
      }
      if (bytes[at] === LF) return at + 1;
      at++;
    }
  }

  /** Text behind a closing quote: the record is taken to end with its first line. */
  private giveUp(bytes: Uint8Array, start: number, at: number, end: number): number {
    const lineEnd = bytes.indexOf(LF, start);
    if (lineEnd < 0 || lineEnd >= end) return -1;
    this.numLines = 1;
    const found = `got ${describeBytes(bytes, at, Math.max(at + 1, Math.min(end, lineEnd)))}`;
    const separator = this.separator === COMMA ? "a comma" : JSON.stringify(String.fromCharCode(this.separator));
    this.complaint = `expected ${separator} or the line's end after a closing quote, ${found}; double quotes within a cell`;
    return lineEnd + 1;
  }
}

/** One cell as a range of bytes; doubled quotes are undone in a buffer of its own. */
export class CsvCell {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  private buffer: Uint8Array = new Uint8Array(256);

  take(bytes: Uint8Array, start: number, end: number, isEscaped: boolean): this {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    if (!isEscaped) return this;
    if (this.buffer.length < end - start) this.buffer = new Uint8Array(2 * (end - start));
    let to = 0;
    for (let i = start; i < end; i++) {
      this.buffer[to++] = bytes[i];
      if (bytes[i] === QUOTE) i++;
    }
    this.bytes = this.buffer;
    this.start = 0;
    this.end = to;
    return this;
  }
}

/** What is wrong with a file that ends within bytes[start, end), a record whose quote was never closed. */
export function openQuoteProblem(bytes: Uint8Array, start: number, end: number): string {
  const found = describeBytes(bytes, start, end);
  return `expected a closing quote before the end of the file, got ${found}; close the quote or double it`;
}
