/** @file Does plan keep its word? Its answers for sizes, files and models, and training that it decides. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDirectory, refusal, removeDirectory, startManyworlds, succeed } from "./manyworlds-process.js";
import { createTinyModels } from "./tiny-models.js";

let folder = "";
const at = (name: string): string => join(folder, name);
const json = async (args: readonly string[]) => JSON.parse((await succeed([...args, "--json"])).stdout);

const SIZES = ["--labels", "5000", "--queries", "20000", "--features", "3000"];

beforeAll(async () => {
  folder = createDirectory();
  await createTinyModels(folder);
});
afterAll(() => removeDirectory(folder));

describe("plan", () => {
  it("recommends, measures and counts for sizes alone", async () => {
    const plan = await json(["plan", ...SIZES, "--memory", "2GB", "--latency", "1s", "--verify"]);
    expect(plan.recommended).toMatchObject({ numWorlds: 8, hidden: [256] });
    expect(plan.time.stepSeconds).toBeGreaterThan(0);
    expect(plan.query.seconds).toBeLessThan(1);
    expect(plan.memory.trainingBytes).toBeLessThan(2e9);
    expect(plan.verification.confusedPairs).toBe(0);
    expect(plan.verification.pairsSharingFirstWorlds[0]).toBeGreaterThan(5000);
    const { stdout } = await succeed(["plan", ...SIZES]);
    for (const heading of ["recommended", "full softmax, Adam", "worlds needed", "train time", "a query"]) {
      expect(stdout).toContain(heading);
    }
  });

  it("reads the sizes of files as train does", async () => {
    const plan = await json(["plan", at("train.tsv"), "--time", "10m"]);
    expect(plan.data).toMatchObject({ numRows: 1200, numLabels: 30 });
    const info = JSON.parse((await succeed(["info", at("m"), "--json"])).stdout);
    expect(plan.data.numFeatures).toBe(info.manifest.network.numFeatures);
  });

  it("counts the pairs that a model's own hash confuses", async () => {
    const found = await json(["plan", at("m"), "--verify"]);
    expect(found).toMatchObject({ labels: 30, buckets: 16, worlds: 3 });
    const same = ["--labels", "30", "--buckets", "16", "--worlds", "3", "--seed", "1"];
    expect(await json(["plan", "--verify", ...same])).toEqual(found);
  });

  it("stops when interrupted", async () => {
    // Four billion labels take long enough.
    const many = ["--labels", "4294967291", "--buckets", "20000", "--worlds", "4"];
    const { child, outcome } = startManyworlds(["plan", "--verify", ...many]);
    child.stderr?.once("data", () => child.kill("SIGINT"));
    expect((await outcome).code).toBe(130);
  });

  it("refuses what makes no plan", async () => {
    expect(await refusal(["plan"])).toMatch(/expected --labels <count>, or files of rows/);
    expect(await refusal(["plan", at("m")])).toMatch(/expected files of rows, got a directory; add --verify/);
    expect(await refusal(["plan", at("train.tsv"), "--labels", "5"])).toMatch(/--labels does nothing beside files/);
    expect(await refusal(["plan", ...SIZES, "--min-df", "3"])).toMatch(/--min-df does nothing without files/);
    expect(await refusal(["plan", "--verify"])).toMatch(/--verify expects a model directory/);
    expect(await refusal(["plan", ...SIZES, "--memory", "1MB"])).toMatch(/needs --memory \d+MB: give that/);
  });
});

describe("train within budgets", () => {
  it("chooses what fits, says so, and stays below the memory", async () => {
    const args = ["train", at("train.tsv"), "--model", at("small"), "--memory", "300MB", "--time", "60s"];
    const { stdout, progress } = await succeed([...args, "--json"]);
    const summary = JSON.parse(stdout);
    expect(summary.plan.recommended.numWorlds).toBe(summary.options.numWorlds);
    expect(summary.plan.options).toEqual(summary.options);
    expect(summary.peakMemoryBytes).toBeLessThan(300e6);
    expect(summary.seconds).toBeLessThan(60);
    expect(progress.some(({ message }) => /^planned: 8 worlds/.test(message ?? ""))).toBe(true);
    const manifest = JSON.parse(readFileSync(join(at("small"), "manifest.json"), "utf8"));
    expect(manifest.network.hidden).toEqual(summary.options.hidden);
  });

  it("keeps what is given, and a continued model's options", async () => {
    const model = ["--model", at("given")];
    const first = ["train", at("train.tsv"), ...model, "--memory", "1GB", "--buckets", "12", "--epochs", "2"];
    const summary = await json([...first, "--worlds", "0-1"]);
    expect(summary.options).toMatchObject({ numBuckets: 12, epochs: 2, numWorlds: 2 });
    const more = await json(["train", at("train.tsv"), ...model, "--resume", "--worlds", "3", "--memory", "1GB"]);
    expect(more.trainedWorlds).toEqual([2]);
    expect(more.options).toEqual({ ...summary.options, numWorlds: 3 });
    expect(await refusal(["train", at("train.tsv"), ...model, "--resume", "--time", "5m"])).toMatch(/leave --time out/);
  });

  it("refuses before anything is written", async () => {
    const args = ["train", at("train.tsv"), "--model", at("none"), "--memory", "20MB"];
    expect(await refusal(args)).toMatch(/train: expected a budget that some model fits, got --memory 20MB/);
    expect(await refusal(["info", at("none")])).toMatch(/expected a model/);
  });
});
