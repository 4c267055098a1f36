/** @file What happens to input that cannot be used? A complaint with file and line, exit code 2, nothing changed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDirectory, manyworlds, refusal, removeDirectory, succeed, worldDigests } from "./manyworlds-process.js";
import { writeTextRows, writeXcRows } from "./sample-rows.js";

const TINY = ["--worlds", "2", "--buckets", "16", "--hidden", "16", "--epochs", "2"];
let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = createDirectory();
  writeTextRows(at("train.tsv"), { numRows: 300, numLabels: 30, seed: 1 });
  writeXcRows(at("train.xc"), { numRows: 300, numLabels: 30, seed: 1 });
  await succeed(["train", at("train.tsv"), "--model", at("m"), ...TINY]);
  await succeed(["train", at("train.xc"), "--model", at("xc"), ...TINY]);
  mkdirSync(at("folder.tsv"));
});
afterAll(() => removeDirectory(folder));

const latin1 = Buffer.from("a\tgood words here\nb\tna\xefve caf\xe9\n", "latin1");
const longLine = `a\tgood words here\nb\t${"word ".repeat(2 * 2 ** 20)}\n`;
const hidden = gzipSync("a\tgood words here\nno tab\n");

/** Name, extension, content, the line to blame (0: the file as a whole), and what is to be said of it. */
const FAULTS: readonly (readonly [string, string, string | Uint8Array, number, RegExp])[] = [
  [
    "unknown format",
    "txt",
    "some words\nwithout labels\n",
    1,
    /expected a known format, got none; name it \(--format\)/,
  ],
  ["malformed line", "tsv", "a\tgood words\nno tab\n", 2, /expected label,label…<TAB>text, got "no tab"/],
  ["malformed line, compressed", "tsv.gz", hidden, 2, /expected label,label…<TAB>text, got "no tab"/],
  ["malformed feature", "xc", "2 5 3\n1 0:1\n1 seven\n", 3, /expected feature:value, got "seven"/],
  ["label beyond the header", "xc", "2 5 3\n1 0:1\n3 1:1\n", 3, /label ids from 0 to 2.*got 3/],
  ["feature beyond D", "xc", "2 5 3\n1 0:1\n1 5:1\n", 3, /feature ids from 0 to 4.*got 5/],
  ["too few rows", "xc", "3 5 3\n1 0:1\n", 0, /expected 3 rows, as the header says, got 1/],
  ["empty file", "tsv", "", 0, /got an empty file/],
  ["empty document", "tsv", "a\tgood words\nb\t\n", 2, /a text with at least one word/],
  ["10 MB line", "tsv", longLine, 2, /lines of at most 8388608 bytes, got a longer one/],
  ["NaN", "xc", "2 5 3\n1 0:1\n1 2:nan\n", 3, /a finite number .* got "nan"/],
  ["infinity", "xc", "2 5 3\n1 0:1\n1 2:1e39\n", 3, /a finite number .* got "1e39"/],
  ["not UTF-8", "tsv", latin1, 2, /expected UTF-8, got other bytes/],
  ["duplicate features", "xc", "2 5 3\n1 0:1\n1 2:1 2:3\n", 3, /each feature once in a row, got feature 2 twice/],
  ["row without labels", "xc", "2 5 3\n1 0:1\n 2:1\n", 3, /at least one label, got none/],
  ["text without labels", "tsv", "a\tgood words\n\tmore words\n", 2, /at least one label, got none/],
  ["open quote", "csv", 'label,text\na,"good words"\nb,"open\n', 3, /expected a closing quote/],
  ["cut-off gzip", "tsv.gz", hidden.subarray(0, 30), 0, /got one that is cut off/],
  ["binary file", "tsv", Uint8Array.of(97, 9, 0, 1, 2, 10), 0, /bytes of value 0; is it a binary file/],
];

