/** @file Is a strategy that does not fit the model refused without a trace? Only its workers can know. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDirectory, refusal, removeDirectory, succeed, worldDigests } from "./manyworlds-process.js";
import { writeTextRows } from "./sample-rows.js";

const TINY = ["--worlds", "2", "--buckets", "16", "--hidden", "16", "--epochs", "1", "--quiet"];
const MISFIT = ["--strategy", "model-parallel", "--strategy-workers", "8"];
let folder = "";
const train = (...args: string[]): string[] => [
  "train",
  join(folder, "train.tsv"),
  "--model",
  join(folder, "m"),
  ...args,
];

beforeAll(() => {
  folder = createDirectory();
  writeTextRows(join(folder, "train.tsv"), { numRows: 200, numLabels: 20, seed: 1 });
});
afterAll(() => removeDirectory(folder));

it("leaves no model in the way of the next try, and no replacement beside a model", async () => {
  expect(await refusal(train(...TINY, ...MISFIT))).toMatch(/model-parallel: expected at most 2 workers.*got 8/);
  expect(readdirSync(folder)).toEqual(["train.tsv"]);

  await succeed(train(...TINY));
  const whole = worldDigests(join(folder, "m"));
  expect(await refusal(train(...TINY, ...MISFIT, "--overwrite"))).toMatch(/expected at most 2 workers/);
  expect(readdirSync(folder).sort()).toEqual(["m", "train.tsv"]);
  // Worlds to come are refused as well; those that are there stay.
  expect(await refusal(train("--resume", "--worlds", "3", ...MISFIT))).toMatch(/expected at most 2 workers/);
  expect(worldDigests(join(folder, "m"))).toEqual(whole);
});

it("continues a model by the strategy that its worlds were trained by", async () => {
  const model = join(folder, "averaged");
  const resume = (...args: string[]) => [
    "train",
    join(folder, "train.tsv"),
    "--model",
    model,
    "--quiet",
    "--resume",
    ...args,
  ];
  const averaging = ["--strategy", "averaging", "--strategy-workers", "2"];
  await succeed(["train", join(folder, "train.tsv"), "--model", model, ...TINY, ...averaging]);
  expect(await refusal(resume("--worlds", "3", "--strategy", "hogwild"))).toMatch(
    /trained with --strategy "averaging", got "hogwild"/,
  );
  const { stdout, stderr } = await succeed(resume("--worlds", "3").filter((arg) => arg !== "--quiet"));
  expect(stderr).toMatch(/going on by the strategy of its worlds, averaging with 2 workers/);
  expect(stdout).toMatch(/world 2.*2 workers/);
  // What sequential writes, model-parallel writes too.
  await succeed(train("--resume", "--worlds", "3", "--strategy", "model-parallel", "--quiet"));
  expect(Object.keys(worldDigests(join(folder, "m")))).toHaveLength(3);
});

it("leaves what else stands in the directory of a model that is refused", async () => {
  const model = join(folder, "shared");
  mkdirSync(model);
  writeFileSync(join(model, "notes.txt"), "mine");
  const rows = join(folder, "train.tsv");
  expect(await refusal(["train", rows, "--model", model, ...TINY, ...MISFIT])).toMatch(/expected at most 2 workers/);
  expect(readdirSync(model)).toEqual(["notes.txt"]);
});
