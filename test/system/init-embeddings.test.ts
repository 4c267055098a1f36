/** @file manyworlds train --init-embeddings: worlds that start from word vectors, from the command line. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDirectory, refusal, removeDirectory, succeed, worldDigests } from "./manyworlds-process.js";

const TOPICS = ["boat", "train", "plane", "horse"];
/** Words that mean a topic; rows teach the first of each only in company of `is`. */
const WORDS = TOPICS.map((topic) => Array.from({ length: 12 }, (_, i) => `${topic}${i}`));
let folder = "";
const at = (name: string): string => join(folder, name);
const SHAPE = ["--worlds", "2", "--buckets", "4", "--hidden", "64", "--epochs", "4", "--quiet"];
const WORD_FEATURES = ["--word-ngrams", "2", "--char-ngrams", "none", "--min-df", "1"];

beforeAll(() => {
  folder = createDirectory();
  const rows = TOPICS.flatMap((topic, t) => WORDS[t].map((word) => `${topic}\tis ${word}\n`));
  writeFileSync(at("rows.tsv"), rows.join(""));
  // Vectors of 5 numbers: one for each topic, and one that all words have in common.
  const vector = (t: number, i: number): string =>
    [5, ...TOPICS.map((_, j) => (j === t ? 1 : 0) + ((i * 7 + j * 3) % 5) / 20)].join(" ");
  const vectors = WORDS.flatMap((words, t) => words.map((word, i) => `${word} ${vector(t, i)}`));
  writeFileSync(at("vectors.txt"), `${vectors.length} 5\n${vectors.join("\n")}\n`);
});
afterAll(() => removeDirectory(folder));

let numModels = 0;
async function train(more: string[] = []) {
  const model = at(`m${numModels++}`);
  const args = ["train", at("rows.tsv"), "--model", model, ...SHAPE, ...WORD_FEATURES, ...more];
  const { stdout } = await succeed([...args, "--json"]);
  return { model, args, summary: JSON.parse(stdout) };
}

describe("train --init-embeddings", () => {
  const vectors = (): string[] => ["--init-embeddings", at("vectors.txt")];

  it("starts words, and runs of words that all have vectors, from them; says so; gives the same bytes again", async () => {
    const { model, summary } = await train(vectors());
    // 48 words have vectors; "is" and the 48 runs "is word" have none.
    expect(summary.features).toBe(97);
    expect(summary.initEmbeddings).toMatchObject({ numFeatures: 48, numWords: 48, dimension: 5 });
    const manifest = JSON.parse(readFileSync(join(model, "manifest.json"), "utf8"));
    expect(manifest.training.initEmbeddings.sha256).toMatch(/^[0-9a-f]{64}$/);
    const [again, random] = [await train(vectors()), await train()];
    expect(worldDigests(again.model)).toEqual(worldDigests(model));
    expect(worldDigests(random.model)).not.toEqual(worldDigests(model));
    expect(random.summary.initEmbeddings).toBeUndefined();
  });

  it("begins nearer to the goal: words of a topic stand together before the first step", async () => {
    const pace = ["--epochs", "1", "--batch-size", "48", "--learning-rate", "0.02", "--input-rate-scale", "0.001"];
    const hits = async (more: string[]): Promise<number> => {
      const { model } = await train([...pace, ...more]);
      const { stdout } = await succeed(["evaluate", model, at("rows.tsv"), "--json"]);
      return JSON.parse(stdout)["p@1"] as number;
    };
    expect(await hits(vectors())).toBeGreaterThan(await hits([]));
  });

  it("resumes with the same file alone", async () => {
    const { model, args } = await train(vectors());
    const wider = args.map((arg, i) => (args[i - 1] === "--worlds" ? "3" : arg));
    await succeed([...wider, "--resume"]);
    const { model: whole } = await train([...vectors(), "--worlds", "3"]);
    expect(worldDigests(model)).toEqual(worldDigests(whole));
    const without = wider.filter((arg, i) => arg !== "--init-embeddings" && wider[i - 1] !== "--init-embeddings");
    expect(await refusal([...without, "--resume"])).toMatch(
      /expected --init-embeddings as the model was begun with, a file of SHA-256 .*, got none/,
    );
    const manifest = readFileSync(join(model, "manifest.json"));
    const more = without.map((arg, i) => (without[i - 1] === "--worlds" ? "5" : arg));
    await refusal([...more, "--resume"]);
    expect(readFileSync(join(model, "manifest.json"))).toEqual(manifest);
    const { args: random } = await train();
    expect(await refusal([...random, ...vectors(), "--resume"])).toMatch(/begun with, none, got a file of SHA-256/);
  });

  it("goes with strategies", async () => {
    const sequential = await train(vectors());
    const parallel = await train([...vectors(), "--strategy", "model-parallel"]);
    expect(worldDigests(parallel.model)).toEqual(worldDigests(sequential.model));
  });

  it("refuses files without vectors, without a known word, and models without words", async () => {
    writeFileSync(at("other.txt"), "1 2\nzebra 1 0\n");
    const run = (file: string, more: string[] = []) =>
      refusal(["train", at("rows.tsv"), "--model", at("none"), ...SHAPE, ...more, "--init-embeddings", at(file)]);
    expect(await run("other.txt")).toMatch(/none of its 1 words is one of the rows'/);
    expect(await run("rows.tsv")).toMatch(/rows\.tsv/);
    expect(await run("absent.bin")).toMatch(/absent\.bin/);
    expect(await run("vectors.txt", ["--hash-bits", "8"])).toMatch(/features are words, got hashed features/);
    writeFileSync(at("rows.xc"), "2 3 2\n0 0:1 2:1\n1 1:1\n");
    const numbers = refusal(["train", at("rows.xc"), "--model", at("none"), "--init-embeddings", at("vectors.txt")]);
    expect(await numbers).toMatch(/features are words, got one of feature numbers/);
  });
});
