/** @file Is a user told what was left out, what is damaged, and which model a message means? With --quiet too. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDirectory, manyworlds, refusal, removeDirectory, succeed, worldDigests } from "./manyworlds-process.js";
import { createTinyModels } from "./tiny-models.js";

const SMALL = ["--worlds", "2", "--buckets", "16", "--hidden", "16", "--epochs", "2"];
let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = createDirectory();
  await createTinyModels(folder);
});
afterAll(() => removeDirectory(folder));

describe("rows that do not count", () => {
  it("are in the summary of train, which --quiet leaves", async () => {
    writeFileSync(at("holes.tsv"), `no tab\n${readFileSync(at("test.tsv"), "utf8")}\tno label\nno tab\n`);
    const args = ["train", "holes.tsv", "--model", "holes", ...SMALL, "--skip-bad-rows", "--quiet"];
    const { stdout, stderr } = await succeed(args, { cwd: folder });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^skipped +2 rows: malformed row \(first at holes\.tsv:1\)$/m);
    expect(stdout).toMatch(/^skipped +1 rows: no labels \(first at holes\.tsv:202\)$/m);
  });

  it("are counted by evaluate: without labels, without a known word", async () => {
    writeFileSync(at("odd.tsv"), "label-4\tword20 word21\n\tword20\nlabel-4\txyzzy\nunheard-of\tword20\n");
    const { stdout, progress } = await succeed(["evaluate", "m", "odd.tsv", "--json"], { cwd: folder });
    expect(JSON.parse(stdout)).toMatchObject({
      rows: 4,
      skippedRows: 0,
      rowsWithoutLabels: 1,
      rowsWithoutFeatures: 1,
      unknownLabels: 1,
    });
    const notes = progress.filter(({ event }) => event === "note").map(({ message }) => message);
    expect(notes).toEqual([
      "rows without labels: 1; in P@k and nDCG@k they are rows without a hit",
      "labels that the model does not know: 1 of 3; it cannot find them",
      "rows without a known word: 1; they are ranked by frequency alone",
    ]);
  });

  it("are of queries typed without a known word", async () => {
    const { progress } = await succeed(["predict", "m", "word20", "", "xyzzy"], { cwd: folder });
    expect(progress.map(({ message }) => message)).toEqual([
      "queries without a known word: 2; they are ranked by frequency alone",
    ]);
  });

  it("are of features where the model knows no words", async () => {
    writeFileSync(at("queries.txt"), "1:1 2:1\n\n");
    const { progress } = await succeed(["predict", "xc", "--input", "queries.txt"], { cwd: folder });
    expect(progress.map(({ message }) => message)).toContainEqual(
      "queries without a known feature: 1; they are ranked by frequency alone",
    );
  });
});

describe("progress", () => {
  it.skipIf(process.platform === "win32")("of a pipe, which has no size, is a share all the same", () => {
    const command = `cat train.tsv | "$0" "$1" predict m --input /dev/stdin -k 1`;
    const main = new URL("../../dist/src/cli/main.js", import.meta.url).pathname;
    const { stderr, status } = spawnSync("sh", ["-c", command, process.execPath, main], { cwd: folder });
    const lines = String(stderr)
      .split("\n")
      .filter((line) => line.startsWith("{"));
    const fractions = lines.map((line) => (JSON.parse(line) as { fraction?: number }).fraction ?? 0);
    expect([status, lines.length > 0, Math.max(...fractions)]).toEqual([0, true, 1]);
  });
});

describe("info", () => {
  it("sees by its size that a world is cut off, names it, and says what to do", async () => {
    await succeed(["train", "test.tsv", "--model", "cut", ...SMALL], { cwd: folder });
    expect((await succeed(["info", "cut"], { cwd: folder })).stdout).toContain("all present");
    truncateSync(at("cut/worlds/world-001.safetensors"), 1000);
    const { code, stdout, stderr } = await manyworlds(["info", "cut"], { cwd: folder });
    expect([code, stdout]).toEqual([2, expect.stringContaining("present: 0; damaged: 1")]);
    expect(stderr).toBe(
      "manyworlds: cut: damaged: worlds/world-001.safetensors; train again with --resume to rebuild, or delete to answer without\n",
    );
  });
});

describe("info, of the files beside the worlds", () => {
  it.each([
    ["cut off", ["info", "beside"], (path: string) => truncateSync(path, 10)],
    ["changed", ["info", "beside", "--verify"], (path: string) => flipLastByte(path)],
    ["missing", ["info", "beside"], (path: string) => rmSync(path)],
  ])("%s: named, with what to do", async (_, args, damage) => {
    rmSync(at("beside"), { recursive: true, force: true });
    cpSync(at("m"), at("beside"), { recursive: true });
    expect((await succeed(["info", "beside", "--verify"], { cwd: folder })).stderr).toBe("");
    damage(at("beside/labels.bin"));
    const { code, stderr } = await manyworlds(args, { cwd: folder });
    expect(stderr).toBe(
      "manyworlds: beside: missing or damaged: labels.bin; restore, or train again with --overwrite\n",
    );
    expect(code).toBe(2);
  });
});

describe("a loss that no window was measured for", () => {
  it("is said to be none, not NaN", async () => {
    writeFileSync(at("tiny.txt"), "a b c\n".repeat(100));
    const args = ["embed", "train", "tiny.txt", "--output", "tiny.bin", "--iterations", "1", "--quiet"];
    const { stdout } = await succeed([...args, "--sample", "0.000001", "--threads", "1"], { cwd: folder });
    expect(stdout).toMatch(/^loss +not measured in the first iteration, not measured in the last$/m);
  });
});

describe("train, from a program", () => {
  it("refuses an option that does not exist, and leaves nothing", async () => {
    const { trainModel } = await import("../../dist/src/index.js");
    const request = { inputs: [at("test.tsv")], modelPath: at("none"), numThreads: 1, writtenBy: "a test" };
    const options = { epochs: 1, bukets: 16 } as object;
    await expect(trainModel({ ...request, options })).rejects.toThrow(/train: .*numBuckets.*got bukets/);
    expect(existsSync(at("none"))).toBe(false);
  });
});

/** Leaves the size as it was. */
function flipLastByte(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] ^= 1;
  writeFileSync(path, bytes);
}

describe("a replacement that was not finished", () => {
  it("is what --resume goes on with: said so, and how to go on with the model itself", async () => {
    const train = (...args: string[]): string[] => ["train", "test.tsv", "--model", "good", ...args];
    await succeed(train(...SMALL), { cwd: folder });
    const before = worldDigests(at("good"));
    expect(
      await refusal(train(...SMALL, "--overwrite", "--learning-rate", "1e30", "--hidden", "17"), {
        cwd: folder,
      }),
    ).toMatch(/became NaN/);
    const complaint = await refusal(train("--resume", "--hidden", "16"), { cwd: folder });
    expect(complaint).toContain(
      `${at("good.replacement")}, begun to replace good: this model was trained with --hidden [17]`,
    );
    const { progress } = await manyworlds(train("--resume"), { cwd: folder });
    expect(progress.map(({ message }) => message)).toContainEqual(
      `good: going on with its unfinished replacement; remove ${at("good.replacement")} to go on with the model itself`,
    );
    expect(worldDigests(at("good"))).toEqual(before);
  });
});
