/** @file manyworlds train --strategy: worlds trained by several threads each, from the command line. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createDirectory,
  refusal,
  removeDirectory,
  startManyworlds,
  succeed,
  worldDigests,
} from "./manyworlds-process.js";
import { writeTextRows } from "./sample-rows.js";

let folder = "";
const at = (name: string): string => join(folder, name);
const SHAPE = ["--worlds", "2", "--buckets", "24", "--hidden", "16", "--epochs", "4", "--dropout", "0.2", "--quiet"];
let numModels = 0;

beforeAll(() => {
  folder = createDirectory();
  writeTextRows(at("rows.tsv"), { numRows: 600, numLabels: 40, seed: 1 });
});
afterAll(() => removeDirectory(folder));

async function train(strategy: string[], more: string[] = []) {
  const model = at(`m${numModels++}`);
  const args = ["train", at("rows.tsv"), "--model", model, ...SHAPE, ...strategy, ...more];
  const { stdout } = await succeed([...args, "--json"]);
  return { model, args, summary: JSON.parse(stdout), digests: worldDigests(model) };
}

const EACH = [
  ["data-parallel", "2"],
  ["model-parallel", "2"],
  ["hybrid", "4"],
  ["averaging", "2"],
  ["hogwild", "2"],
  ["locked", "2"],
  ["round-robin", "2"],
] as const;
/** Whose order of steps, or what gradients saw of them, is chance. */
const BY_CHANCE: readonly string[] = ["hogwild", "locked", "round-robin"];

describe.each(EACH)("train --strategy %s --strategy-workers %s", (name, workers) => {
  const strategy = ["--strategy", name, "--strategy-workers", workers];

  it("trains a model that answers, says what it cost and how it was made", async () => {
    const { model, summary } = await train(strategy, ["--validation", "0.2"]);
    expect(summary.strategy).toHaveLength(2);
    for (const cost of summary.strategy) {
      expect(cost.numWorkers).toBe(Number(workers));
      expect(cost.trafficBytesPerStep).toBeGreaterThan(0);
      expect(cost.waitingSeconds).toHaveLength(Number(workers));
      expect(cost.concurrency).toBeGreaterThan(0);
    }
    expect(summary.validation["P@1"] ?? summary.validation["p@1"]).toBeGreaterThan(0.2);
    const manifest = JSON.parse(readFileSync(join(model, "manifest.json"), "utf8"));
    expect(manifest.training.strategy).toMatchObject({ strategy: name, numWorkers: Number(workers) });
    expect((await succeed(["info", model, "--verify"])).stdout).toMatch(/^worlds +2 \(all ok\)$/m);
  });

  it.skipIf(BY_CHANCE.includes(name))("gives the same bytes again, an interruption in between or not", async () => {
    const { digests } = await train(strategy);
    expect((await train(strategy)).digests).toEqual(digests);
    const model = at(`m${numModels++}`);
    const args = ["train", at("rows.tsv"), "--model", model, ...SHAPE, ...strategy, "--checkpoint", "0"];
    const { child, outcome } = startManyworlds(args.filter((arg) => arg !== "--quiet"));
    child.stderr?.on("data", (text: Buffer) => {
      if (text.includes('"job":"world 0"')) child.kill("SIGINT");
    });
    await outcome;
    await succeed([...args, "--resume"]);
    expect(worldDigests(model)).toEqual(digests);
  });
});

describe("train --strategy model-parallel", () => {
  it("writes the very worlds that sequential writes", async () => {
    const { digests } = await train([]);
    expect((await train(["--strategy", "model-parallel"])).digests).toEqual(digests);
  });
});

describe("train refuses", () => {
  const refused = (...args: string[]): Promise<string> =>
    refusal(["train", at("rows.tsv"), "--model", at("none"), ...SHAPE, ...args]);

  it("budgets, which are planned for a world a thread", async () => {
    expect(await refused("--strategy", "hogwild", "--memory", "1GB")).toMatch(
      /budgets are planned for a world a thread/,
    );
  });

  it("threads of worlds where a strategy trains one at a time", async () => {
    expect(await refused("--strategy", "hogwild", "--threads", "2")).toMatch(/say --strategy-workers/);
  });

  it("options that do nothing", async () => {
    expect(await refused("--strategy-workers", "2")).toMatch(/expected one worker with sequential, got 2/);
    expect(await refused("--strategy", "data-parallel", "--backoff", "0.9")).toMatch(/backoff with hogwild/);
  });

  it("WASM kernels, before it reads anything", async () => {
    const env = { MANYWORLDS_KERNELS: "wasm" };
    const args = ["train", at("absent.tsv"), "--model", at("none"), "--strategy", "data-parallel"];
    expect(await refusal(args, { env })).toMatch(/expected native kernels, which share memory between threads/);
  });
});
