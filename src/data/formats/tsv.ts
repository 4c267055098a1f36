/**
 * @file Rows of text with tabs: `label,label…<TAB>text`. Further tabs belong to the text. No quoting, no header.
 */
import { headLines } from "../byte-text.js";
import { ParsedRow, type RowFormat, type RowTarget } from "../row-format.js";
import { addCommaLabels, got, LineParser } from "./line-parser.js";

const TAB = 9;

class TsvParser extends LineParser {
  private readonly row = new ParsedRow();

  protected override parseLine(bytes: Uint8Array, start: number, end: number, target: RowTarget): void {
    const { row } = this;
    let tab = start;
    while (tab < end && bytes[tab] !== TAB) tab++;
    if (tab === end && end > start) {
      const expected = "expected label,label…<TAB>text";
      target.reject(this.line, "malformed row", `${expected}, ${got(bytes, start, end)} without a tab; add one`);
      return;
    }
    row.line = this.line;
    row.numLabels = 0;
    addCommaLabels(row, bytes, start, tab);
    row.textBytes = bytes;
    row.textStart = Math.min(tab + 1, end);
    row.textEnd = end;
    target.row(row);
  }
}

/** Tab-separated text. */
export const tsvFormat: RowFormat = {
  name: "tsv",
  kind: "text",
  example: "sauce,cheese<TAB>How much does potato starch affect a cheese sauce?",
  sniff(path, head, purpose) {
    if (path.endsWith(".tsv")) return true;
    if (path.endsWith(".csv")) return false;
    const lines = headLines(head, 50).filter((line) => line !== "");
    // A file of queries may hold a tab by chance: there all lines must have one.
    return lines.length > 0 && (purpose === "predict" ? lines : lines.slice(0, 1)).every((line) => line.includes("\t"));
  },
  createParser: () => new TsvParser(),
};