describe("train", () => {
  it.each(FAULTS)("%s (%s)", async (name, extension, content, line, message) => {
    const file = at(`${name.replaceAll(/\W/g, "-")}.${extension}`);
    writeFileSync(file, content);
    const before = worldDigests(at("m"));
    const complaint = await refusal(["train", file, "--model", at("m"), ...TINY, "--overwrite", "--quiet"]);
    expect(complaint.startsWith(`manyworlds: ${file}${line === 0 ? "" : `:${line}`}: `), complaint).toBe(true);
    expect(complaint).toMatch(message);
    expect(worldDigests(at("m"))).toEqual(before);
    expect([at("m.replacement"), at("m.lock")].filter(existsSync)).toEqual([]);
  });

  it.each([
    ["folder.tsv", /expected a file, got a directory/],
    ["absent.tsv", /got nothing of that name; check the path/],
    ["train.tsv/x.tsv", /got nothing of that name; check the path/],
  ])("%s", async (name, message) => {
    const complaint = await refusal(["train", at(name), "--model", at("never")]);
    expect(complaint).toContain(at(name));
    expect(complaint).toMatch(message);
    expect([at("never"), at("never.lock")].filter(existsSync)).toEqual([]);
  });

  it("a file where the model should be, or on the way to it", async () => {
    const before = readFileSync(at("train.tsv"), "utf8");
    expect(await refusal(["train", at("train.xc"), "--model", at("train.tsv")])).toMatch(/found a file/);
    expect(await refusal(["train", at("train.xc"), "--model", at("train.tsv/m")])).toMatch(/in the way|on the way/);
    expect(readFileSync(at("train.tsv"), "utf8")).toBe(before);
  });

  it("files of two kinds", async () => {
    const complaint = await refusal(["train", at("train.tsv"), at("train.xc"), "--model", at("never")]);
    expect(complaint).toMatch(/expected rows of words.*got format xc/);
  });
});

describe("options that make no model", () => {
  it.each([
    [["--hidden", "none", "--output", "sampled"], /a sampled output needs a hidden layer/],
    [["--worlds", "1-2000"], /a count such as 16, at most 1024, or worlds below it/],
  ])("%s leave no model behind", async (args, message) => {
    const { code, stderr, stdout } = await manyworlds(["train", at("train.tsv"), "--model", at("never"), ...args]);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([2, ""]);
    expect([at("never"), at("never.lock")].filter(existsSync)).toEqual([]);
  });

  it("another format than that of the model's data is no way to resume", async () => {
    const args = ["train", at("train.tsv"), "--model", at("m"), "--resume", "--format", "csv"];
    expect(await refusal(args)).toMatch(/this model was trained with --format "tsv", got "csv"/);
  });
});

