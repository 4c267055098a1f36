/**
 * @file Comma-separated values with quoting: `"sauce,cheese","How much ""potato"" starch?"`.
 *
 * The first record is a header if one of its cells, in any case, names a column of text (text, query, title, document,
 * sentence, description, content) and, unless the rows are queries, another a column of labels (labels, label, tags, tag,
 * categories, category, class). Other columns are then ignored. Where several names match, the one first in these lists
 * counts. Without a header there are two columns, labels and text, or for queries just text.
 * A cell of labels is split at commas: more than one label needs quotes around the cell.
 *
 * Source: RFC 4180. Differs: a quote within an unquoted cell is kept as it is; blank lines are not rows of training data.
 */
import { headLines } from "../byte-text.js";
import { ParsedRow, type RowFormat, type RowParser, type RowTarget } from "../row-format.js";
import { addCommaLabels, got, rejectLongLine } from "./line-parser.js";

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;

const TEXT_NAMES: readonly string[] = ["text", "query", "title", "document", "sentence", "description", "content"];
const LABEL_NAMES: readonly string[] = ["labels", "label", "tags", "tag", "categories", "category", "class"];

interface Columns {
  readonly count: number;
  readonly labels: number;
  readonly text: number;
}

class CsvParser implements RowParser {
  line = 0;
  private readonly row = new ParsedRow();
  private columns: Columns | null = null;
  private isFirst = true;
  private starts: number[] = [];
  private ends: number[] = [];
  /** Cell i has doubled quotes. */
  private escaped: boolean[] = [];
  private linesInRecord = 0;
  private complaint = "";
  private readonly labelScratch = new CellScratch();
  private readonly textScratch = new CellScratch();

  parse(bytes: Uint8Array, end: number, target: RowTarget): number {
    let start = 0;
    while (start < end) {
      const next = this.scanRecord(bytes, start, end);
      if (next < 0) break;
      const firstLine = this.line + 1;
      this.line += this.linesInRecord;
      if (next - start - 1 > target.maxLineBytes) rejectLongLine(firstLine, target);
      else if (this.complaint !== "") target.reject(firstLine, "malformed row", this.complaint);
      else this.takeRecord(bytes, start, next, firstLine, target);
      start = next;
    }
    return start;
  }

  finish(bytes: Uint8Array, start: number, end: number, target: RowTarget): void {
    const where = got(bytes, start, end);
    const problem = `expected a closing quote before the end of the file, ${where}; close the quote or double it`;
    target.reject(this.line + 1, "malformed row", problem);
  }

  /** Finds the cells of the record at `start`. @returns where the next one starts, −1 if this one is not complete. */
  private scanRecord(bytes: Uint8Array, start: number, end: number): number {
    const { starts, ends, escaped } = this;
    starts.length = 0;
    ends.length = 0;
    escaped.length = 0;
    this.linesInRecord = 1;
    this.complaint = "";
    let at = start;
    for (;;) {
      if (bytes[at] === QUOTE && at < end) {
        let hasEscapes = false;
        const cellStart = ++at;
        for (; ; at++) {
          if (at >= end) return -1;
          const c = bytes[at];
          if (c === LF) this.linesInRecord++;
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
        if (bytes[at] !== COMMA && bytes[at] !== LF) return this.giveUp(bytes, start, at, end);
      } else {
        const cellStart = at;
        while (at < end && bytes[at] !== COMMA && bytes[at] !== LF) at++;
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
    this.linesInRecord = 1;
    const found = got(bytes, at, Math.max(at + 1, Math.min(end, lineEnd)));
    this.complaint = `expected a comma or the line's end after a closing quote, ${found}; double quotes within a cell`;
    return lineEnd + 1;
  }

  private takeRecord(bytes: Uint8Array, start: number, next: number, line: number, target: RowTarget): void {
    const { row, starts, ends } = this;
    const isBlank = starts.length === 1 && starts[0] === ends[0] && bytes[start] !== QUOTE;
    if (isBlank && target.purpose === "train") return;
    if (this.isFirst) {
      this.isFirst = false;
      this.columns = this.readHeader(bytes, target);
      if (this.columns !== null) return;
    }
    const numCells = starts.length;
    const onlyText = target.purpose === "predict" && numCells === 1;
    const columns = this.columns ?? { count: onlyText ? 1 : 2, labels: onlyText ? -1 : 0, text: onlyText ? 0 : 1 };
    row.line = line;
    row.numLabels = 0;
    if (isBlank) {
      row.textBytes = bytes;
      row.textStart = start;
      row.textEnd = start;
      target.row(row);
      return;
    }
    if (numCells !== columns.count) {
      const expected =
        this.columns === null ? "two cells, labels and text (or a header)" : `${columns.count} cells, as in the header`;
      const remedy = "put quotes around cells with commas";
      const found = `got ${numCells} in ${got(bytes, start, next - 1).slice(4)}`;
      target.reject(line, "malformed row", `expected ${expected}, ${found}; ${remedy}`);
      return;
    }
    if (columns.labels >= 0) {
      const cell = this.labelScratch.take(
        bytes,
        starts[columns.labels],
        ends[columns.labels],
        this.escaped[columns.labels],
      );
      addCommaLabels(row, cell.bytes, cell.start, cell.end);
    }
    const cell = this.textScratch.take(bytes, starts[columns.text], ends[columns.text], this.escaped[columns.text]);
    row.textBytes = cell.bytes;
    row.textStart = cell.start;
    row.textEnd = cell.end;
    target.row(row);
  }

  private readHeader(bytes: Uint8Array, target: RowTarget): Columns | null {
    const names = this.starts.map((start, i) =>
      String.fromCharCode(...bytes.subarray(start, Math.min(this.ends[i], start + 100))),
    );
    return findColumns(names, target.purpose === "predict");
  }
}

/** A cell as a range of bytes; doubled quotes are undone in a buffer of its own. */
class CellScratch {
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

function findColumns(cells: readonly string[], labelsOptional: boolean): Columns | null {
  const names = cells.map((cell) => cell.trim().toLowerCase());
  const position = (candidates: readonly string[]): number =>
    names.indexOf(candidates.find((name) => names.includes(name)) ?? "no such column");
  const columns = { count: cells.length, labels: position(LABEL_NAMES), text: position(TEXT_NAMES) };
  return columns.text >= 0 && (columns.labels >= 0 || labelsOptional) ? columns : null;
}

/** Comma-separated text. */
export const csvFormat: RowFormat = {
  name: "csv",
  kind: "text",
  example: '"sauce,cheese","How much potato starch, roughly?"',
  sniff(path, head, purpose) {
    if (path.endsWith(".csv")) return true;
    const [first] = headLines(head, 1);
    if (first === undefined || !first.includes(",")) return false;
    const cells = first.split(",").map((cell) => cell.replace(/^"(.*)"$/, "$1"));
    // Queries are any text, commas included: only a header with both columns tells a CSV file from plain text.
    if (findColumns(cells, false) !== null) return true;
    return purpose !== "predict" && /^("([^"]|"")*"|[^",]*),("([^"]|"")*"|[^",]*)$/.test(first);
  },
  createParser: () => new CsvParser(),
};
