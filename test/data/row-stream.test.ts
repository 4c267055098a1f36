/**
 * @file Properties of reading: what is written is read back, and how the bytes are cut into chunks does not matter.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BadRows } from "../../src/data/bad-rows.js";
import type { BadRowReason, ParsedRow, Purpose } from "../../src/data/row-format.js";
import { type RowHandler, RowStream } from "../../src/data/row-stream.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface SeenRow {
  line: number;
  labels: string[];
  text?: string;
  features?: [number, number][];
}

interface Seen {
  rows: SeenRow[];
  skipped: { reason: BadRowReason; count: number; firstLine: number }[];
}

function readAll(bytes: Uint8Array, cuts: readonly number[], format: string, purpose: Purpose = "train"): Seen {
  const badRows = new BadRows(true);
  const rows: SeenRow[] = [];
  let kind = "";
  const handler: RowHandler = {
    begin: (chosen) => {
      kind = chosen.kind;
    },
    header: () => {},
    skipped: () => {},
    row: (row) => rows.push(copyRow(row, kind)),
  };
  const options = { file: "rows", format, kind: null, purpose, maxLineBytes: 300, badRows };
  const stream = new RowStream(options, handler);
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    // A fresh copy each time, overwritten afterwards: a reader that keeps views of chunks would be caught.
    const chunk = bytes.slice(from, cut);
    stream.push(chunk);
    chunk.fill(0);
    from = cut;
  }
  stream.finish();
  const skipped = badRows.skipped.map(({ reason, count, firstLine }) => ({ reason, count, firstLine }));
  return { rows, skipped };
}

function copyRow(row: ParsedRow, kind: string): SeenRow {
  const labels = Array.from({ length: row.numLabels }, (_, i) =>
    decoder.decode(row.labelBytes.slice(row.labelStarts[i], row.labelEnds[i])),
  );
  if (kind === "text") {
    return { line: row.line, labels, text: decoder.decode(row.textBytes.slice(row.textStart, row.textEnd)) };
  }
  const { columns, values, length } = row.features;
  return { line: row.line, labels, features: Array.from({ length }, (_, i) => [columns[i], values[i]]) };
}

/** Splits of 0 … length at random places. */
function cutsOf(length: number): fc.Arbitrary<number[]> {
  return fc.array(fc.nat(length), { maxLength: 8 }).map((cuts) => cuts.sort((a, b) => a - b));
}

function withCuts<T>(document: fc.Arbitrary<{ bytes: Uint8Array; expected: T }>) {
  return document.chain(({ bytes, expected }) => cutsOf(bytes.length).map((cuts) => ({ bytes, expected, cuts })));
}

const xcRow = fc.record({
  labels: fc.uniqueArray(fc.nat(99), { minLength: 1, maxLength: 5 }),
  features: fc.uniqueArray(fc.tuple(fc.nat(999), fc.float({ noNaN: true, noDefaultInfinity: true })), {
    maxLength: 120,
    selector: ([column]) => column,
  }),
});

const xcFile = fc
  .record({ rows: fc.array(xcRow, { minLength: 1, maxLength: 12 }), crlf: fc.boolean(), header: fc.boolean() })
  .map(({ rows, crlf, header }) => {
    const lines = rows.map(({ labels, features }) =>
      [labels.join(","), ...features.map(([column, value]) => `${column}:${value}`)].join(" "),
    );
    if (header) lines.unshift(`${rows.length} 1000 100`);
    const kept = rows.flatMap((row, i): SeenRow[] => {
      const features = row.features.map(([column, value]): [number, number] => [
        column,
        // "-0" is printed as 0.
        Math.fround(value) + 0,
      ]);
      features.sort((a, b) => a[0] - b[0]);
      const line = i + (header ? 2 : 1);
      return lines[line - 1].length > 300 ? [] : [{ line, labels: row.labels.map(String), features }];
    });
    return { bytes: encoder.encode(lines.join(crlf ? "\r\n" : "\n") + (crlf ? "\r\n" : "")), expected: kept };
  });

describe("RowStream", () => {
  it("reads generated xc files back, cut anywhere, long lines skipped", () => {
    fc.assert(
      fc.property(withCuts(xcFile), ({ bytes, cuts, expected }) => {
        const whole = readAll(bytes, [], "xc");
        expect(whole.rows).toEqual(expected);
        expect(readAll(bytes, cuts, "xc")).toEqual(whole);
      }),
    );
  });

  it("reads quoted CSV back, cut anywhere", () => {
    const cell = fc.string({ unit: fc.constantFrom("a", "é", ",", '"', "\n", "\r\n", " ", "字"), maxLength: 12 });
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    const file = fc
      .array(fc.tuple(fc.array(fc.constantFrom("x", "y z", 'q"t'), { minLength: 1, maxLength: 3 }), cell), {
        minLength: 1,
        maxLength: 8,
      })
      .map((records) => {
        let line = 2;
        const expected = records.map(([labels, text]) => {
          const row = { line, labels, text };
          line += 1 + text.split("\n").length - 1;
          return row;
        });
        const body = records.map(([labels, text]) => `${quoted(labels.join(","))},${quoted(text)}\n`).join("");
        return { bytes: encoder.encode(`labels,text\n${body}`), expected };
      });
    fc.assert(
      fc.property(withCuts(file), ({ bytes, cuts, expected }) => {
        expect(readAll(bytes, cuts, "csv").rows).toEqual(expected);
      }),
    );
  });

  it("gives the same rows and faults for any bytes in any chunking", () => {
    const piece = fc.constantFrom(
      "1",
      "12",
      ",",
      " ",
      "\t",
      ":",
      "\n",
      "\r\n",
      '"',
      "#",
      "-",
      ".5",
      "__label__",
      "é",
      "x",
    );
    const file = fc
      .array(piece, { minLength: 1, maxLength: 200 })
      .map((pieces) => ({ bytes: encoder.encode(`${pieces.join("")}\n1,2\t3:4`), expected: null }));
    for (const format of ["xc", "tsv", "csv", "fasttext", "lines"]) {
      for (const purpose of ["train", "predict"] as const) {
        fc.assert(
          fc.property(withCuts(file), ({ bytes, cuts }) => {
            const whole = attempt(() => readAll(bytes, [], format, purpose));
            expect(attempt(() => readAll(bytes, cuts, format, purpose))).toEqual(whole);
          }),
          { numRuns: 40 },
        );
      }
    }
  });

  it("keeps no more than one record of a line without an end", () => {
    const badRows = new BadRows(true);
    const handler: RowHandler = { begin: () => {}, header: () => {}, skipped: () => {}, row: () => {} };
    const stream = new RowStream(
      { file: "long", format: "tsv", kind: null, purpose: "train", maxLineBytes: 1000, badRows },
      handler,
    );
    const chunk = new Uint8Array(100_000).fill(120);
    for (let i = 0; i < 100; i++) stream.push(chunk);
    stream.push(encoder.encode("\na\tlast"));
    stream.finish();
    expect(badRows.skipped).toMatchObject([{ reason: "line too long", count: 1, firstLine: 1 }]);
    expect(stream.numRows).toBe(2);
  });
});

function attempt(read: () => Seen): Seen | string {
  try {
    return read();
  } catch (error) {
    return String(error);
  }
}
