/** @file What becomes of a model whose files were deleted, cut off, changed or written by a later version? */
import { copyFileSync, cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDirectory, manyworlds, refusal, removeDirectory, succeed, worldDigests } from "./manyworlds-process.js";
import { writeTextRows, writeXcRows } from "./sample-rows.js";

const TINY = ["--worlds", "3", "--buckets", "16", "--hidden", "16", "--epochs", "4"];
let folder = "";
let whole: Record<string, string> = {};
let numModels = 0;
const at = (name: string): string => join(folder, name);
const query = (model: string): string[] => ["predict", model, "word20 word21", "-k", "3"];
const resume = (model: string, ...args: string[]): string[] => {
  return ["train", at("train.tsv"), "--model", model, "--resume", ...args];
};
const world = (model: string, number: number): string => join(model, `worlds/world-00${number}.safetensors`);

beforeAll(async () => {
  folder = createDirectory();
  writeTextRows(at("train.tsv"), { numRows: 600, numLabels: 30, seed: 1 });
  writeTextRows(at("other.tsv"), { numRows: 600, numLabels: 40, seed: 2 });
  await succeed(["train", at("train.tsv"), "--model", at("sound"), ...TINY]);
  whole = worldDigests(at("sound"));
});
afterAll(() => removeDirectory(folder));

/** A copy of the sound model, to be damaged. */
function copyModel(): string {
  const model = at(`m${numModels++}`);
  cpSync(at("sound"), model, { recursive: true });
  return model;
}

/** Flips one bit in the middle of a file. */
function flipBit(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(file, bytes);
}

describe("a world that is missing", () => {
  it("is noted; the others answer; --resume restores its bytes and trains no other", async () => {
    const model = copyModel();
    rmSync(world(model, 1));
    for (const args of [query(model), ["evaluate", model, at("train.tsv")]]) {
      const { stdout, progress } = await succeed(args);
      expect(stdout).not.toBe("");
      const notes = progress.filter(({ event }) => event === "note").map(({ message }) => message);
      expect(notes).toContainEqual("world 1 is missing; the other 2 answer");
    }
    expect((await succeed(["info", model])).stdout).toContain("missing: 1");
    const { stdout } = await succeed(resume(model, "--json"));
    expect(JSON.parse(stdout)).toMatchObject({ trainedWorlds: [1], keptWorlds: [0, 2] });
    expect(worldDigests(model)).toEqual(whole);
  });

  it("is an error only when no other is left", async () => {
    const model = copyModel();
    for (const number of [0, 1, 2]) rmSync(world(model, number));
    expect(await refusal(query(model))).toMatch(/none of its worlds.*train with --resume/);
  });
});

describe("a world that is damaged", () => {
  it.each([
    ["truncated", (file: string) => truncateSync(file, 1000)],
    ["emptied", (file: string) => truncateSync(file, 0)],
    ["tampered with", flipBit],
    ["that of another number", (file: string) => copyFileSync(file.replace("001", "002"), file)],
  ])("%s: refused with file and remedy; --resume rebuilds it", async (_, damage) => {
    const model = copyModel();
    damage(world(model, 1));
    const complaint = await refusal(query(model));
    expect(complaint).toContain(world(model, 1));
    expect(complaint).toMatch(/--resume to rebuild world 1/);
    const { code, stdout } = await manyworlds(["info", model, "--verify"]);
    expect(stdout).toContain("damaged: 1");
    expect(code).toBe(2);
    await succeed(resume(model, "--quiet"));
    expect(worldDigests(model)).toEqual(whole);
  });
});

describe("other files", () => {
  it("a damaged checkpoint: refused by name; without it --resume trains the world from its beginning", async () => {
    const model = copyModel();
    rmSync(world(model, 1));
    const checkpoint = join(model, "worlds/world-001.partial.safetensors");
    copyFileSync(world(model, 0), checkpoint);
    expect(await refusal(resume(model, "--quiet"))).toMatch(/world-001\.partial\.safetensors: .*delete this file/);
    rmSync(checkpoint);
    await succeed(resume(model, "--quiet"));
    expect(worldDigests(model)).toEqual(whole);
  });

  it.each(["vectorizer.json", "labels.bin"])("%s changed: refused by name", async (name) => {
    const model = copyModel();
    flipBit(join(model, name));
    expect(await refusal(query(model))).toContain(join(model, name));
    expect(await refusal(resume(model))).toContain(join(model, name));
    expect(worldDigests(model)).toEqual(whole);
  });

  it("manifest.json cut off, or missing: refused by name", async () => {
    const model = copyModel();
    truncateSync(join(model, "manifest.json"), 500);
    expect(await refusal(query(model))).toMatch(/manifest\.json: expected JSON.*restore the file or train again/);
    rmSync(join(model, "manifest.json"));
    expect(await refusal(query(model))).toMatch(/expected a model, found no manifest\.json/);
  });

  it("a newer format version: refused by every command, with the remedy", async () => {
    const model = copyModel();
    const manifest = readFileSync(join(model, "manifest.json"), "utf8");
    writeFileSync(join(model, "manifest.json"), manifest.replace(/"formatVersion": \d+/, '"formatVersion": 999'));
    for (const args of [query(model), ["evaluate", model, at("train.tsv")], ["info", model], resume(model)]) {
      expect(await refusal(args)).toMatch(/format version 999 is newer than \d+.*upgrade manyworlds/);
    }
    expect(worldDigests(model)).toEqual(whole);
  });
});

