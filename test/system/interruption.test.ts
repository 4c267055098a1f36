/** @file Does a training that is killed or stopped end, once resumed, with the bytes of one that was left alone? */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkpointStep, waitForCheckpoint } from "./checkpoint-file.js";
import {
  createDirectory,
  manyworlds,
  type Outcome,
  refusal,
  removeDirectory,
  startManyworlds,
  succeed,
  worldDigests,
} from "./manyworlds-process.js";
import { writeTextRows } from "./sample-rows.js";

/** Worlds that take seconds, so that there is a middle to stop them in. */
const NUM_STEPS = (1200 / 8) * 300;
const LONG = ["--worlds", "2", "--threads", "1", "--buckets", "64", "--hidden", "32", "--batch-size", "8"].concat([
  "--epochs",
  "300",
  "--dropout",
  "0.1",
  "--checkpoint",
  "0.02",
]);
let folder = "";
let whole: Record<string, string> = {};
const at = (name: string): string => join(folder, name);
const train = (model: string): string[] => ["train", at("train.tsv"), "--model", at(model), ...LONG];

beforeAll(async () => {
  folder = createDirectory();
  writeTextRows(at("train.tsv"), { numRows: 1200, numLabels: 30, seed: 1 });
  await succeed(train("whole"));
  whole = worldDigests(at("whole"));
});
afterAll(() => removeDirectory(folder));

/** Steps of `world` that were done when the first line of progress was printed. */
function firstStep({ progress }: Outcome, world: number): number {
  const line = progress.find(({ event, job }) => event === "progress" && job === `world ${world}`);
  if (line?.fraction === undefined) throw new Error(`no progress of world ${world}`);
  return line.fraction * NUM_STEPS;
}

/** Starts `args`, and sends `signal` once the checkpoint of `world` in `model` is some way through. */
async function interrupt(args: string[], model: string, world: number, signal: NodeJS.Signals): Promise<Outcome> {
  const { child, outcome } = startManyworlds(args);
  await waitForCheckpoint(at(model), world, NUM_STEPS * 0.4);
  child.kill(signal);
  return outcome;
}

describe("kill -9 in the middle of a world", () => {
  it("costs what came after the last checkpoint; --resume continues there and ends with the same bytes", async () => {
    const killed = await interrupt(train("killed"), "killed", 0, "SIGKILL");
    expect(killed.signal).toBe("SIGKILL");
    const step = checkpointStep(at("killed"), 0);
    expect(step).toBeGreaterThanOrEqual(NUM_STEPS * 0.4);
    expect(step).toBeLessThan(NUM_STEPS);
    expect(worldDigests(at("killed"))).toEqual({});

    const resumed = await succeed([...train("killed"), "--resume"]);
    expect(firstStep(resumed, 0)).toBeGreaterThanOrEqual(step);
    expect(firstStep(resumed, 1)).toBeLessThan(step);
    expect(worldDigests(at("killed"))).toEqual(whole);
    expect(existsSync(at("killed/worlds/world-000.partial.safetensors"))).toBe(false);
    expect(readFileSync(at("killed/labels.bin"))).toEqual(readFileSync(at("whole/labels.bin")));
  });
});

/** What many rows get by default: linear worlds whose input weights have one moment a row. */
const ROW_WISE = ["--worlds", "1", "--activation", "none", "--input-moments", "row", "--loss", "softmax"].concat([
  "--input-spread",
  "0.017",
  "--input-rate-scale",
  "2",
]);

describe("a world with one moment a row", () => {
  it("ends with the same bytes, killed or interrupted in the middle", async () => {
    await succeed([...train("row-whole"), ...ROW_WISE]);
    for (const signal of ["SIGKILL", "SIGINT"] as const) {
      const model = `row-${signal}`;
      const ended = await interrupt([...train(model), ...ROW_WISE], model, 0, signal);
      expect(signal === "SIGINT" ? ended.code : ended.signal).toBe(signal === "SIGINT" ? 130 : "SIGKILL");
      const step = checkpointStep(at(model), 0);
      expect(step).toBeGreaterThanOrEqual(NUM_STEPS * 0.4);
      const resumed = await succeed([...train(model), ...ROW_WISE, "--resume"]);
      expect(firstStep(resumed, 0)).toBeGreaterThanOrEqual(step);
      expect(worldDigests(at(model))).toEqual(worldDigests(at("row-whole")));
    }
    const { training } = JSON.parse(readFileSync(at("row-whole/manifest.json"), "utf8"));
    expect(training).toMatchObject({ inputMoments: "row", inputSpread: 0.017, inputLearningRateScale: 2 });
    expect((await succeed(["info", at("row-whole")])).stdout).toMatch(/^a world .*, linear, softmax, full output/m);
  });

  it("is not continued with moments of each number", async () => {
    const complaint = await refusal([...train("row-whole"), "--worlds", "1", "--input-moments", "element", "--resume"]);
    expect(complaint).toMatch(/this model was trained with --input-moments "row", got "element"; leave the option out/);
  });
});

