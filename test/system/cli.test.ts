/** @file What does a user get for what is typed? Help, complaints, exit codes, JSON, figures. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDirectory, manyworlds, ROOT, refusal, removeDirectory, succeed } from "./manyworlds-process.js";
import { createTinyModels, TINY } from "./tiny-models.js";

let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = createDirectory();
  await createTinyModels(folder);
});
afterAll(() => removeDirectory(folder));

describe("help has an example", () => {
  it.each(["--help", "train --help", "evaluate --help", "predict --help", "info --help", "plan --help"])(
    "%s",
    async (command) => {
      const { stdout, stderr } = await succeed(command.split(" "));
      expect(stdout).toMatch(/\nExample:\n {2}\$ manyworlds \w+/);
      expect(stderr).toBe("");
    },
  );

  it("names the flags and defaults that exist", async () => {
    const { stdout } = await succeed(["train", "--help"]);
    for (const flag of ["--model", "--worlds", "--buckets", "--hidden", "--epochs", "--seed", "--resume", "--json"]) {
      expect(stdout).toContain(flag);
    }
  });

  it("--version prints the package's version", async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    expect((await succeed(["--version"])).stdout).toBe(`${version}\n`);
  });
});

describe("usage errors exit with 2 and say what to do", () => {
  it.each([
    ["a misspelt command", ["trian"], /unknown command 'trian'[\s\S]*Did you mean train\?/],
    [
      "a misspelt flag",
      ["train", "x.tsv", "--bukets", "5"],
      /unknown option '--bukets'[\s\S]*Did you mean --buckets\?/,
    ],
    ["no model", ["train", "x.tsv"], /expected --model <dir>.*add for example --model/],
    ["no files", ["train", "--model", "m"], /missing required argument 'files'\nsee manyworlds train --help/],
    ["a number out of range", ["predict", "m", "x", "-k", "0"], /integer from 1 to 100000, got "0"/],
    ["no number", ["train", "x.tsv", "-m", "m", "--epochs", "many"], /integer of at least 1, got "many"/],
    ["an unknown choice", ["evaluate", "m", "x", "--merge", "mean"], /Allowed choices are probability, log-score/],
    [
      "worlds the wrong way round",
      ["train", "x.tsv", "-m", "m", "--worlds", "7-3"],
      /a count such as 16, at most 1024, or worlds below it/,
    ],
    ["resume and overwrite", ["train", "x.tsv", "-m", "m", "--resume", "--overwrite"], /give one of them/],
    ["neither query nor file", ["predict", "m"], /queries or --input <file>, one of the two/],
    ["both query and file", ["predict", "m", "x", "--input", "y"], /queries or --input <file>, one of the two/],
  ])("%s", async (_, args, message) => {
    const { code, stdout, stderr } = await manyworlds(args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it("no command at all shows the help", async () => {
    const { code, stderr } = await manyworlds([]);
    expect(stderr).toContain("Commands:");
    expect(code).toBe(2);
  });
});

describe("train", () => {
  it("refuses an existing model unless it is told what to do with it", async () => {
    const message = await refusal(["train", at("train.tsv"), "--model", at("m"), ...TINY]);
    expect(message).toMatch(/a model is there already; use --resume to continue it, --overwrite to replace it/);
  });

  it("--json prints one object: options, worlds, time, memory, parameters, figures on rows set aside", async () => {
    const args = ["train", at("train.tsv"), "--model", at("json"), ...TINY, "--validation", "0.2", "--json"];
    const { stdout, progress } = await succeed(args);
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({ rows: 1200, labels: 30, trainedWorlds: [0, 1, 2], keptWorlds: [], skippedRows: 0 });
    expect(summary.options).toMatchObject({ numBuckets: 16, hidden: [16], epochs: 10, numWorlds: 3 });
    for (const key of ["seconds", "cpuSeconds", "peakMemoryBytes", "parameters", "fullSoftmaxParameters"]) {
      expect(summary[key], key).toBeGreaterThan(0);
    }
    expect(summary.validation["p@1"]).toBeGreaterThan(0.5);
    expect(progress.filter(({ event }) => event === "finished").map(({ job }) => job)).toEqual(
      expect.arrayContaining(["reading", "world 0", "world 1", "world 2"]),
    );
  });

  it("takes character n-grams, word n-grams and hashing", async () => {
    const features = ["--char-ngrams", "3-5", "--word-ngrams", "2", "--hash-bits", "12"];
    const args = ["train", at("train.tsv"), "--model", at("ngrams"), "--worlds", "1", "--epochs", "1", ...features];
    const { stdout } = await succeed([...args, "--json"]);
    expect(JSON.parse(stdout).features).toBe(4096);
    const vectorizer = JSON.parse(readFileSync(join(at("ngrams"), "vectorizer.json"), "utf8"));
    expect(vectorizer.options).toMatchObject({ charNgrams: [3, 5], wordNgrams: 2, hashBits: 12 });
  });

  it("--quiet leaves stderr empty", async () => {
    const args = ["train", at("train.tsv"), "--model", at("quiet"), ...TINY, "--quiet"];
    expect((await succeed(args)).stderr).toBe("");
  });
});

describe("progress without a terminal", () => {
  it("is one JSON object a line on stderr; stdout has results alone", async () => {
    const { stdout, stderr } = await succeed(["evaluate", at("m"), at("test.tsv"), "--json"]);
    expect(Object.keys(JSON.parse(stdout))).toContain("p@1");
    const lines = stderr.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).event)).toContain("progress");
  });
});

describe("progress whose reader goes away", () => {
  it("does not end a training", () => {
    const main = join(ROOT, "dist/src/cli/main.js");
    const command =
      'set -o pipefail; "$0" "$1" train "$2" --model "$3" --json 2>&1 >"$3.json" | head -1; echo "code $?"';
    const args = [process.execPath, main, at("train.tsv"), at("unwatched")];
    const { stdout } = spawnSync("bash", ["-c", command, ...args]);
    expect(stdout.toString()).toMatch(/^\{"event":"progress","job":"reading".*\}\ncode 0\n$/);
    expect(JSON.parse(readFileSync(`${at("unwatched")}.json`, "utf8")).trainedWorlds).toHaveLength(8);
    expect(existsSync(at("unwatched.lock"))).toBe(false);
  });
});

describe("evaluate", () => {
  it("--json carries every metric as a fraction", async () => {
    const { stdout } = await succeed(["evaluate", at("m"), at("test.tsv"), "--json"]);
    const metrics = JSON.parse(stdout);
    const keys = ["p@1", "p@3", "p@5", "r@10", "r@100", "ndcg@1", "ndcg@3", "ndcg@5", "psp@1", "psp@3", "psp@5"];
    for (const key of keys) {
      expect(metrics[key], key).toBeGreaterThan(0);
      expect(metrics[key], key).toBeLessThanOrEqual(1);
    }
    // The rows say their labels outright; by chance p@1 were some 2/30.
    expect(metrics["p@1"]).toBeGreaterThan(0.7);
    expect(metrics).toMatchObject({ rows: 200, worlds: 3 });
  });

  const script = join(ROOT, "../shared/tools/patk.py");
  const hasPython = spawnSync("python3", ["--version"]).status === 0;
  it.skipIf(!existsSync(script) || !hasPython).each([
    ["m", "test.tsv"],
    ["xc", "test.xc"],
  ])("agrees with an independent program on %s's answers", async (model, rows) => {
    await succeed(["predict", at(model), "--input", at(rows), "--output", at(`${model}.top`), "-k", "10"]);
    const printed = execFileSync("python3", [script, at(rows), at(`${model}.top`)]).toString();
    const independent = [...printed.matchAll(/[PR]@\d+ ([\d.]+)/g)].map(([, value]) => Number(value));
    const metrics = JSON.parse((await succeed(["evaluate", at(model), at(rows), "--json"])).stdout);
    const ours = ["p@1", "p@3", "p@5", "r@10"].map((key) => Number((100 * metrics[key]).toFixed(2)));
    expect(ours).toEqual(independent);
    expect(independent[0]).toBeGreaterThan(50);
  });

  it("says which worlds it asked", async () => {
    const { stdout } = await succeed(["evaluate", at("m"), at("test.tsv"), "--worlds", "1", "--json"]);
    expect(JSON.parse(stdout).worlds).toBe(1);
  });
});

describe("info", () => {
  it("shows shape, worlds and the kernels in use", async () => {
    const { stdout } = await succeed(["info", at("m"), "--verify"], { env: { MANYWORLDS_KERNELS: "wasm" } });
    expect(stdout).toMatch(/^worlds +3 \(all ok\)$/m);
    expect(stdout).toMatch(/^kernels +wasm, /m);
    const info = JSON.parse((await succeed(["info", at("m"), "--json"])).stdout);
    expect(info.manifest.network).toMatchObject({ hidden: [16], numBuckets: 16 });
    expect(info.worlds).toHaveLength(3);
  });
});
