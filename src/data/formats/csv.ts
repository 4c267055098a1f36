/**
 * @file Comma-separated values with quoting: `"sauce,cheese","How much ""potato"" starch?"`.
 *
 * The first record is a header if one of its cells, in any case, names a column of text (text, query, title, document,
 * sentence, description, content) and, unless the rows are queries, another a column of labels (labels, label, tags, tag,
 * categories, category, class). Other columns are then ignored. Where several names match, the one first in these lists
 * counts. Without a header there are two columns, labels and text, or for queries just text.
 * A cell of labels is split at commas: more than one label needs quotes around the cell.
 *
 * csv-record.ts finds the cells. Differs from RFC 4180: blank lines are not rows of training data.
 */
import { headLines } from "../byte-text.js";
import { ParsedRow, type RowFormat, type RowParser, type RowTarget } from "../row-format.js";
import { CsvCell, CsvRecord, openQuoteProblem } from "./csv-record.js";
import { addCommaLabels, got, rejectLongLine } from "./line-parser.js";

const QUOTE = 34;

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
  private readonly record = new CsvRecord();
  private readonly labelScratch = new CsvCell();
  private readonly textScratch = new CsvCell();

  parse(bytes: Uint8Array, end: number, target: RowTarget): number {
    const { record } = this;
    let start = 0;
    while (start < end) {
      const next = record.scan(bytes, start, end);
      if (next < 0) break;
      const firstLine = this.line + 1;
      this.line += record.numLines;
      if (next - start - 1 > target.maxLineBytes) rejectLongLine(firstLine, target);
      else if (record.complaint !== "") target.reject(firstLine, "malformed row", record.complaint);
      else this.takeRecord(bytes, start, next, firstLine, target);
      start = next;
    }
    return start;
  }

  finish(bytes: Uint8Array, start: number, end: number, target: RowTarget): void {
    target.reject(this.line + 1, "malformed row", openQuoteProblem(bytes, start, end));
  }

  private takeRecord(bytes: Uint8Array, start: number, next: number, line: number, target: RowTarget): void {
    const { row } = this;
    const { starts, ends, escaped } = this.record;
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
      const { labels } = columns;
      const cell = this.labelScratch.take(bytes, starts[labels], ends[labels], escaped[labels]);
      addCommaLabels(row, cell.bytes, cell.start, cell.end);
    }
    const cell = this.textScratch.take(bytes, starts[columns.text], ends[columns.text], escaped[columns.text]);
    row.textBytes = cell.bytes;
    row.textStart = cell.start;
    row.textEnd = cell.end;
    target.row(row);
  }

  private readHeader(bytes: Uint8Array, target: RowTarget): Columns | null {
    const { starts, ends } = this.record;
    const names = starts.map((start, i) =>
      String.fromCharCode(...bytes.subarray(start, Math.min(ends[i], start + 100))),
    );
    return findColumns(names, target.purpose === "predict");
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
