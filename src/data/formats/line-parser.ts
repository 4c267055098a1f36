/**
 * @file What do the formats with one row a line share? Finding lines, CRLF, the length limit, blank lines.
 */
import { describeBytes } from "../byte-text.js";
import type { ParsedRow, RowParser, RowTarget } from "../row-format.js";

const LF = 10;
const CR = 13;

/** Cuts bytes into lines and gives each, without its line end, to `parseLine`. */
export abstract class LineParser implements RowParser {
  line = 0;
  private blankLines = 0;

  /** Parses bytes[start, end); bytes[end] is a line end. `this.line` is the line's number. */
  protected abstract parseLine(bytes: Uint8Array, start: number, end: number, target: RowTarget): void;

  parse(bytes: Uint8Array, end: number, target: RowTarget): number {
    let start = 0;
    while (start < end) {
      const lineEnd = bytes.indexOf(LF, start);
      if (lineEnd < 0 || lineEnd >= end) break;
      this.line++;
      const stop = lineEnd > start && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
      if (stop === start) this.blankLine(bytes, start, target);
      else {
        if (this.blankLines > 0) this.flushBlankLines(bytes, target);
        if (stop - start > target.maxLineBytes) rejectLongLine(this.line, target);
        else this.parseLine(bytes, start, stop, target);
      }
      start = lineEnd + 1;
    }
    return start;
  }

  /** Blank lines at the end of a training file are nobody's rows; anywhere else they are rows without anything. */
  private blankLine(bytes: Uint8Array, start: number, target: RowTarget): void {
    if (target.purpose === "train") this.blankLines++;
    else this.parseLine(bytes, start, start, target);
  }

  private flushBlankLines(bytes: Uint8Array, target: RowTarget): void {
    const { line } = this;
    this.line -= this.blankLines;
    for (; this.blankLines > 0; this.blankLines--) {
      this.parseLine(bytes, 0, 0, target);
      this.line++;
    }
    this.line = line;
  }
}

/** The refusal of a record beyond the limit: the same whether or not its end has been seen. */
export function rejectLongLine(line: number, target: RowTarget): void {
  target.reject(
    line,
    "line too long",
    `expected lines of at most ${target.maxLineBytes} bytes, got a longer one; ` +
      "is this the right file? If so shorten the row, or raise maxLineBytes in a program",
  );
}

/** Adds the labels of bytes[start, end), separated by commas, to `row`: spaces around them and empty ones dropped. */
export function addCommaLabels(row: ParsedRow, bytes: Uint8Array, start: number, end: number): void {
  row.labelBytes = bytes;
  let from = start;
  for (let i = start; i <= end; i++) {
    if (i < end && bytes[i] !== 44) continue;
    let to = i;
    while (from < to && bytes[from] === 32) from++;
    while (to > from && bytes[to - 1] === 32) to--;
    if (to > from) row.addLabel(from, to);
    from = i + 1;
  }
}

/** `got "…"` for an error message: the bytes as text, shortened. */
export function got(bytes: Uint8Array, start: number, end: number): string {
  return `got ${describeBytes(bytes, start, end)}`;
}
