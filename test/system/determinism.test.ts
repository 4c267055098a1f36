/** @file Do a world's bytes depend on data, options, seed and its own number, and on nothing else? */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDirectory, ROOT, removeDirectory, succeed, worldDigests } from "./manyworlds-process.js";
import { writeTextRows, writeXcRows } from "./sample-rows.js";

const OPTIONS = ["--buckets", "24", "--hidden", "16,12", "--epochs", "2", "--dropout", "0.2", "--quiet"];
let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = createDirectory();
  writeTextRows(at("rows.tsv"), { numRows: 600, numLabels: 40, seed: 1 });
  writeXcRows(at("rows.xc"), { numRows: 600, numLabels: 40, seed: 1 });
});
afterAll(() => removeDirectory(folder));

let numModels = 0;

/** Trains with `args` and returns the worlds' digests. */
async function digests(args: string[], kernels = "native", rows = "rows.tsv"): Promise<Record<string, string>> {
  const model = at(`m${numModels++}`);
  await succeed(["train", at(rows), "--model", model, ...OPTIONS, ...args], { env: { MANYWORLDS_KERNELS: kernels } });
  return worldDigests(model);
}

describe.each(["native", "wasm", "reference"])("%s kernels: worlds are the same bytes", (kernels) => {
  it("on one, two and three threads", async () => {
    const one = await digests(["--worlds", "4", "--threads", "1"], kernels);
    expect(new Set(Object.values(one)).size).toBe(4);
    for (const threads of ["2", "3"]) {
      expect(await digests(["--worlds", "4", "--threads", threads], kernels)).toEqual(one);
    }
  });
});

describe("native kernels", () => {
  it("another seed gives other worlds", async () => {
    const [first, second] = [
      await digests(["--worlds", "2", "--seed", "1"]),
      await digests(["--worlds", "2", "--seed", "2"]),
    ];
    for (const name of Object.keys(first)) expect(second[name]).not.toBe(first[name]);
  });

  it("a world is the same whatever siblings it has", async () => {
    const { "world-002.safetensors": among } = await digests(["--worlds", "4"]);
    expect(await digests(["--worlds", "2"])).not.toHaveProperty("world-002.safetensors");
    expect(await digests(["--worlds", "2,9"])).toMatchObject({ "world-002.safetensors": among });
  });

  it.each([
    ["sampled output and sigmoid", ["--output", "sampled", "--negatives", "8", "--loss", "sigmoid"]],
    ["adagrad on an odd batch size", ["--optimizer", "adagrad", "--batch-size", "37"]],
    ["rows set aside", ["--validation", "0.2"]],
  ])("%s: on one and two threads", async (_, args) => {
    const one = await digests([...args, "--worlds", "2", "--threads", "1"], "native", "rows.xc");
    expect(await digests([...args, "--worlds", "2", "--threads", "2"], "native", "rows.xc")).toEqual(one);
  });
});

describe.each(["native", "wasm", "reference"])("%s kernels: answers are the same bytes", (kernels) => {
  it("from one, two and three threads", async () => {
    const env = { MANYWORLDS_KERNELS: kernels };
    const model = at(`answers-${kernels}`);
    writeTextRows(at("queries.tsv"), { numRows: 700, numLabels: 40, seed: 3 });
    await succeed(["train", at("rows.tsv"), "--model", model, ...OPTIONS, "--worlds", "2"], { env });
    const answers = async (threads: string): Promise<string> => {
      const query = ["predict", model, "--input", at("queries.tsv"), "-k", "5", "--threads", threads];
      const metrics = ["evaluate", model, at("queries.tsv"), "--threads", threads, "--json"];
      const { seconds: _, rowsPerSecond: __, ...figures } = JSON.parse((await succeed(metrics, { env })).stdout);
      return (await succeed(query, { env })).stdout + JSON.stringify(figures);
    };
    const one = await answers("1");
    expect(one.split("\n")).toHaveLength(701);
    for (const threads of ["2", "3"]) expect(await answers(threads)).toBe(one);
  });
});

describe("a pool of threads", () => {
  it("answers to the bit as one thread does, where a batch has an odd number of rows too", async () => {
    // 9·20,000 buckets leave room for 80 rows in a batch; 513 rows are six batches and 33 rows.
    const model = at("many-buckets");
    const shape = ["--worlds", "9", "--buckets", "20000", "--hidden", "64", "--epochs", "1"];
    writeTextRows(at("odd.tsv"), { numRows: 513, numLabels: 40, seed: 5 });
    await succeed(["train", at("rows.tsv"), "--model", model, ...shape]);
    // The built package: threads need compiled files.
    const { Model, PredictionPool } = (await import(
      join(ROOT, "dist/src/mach/index.js")
    )) as typeof import("../../src/mach/index.js");
    const { loadDataset } = (await import(
      join(ROOT, "dist/src/data/index.js")
    )) as typeof import("../../src/data/index.js");
    const loaded = await Model.load(model, { shared: true });
    const { vectorizer, labels: labelTable } = loaded;
    const { dataset } = await loadDataset(at("odd.tsv"), { purpose: "evaluate", vectorizer, labelTable });
    expect(loaded.ensemble.batchRows).toBe(80);
    const alone = loaded.predictRows(dataset.features, { k: 5 });
    const pool = new PredictionPool(loaded, 2);
    try {
      expect(await pool.predict(dataset.features, { k: 5 })).toEqual(alone);
    } finally {
      await pool.close();
    }
  });
});

describe("worlds added later", () => {
  it("--worlds 0-1, then --worlds 2-3 --resume, is --worlds 4", async () => {
    const whole = await digests(["--worlds", "4"]);
    const args = ["train", at("rows.tsv"), "--model", at("added"), ...OPTIONS];
    await succeed([...args, "--worlds", "0-1"]);
    const before = worldDigests(at("added"));
    await succeed([...args, "--worlds", "2-3", "--resume"]);
    expect(Object.keys(before)).toHaveLength(2);
    expect(worldDigests(at("added"))).toEqual(whole);
    expect((await succeed(["info", at("added"), "--verify"])).stdout).toMatch(/^worlds +4 \(all ok\)$/m);
  });

  it("--resume on an absent model starts it", async () => {
    expect(await digests(["--worlds", "2", "--resume"])).toEqual(await digests(["--worlds", "2"]));
  });
});