describe("SIGINT in the middle of a world", () => {
  it("writes a checkpoint and exits with 130; --resume keeps what is finished and ends with the same bytes", async () => {
    const stopped = await interrupt(train("stopped"), "stopped", 1, "SIGINT");
    expect(stopped.code).toBe(130);
    expect(stopped.stdout).toBe("");
    expect(stopped.stderr).toMatch(/manyworlds: .*interrupted/);
    const step = checkpointStep(at("stopped"), 1);
    expect(step).toBeGreaterThanOrEqual(NUM_STEPS * 0.4);
    expect(Object.keys(worldDigests(at("stopped")))).toEqual(["world-000.safetensors"]);

    // One world of two: the model answers.
    const early = await succeed(["predict", at("stopped"), "word20 word21", "-k", "1"]);
    expect(early.stdout).toMatch(/^label-\d+:/);

    const resumed = await succeed([...train("stopped"), "--resume", "--json"]);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ keptWorlds: [0], trainedWorlds: [1] });
    expect(firstStep(resumed, 1)).toBeGreaterThanOrEqual(step);
    expect(worldDigests(at("stopped"))).toEqual(whole);
  });
});

describe("--overwrite", () => {
  it("leaves the old model answering when it is killed; --resume finishes the new one", async () => {
    await succeed([
      "train",
      at("train.tsv"),
      "--model",
      at("old"),
      "--worlds",
      "1",
      "--buckets",
      "16",
      "--epochs",
      "2",
    ]);
    const before = worldDigests(at("old"));
    const query = ["predict", at("old"), "word20 word21", "-k", "5"];
    const answer = (await succeed(query)).stdout;

    const killed = await interrupt([...train("old"), "--overwrite"], "old.replacement", 0, "SIGKILL");
    expect(killed.signal).toBe("SIGKILL");
    expect(worldDigests(at("old"))).toEqual(before);
    expect((await succeed(query)).stdout).toBe(answer);

    const step = checkpointStep(at("old.replacement"), 0);
    const resumed = await succeed([...train("old"), "--resume"]);
    expect(firstStep(resumed, 0)).toBeGreaterThanOrEqual(step);
    expect(worldDigests(at("old"))).toEqual(whole);
    expect([at("old.replacement"), at("old.replaced"), at("old.lock")].filter(existsSync)).toEqual([]);
    expect((await succeed(query)).stdout).not.toBe(answer);
  });
});

describe("two trainings of one model", () => {
  it("the second is refused, in every mode; a reader is not; the first goes on", async () => {
    const first = startManyworlds(train("locked"));
    await waitForCheckpoint(at("locked"), 0, 1);
    const [resume, overwrite, create] = await Promise.all([
      refusal([...train("locked"), "--resume"]),
      refusal([...train("locked"), "--overwrite"]),
      refusal(train("locked")),
    ]);
    const holder = new RegExp(`process ${first.child.pid} on .* is training this model; wait for it, or delete`);
    expect(resume).toMatch(holder);
    expect(overwrite).toMatch(holder);
    expect(create).toMatch(/a model is there already/);
    expect((await succeed(["info", at("locked")])).stdout).toMatch(/^worlds +2 \(all untrained\)$/m);

    first.child.kill("SIGTERM");
    expect((await first.outcome).code).toBe(130);
    expect(existsSync(at("locked.lock"))).toBe(false);
  });
});

describe("SIGINT while reading or ranking", () => {
  it("exits with 130 and leaves neither output nor temporary files", async () => {
    writeTextRows(at("many.tsv"), { numRows: 150_000, numLabels: 30, seed: 3 });
    const query = startManyworlds(["predict", at("whole"), "--input", at("many.tsv"), "--output", at("many.top")]);
    query.child.stderr?.once("data", () => query.child.kill("SIGINT"));
    expect((await query.outcome).code).toBe(130);
    expect(existsSync(at("many.top"))).toBe(false);
    expect(existsSync(at(`many.top.${query.child.pid}.tmp`))).toBe(false);

    const reading = startManyworlds(["train", at("many.tsv"), "--model", at("never"), ...LONG]);
    reading.child.stderr?.once("data", () => reading.child.kill("SIGINT"));
    expect((await reading.outcome).code).toBe(130);
    expect([at("never"), at("never.lock")].filter(existsSync)).toEqual([]);
    expect((await manyworlds(["predict", at("never"), "word20"])).code).toBe(2);
  });
});