describe("--resume", () => {
  it.each([
    ["--buckets", "20", /--buckets 16, got 20/],
    ["--hidden", "8", /hidden \[16\], got \[8\]/],
    ["--seed", "2", /seed 1, got 2/],
    ["--epochs", "5", /epochs 4, got 5/],
    ["--word-ngrams", "1", /--word-ngrams 2, got 1/],
    ["--char-ngrams", "none", /--char-ngrams \[3,4\], got null/],
  ])("names the option that differs: %s %s", async (flag, value, message) => {
    const complaint = await refusal(resume(at("sound"), flag, value));
    expect(complaint).toMatch(message);
    expect(complaint).toMatch(/leave the option out to resume, or use --overwrite/);
    expect(worldDigests(at("sound"))).toEqual(whole);
  });

  it("accepts the same options again", async () => {
    const { stdout } = await succeed(resume(at("sound"), ...TINY, "--word-ngrams", "2", "--json"));
    expect(JSON.parse(stdout)).toMatchObject({ trainedWorlds: [], keptWorlds: [0, 1, 2] });
  });

  it("takes rows of numbers as the model did", async () => {
    writeXcRows(at("rows.xc"), { numRows: 300, numLabels: 30, seed: 1 });
    const train = ["train", at("rows.xc"), "--model", at("plain"), "--buckets", "16", "--epochs", "1", "--worlds", "1"];
    await succeed([...train, "--scale", "none"]);
    await succeed(["train", at("rows.xc"), "--model", at("plain"), "--resume", "--worlds", "2"]);
    await succeed(["train", at("rows.xc"), "--model", at("scaled"), "--worlds", "1", "--epochs", "1"]);
    const complaint = await refusal(["train", at("rows.xc"), "--model", at("scaled"), "--resume", "--scale", "none"]);
    expect(complaint).toMatch(/--scale "l2", got "none"/);
  });

  it("says when the data are others, even where their rows could not be used", async () => {
    const complaint = await refusal(["train", at("other.tsv"), "--model", at("sound"), "--resume"]);
    expect(complaint).toMatch(/was trained on other data than .*other\.tsv; give the same files/);
  });
});

describe("--overwrite", () => {
  it("with bad input leaves the old model as it was", async () => {
    const model = copyModel();
    const answer = (await succeed(query(model))).stdout;
    writeFileSync(at("bad.tsv"), "a\tgood row\nno tab here\n");
    expect(await refusal(["train", at("bad.tsv"), "--model", model, "--overwrite"])).toContain("bad.tsv:2: ");
    expect(worldDigests(model)).toEqual(whole);
    expect((await succeed(query(model))).stdout).toBe(answer);
    expect(existsSync(`${model}.replacement`)).toBe(false);
  });

  it("does not remove files that are no part of a model", async () => {
    const model = copyModel();
    writeFileSync(join(model, "notes.txt"), "mine");
    const complaint = await refusal(["train", at("train.tsv"), "--model", model, ...TINY, "--overwrite"]);
    expect(complaint).toMatch(/found notes\.txt; replacing the model would delete it/);
    expect(readFileSync(join(model, "notes.txt"), "utf8")).toBe("mine");
  });

  it("replaces the model, and does nothing else to its surroundings", async () => {
    const model = copyModel();
    await succeed(["train", at("other.tsv"), "--model", model, ...TINY, "--overwrite", "--quiet"]);
    expect(Object.values(worldDigests(model))).toHaveLength(3);
    expect(Object.values(worldDigests(model))).not.toEqual(Object.values(whole));
    expect([`${model}.replacement`, `${model}.replaced`, `${model}.lock`].filter(existsSync)).toEqual([]);
  });
});
