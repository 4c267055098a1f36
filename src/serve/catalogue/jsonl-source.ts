/**
 * @file Catalogue rows from JSON lines: an object a line, whose values are strings or numbers; null and absent keys say
 * nothing, other keys are ignored. Blank lines are no rows. Integers beyond 2⁵³ are refused: their last digits would be lost.
 */
import { describeBytes } from "../../data/byte-text.js";
import {
  CATALOGUE_FIELDS,
  type CatalogueColumns,
  type CatalogueField,
  COLUMNS_REMEDY,
  namesOf,
} from "./catalogue-columns.js";
import type { CatalogueRows, SourceRow } from "./catalogue-rows.js";
import { type RecordParser, textOf } from "./text-source.js";

const LF = 10;

export class JsonlCatalogueParser implements RecordParser {
  line = 0;
  private readonly rows: CatalogueRows;
  private readonly keys: readonly (readonly [CatalogueField, readonly string[]])[];
  private readonly row: SourceRow = { label: null, title: null, url: null, image: null, price: null };
  /** Fields that some row had. */
  private readonly seen = new Set<CatalogueField>();

  constructor(rows: CatalogueRows, columns: CatalogueColumns) {
    this.rows = rows;
    this.keys = CATALOGUE_FIELDS.map((field) => [field, namesOf(field, columns)] as const);
  }

  parse(bytes: Buffer, end: number): number {
    let start = 0;
    while (start < end) {
      const lineEnd = bytes.indexOf(LF, start);
      if (lineEnd < 0 || lineEnd >= end) break;
      this.line++;
      this.takeLine(bytes, start, lineEnd);
      start = lineEnd + 1;
    }
    return start;
  }

  /** A line end is put behind the last line: nothing is ever left. */
  refuseRest(): void {}

  /** @throws {FormatError} if a column that was asked for by name, or all but the label, occurred in no row. */
  checkFields(columns: CatalogueColumns): void {
    const absent = CATALOGUE_FIELDS.find((field) => columns[field] !== undefined && !this.seen.has(field));
    if (absent !== undefined) {
      const key = JSON.stringify(columns[absent]);
      this.rows.fail(
        undefined,
        `expected rows with a key ${key} for the ${absent}, got none; correct --catalogue-columns`,
      );
    }
    if (this.seen.size === 1 && this.seen.has("label")) {
      this.rows.fail(undefined, `expected rows with a title, url, image or price, got none; ${COLUMNS_REMEDY}`);
    }
  }

  private takeLine(bytes: Buffer, start: number, end: number): void {
    const text = textOf(bytes, start, end);
    if (text === null) {
      const found = `got ${describeBytes(bytes, start, end)}`;
      this.rows.reject(this.line, "not UTF-8", `expected UTF-8, ${found}; convert the file: iconv -f latin1 -t utf-8`);
      return;
    }
    const first = text.trimStart()[0];
    if (first === undefined) return;
    if (first === "[" && this.rows.numRows === 0) {
      this.rows.fail(
        this.line,
        "expected an object a line, got an array; unfold it: jq -c '.[]' file.json > file.jsonl",
      );
    }
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      value = null;
    }
    if (value === null || typeof value !== "object" || Array.isArray(value)) {
      const found = describeBytes(bytes, start, end);
      this.rows.reject(this.line, "malformed row", `expected a JSON object, got ${found}; write one object a line`);
      return;
    }
    this.takeObject(value as Record<string, unknown>);
  }

  private takeObject(value: Record<string, unknown>): void {
    for (const [field, names] of this.keys) {
      const found = ownValue(value, names);
      if (typeof found === "string") this.row[field] = found;
      else if (typeof found === "number" && hasItsDigits(found)) this.row[field] = String(found);
      else if (found === undefined) this.row[field] = null;
      else {
        const isLarge = typeof found === "number";
        const got = isLarge ? "an integer beyond 2^53" : JSON.stringify(found).slice(0, 40);
        const problem = `expected text or a number for the ${field}, got ${got}; write it in quotes`;
        this.rows.reject(this.line, "malformed row", problem);
        return;
      }
      if (found !== undefined) this.seen.add(field);
    }
    this.rows.row(this.line, this.row);
  }
}

/** False for integers that stand for others too, such as ids of 19 digits. */
function hasItsDigits(value: number): boolean {
  return !Number.isInteger(value) || Number.isSafeInteger(value);
}

function ownValue(value: Record<string, unknown>, names: readonly string[]): unknown {
  for (const name of names) {
    // A key such as "constructor" must be the row's own.
    if (!Object.hasOwn(value, name)) continue;
    const found = value[name];
    if (found !== null) return found;
  }
  return undefined;
}
