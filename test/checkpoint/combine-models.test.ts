/** @file Do models that were trained apart become one, only if they are parts of one, and is nothing lost otherwise? */
import * as fs from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type CombineRequest, combineModels } from "../../src/checkpoint/combine-models.node.js";
import { type ModelDescription, ModelDirectory } from "../../src/checkpoint/model-directory.node.js";
import { worldFileName, writeWorldFile } from "../../src/checkpoint/world-file.node.js";
import { ConfigError, FormatError, InterruptedError } from "../../src/core/errors.js";
import { LabelHash } from "../../src/mach/label-hash.js";
import { sampleDescription } from "./sample-manifest.js";
import { temporaryDirectory } from "./temporary-directory.js";

const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const FILES = { "labels.bin": [text("a\nb")], "vectorizer.json": [text("{}")] };
const hashOf = (numWorlds: number, seed = 1) =>
  new LabelHash({ numLabels: 11, numBuckets: 5, numWorlds, seed }).toJSON();

/** A model with these worlds, whose numbers are `value`. */
function createModel(
  path: string,
  worlds: readonly number[],
  changes: Partial<ModelDescription> = {},
  value = 1,
): string {
  const model = ModelDirectory.create(path, { ...sampleDescription(), ...changes }, FILES);
  for (const world of worlds) {
    const tensors = [{ name: "0.weight", shape: [2], data: Float32Array.of(world, value) }];
    model.recordWorld({ ...writeWorldFile(path, world, tensors), epochs: 3, loss: 1, seconds: 0.5 });
  }
  return path;
}

/** A folder with models a (worlds 0, 1 of 2) and b (worlds 1 and 3 of 4), and a request to combine them as m. */
function twoModels(): CombineRequest & { readonly folder: string } {
  const folder = temporaryDirectory();
  const a = createModel(join(folder, "a"), [0, 1], { hash: hashOf(2) });
  const b = createModel(join(folder, "b"), [1, 3], { hash: hashOf(4) }, 2);
  return { folder, sources: [a, b], modelPath: join(folder, "m"), writtenBy: "manyworlds test" };
}

const bytesOf = (model: string, world: number): string =>
  fs.readFileSync(join(model, worldFileName(world))).toString("hex");

function snapshot(folder: string): Record<string, string> {
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [join(parentPath, name), fs.readFileSync(join(parentPath, name), "hex")]),
  );
}

it("takes each world once, the first model's where several have it, and the larger hash", async () => {
  const request = twoModels();
  const [a, b] = request.sources;
  const told: number[] = [];
  const report = await combineModels({
    ...request,
    onProgress: ({ bytesDone, bytesTotal }) => told.push(bytesDone / bytesTotal),
  });
  expect(report.worlds).toEqual([
    { world: 0, source: a },
    { world: 1, source: a },
    { world: 3, source: b },
  ]);
  expect(report.missingWorlds).toEqual([2]);
  expect(told.at(-1)).toBe(1);

  const model = ModelDirectory.open(request.modelPath);
  expect(model.manifest.hash).toEqual(hashOf(4));
  expect(model.manifest.metrics).toBeNull();
  expect(model.listWorlds()).toEqual({ present: [0, 1, 3], missing: [], untrained: [2] });
  for (const [world, source] of [
    [0, a],
    [1, a],
    [3, b],
  ] as const) {
    expect(model.checkWorld(world)).toBe("ok");
    expect(bytesOf(request.modelPath, world)).toBe(bytesOf(source, world));
  }
  expect(new TextDecoder().decode(model.readFile("labels.bin"))).toBe("a\nb");
});

it("leaves out worlds whose file is gone", async () => {
  const request = twoModels();
  fs.rmSync(join(request.sources[0], worldFileName(1)));
  const { worlds } = await combineModels(request);
  expect(worlds.map(({ world, source }) => [world, source.slice(-1)])).toEqual([
    [0, "a"],
    [1, "b"],
    [3, "b"],
  ]);
});

