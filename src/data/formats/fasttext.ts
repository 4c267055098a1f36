/**
 * @file fastText's training format: `__label__x __label__y some text`. Labels may stand anywhere in the line.
 *
 * Source: Joulin et al., "Bag of Tricks for Efficient Text Classification", EACL 2017; the fastText tutorial.
 */
import { headLines } from "../byte-text.js";
import { ParsedRow, type RowFormat, type RowTarget } from "../row-format.js";
import { LineParser } from "./line-parser.js";

const PREFIX: Uint8Array = new TextEncoder().encode("__label__");
const SPACE = 32;

class FastTextParser extends LineParser {
  private readonly row = new ParsedRow();
  /** A line's text with labels in its middle blanked out. */
  private blanked = new Uint8Array(0);

  protected override parseLine(bytes: Uint8Array, start: number, end: number, target: RowTarget): void {
    const { row } = this;
    row.line = this.line;
    row.numLabels = 0;
    row.labelBytes = bytes;
    row.textBytes = bytes;
    row.textStart = start;
    row.textEnd = end;
    let inFront = true;
    for (let at = start; at < end; ) {
      if (isSpace(bytes[at])) {
        at++;
        continue;
      }
      let stop = at + 1;
      while (stop < end && !isSpace(bytes[stop])) stop++;
      if (!startsWithPrefix(bytes, at, stop)) inFront = false;
      else {
        if (stop - at > PREFIX.length) row.addLabel(at + PREFIX.length, stop);
        if (inFront) row.textStart = stop;
        else this.blank(bytes, at, stop, end);
      }
      at = stop;
    }
    target.row(row);
  }

  private blank(bytes: Uint8Array, start: number, stop: number, end: number): void {
    const { row } = this;
    if (row.textBytes === bytes) {
      if (this.blanked.length < end - row.textStart) this.blanked = new Uint8Array(2 * (end - row.textStart));
      this.blanked.set(bytes.subarray(row.textStart, end));
      row.textBytes = this.blanked;
      row.textEnd = end - row.textStart;
      row.textStart = 0;
    }
    const shift = end - row.textEnd;
    this.blanked.fill(SPACE, start - shift, stop - shift);
  }
}

function isSpace(c: number): boolean {
  return c === SPACE || c === 9 || c === 13;
}

function startsWithPrefix(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== PREFIX[0] || end - start < PREFIX.length) return false;
  for (let i = 1; i < PREFIX.length; i++) if (bytes[start + i] !== PREFIX[i]) return false;
  return true;
}

/** `__label__` files. */
export const fastTextFormat: RowFormat = {
  name: "fasttext",
  kind: "text",
  example: "__label__sauce __label__cheese How much does potato starch affect a cheese sauce?",
  sniff(_path, head) {
    const first = headLines(head, 50).find((line) => /\S/.test(line));
    return first !== undefined && /^\s*__label__/.test(first);
  },
  createParser: () => new FastTextParser(),
};
