/** @file Does somebody who gives a catalogue learn what was left out of it, and that it is not this model's? */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeCoverage, readCatalogue } from "../../src/cli/read-catalogue.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";

async function notesOf(contents: string, options: Readonly<Record<string, unknown>> = {}) {
  const folder = temporaryDirectory();
  const path = join(folder, "a.csv");
  writeFileSync(path, contents);
  const notes: string[] = [];
  const fractions: number[] = [];
  const progress = {
    update: ({ fraction }: { fraction: number }) => fractions.push(fraction),
    finish: (_job: string, line?: string) => notes.push(line ?? ""),
    note: (line: string) => notes.push(line),
    close: () => {},
  };
  const catalogue = await readCatalogue(path, options, progress, new AbortController().signal);
  catalogue.close();
  return { notes: notes.map((note) => note.replaceAll(`${folder}/`, "")), fractions };
}

describe("reading a catalogue", () => {
  it("says how many items there are, and goes from nothing to all", async () => {
    const { notes, fractions } = await notesOf("id,name\na,x\nb,y\n", { catalogueColumns: { title: "name" } });
    expect(notes).toEqual(["catalogue a.csv: 2 items"]);
    expect(fractions.at(-1)).toBe(1);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  });

  it("says what was left out", async () => {
    const text = "id,title,url\na,x,javascript:x\na,y,ftp://example.org\nb\n";
    expect((await notesOf(text, { skipBadRows: true })).notes).toEqual([
      "catalogue a.csv: 1 items",
      "1 rows of the catalogue are not used: a later row has their label",
      `2 addresses left out, not http, https or from the site's root (first at a.csv:2: "javascript:x")`,
      'skipped 1 rows: malformed row (first at a.csv:4: expected 3 cells, as in the header, got 1 in "b"; put quotes around cells with separators)',
    ]);
  });
});

describe("describeCoverage", () => {
  const source = (numLabels: number, hasItem: (id: number) => boolean) => ({
    model: () => ({ numLabels }),
    label: (id: number) =>
      id < numLabels
        ? { id, label: `name ${id}`, count: 1, buckets: [], ...(hasItem(id) ? { item: { title: "x" } } : {}) }
        : null,
  });

  it("looks at all labels of a small model", () => {
    expect(describeCoverage(source(8, (id) => id !== 3))).toBe("87.5 % of the model's labels have an item");
  });

  it("looks at some of a large one, from the first to the last", () => {
    expect(describeCoverage(source(4_000_000, (id) => id >= 3_000_000))).toBe(
      "25.0 % of the model's labels have an item (of 1,000 looked up)",
    );
  });

  it("says that a catalogue is of something else", () => {
    expect(describeCoverage(source(5000, () => false))).toBe(
      `none of the model's labels has an item (of 1,000 looked up): the catalogue's must be the model's, such as "name 0"`,
    );
  });
});
