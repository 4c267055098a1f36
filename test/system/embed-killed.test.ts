/** @file What does a training of word vectors leave behind that is killed, and who clears it away? */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDirectory, removeDirectory, startManyworlds, succeed } from "./manyworlds-process.js";

let folder: string;
const at = (name: string): string => join(folder, name);
const kinds = (): string[] => readdirSync(at("temporary")).map((name) => name.replace(/-\w{6}$/, ""));
const train = (model: string, iterations: string): string[] => [
  ...["embed", "train", at("text.txt"), "--output", at(`${model}.bin`), "--overwrite", "--min-count", "1"],
  ...[
    "--model",
    model,
    "--dimension",
    "4",
    "--temporary",
    at("temporary"),
    "--threads",
    "2",
    "--iterations",
    iterations,
  ],
];

beforeAll(() => {
  folder = createDirectory();
  mkdirSync(at("temporary"));
  writeFileSync(at("text.txt"), "tea and coffee in a cup\nsaw and hammer on wood\n".repeat(500));
});
afterAll(() => removeDirectory(folder));

it("its temporary directories, until the next training starts", async () => {
  const { child, outcome } = startManyworlds(train("glove", "1000000"));
  await expect.poll(() => kinds().toSorted(), { timeout: 60_000 }).toEqual(["manyworlds-corpus", "manyworlds-glove"]);
  // A training beside it takes nothing away from it.
  await succeed(train("skipgram", "1"));
  expect(kinds().toSorted()).toEqual(["manyworlds-corpus", "manyworlds-glove"]);
  child.kill("SIGKILL");
  expect((await outcome).signal).toBe("SIGKILL");
  expect(kinds().toSorted()).toEqual(["manyworlds-corpus", "manyworlds-glove"]);
  await succeed(train("skipgram", "1"));
  expect(kinds()).toEqual([]);
});
