/** @file Do worlds that two trainings made apart answer as those of one training do? */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDirectory, refusal, removeDirectory, succeed, worldDigests } from "./manyworlds-process.js";
import { writeTextRows } from "./sample-rows.js";

let folder = "";
const at = (name: string): string => join(folder, name);
const TINY = ["--buckets", "16", "--hidden", "16", "--epochs", "5", "--quiet"];
const train = (model: string, worlds: string, ...args: string[]) =>
  succeed(["train", at("train.tsv"), "--model", at(model), "--worlds", worlds, ...TINY, ...args]);

beforeAll(async () => {
  folder = createDirectory();
  writeTextRows(at("train.tsv"), { numRows: 400, numLabels: 30, seed: 1 });
  writeTextRows(at("test.tsv"), { numRows: 100, numLabels: 30, seed: 2 });
  await train("whole", "4");
  await train("a", "0-1");
  await train("b", "2-3");
});
afterAll(() => removeDirectory(folder));

it("makes the model that one training makes, byte for byte, and says where worlds come from", async () => {
  const { stdout } = await succeed(["combine", at("a"), at("b"), "--model", at("m")]);
  expect(stdout).toMatch(/^model +\S+m: 4 worlds, \d+ KiB\nfrom +\S+a: 0-1\nfrom +\S+b: 2-3\n$/);
  expect(worldDigests(at("m"))).toEqual(worldDigests(at("whole")));
  const answers = async (model: string) => (await succeed(["predict", at(model), "--input", at("test.tsv")])).stdout;
  expect(await answers("m")).toBe(await answers("whole"));
  // Like any other model it goes on.
  await succeed(["train", at("train.tsv"), "--model", at("m"), "--worlds", "4-5", "--resume", "--quiet"]);
  expect(Object.keys(worldDigests(at("m")))).toHaveLength(6);
});

it("prints JSON, worlds that nobody has among it", async () => {
  await train("c", "4,6");
  const { stdout } = await succeed(["combine", at("a"), at("c"), "--model", at("ac"), "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({
    model: at("ac"),
    worlds: [0, 1, 4, 6].map((world) => ({ world, source: at(world < 2 ? "a" : "c") })),
    missingWorlds: [2, 3, 5],
  });
});

it("refuses other options, naming them, and leaves no model", async () => {
  await train("d", "2", "--seed", "2");
  expect(await refusal(["combine", at("a"), at("d"), "--model", at("ad")])).toMatch(
    /d: expected worlds of the same model/,
  );
  expect(await refusal(["combine", at("a"), "--model", at("ad")])).toMatch(/at least two models, got 1/);
  expect(await refusal(["combine", at("a"), at("b")])).toMatch(/expected --model <dir>/);
  expect(await refusal(["combine", at("a"), at("none"), "--model", at("ad")])).toMatch(
    /none: expected a model, found no/,
  );
  expect(readdirSync(folder)).not.toContain("ad");
});