it("adds worlds to a model in its place", async () => {
  const { folder, sources, ...request } = twoModels();
  const [a, b] = sources;
  await combineModels({ ...request, sources, modelPath: a, overwrite: true });
  expect(ModelDirectory.open(a).listWorlds().present).toEqual([0, 1, 3]);
  expect(fs.readdirSync(folder).sort()).toEqual(["a", "b"]);
  expect(ModelDirectory.open(b).listWorlds().present).toEqual([1, 3]);
});

it.each<[string, Partial<ModelDescription>, RegExp]>([
  [
    "rows",
    { dataset: { fingerprint: "other" } },
    /rows with SHA-256 "other" instead of "abc"; train both on the same rows/,
  ],
  ["seed", { hash: hashOf(4, 2) }, /label hash seed 2 instead of 1/],
  ["options", { training: { epochs: 4, learningRate: 0.001, schedule: "linear" } }, /epochs 4 instead of 3/],
  ["shape", { network: { ...sampleDescription().network, hidden: [3] } }, /hidden \[3\] instead of \[2\]/],
  ["merge", { merge: "min" }, /merge "min" instead of "log-score"/],
])("refuses models of other %s", async (_, changes, message) => {
  const { folder, sources, ...request } = twoModels();
  const other = createModel(join(folder, "other"), [2], { hash: hashOf(4), ...changes });
  const before = snapshot(folder);
  const refused = combineModels({ ...request, sources: [sources[0], other] });
  await expect(refused).rejects.toThrow(ConfigError);
  await expect(refused).rejects.toThrow(message);
  expect(snapshot(folder)).toEqual(before);
});

it("refuses a hash that was drawn otherwise", async () => {
  const { folder, sources, ...request } = twoModels();
  const hash = hashOf(4);
  const other = createModel(join(folder, "other"), [2], { hash: { ...hash, a: [...hash.a].reverse() } });
  await expect(combineModels({ ...request, sources: [sources[0], other] })).rejects.toThrow(
    /expected the label hash of/,
  );
});

it("refuses one model, no world, and a model that stands in the way", async () => {
  const { folder, sources, ...request } = twoModels();
  await expect(combineModels({ ...request, sources: [sources[0]] })).rejects.toThrow(/at least two models, got 1/);
  const empty = ["c", "d"].map((name) => createModel(join(folder, name), []));
  await expect(combineModels({ ...request, sources: empty })).rejects.toThrow(/expected trained worlds, found none/);
  const before = snapshot(folder);
  await expect(combineModels({ ...request, sources, modelPath: sources[1] })).rejects.toThrow(
    /found one; choose another directory, or --overwrite replaces it/,
  );
  expect(snapshot(folder)).toEqual(before);
});

it("names a damaged world and leaves nothing behind but what was there", async () => {
  const { folder, sources, ...request } = twoModels();
  const damaged = join(sources[1], worldFileName(3));
  const bytes = fs.readFileSync(damaged);
  bytes[bytes.length - 1] ^= 1;
  fs.writeFileSync(damaged, bytes);
  fs.mkdirSync(request.modelPath);
  fs.writeFileSync(join(request.modelPath, "notes.txt"), "mine");
  const before = snapshot(folder);
  for (const target of [request, { ...request, modelPath: sources[0], overwrite: true }]) {
    const failed = combineModels({ ...target, sources });
    await expect(failed).rejects.toThrow(FormatError);
    await expect(failed).rejects.toThrow(/world-003.safetensors: it was changed or damaged; train again with --resume/);
    expect(snapshot(folder)).toEqual(before);
  }
});

it("stops when it is told to, without a trace", async () => {
  const { folder, ...request } = twoModels();
  const before = snapshot(folder);
  const abort = new AbortController();
  const stopped = combineModels({ ...request, signal: abort.signal, onProgress: () => abort.abort() });
  await expect(stopped).rejects.toThrow(InterruptedError);
  expect(snapshot(folder)).toEqual(before);
});
