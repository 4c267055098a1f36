/** @file Do threads that share a text see what one thread sees? On the built package, since worker threads need it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { EncodedCorpus } from "../../src/embeddings/index.js";
import { ROOT } from "./manyworlds-process.js";

const built = pathToFileURL(join(ROOT, "dist/src/embeddings/index.js")).href;
const { countWords, encodeCorpus } = (await import(built)) as typeof import("../../src/embeddings/index.js");

let folder = "";
let path = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "manyworlds-test-"));
  path = join(folder, "text");
  const rng = new Rng(5);
  const words = Array.from({ length: 600_000 }, () => `w${Math.floor(1000 * rng.nextFloat() ** 3)}`);
  writeFileSync(path, words.map((word, i) => word + (i % 97 === 0 ? "\n" : " ")).join(""));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function idsOf(corpus: EncodedCorpus): number[] {
  const ids = new Uint32Array(corpus.numIds);
  const reader = corpus.open();
  expect(reader.readInto(ids)).toBe(corpus.numIds);
  reader.close();
  return [...ids];
}

it("the vocabulary and the ids are the same with one thread and with three", async () => {
  const [one, three] = [await countWords([path]), await countWords([path], { numThreads: 3 })];
  expect(three.parts).toEqual(one.parts);
  const [a, b] = [
    await encodeCorpus([path], one, { directory: folder }),
    await encodeCorpus([path], one, { directory: folder, numThreads: 3 }),
  ];
  expect(b.parts.length).toBe(2); // 2.9 MB, parts of at least 1 MiB
  expect(b.numTokens).toBe(a.numTokens);
  expect(idsOf(b)).toEqual(idsOf(a));
  a.dispose();
  b.dispose();
});

it("a file that fails in a thread fails the whole, with its name", async () => {
  const bad = join(folder, "bad");
  writeFileSync(bad, "some text and then a zero byte\0");
  await expect(countWords([path, bad], { numThreads: 2 })).rejects.toThrow(/bad: expected text .* got binary data/);
});
