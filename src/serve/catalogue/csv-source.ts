/**
 * @file Catalogue rows from CSV: a header names the columns, cells may be quoted, the separator is a comma, a tab or a
 * semicolon, whichever makes a header of the first line that has the label.
 */
import { describeBytes } from "../../data/byte-text.js";
import { CsvCell, CsvRecord, openQuoteProblem } from "../../data/formats/csv-record.js";
import { type CatalogueColumns, type FieldPositions, findFields, headerProblem } from "./catalogue-columns.js";
import type { CatalogueRows, SourceRow } from "./catalogue-rows.js";
import { type RecordParser, textOf } from "./text-source.js";

const SEPARATORS = [44, 9, 59] as const;
const QUOTE = 34;

export class CsvCatalogueParser implements RecordParser {
  line = 0;
  private readonly rows: CatalogueRows;
  private readonly columns: CatalogueColumns;
  private record = new CsvRecord();
  private fields: FieldPositions | null = null;
  private numCells = 0;
  private readonly scratch = new CsvCell();
  private readonly row: SourceRow = { label: null, title: null, url: null, image: null, price: null };
  private isUtf8 = true;

  constructor(rows: CatalogueRows, columns: CatalogueColumns) {
    this.rows = rows;
    this.columns = columns;
  }

  parse(bytes: Buffer, end: number): number {
    let start = 0;
    while (start < end) {
      const next = this.record.scan(bytes, start, end);
      if (next < 0) break;
      const firstLine = this.line + 1;
      this.line += this.record.numLines;
      if (!this.isBlank(bytes, start)) {
        if (this.fields === null) this.readHeader(bytes, start, next, firstLine);
        else this.takeRecord(bytes, start, next, firstLine);
      }
      start = next;
    }
    return start;
  }

  refuseRest(bytes: Buffer, start: number, end: number): void {
    this.rows.reject(this.line + 1, "malformed row", openQuoteProblem(bytes, start, end));
  }

  private isBlank(bytes: Buffer, start: number): boolean {
    const { starts, ends } = this.record;
    return starts.length === 1 && starts[0] === ends[0] && bytes[start] !== QUOTE;
  }

  private readHeader(bytes: Buffer, start: number, next: number, line: number): void {
    const headers = SEPARATORS.map((separator) => {
      const record = new CsvRecord(separator);
      record.scan(bytes, start, next);
      return { record, names: record.starts.map((_, i) => this.cell(record, bytes, i) ?? "") };
    });
    const chosen = headers.find(({ names }) => findFields(names, this.columns) !== null) ?? headers[0];
    const problem = headerProblem(chosen.names, this.columns);
    if (problem !== null) this.rows.fail(line, problem);
    this.record = chosen.record;
    this.fields = findFields(chosen.names, this.columns);
    this.numCells = chosen.names.length;
  }

  private takeRecord(bytes: Buffer, start: number, next: number, line: number): void {
    const { record, rows, row, numCells } = this;
    const fields = this.fields as FieldPositions;
    if (record.complaint !== "") {
      rows.reject(line, "malformed row", record.complaint);
      return;
    }
    if (record.starts.length !== numCells) {
      const found = `got ${record.starts.length} in ${describeBytes(bytes, start, next - 1)}`;
      const problem = `expected ${numCells} cells, as in the header, ${found}; put quotes around cells with separators`;
      rows.reject(line, "malformed row", problem);
      return;
    }
    this.isUtf8 = true;
    row.label = this.cell(record, bytes, fields.label);
    row.title = this.cell(record, bytes, fields.title);
    row.url = this.cell(record, bytes, fields.url);
    row.image = this.cell(record, bytes, fields.image);
    row.price = this.cell(record, bytes, fields.price);
    if (this.isUtf8) rows.row(line, row);
    else {
      const found = `got ${describeBytes(bytes, start, next - 1)}`;
      rows.reject(line, "not UTF-8", `expected UTF-8, ${found}; convert the file: iconv -f latin1 -t utf-8`);
    }
  }

  private cell(record: CsvRecord, bytes: Buffer, i: number): string | null {
    if (i < 0) return null;
    if (!record.escaped[i] && record.starts[i] === record.ends[i]) return null;
    const cell = this.scratch.take(bytes, record.starts[i], record.ends[i], record.escaped[i]);
    const text = textOf(cell.bytes, cell.start, cell.end);
    if (text === null) this.isUtf8 = false;
    return text;
  }
}