describe("--skip-bad-rows", () => {
  it("leaves bad rows out, counts and reports them; the worlds are those of the good rows alone", async () => {
    const good = readFileSync(at("train.tsv"), "utf8").split("\n");
    const bad = ["no tab", "\tno label", "label-1\t...", "second without tab"];
    writeFileSync(at("mixed.tsv"), [...good.slice(0, 100), ...bad, ...good.slice(100)].join("\n"));
    const args = ["train", at("mixed.tsv"), "--model", at("mixed"), ...TINY];
    expect(await refusal(args)).toContain("mixed.tsv:101: ");

    const { stdout, progress } = await succeed([...args, "--skip-bad-rows", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ rows: 300, skippedRows: 4 });
    const report = progress.map(({ message }) => message).join("\n");
    expect(report).toMatch(/skipped 2 rows: malformed row \(first at .*mixed\.tsv:101: /);
    expect(report).toMatch(/skipped 1 rows: no labels \(first at .*mixed\.tsv:102: /);
    expect(report).toMatch(/skipped 1 rows: empty document \(first at .*mixed\.tsv:103: /);
    expect(worldDigests(at("mixed"))).toEqual(worldDigests(at("m")));
  });

  it("does not help where every row is bad", async () => {
    writeFileSync(at("hopeless.tsv"), "no tab\nnone here\n");
    const complaint = await refusal(["train", at("hopeless.tsv"), "--model", at("never"), "--skip-bad-rows"]);
    expect(complaint).toMatch(/hopeless\.tsv: expected good rows, got only bad ones/);
  });

  it("keeps a row for each query, and reports the bad ones", async () => {
    writeFileSync(at("queries.tsv"), "x\tword20 word21\nno tab\nx\tword100\n");
    const args = ["predict", at("m"), "--input", at("queries.tsv"), "-k", "2"];
    expect(await refusal(args)).toContain("queries.tsv:2: ");
    const { stdout, progress } = await succeed([...args, "--skip-bad-rows"]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(3);
    expect(progress.map(({ message }) => message).join("\n")).toMatch(/skipped 1 rows: malformed row/);
  });
});

describe("evaluate and predict", () => {
  it("name file and line, and leave no output behind", async () => {
    writeFileSync(at("bad-test.xc"), "2 200 30\n1 0:1\n1 2:inf\n");
    expect(await refusal(["evaluate", at("xc"), at("bad-test.xc")])).toMatch(/bad-test\.xc:3: .*finite number/);
    const args = ["predict", at("xc"), "--input", at("bad-test.xc"), "--output", at("bad.top")];
    expect(await refusal(args)).toMatch(/bad-test\.xc:3: .*finite number/);
    expect(existsSync(at("bad.top"))).toBe(false);
  });

  it.each([
    ["words for a model of numbers", ["predict", "@xc", "some words"], /trained on feature numbers/],
    ["rows of numbers for a model of words", ["evaluate", "@m", "@train.xc"], /expected rows of words.*got format xc/],
    ["a directory for rows", ["predict", "@m", "--input", "@folder.tsv"], /expected a file, got a directory/],
    ["a directory for the output", ["predict", "@m", "x", "--output", "@folder.tsv"], /expected a file, found a dir/],
    ["an output nowhere", ["predict", "@m", "x", "--output", "@absent/top"], /no such file or directory/],
    ["no model", ["predict", "@absent", "x"], /expected a model, found no manifest\.json; train one/],
    ["a file for a model", ["info", "@train.tsv"], /expected the directory of a model, found a file/],
    ["worlds that are not there", ["predict", "@m", "x", "--worlds", "7-9"], /has none of its worlds/],
  ])("%s", async (_, args, message) => {
    expect(await refusal(args.map((arg) => (arg.startsWith("@") ? at(arg.slice(1)) : arg)))).toMatch(message);
  });
});

describe("divergence", () => {
  it("stops that world with the step and the remedy; the others are finished and answer", async () => {
    // One hidden unit: worlds whose weight of the huge feature starts below zero never see it (ReLU), the others do.
    const rows = Array.from({ length: 200 }, (_, i) => `${i % 5} 0:3e37 ${1 + (i % 5)}:1\n`);
    writeFileSync(at("huge.xc"), `200 6 5\n${rows.join("")}`);
    const shape = ["--worlds", "6", "--buckets", "5", "--hidden", "1", "--epochs", "2", "--optimizer", "sgd"];
    const step = ["--batch-size", "256", "--loss", "softmax", "--activation", "relu", "--dropout", "0"];
    const args = [
      "train",
      at("huge.xc"),
      "--model",
      at("huge"),
      ...shape,
      ...step,
      "--scale",
      "none",
      "--learning-rate",
      "1000",
    ];
    const { code, stderr, stdout } = await manyworlds(args);
    expect(stderr).toMatch(
      /^manyworlds: world \d: (the loss|a weight) became (NaN|-?Infinity) at step \d of 2; train again/m,
    );
    expect(stderr).toMatch(/with --overwrite and a smaller --learning-rate \(it was 1000\)/);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect([code, stdout]).toEqual([2, ""]);
    const finished = Object.keys(worldDigests(at("huge")));
    expect(finished.length).toBeGreaterThan(0);
    expect(finished.length).toBeLessThan(6);
    expect((await succeed(["evaluate", at("huge"), at("huge.xc"), "--json"])).stdout).toContain(
      `"worlds":${finished.length}`,
    );
  });

  it.each([
    ["names the step", "100", /^manyworlds: world 0: the loss became (NaN|-?Infinity) at step 2 of 3; /],
    ["is noticed in the last step too, whose loss nobody computes", "300", /: a weight became .* at step 1 of 1; /],
  ])("%s", async (_, batchSize, message) => {
    const shape = ["--worlds", "1", "--epochs", "1", "--batch-size", batchSize, "--optimizer", "sgd"];
    const args = ["train", at("train.tsv"), "--model", at("wild"), ...shape, "--learning-rate", "1e300", "--overwrite"];
    expect(await refusal(args)).toMatch(message);
    expect(worldDigests(at("wild"))).toEqual({});
  });
});
