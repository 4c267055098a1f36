/** @file Catalogues from every format: what is kept, what is left out, what is refused, and when a store is made again. */
import { readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { chmod, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type CatalogueOptions, openCatalogue } from "../../../src/serve/catalogue/index.js";
import { temporaryDirectory } from "../../checkpoint/temporary-directory.js";

const golden = (name: string): string => fileURLToPath(new URL(`golden/${name}`, import.meta.url));

async function read(path: string, labels: readonly string[], options: CatalogueOptions = {}) {
  let wasRead = false;
  const catalogue = await openCatalogue(path, {
    ...options,
    onProgress: () => {
      wasRead = true;
    },
  });
  const items = labels.map((label) => catalogue.itemOf(label));
  // The second answer comes from memory.
  expect(labels.map((label) => catalogue.itemOf(label))).toEqual(items);
  catalogue.close();
  return { items, size: catalogue.size, report: catalogue.report, wasRead };
}

function write(folder: string, name: string, contents: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
}

const CSV = `label,stock,title,url,image,price
linux:kernel,3,"Linux, ""the"" kernel",https://example.org/linux,/img/linux.png,free
 acme:anvil ,1,"two
lines",HTTP://example.org/a,,19.99 EUR

ünïcode,0,日本語,/p/3?x=1#y,https://example.org/3.jpg,
`;
const ITEMS = {
  "linux:kernel": {
    title: 'Linux, "the" kernel',
    url: "https://example.org/linux",
    image: "/img/linux.png",
    price: "free",
  },
  "acme:anvil": { title: "two\nlines", url: "HTTP://example.org/a", price: "19.99 EUR" },
  ünïcode: { title: "日本語", url: "/p/3?x=1#y", image: "https://example.org/3.jpg" },
};
const LABELS = Object.keys(ITEMS);

describe("CSV", () => {
  it.each([
    ["plain", "items.csv", CSV],
    ["with a byte order mark and CRLF", "items.csv", `\ufeff${CSV.replaceAll("\n", "\r\n")}`],
    ["gzipped, under any name", "items", gzipSync(CSV)],
    ["without a last line end", "items.csv", CSV.trimEnd()],
  ])("%s", async (_, name, contents) => {
    const path = write(temporaryDirectory(), name, contents);
    const { items, size, report } = await read(path, LABELS);
    const wanted = Object.values(ITEMS).map((item) =>
      name === "items.csv" && contents.includes("\r\n") && item.title?.includes("\n")
        ? { ...item, title: "two\r\nlines" }
        : item,
    );
    expect(items).toEqual(wanted);
    expect(size).toBe(3);
    expect(report).toEqual({ numRows: 3, numDuplicates: 0, droppedLinks: null, skipped: [] });
  });

  it.each(["\t", ";"])("separated by %j", async (separator) => {
    const path = write(temporaryDirectory(), "items.txt", `id;title;price\n1;a, b;"x;y"\n`.replaceAll(";", separator));
    const { items } = await read(path, ["1", "2", ""]);
    expect(items).toEqual([{ title: "a, b", price: `x${separator}y` }, undefined, undefined]);
  });

  it("takes columns of other names, in any case", async () => {
    const path = write(temporaryDirectory(), "items.csv", "SKU,Name,label,Link\n7,anvil,ignored,/7\n");
    const { items } = await read(path, ["7", "ignored"], { columns: { label: "sku", title: "name", url: "link" } });
    expect(items).toEqual([{ title: "anvil", url: "/7" }, undefined]);
  });
});

describe("JSON lines", () => {
  it("takes text, numbers and nulls, and ignores other keys", async () => {
    const text = [
      '{"id":12,"title":"a","price":19.9,"tags":["x"],"constructor":1}',
      "",
      '  {"label":"b","id":"c","title":null,"url":"/b"}',
      '{"label":null,"id":"d"}',
    ].join("\r\n");
    const { items } = await read(write(temporaryDirectory(), "items.ndjson", text), ["12", "b", "c", "d"]);
    expect(items).toEqual([{ title: "a", price: "19.9" }, { url: "/b" }, undefined, {}]);
  });

  it("leaves out integers whose last digits would be lost, if asked for, and takes them in quotes", async () => {
    const ids = ["1234567890123456789", "-9007199254740992", "9007199254740991", '"1234567890123456789"'];
    const text = ids.map((id, i) => `{"id":${id},"title":"${i}"}\n`).join("");
    const path = write(temporaryDirectory(), "items.jsonl", text);
    const labels = ["1234567890123456800", "-9007199254740992", "9007199254740991", "1234567890123456789"];
    const { items, report } = await read(path, labels, { skipBadRows: true });
    expect(items).toEqual([undefined, undefined, { title: "2" }, { title: "3" }]);
    expect(report.skipped).toMatchObject([{ reason: "malformed row", count: 2, firstLine: 1 }]);
  });

  it("is recognised without a name, and takes a mapping", async () => {
    const path = write(temporaryDirectory(), "items", gzipSync('{"sku":"a","name":"A"}\n'));
    const { items } = await read(path, ["a"], { columns: { label: "sku", title: "name" } });
    expect(items).toEqual([{ title: "A" }]);
  });
});

describe("Parquet", () => {
  it.each(["items-snappy.parquet", "items-gzip-v2.parquet"])("%s, as another writer made it", async (name) => {
    const path = write(temporaryDirectory(), "copy", readFileSync(golden(name)));
    const { items, size, report } = await read(path, ["101", "102", "103", "104"]);
    expect(items).toEqual([
      { title: "Linux kernel", url: "https://example.org/101", price: "19.99" },
      { title: "second", url: "/p/102b", price: "5.00" },
      { price: "0.50" },
      { title: "日本語", price: "1200.00" },
    ]);
    expect(size).toBe(4);
    expect(report.numDuplicates).toBe(1);
    expect(report.droppedLinks).toEqual({ count: 1, firstLine: 3, first: "javascript:alert(1)" });
  });

  it("writes numbers with the digits that they have", async () => {
    const path = write(temporaryDirectory(), "x.parquet", readFileSync(golden("numbers.parquet")));
    const { items } = await read(path, ["0.1", "16777216"], { columns: { label: "single", price: "double" } });
    expect(items).toEqual([{ price: "0.30000000000000004" }, { price: "19.99" }]);
  });

  it("takes a mapping", async () => {
    const path = write(temporaryDirectory(), "x.parquet", readFileSync(golden("other-names.parquet")));
    const { items } = await read(path, ["a", "b"], { columns: { label: "sku", title: "name" } });
    expect(items).toEqual([{ title: "x" }, { title: "y" }]);
  });
});

describe("what is left out", () => {
  it("the last of several rows of a label counts", async () => {
    const path = write(temporaryDirectory(), "a.csv", "label,title,price\na,1,x\nb,2,\na,3,\na,4,\n");
    const { items, size, report } = await read(path, ["a", "b"]);
    expect(items).toEqual([{ title: "4" }, { title: "2" }]);
    expect(size).toBe(2);
    expect(report).toMatchObject({ numRows: 4, numDuplicates: 2 });
  });

  it("addresses that a page may not follow", async () => {
    const path = write(
      temporaryDirectory(),
      "a.csv",
      "label,url,image\na,javascript:alert(1),/ok.png\nb,https://example.org/,data:text/html;x\n",
    );
    const { items, report } = await read(path, ["a", "b"]);
    expect(items).toEqual([{ image: "/ok.png" }, { url: "https://example.org/" }]);
    expect(report.droppedLinks).toEqual({ count: 2, firstLine: 2, first: "javascript:alert(1)" });
  });

  it("bad rows, if asked for", async () => {
    const long = "x".repeat(8193);
    const rows = ["a,1,", '"b"x,2,', "c,3", ",4,", `d,${long},`, `${"e".repeat(2 << 20)},5,`, "f,6,"];
    const latin = Buffer.concat([
      Buffer.from(`label,title,price\n${rows.join("\n")}\ng,`),
      Buffer.from([0xe9, 44, 10]),
    ]);
    const path = write(temporaryDirectory(), "a.csv", Buffer.concat([latin, Buffer.from('h,7,\ni,"never closed\n')]));
    const { items, size, report } = await read(path, ["a", "c", "f", "h"], { skipBadRows: true });
    expect(items).toEqual([{ title: "1" }, undefined, { title: "6" }, { title: "7" }]);
    expect(size).toBe(3);
    expect(report.numRows).toBe(10);
    expect(report.skipped.map(({ reason, count, firstLine }) => [reason, count, firstLine])).toEqual([
      ["malformed row", 4, 3],
      ["no labels", 1, 5],
      ["line too long", 1, 7],
      ["not UTF-8", 1, 9],
    ]);
  });
});

describe("what is refused", () => {
  const latin1 = Buffer.from([...Buffer.from("label,title\na,"), 0xe9, 10]);
  it.each<[string, string | Uint8Array, string, CatalogueOptions?]>([
    ["a.csv", "", "a.csv: expected rows, got an empty file"],
    ["a.csv", "label,title\n", "a.csv: expected rows, got none"],
    ["a.csv", "name,title\na,b\n", 'a.csv:1: expected a column label or id, got columns "name", "title"; name columns'],
    ["a.csv", "id,stock\n1,2\n", "a.csv:1: expected a column title, url, image or price beside the label"],
    ["a.csv", "id,title\n1,2\n", 'a.csv:1: expected a column "link" for the url', { columns: { url: "link" } }],
    ["a.csv", "id,title\n1,a\n2\n", 'a.csv:3: expected 2 cells, as in the header, got 1 in "2"; put quotes'],
    ["a.csv", 'id,title\n1,"a"b\n', 'a.csv:2: expected a comma or the line\'s end after a closing quote, got "b"'],
    ["a.csv", 'id;title\n1;"a"b\n', 'a.csv:2: expected ";" or the line\'s end after a closing quote, got "b"'],
    ["a.csv", 'id,title\n1,a\n2,"b\n', 'a.csv:3: expected a closing quote before the end of the file, got "2,\\"b\\n"'],
    ["a.csv", "id,title\n  ,a\n", "a.csv:2: expected a label, got an empty one"],
    ["a.csv", latin1, "a.csv:2: expected UTF-8, got"],
    ["a.csv", `id,title\n1,${"é".repeat(4097)}\n`, "a.csv:2: expected a title of at most 8192 bytes, got 8194"],
    ["a.csv", Buffer.from("a\0b"), "a.csv: expected CSV, JSON lines or Parquet, got bytes of value 0"],
    ["a.csv", Buffer.from("\ufeffid", "utf16le"), "a.csv: expected UTF-8, got UTF-16"],
    ["a.json", '[{"id":1}]', "a.json:1: expected an object a line, got an array; unfold it: jq"],
    ["a.jsonl", '{"id":1,"title":"x"}\n{"id":', 'a.jsonl:2: expected a JSON object, got "{\\"id\\":"; write one'],
    ["a.jsonl", '{"id":1,"title":{}}', "a.jsonl:1: expected text or a number for the title, got {}"],
    ["a.jsonl", '{"id":1,"url":true}', "a.jsonl:1: expected text or a number for the url, got true"],
    [
      "a.jsonl",
      '{"id":1,"title":"x"}\n{"id":1234567890123456789,"title":"x"}',
      "a.jsonl:2: expected text or a number for the label, got an integer beyond 2^53; write it in quotes",
    ],
    ["a.jsonl", '{"title":"x"}', "a.jsonl:1: expected a label, got an empty one"],
    ["a.jsonl", '{"id":1}', "a.jsonl: expected rows with a title, url, image or price, got none; name columns"],
    [
      "a.jsonl",
      '{"id":1,"title":2}',
      'a.jsonl: expected rows with a key "link" for the url',
      { columns: { url: "link" } },
    ],
    ["a.csv", "id,title\n,a\n,b\n", "a.csv:2: expected good rows, got only bad ones", { skipBadRows: true }],
    ["a.parquet", "PAR1 and nothing else", "a.parquet: expected a Parquet file, got one that cannot be read"],
    [
      "a.parquet",
      readFileSync(golden("items-lz4.parquet")),
      "a.parquet: expected Parquet pages that Node can inflate, got LZ4",
    ],
    ["a.parquet", readFileSync(golden("other-names.parquet")), "a.parquet: expected a column label or id, got columns"],
    ["a.parquet", readFileSync(golden("list-title.parquet")), "a.parquet:1: expected text or a number for the title"],
    ["a.csv.gz", gzipSync("id,title\n1,a\n").subarray(0, 20), "a.csv.gz: expected a whole gzip file"],
  ])("%s: %#", async (name, contents, message, options = {}) => {
    const folder = temporaryDirectory();
    const path = write(folder, name, contents);
    const failed = await openCatalogue(path, options).catch((error: Error) => error);
    expect(failed).toMatchObject({ name: "FormatError" });
    expect((failed as Error).message.replace(`${folder}/`, "")).toContain(message);
    // Nothing half-made is left.
    expect(await readdir(folder)).toEqual([name]);
  });

  it("a path without a file", async () => {
    await expect(openCatalogue(join(temporaryDirectory(), "none.csv"))).rejects.toThrow(/none\.csv: expected a file/);
  });
});

describe("the store", () => {
  const labels = ["a"];
  const text = "label,title\na,first\n";

  it("is made once, and again when the source, or what is read of it, is another", async () => {
    const folder = temporaryDirectory();
    const path = write(folder, "a.csv", text);
    expect(await read(path, labels)).toMatchObject({ wasRead: true, items: [{ title: "first" }] });
    expect(await read(path, labels)).toMatchObject({ wasRead: false, items: [{ title: "first" }] });
    // Another time, the same bytes.
    utimesSync(path, 1, 1);
    expect((await read(path, labels)).wasRead).toBe(false);
    // The same length, another time and other bytes.
    write(folder, "a.csv", text.replace("first", "other"));
    expect(await read(path, labels)).toMatchObject({ wasRead: true, items: [{ title: "other" }] });
    write(folder, "a.csv", `${text}b,more\n`);
    expect(await read(path, labels)).toMatchObject({ wasRead: true, size: 2 });
    expect(await read(path, labels, { columns: { price: "title" } })).toMatchObject({
      wasRead: true,
      items: [{ title: "first", price: "first" }],
    });
    expect((await readdir(folder)).sort()).toEqual(["a.csv", "a.csv.manyworlds"]);
  });

  it("with skipped rows is not opened for somebody who wants none skipped", async () => {
    const path = write(temporaryDirectory(), "a.csv", `${text},x\n`);
    expect((await read(path, labels, { skipBadRows: true })).report.skipped).toHaveLength(1);
    await expect(openCatalogue(path)).rejects.toThrow(/a\.csv:3: expected a label/);
  });

  it("is made again when it is damaged, wherever it was cut", async () => {
    const path = write(temporaryDirectory(), "a.csv", text);
    await read(path, labels);
    const { size } = statSync(`${path}.manyworlds`);
    for (const bytes of [8, 9, 30, 600, size - 1]) {
      truncateSync(`${path}.manyworlds`, bytes);
      expect(await read(path, labels)).toMatchObject({ wasRead: true, items: [{ title: "first" }] });
    }
    const flipped = readFileSync(`${path}.manyworlds`);
    flipped[100] ^= 1;
    writeFileSync(`${path}.manyworlds`, flipped);
    expect((await read(path, labels)).wasRead).toBe(true);
  });

  it("never replaces somebody else's file", async () => {
    const folder = temporaryDirectory();
    const path = write(folder, "a.csv", text);
    const storePath = write(folder, "thesis.txt", "years of work");
    await expect(openCatalogue(path, { storePath })).rejects.toThrow(
      /thesis\.txt: expected a catalogue's store or nothing, got another file; remove it, or name another place/,
    );
    expect(readFileSync(storePath, "utf8")).toBe("years of work");
  });

  it.skipIf(process.getuid?.() === 0)("says where else it can be kept", async () => {
    const folder = temporaryDirectory();
    const path = write(folder, "a.csv", text);
    await chmod(folder, 0o500);
    await expect(openCatalogue(path)).rejects.toThrow(/permission denied.*--catalogue-store/);
    await chmod(folder, 0o700);
  });

  it("says that its folder is not there", async () => {
    const folder = temporaryDirectory();
    const path = write(folder, "a.csv", text);
    const storePath = join(folder, "none", "store");
    await expect(openCatalogue(path, { storePath })).rejects.toMatchObject({
      name: "StorageError",
      message: `${storePath}: the catalogue's store could not be kept here: no such file or directory`,
    });
  });

  it("stays open for one reader while another makes it anew", async () => {
    const folder = temporaryDirectory();
    const path = write(folder, "a.csv", text);
    const old = await openCatalogue(path, { cacheItems: 1 });
    const twice = await openCatalogue(path);
    write(folder, "a.csv", `${text}b,more\n`);
    const fresh = await openCatalogue(path);
    expect([old, twice, fresh].map((catalogue) => [catalogue.itemOf("b"), catalogue.itemOf("a")])).toEqual([
      [undefined, { title: "first" }],
      [undefined, { title: "first" }],
      [{ title: "more" }, { title: "first" }],
    ]);
    for (const catalogue of [old, twice, fresh]) catalogue.close();
    expect(() => old.itemOf("b")).toThrow(/after it was closed/);
  });

  it("several readers make it at once", async () => {
    const folder = temporaryDirectory();
    const path = write(folder, "a.csv", text);
    const all = await Promise.all(Array.from({ length: 4 }, () => openCatalogue(path)));
    for (const catalogue of all) {
      expect(catalogue.itemOf("a")).toEqual({ title: "first" });
      catalogue.close();
    }
    expect((await readdir(folder)).sort()).toEqual(["a.csv", "a.csv.manyworlds"]);
  });

  it("clears away what processes left that were killed while they made it, and nothing else", async () => {
    const folder = temporaryDirectory();
    const path = write(folder, "a.csv", text);
    const names = [
      ".a.csv.manyworlds.1-0-7.tmp",
      ".a.csv.manyworlds.1-0-8.tmp",
      ".b.csv.manyworlds.1-0-7.tmp",
      ".a.csv.swp",
    ];
    for (const name of names) {
      write(folder, name, "");
      if (name !== names[1]) utimesSync(join(folder, name), 1, 1);
    }
    await read(path, labels);
    expect((await readdir(folder)).sort()).toEqual([names[1], names[3], names[2], "a.csv", "a.csv.manyworlds"]);
  });

  it("is not made if reading is interrupted", async () => {
    const folder = temporaryDirectory();
    const path = write(folder, "a.csv", text);
    const opened = openCatalogue(path, { signal: AbortSignal.abort() });
    await expect(opened).rejects.toMatchObject({ name: "InterruptedError" });
    expect(await readdir(folder)).toEqual(["a.csv"]);
  });
});
