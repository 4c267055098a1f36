/** @file Whatever rows a catalogue has, each label's last row is what comes back, and no address that could run a program does. */
import { writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CatalogueItem } from "../../../src/mach/search-contract.js";
import { isWebAddress, openCatalogue, parseCatalogueColumns } from "../../../src/serve/catalogue/index.js";
import { RecordPartitions } from "../../../src/serve/catalogue/record-partitions.js";
import { temporaryDirectory } from "../../checkpoint/temporary-directory.js";

/** Text without spaces around it, which are dropped; often of what CSV and JSON must escape. */
const text = fc
  .oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
    fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r\n", "a", "é", " ", "\\", ";"), minLength: 1 }),
  )
  .map((value) => Buffer.from(value).toString().trim())
  .filter((value) => value !== "" && !value.includes("\0"));
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const address = fc.oneof(
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.webPath().map((path) => (path.startsWith("//") || path === "" ? "/p" : path)),
);
const rows = fc.array(
  fc.record({
    // Few labels: some come more than once.
    label: fc.oneof(fc.constantFrom("a", "b", "constructor", "__proto__"), text),
    title: maybe(text),
    url: maybe(address),
    image: maybe(address),
    price: maybe(text),
  }),
  { minLength: 1, maxLength: 60 },
);
type Row = { label: string } & CatalogueItem;

const itemOf = ({ label: _, ...item }: Row): CatalogueItem =>
  Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined));
const quoted = (value: string | undefined): string => (value === undefined ? "" : `"${value.replaceAll('"', '""')}"`);
const FORMATS: Record<string, (list: readonly Row[]) => string> = {
  csv: (list) =>
    `id,image,title,url,price\n${list.map((r) => [r.label, r.image, r.title, r.url, r.price].map(quoted).join()).join("\n")}`,
  jsonl: (list) =>
    // A row with every key, so that the file has a title.
    [{ label: "every key", title: "x" }, ...list].map((row) => JSON.stringify(row)).join("\n"),
};

describe("a catalogue", () => {
  it.each(Object.keys(FORMATS))("of random rows in %s holds the last row of each label", async (format) => {
    const folder = temporaryDirectory();
    const path = join(folder, `items.${format}`);
    await fc.assert(
      fc.asyncProperty(rows, async (list) => {
        writeFileSync(path, FORMATS[format](list));
        const wanted = new Map(list.map((row) => [row.label, itemOf(row)]));
        const catalogue = await openCatalogue(path);
        try {
          expect(catalogue.size - (format === "jsonl" && !wanted.has("every key") ? 1 : 0)).toBe(wanted.size);
          for (const [label, item] of wanted) expect(catalogue.itemOf(label)).toEqual(item);
          for (const label of ["", "toString", "a", "b"]) expect(catalogue.itemOf(label)).toEqual(wanted.get(label));
        } finally {
          catalogue.close();
        }
      }),
      { numRuns: 50 },
    );
  });

  it("keeps rows that do not fit the memory set aside for them in a file, for a while", async () => {
    const folder = temporaryDirectory();
    const spillPath = join(folder, "spilled");
    const records = new RecordPartitions(spillPath);
    // One label, thus one partition: 400 records of 8 kB are three times its buffer.
    for (let i = 0; i < 400; i++) records.add("a", { title: String(i).padStart(8000, "x") });
    expect(await readdir(folder)).toEqual(["spilled"]);
    const taken = Array.from({ length: 64 }, (_, p) => records.take(p)).filter((bytes) => bytes.length > 0);
    expect(taken).toHaveLength(1);
    expect([...taken[0].toString("latin1").matchAll(/x(\d+)/g)].map(([, i]) => Number(i))).toEqual(
      Array.from({ length: 400 }, (_, i) => i),
    );
    records.dispose();
    expect(await readdir(folder)).toEqual([]);
  });

  it("of more rows than memory holds has the last of each label", async () => {
    const folder = temporaryDirectory();
    const path = join(folder, "items.csv");
    const rowOf = (i: number): string => `label ${i % 3},${String(i).padStart(8000, "x")}\n`;
    writeFileSync(path, `label,title\n${Array.from({ length: 600 }, (_, i) => rowOf(i)).join("")}`);
    const catalogue = await openCatalogue(path);
    expect([0, 1, 2].map((i) => catalogue.itemOf(`label ${i}`)?.title?.slice(-4))).toEqual(["x597", "x598", "x599"]);
    expect(catalogue.report.numDuplicates).toBe(597);
    catalogue.close();
    expect((await readdir(folder)).sort()).toEqual(["items.csv", "items.csv.manyworlds"]);
  });
});

describe("isWebAddress", () => {
  it.each([
    "https://example.org",
    "http://example.org:8080/a?b=c#d",
    "HTTPS://EXAMPLE.ORG/",
    "/",
    "/p/1?x=//y",
    "https://例え.jp/日本",
    "https://[::1]/",
  ])("%j may be followed", (address) => expect(isWebAddress(address)).toBe(true));

  it.each([
    "",
    "p/1",
    "//example.org/",
    "/\\example.org",
    "\\\\example.org",
    "https:/\\example.org",
    "https:example.org",
    "https://",
    "https://exa mple.org/",
    "http://example.org:99999/",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "\u0001javascript:alert(1)",
    " javascript:alert(1)",
    "/\t/example.org",
    "data:text/html,x",
    "vbscript:x",
    "blob:https://example.org/x",
    "file:///etc/passwd",
    "view-source:https://example.org",
    `https://example.org/${"x".repeat(8000)}`,
  ])("%j may not", (address) => expect(isWebAddress(address)).toBe(false));

  it("never accepts what a browser would take for another scheme or, from a path, for another site", () => {
    const piece = fc.constantFrom(
      "javascript:",
      "https:",
      "http:",
      "data:",
      "/",
      "\\",
      "\t",
      "\n",
      " ",
      "a",
      "@",
      "x.org",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const address = pieces.join("");
        if (!isWebAddress(address)) return;
        const url = new URL(address, "https://shop.example/search");
        expect(url.protocol).toMatch(/^https?:$/);
        if (address.startsWith("/")) expect(url.host).toBe("shop.example");
      }),
      { numRuns: 5000 },
    );
  });
});

describe("parseCatalogueColumns", () => {
  it("reads pairs", () => {
    expect(parseCatalogueColumns("title=name, url = link=x")).toEqual({ title: "name", url: "link=x" });
  });

  it.each(["", "title", "=x", "name=title", "title=", "title=a,title=b", "title=a,"])("refuses %j", (text) => {
    expect(() => parseCatalogueColumns(text)).toThrow(/^catalogue columns: expected field=column, once each of label/);
  });
});
