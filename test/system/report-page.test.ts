/** @file Do the commands that a report proposes run, and make the same model? And where is the report of a replacement? */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readHistory } from "../../src/train/run-history/history-file.node.js";
import type { HistoryRecord } from "../../src/train/run-history/records.js";
import { RunHistory } from "../../src/train/run-history/run-history.js";
import { nextSteps } from "../../web/dashboard/next-steps.js";
import { waitForCheckpoint } from "./checkpoint-file.js";
import { createDirectory, removeDirectory, startManyworlds, succeed, worldDigests } from "./manyworlds-process.js";
import { writeTextRows } from "./sample-rows.js";

const SHAPE = "--worlds 2 --buckets 24 --hidden 16,8 --validation 0.1 --epochs 4 --seed 5 --threads 2".split(" ");
const ROWS = "--word-ngrams 2 --char-ngrams none --min-df 1 --skip-bad-rows --init-embeddings vectors.txt".split(" ");
let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = createDirectory();
  writeTextRows(at("rows.tsv"), { numRows: 600, numLabels: 20, seed: 1 });
  const words = [...new Set(readFileSync(at("rows.tsv"), "utf8").match(/[a-z]\w*/g))].slice(0, 30);
  const vectors = words.map((word, i) => `${word} ${[1, 2, 3, 4].map((j) => ((i * j) % 7) / 7).join(" ")}`);
  appendFileSync(at("vectors.txt"), `${words.length} 4\n${vectors.join("\n")}\n`);
  appendFileSync(at("rows.tsv"), "a row without labels\n");
});
afterAll(() => removeDirectory(folder));

/** What the report of `model` proposes, were `records` its last. */
function proposed(model: string, flag: string, ...records: HistoryRecord[]): string[] {
  const history = new RunHistory();
  for (const record of [...readHistory(at(model)), ...records]) history.add(record);
  const steps = nextSteps(history, history.currentRun?.end?.end ?? "cut off");
  const command = steps.find((step) => step.command?.includes(flag))?.command;
  if (command === undefined || command === null) throw new Error(`no command with ${flag} is proposed`);
  return command.split(" ").slice(1);
}

const manifestOf = (model: string) => JSON.parse(readFileSync(at(`${model}/manifest.json`), "utf8"));
const epoch = (number: number, p1: number): HistoryRecord => ({
  ...{ type: "epoch", world: 0, epoch: number, epochs: 4, loss: 1, learningRate: 0.1, s: 99, buckets: { "p@1": p1 } },
});

describe("a command that a report proposes", () => {
  it("replaces the model by the same one but for what it says, and goes on with rows and vectors as they were", async () => {
    await succeed(["train", "rows.tsv", "--model", "m", ...SHAPE, ...ROWS], { cwd: folder });
    const before = manifestOf("m");
    // As if the last epoch had done much, whatever it did.
    const replace = proposed("m", "--overwrite", epoch(5, 0.1), epoch(6, 0.9));
    await succeed(replace, { cwd: folder });
    const { training, dataset, network, hash, worlds, metrics } = manifestOf("m");
    expect(training).toEqual({ ...before.training, epochs: 6 });
    expect({ dataset, network, hash }).toEqual({
      ...{ dataset: before.dataset, network: before.network, hash: before.hash },
    });
    expect(worlds.length).toBe(2);
    expect(metrics["p@1"]).toBeGreaterThan(0);

    const kept = worldDigests(at("m"));
    const merged = [1, 2].map((n) => ({
      type: "merged" as const,
      worlds: n,
      rows: 99,
      figures: { "p@1": n / 9 },
      s: 99,
    }));
    await succeed(proposed("m", "--worlds 2-3", ...merged), { cwd: folder });
    expect(worldDigests(at("m"))).toMatchObject(kept);
    expect(Object.keys(worldDigests(at("m"))).length).toBe(4);
  });
});

describe("a replacement that is interrupted", () => {
  it("says where its report is, leaves the earlier one, and is finished by the command that it proposes", async () => {
    const train = ["train", "rows.tsv", "--model", "r", ...ROWS, "--worlds", "1", "--buckets", "24"];
    await succeed([...train, "--epochs", "1"], { cwd: folder });
    const report = readFileSync(at("r/report.html"));
    const long = [...train, "--epochs", "300", "--batch-size", "8", "--checkpoint", "0.02", "--overwrite"];
    const { child, outcome } = startManyworlds(long, { cwd: folder });
    await waitForCheckpoint(at("r.replacement"), 0, 1);
    child.kill("SIGINT");
    const { code, progress } = await outcome;
    expect(code).toBe(130);
    const notes = progress.filter(({ event }) => event === "note").map(({ message }) => message);
    const said = notes.find((message) => message?.includes("still the earlier model"));
    const path = /the report of this run is (.*)$/.exec(said ?? "")?.[1] ?? "";
    expect(path).toMatch(/r\.replacement[/\\]report\.html$/);
    expect(existsSync(path)).toBe(true);
    expect(readFileSync(at("r/report.html"))).toEqual(report);
    const go = proposed("r.replacement", "--resume");
    expect(go).toEqual(expect.arrayContaining(["--skip-bad-rows", "--init-embeddings", "vectors.txt", "r/"]));
    await succeed(go, { cwd: folder });
    expect(existsSync(at("r.replacement"))).toBe(false);
    expect(manifestOf("r").training.epochs).toBe(300);
  });

  it("there is no such note where the new model took its place", async () => {
    const train = [
      "train",
      "rows.tsv",
      "--model",
      "done",
      ...ROWS,
      "--worlds",
      "1",
      "--buckets",
      "24",
      "--epochs",
      "1",
    ];
    await succeed(train, { cwd: folder });
    const { stderr } = await succeed([...train, "--overwrite"], { cwd: folder });
    expect(stderr).not.toContain("still the earlier model");
  });
});
