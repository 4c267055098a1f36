/** @file What becomes of the file after --output? Never one that is read from, or a model's; and a disk that fails ends the program. */
import { linkSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDirectory, refusal, removeDirectory, succeed } from "./manyworlds-process.js";
import { createTinyModels } from "./tiny-models.js";

let folder = "";
const at = (name: string): string => join(folder, name);
/** Answers that fill the stream's buffer many times over. */
const MANY = ["--input", "many.tsv", "-k", "30"];

beforeAll(async () => {
  folder = createDirectory();
  await createTinyModels(folder);
  const rows = readFileSync(at("test.tsv"), "utf8");
  writeFileSync(at("many.tsv"), rows.repeat(60));
  writeFileSync(at("vectors.txt"), "red 1 2 3\nblue 3 2 1\ngreen 1 3 2\n");
  writeFileSync(at("text.txt"), "red green blue red green blue\n".repeat(50));
});
afterAll(() => removeDirectory(folder));

describe("predict --output", () => {
  it("in a folder that is not there: refused, and the program ends", async () => {
    const complaint = await refusal(["predict", "m", ...MANY, "--output", "nowhere/top.tsv"], { cwd: folder });
    expect(complaint).toMatch(/^manyworlds: nowhere\/top\.tsv: could not be written: no such file or directory/);
  });

  it.skipIf(process.platform !== "linux")("on a full disk, with answers still to come: the program ends", async () => {
    const complaint = await refusal(["predict", "m", ...MANY, "--output", "/dev/full"], { cwd: folder });
    expect(complaint).toMatch(/^manyworlds: \/dev\/full: could not be written: the disk is full; free some space/);
  });

  it.skipIf(process.platform !== "linux")("writes to a device as it is", async () => {
    await succeed(["predict", "m", "word20", "--output", "/dev/null"], { cwd: folder });
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
    expect(readdirSync("/dev").filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("is no directory: refused before anything is ranked", async () => {
    const complaint = await refusal(["predict", "m", ...MANY, "--output", "m"], { cwd: folder });
    expect(complaint).toMatch(/m: could not be written: expected a file, found a directory; name a file in it/);
  });
});

describe("an output that is an input", () => {
  it.each([
    ["predict", "m", "--input", "test.tsv", "--output", "test.tsv"],
    ["predict", "m", "--input", "./test.tsv", "--output", "hard-link.tsv"],
    ["predict", "m", "word20", "--only", "labels.txt", "--output", "link.txt"],
    ["embed", "train", "text.txt", "--output", "text.txt", "--overwrite"],
    ["embed", "project", "vectors.txt", "--output", "vectors.txt", "--overwrite"],
    ["embed", "phrases", "text.txt", "--output", "./text.txt", "--overwrite"],
  ])("%s %s: refused, and as it was", async (...args) => {
    writeFileSync(at("labels.txt"), "label-4\n");
    if (args.includes("hard-link.tsv")) linkSync(at("test.tsv"), at("hard-link.tsv"));
    if (args.includes("link.txt")) symlinkSync(at("labels.txt"), at("link.txt"));
    const files = ["test.tsv", "labels.txt", "text.txt", "vectors.txt"];
    const before = files.map((name) => readFileSync(at(name), "utf8"));
    expect(await refusal(args, { cwd: folder })).toMatch(/expected --output other than the inputs, got .*another name/);
    expect(files.map((name) => readFileSync(at(name), "utf8"))).toEqual(before);
  });

  it.each([
    ["predict", "m", "word20", "--output", "m/manifest.json"],
    ["predict", "m", "word20", "--output", "current/labels.bin"],
    ["predict", "m", "word20", "--output", "m/worlds/world-000.safetensors"],
    ["embed", "train", "text.txt", "--output", "m/vectorizer.json", "--overwrite"],
  ])("%s %s: no file of a model is replaced", async (...args) => {
    if (args.includes("current/labels.bin")) symlinkSync("m", at("current"));
    expect(await refusal(args, { cwd: folder })).toMatch(
      /expected --output other than a model's own files, got .*; give/,
    );
    await succeed(["predict", "m", "word20", "--output", "m/top.tsv"], { cwd: folder });
  });

  it.skipIf(process.platform !== "linux")("nor is a device replaced by vectors", async () => {
    const complaint = await refusal(["embed", "train", at("text.txt"), "--output", "/dev/null", "--overwrite"]);
    expect(complaint).toMatch(/expected --output <file>, got a device or a pipe, \/dev\/null; name a file/);
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });
});
