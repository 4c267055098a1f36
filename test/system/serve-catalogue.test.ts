/** @file From a catalogue's file to the answers of the API: every way to write one, what it may not do, what is said of it. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LabelResponse, ModelResponse, SearchResponse } from "../../src/mach/search-contract.js";
import { createDirectory, removeDirectory, startManyworlds, succeed } from "./manyworlds-process.js";
import { startServing } from "./serve-process.js";

const GOLDEN = new URL("../serve/catalogue/golden/items-snappy.parquet", import.meta.url);
/** Labels as the golden Parquet file has them, each with a word of its own. */
const WORDS = { "101": "kernel", "102": "browser", "103": "printer", "104": "router" };

let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = createDirectory();
  const rows = Object.entries(WORDS).flatMap(([label, word]) => Array(50).fill(`${label}\tflaw in a ${word}\n`));
  writeFileSync(at("train.tsv"), rows.join(""));
  await succeed(["train", at("train.tsv"), "--model", at("m"), "--worlds", "2", "--buckets", "4", "--epochs", "8"]);
});
afterAll(async () => {
  await removeDirectory(folder);
});

/** What a server says of `word` with the catalogue of `args`: the best label's item by search and by id, its notes. */
async function ask(word: string, args: readonly string[]) {
  const server = await startServing([at("m"), ...args]);
  try {
    const { results } = (await (await server.search({ query: word, k: 1 })).json()) as SearchResponse;
    const [{ id, label, item }] = results[0].labels;
    const byId = (await (await fetch(`${server.url}/v1/labels/${id}`)).json()) as LabelResponse;
    const model = (await (await fetch(`${server.url}/v1/model`)).json()) as ModelResponse;
    expect(label).toBe(Object.entries(WORDS).find(([, known]) => known === word)?.[0]);
    expect(byId).toMatchObject({ id, label });
    expect(byId.item).toEqual(item);
    expect(model.hasCatalogue).toBe(args.length > 0);
    const { progress } = await server.stop();
    // Lines of the log and of progress have no message.
    return { item, notes: progress.flatMap(({ message }) => message ?? []) };
  } finally {
    await server.stop();
  }
}

describe("serve --catalogue", () => {
  it("takes Parquet", async () => {
    writeFileSync(at("items.parquet"), readFileSync(GOLDEN));
    const { item, notes } = await ask("kernel", ["--catalogue", at("items.parquet")]);
    expect(item).toEqual({ title: "Linux kernel", url: "https://example.org/101", price: "19.99" });
    expect(notes).toEqual([
      `catalogue ${at("items.parquet")}: 4 items`,
      "1 rows of the catalogue are not used: a later row has their label",
      `1 addresses left out, not http, https or from the site's root (first at ${at("items.parquet")}:3: "javascript:alert(1)")`,
      "100.0 % of the model's labels have an item",
    ]);
  });

  it("takes gzipped JSON lines with other columns, kept where it is told to", async () => {
    writeFileSync(
      at("items.jsonl.gz"),
      gzipSync('{"sku":101,"name":"A <b>kernel</b>","image":"/k.png"}\n{"sku":102,"name":7}\n'),
    );
    const args = ["--catalogue", at("items.jsonl.gz"), "--catalogue-columns", "label=sku,title=name"];
    const first = await ask("kernel", [...args, "--catalogue-store", at("kept")]);
    expect(first.item).toEqual({ title: "A <b>kernel</b>", image: "/k.png" });
    expect(existsSync(at("kept"))).toBe(true);
    expect(existsSync(at("items.jsonl.gz.manyworlds"))).toBe(false);
    expect((await ask("router", [...args, "--catalogue-store", at("kept")])).item).toBeUndefined();
  });

  it("says that a catalogue is of something else", async () => {
    writeFileSync(at("other.csv"), "label,title\nx,y\n");
    const { item, notes } = await ask("printer", ["--catalogue", at("other.csv")]);
    expect(item).toBeUndefined();
    expect(notes.at(-1)).toMatch(/^none of the model's labels has an item: .* such as "10\d"$/);
  });

  it("does without", async () => {
    expect((await ask("printer", [])).item).toBeUndefined();
  });

  it.each([
    [
      "a row that cannot be used",
      "label,title\n101,x\n102\n",
      [],
      /bad\.csv:3: expected 2 cells, as in the header, got 1/,
    ],
    ["no column for the label", "name\nx\n", [], /bad\.csv:1: expected a column label or id, got columns "name"/],
    [
      "a wrong --catalogue-columns",
      "id,title\n1,x\n",
      ["--catalogue-columns", "titel=x"],
      /expected field=column, .*"titel=x"/,
    ],
  ])("ends with 2 for %s", async (_, contents, args, message) => {
    writeFileSync(at("bad.csv"), contents);
    const { outcome } = startManyworlds(["serve", at("m"), "--port", "0", "--catalogue", at("bad.csv"), ...args]);
    const { code, stderr, stdout } = await outcome;
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
