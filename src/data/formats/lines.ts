/**
 * @file Queries as plain text: one a line, no labels. Only for prediction; every other format is asked first.
 */
import { ParsedRow, type RowFormat, type RowTarget } from "../row-format.js";
import { LineParser } from "./line-parser.js";

class LinesParser extends LineParser {
  private readonly row = new ParsedRow();

  protected override parseLine(bytes: Uint8Array, start: number, end: number, target: RowTarget): void {
    const { row } = this;
    row.line = this.line;
    row.textBytes = bytes;
    row.textStart = start;
    row.textEnd = end;
    target.row(row);
  }
}

/** One query a line. */
export const linesFormat: RowFormat = {
  name: "lines",
  kind: "text",
  example: "buffer overflow in nfs server",
  sniff: (_path, _head, purpose) => purpose === "predict",
  createParser: () => new LinesParser(),
};
