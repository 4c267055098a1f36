/** @file manyworlds embed phrases in this process: what its options do, what it prints, what it refuses. */
import { linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { createProgram } from "../../src/cli/program.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";

const TEXT = `${"we saw new york city and san jose\n".repeat(20)}${"a new city a york jose and we saw san\n".repeat(20)}`;

async function run(args: readonly string[], signal = new AbortController().signal) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const streams = { stdout, stderr } as unknown as { stdout: NodeJS.WriteStream; stderr: NodeJS.WriteStream };
  const line = ["embed", "phrases", ...args];
  await (await createProgram({ signal, ...streams }, line)).parseAsync(line, { from: "user" });
  const textOf = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? "";
  return { stdout: textOf(stdout), stderr: textOf(stderr) };
}

/** A folder with the text in it, and what is there at the end. */
function workplace() {
  const folder = temporaryDirectory();
  const at = (name: string): string => join(folder, name);
  writeFileSync(at("text"), TEXT);
  return { at, names: () => readdirSync(folder).sort() };
}

it("writes the text and prints one JSON object", async () => {
  const { at, names } = workplace();
  writeFileSync(at("text.gz"), gzipSync(TEXT));
  const flags = ["-o", at("out"), "--threshold", "8,5", "--min-count", "2", "--max-distinct", "1000"];
  const { stdout, stderr } = await run([at("text"), at("text.gz"), ...flags, "--json"]);
  const summary = JSON.parse(stdout);
  const bytes = readFileSync(at("out"));
  const text = bytes.toString();
  expect(text.split("\n")).toHaveLength(81);
  expect(text.replaceAll("_", " ")).toBe(TEXT + TEXT);
  expect(summary).toMatchObject({
    ...{ output: at("out"), bytes: bytes.length, tokens: 720, joined: text.split("_").length - 1 },
    options: { threshold: [8, 5], minCount: 2, maxDistinct: 1000 },
  });
  expect(summary.passes.map(({ threshold }: { threshold: number }) => threshold)).toEqual([8, 5]);
  expect(summary.joined).toBe(summary.passes[0].joined + summary.passes[1].joined);
  expect(summary.seconds).toBeGreaterThan(0);
  const jobs = stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(new Set(jobs.map(({ job }) => job))).toEqual(new Set(["counting 1/2", "counting 2/2", "joining"]));
  expect(names()).toEqual(["out", "text", "text.gz"]);
});

it("prints what it did, with the phrases joined most often", async () => {
  const { at } = workplace();
  const { stdout, stderr } = await run([
    at("text"),
    "-o",
    at("out"),
    "--threshold",
    "3",
    "--min-count",
    "1",
    "--quiet",
  ]);
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^words +360 read, \d+ written$/m);
  expect(stdout).toMatch(/^phrases +score above 3: \d+ phrases, joined 180 times: we_saw 20, new_york 20, .*, …$/m);
  const none = await run([at("text"), "-o", at("none"), "--quiet"]);
  expect(none.stdout).toMatch(/^phrases +score above 100: 0 phrases, joined 0 times; a lower --threshold finds more$/m);
  expect(readFileSync(at("none"), "utf8")).toBe(TEXT);
});

it("replaces an output when told, an input never", async () => {
  const { at, names } = workplace();
  writeFileSync(at("out"), "old");
  await expect(run([at("text"), "-o", at("out")])).rejects.toThrow(/out is there already; give another --output/);
  expect(readFileSync(at("out"), "utf8")).toBe("old");
  await run([at("text"), "-o", at("out"), "--overwrite", "--quiet"]);
  expect(readFileSync(at("out"), "utf8")).toBe(TEXT);
  linkSync(at("text"), at("hard"));
  symlinkSync(at("text"), at("soft"));
  for (const name of ["text", "hard", "soft"]) {
    await expect(run([at("out"), at("text"), "-o", at(name), "--overwrite"])).rejects.toThrow(
      /embed phrases: expected --output other than the inputs, got .*text; give another name/,
    );
  }
  expect(readFileSync(at("text"), "utf8")).toBe(TEXT);
  expect(names()).toEqual(["hard", "out", "soft", "text"]);
});

it("refuses what makes no sense, before it reads", async () => {
  const { at, names } = workplace();
  mkdirSync(at("folder"));
  const text = at("text");
  const refusals: [string[], RegExp][] = [
    [[text], /embed phrases: expected --output <file>/],
    [
      [text, "-o", at("folder"), "--overwrite"],
      /expected --output <file>, got a directory, .*folder; name a file in it/,
    ],
    [[text, "-o", at("no/out")], /no such file or directory/],
    [[text, "-o", at("out.gz")], /expected --output without \.gz/],
    [[at("absent"), "-o", at("out")], /absent: expected a file/],
    [[at("folder"), "-o", at("out")], /folder: expected a file, got a directory/],
    [[text, "-o", at("out"), "--threshold", "-1"], /Expected numbers of at least 0 separated by commas, got "-1"/],
    [[text, "-o", at("out"), "--threshold", "200,"], /numbers of at least 0 separated by commas, got "200,"/],
    [[text, "-o", at("out"), "--threshold", "many"], /got "many"/],
    [[text, "-o", at("out"), "--min-count", "0"], /integer of at least 1, got "0"/],
    [[text, "-o", at("out"), "--max-distinct", "0"], /integer of at least 1, got "0"/],
  ];
  for (const [args, message] of refusals) await expect(run(args), args.join(" ")).rejects.toThrow(message);
  writeFileSync(at("blank"), " \n\n");
  await expect(run([at("blank"), "-o", at("out")])).rejects.toThrow(/expected words in the text, got none; is .*blank/);
  writeFileSync(at("binary"), "a\0b");
  await expect(run([at("binary"), "-o", at("out")])).rejects.toThrow(/binary: expected text .* got binary data/);
  expect(names()).toEqual(["binary", "blank", "folder", "text"]);
});

it("stops when interrupted and leaves nothing", async () => {
  const { at, names } = workplace();
  await expect(run([at("text"), "-o", at("out")], AbortSignal.abort())).rejects.toMatchObject({ exitCode: 130 });
  expect(names()).toEqual(["text"]);
});
