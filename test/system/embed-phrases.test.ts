/** @file From text to the vector of a phrase, as a user's shell runs it. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { createDirectory, refusal, removeDirectory, startManyworlds, succeed } from "./manyworlds-process.js";

let folder: string;
const at = (name: string): string => join(folder, name);

/** Sentences about towns, and about drinks: `new york` is a town, `new` alone and `york` alone are anywhere. */
function text(numSentences: number): string {
  const rng = new Rng(3);
  const kinds = [
    ["boston", "chicago", "new york", "town", "street", "harbour", "mayor"],
    ["tea", "coffee", "milk", "juice", "cup", "sugar", "breakfast"],
  ];
  const common = ["the", "a", "and", "with", "new", "york"];
  const lines = Array.from({ length: numSentences }, () => {
    const kind = kinds[rng.nextBelow(2)];
    const word = (): string => {
      const draw = rng.nextBelow(20);
      return draw === 0 ? common[4 + rng.nextBelow(2)] : draw < 5 ? common[rng.nextBelow(4)] : kind[rng.nextBelow(7)];
    };
    return Array.from({ length: 9 }, word).join(" ");
  });
  return `${lines.join("\n")}\n`;
}

beforeAll(() => {
  folder = createDirectory();
  writeFileSync(at("text.gz"), gzipSync(text(4000)));
});
afterAll(() => removeDirectory(folder));

it("a phrase gets a vector, near those of its kind", async () => {
  const joining = await succeed(["embed", "phrases", at("text.gz"), "-o", at("joined"), "--threshold", "8", "--json"]);
  const summary = JSON.parse(joining.stdout);
  expect(summary.passes[0]).toMatchObject({ phrases: 1, frequent: [{ phrase: "new_york", count: summary.joined }] });
  expect(readFileSync(at("joined"), "utf8").match(/new_york/g)).toHaveLength(summary.joined);
  expect(joining.progress.filter(({ event }) => event === "finished").map(({ job }) => job)).toEqual(["counting"]);
  const flags = [
    "--dimension",
    "8",
    "--iterations",
    "20",
    "--threads",
    "1",
    "--learning-rate",
    "0.05",
    "--sample",
    "0.01",
  ];
  await succeed(["embed", "train", at("joined"), "-o", at("vectors.bin"), ...flags, "--quiet"]);
  const { stdout } = await succeed(["embed", "nearest", at("vectors.bin"), "new_york", "-k", "6", "--json"]);
  const words = JSON.parse(stdout).neighbors.map(({ word }: { word: string }) => word);
  expect(words.sort()).toEqual(["boston", "chicago", "harbour", "mayor", "street", "town"]);
});

it("stops on a signal with 130, and leaves no file", async () => {
  const thresholds = Array.from({ length: 2000 }, () => "50").join(",");
  const { child, outcome } = startManyworlds([
    ...["embed", "phrases", at("text.gz"), "-o", at("never"), "--threshold", thresholds],
  ]);
  await new Promise<void>((resolve) => {
    child.stderr?.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes('"counting 2/2000"')) resolve();
    });
  });
  child.kill("SIGINT");
  expect(await outcome).toMatchObject({ code: 130, stdout: "" });
  expect(existsSync(at("never"))).toBe(false);
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
});

it("help has an example; what is wrong is one line and exit code 2", async () => {
  expect((await succeed(["embed", "--help"])).stdout).toMatch(/^ +phrases /m);
  const help = (await succeed(["embed", "phrases", "--help"])).stdout;
  expect(help).toContain("$ manyworlds embed phrases text.txt.gz --output joined.txt");
  expect(help.replaceAll(/\s+/g, " ")).toContain("(default: 100)");
  expect(await refusal(["embed", "phrases", at("text.gz"), "-o", at("text.gz"), "--overwrite"])).toMatch(
    /other than the inputs/,
  );
  writeFileSync(at("cut.gz"), readFileSync(at("text.gz")).subarray(0, 5000));
  expect(await refusal(["embed", "phrases", at("cut.gz"), "-o", at("out"), "--quiet"])).toMatch(/cut off/);
  expect(existsSync(at("out"))).toBe(false);
});
