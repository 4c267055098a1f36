import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { WriteFileSystem } from "../../src/checkpoint/atomic-write.node.js";
import { type CreateOptions, ModelDirectory } from "../../src/checkpoint/model-directory.node.js";
import { isModelFile } from "../../src/checkpoint/model-files.node.js";
import { lockModel } from "../../src/checkpoint/model-lock.node.js";
import { ownProcessTable } from "../../src/checkpoint/process-identity.node.js";
import { saveSealed } from "../../src/checkpoint/sealed-tensors.node.js";
import { StorageError } from "../../src/checkpoint/storage-error.js";
import { partialFileName, worldFileName, writeWorldFile } from "../../src/checkpoint/world-file.node.js";
import { ConfigError, FormatError } from "../../src/core/index.js";
import { sampleDescription } from "./sample-manifest.js";
import { temporaryDirectory } from "./temporary-directory.js";

const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const FILES = { "labels.bin": [text("a\n"), text("b")], "vectorizer.json": [text("{}")] };

function createModel(
  path: string,
  options: CreateOptions = {},
  metrics: Record<string, number> | null = null,
): ModelDirectory {
  return ModelDirectory.create(path, { ...sampleDescription(), metrics }, FILES, options);
}

function addWorld(model: ModelDirectory, world: number, value = world): void {
  const data = Float32Array.of(value, value + 1);
  const file = writeWorldFile(model.root, world, [{ name: "0.weight", shape: [2], data }], { world: String(world) });
  model.recordWorld({ ...file, epochs: 3, loss: 1, seconds: 0.5 });
}

function readWorld(model: ModelDirectory, world: number): number[] {
  const data = new Float32Array(2);
  model.readWorld(world, () => data);
  return [...data];
}

/** All files below a directory with their contents. */
function snapshot(directory: string): Record<string, string> {
  const names = fs.readdirSync(directory, { recursive: true }).map(String).sort();
  const files = names.filter((name) => fs.statSync(join(directory, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, fs.readFileSync(join(directory, name)).toString("hex")]));
}

describe("ModelDirectory", () => {
  it("is created, gains worlds in any order, and is opened again", () => {
    const path = join(temporaryDirectory(), "deep", "m");
    expect(ModelDirectory.exists(path)).toBe(false);
    expect(ModelDirectory.openForTraining(path)).toBeNull();
    const model = createModel(path);
    for (const world of [3, 0]) addWorld(model, world);
    model.update({ metrics: { "p@1": 0.25 }, merge: "probability" });

    const opened = ModelDirectory.open(path);
    expect(opened.manifest).toEqual(model.manifest);
    expect(opened.manifest.worlds.map(({ world }) => world)).toEqual([0, 3]);
    expect(opened.manifest.metrics).toEqual({ "p@1": 0.25 });
    expect(opened.listWorlds()).toEqual({ present: [0, 3], missing: [], untrained: [1, 2] });
    expect(readWorld(opened, 3)).toEqual([3, 4]);
    expect(new TextDecoder().decode(opened.readFile("labels.bin"))).toBe("a\nb");
    expect(Object.keys(snapshot(path))).toEqual([
      "labels.bin",
      "manifest.json",
      "vectorizer.json",
      "worlds/world-000.safetensors",
      "worlds/world-003.safetensors",
    ]);
  });

  it("holds the same bytes in whatever order its worlds came", () => {
    const [x, y] = [join(temporaryDirectory(), "m"), join(temporaryDirectory(), "m")];
    const [first, second] = [createModel(x), createModel(y)];
    for (const world of [0, 1, 2]) addWorld(first, world);
    for (const world of [2, 0, 1]) addWorld(second, world);
    expect(snapshot(y)).toEqual(snapshot(x));
  });

  it("reports missing worlds, and finds truncated and tampered ones by name", () => {
    const path = join(temporaryDirectory(), "m");
    const model = createModel(path);
    for (const world of [0, 1, 2, 3]) addWorld(model, world);
    const file = (world: number): string => join(path, worldFileName(world));
    fs.rmSync(file(0));
    fs.truncateSync(file(1), 20);
    const raw = fs.readFileSync(file(2));
    raw[raw.length - 3] ^= 4;
    fs.writeFileSync(file(2), raw);

    const opened = ModelDirectory.open(path);
    expect(opened.listWorlds()).toEqual({ present: [1, 2, 3], missing: [0], untrained: [] });
    expect([0, 1, 2, 3].map((world) => opened.checkWorld(world))).toEqual(["missing", "damaged", "damaged", "ok"]);
    expect(() => readWorld(opened, 1)).toThrow(
      /world-001\.safetensors: expected \d+ bytes, got 20: .*--resume to rebuild world 1/,
    );
    expect(() => readWorld(opened, 2)).toThrow(/world-002\.safetensors: its SHA-256 .*--resume to rebuild world 2/);
    // Without verification the length is still checked.
    expect(() => opened.readWorld(1, () => null, false)).toThrow(FormatError);
    expect(() => opened.readWorld(2, () => null, false)).not.toThrow();
    addWorld(model, 2);
    expect(ModelDirectory.open(path).checkWorld(2)).toBe("ok");
    expect(createModel(join(path, "..", "n")).checkWorld(2)).toBe("untrained");
  });

  it("refuses damaged labels, newer versions, files for directories and directories without a model", () => {
    const directory = temporaryDirectory();
    const path = join(directory, "m");
    const model = createModel(path);
    addWorld(model, 0);
    fs.writeFileSync(join(path, "labels.bin"), "a\nX");
    expect(() => ModelDirectory.open(path).readFile("labels.bin")).toThrow(/labels\.bin: it was changed or damaged/);
    fs.rmSync(join(path, "labels.bin"));
    expect(() => ModelDirectory.open(path).readFile("labels.bin")).toThrow(StorageError);
    expect(() => ModelDirectory.open(path).readFile("labels.bin")).toThrow(/labels\.bin: .* restore it or train again/);
    expect(() => ModelDirectory.open(path).readFile("other")).toThrow(FormatError);

    const manifest = join(path, "manifest.json");
    const original = fs.readFileSync(manifest, "utf8");
    fs.writeFileSync(manifest, original.replace('"formatVersion": 1', '"formatVersion": 99'));
    expect(() => ModelDirectory.open(path)).toThrow(/manifest\.json: format version 99 .* upgrade/);
    expect(() => ModelDirectory.openForTraining(path)).toThrow(FormatError);
    fs.writeFileSync(manifest, original.slice(0, 100));
    expect(() => ModelDirectory.open(path)).toThrow(FormatError);

    const file = join(directory, "file");
    fs.writeFileSync(file, "x");
    for (const open of [ModelDirectory.open, ModelDirectory.openForTraining, (p: string) => createModel(p)]) {
      expect(() => open(file)).toThrow(/expected the directory of a model, found a file/);
    }
    expect(() => ModelDirectory.open(join(directory, "none"))).toThrow(/found no manifest\.json/);
    expect(() => ModelDirectory.open(directory)).toThrow(StorageError);
    fs.mkdirSync(join(directory, "d", "manifest.json"), { recursive: true });
    expect(() => ModelDirectory.open(join(directory, "d"))).toThrow(StorageError);
  });

  it("refuses to write a manifest that its own reader would refuse", () => {
    const path = join(temporaryDirectory(), "m");
    const model = createModel(path);
    const before = snapshot(path);
    const file = writeWorldFile(path, 1, []);
    expect(() => model.recordWorld({ ...file, epochs: 1, loss: Number.NaN, seconds: 1 })).toThrow(FormatError);
    fs.rmSync(join(path, file.file));
    expect(snapshot(path)).toEqual(before);
  });
});

describe("replacing a model", () => {
  it("needs overwrite, and leaves the old model answering until the new one is published", () => {
    const path = join(temporaryDirectory(), "m");
    const old = createModel(path);
    addWorld(old, 0, 100);
    const before = snapshot(path);
    expect(() => createModel(path)).toThrow(/--resume continues it, --overwrite replaces it/);

    const next = createModel(path, { overwrite: true });
    addWorld(next, 0, 7);
    expect(next.isReplacement).toBe(true);
    expect(snapshot(path)).toEqual(before);

    // Killed here: --resume goes on with the new one, readers still see the old one.
    const resumed = ModelDirectory.openForTraining(path);
    expect(resumed?.root).toBe(next.root);
    expect(readWorld(ModelDirectory.open(path), 0)).toEqual([100, 101]);
    resumed?.publish();
    resumed?.publish();
    expect(resumed?.isReplacement).toBe(false);
    expect(readWorld(ModelDirectory.open(path), 0)).toEqual([7, 8]);
    expect(fs.readdirSync(join(path, ".."))).toEqual(["m"]);
  });

  it("survives a kill between the two renames", () => {
    const path = join(temporaryDirectory(), "m");
    addWorld(createModel(path), 0, 100);
    addWorld(createModel(path, { overwrite: true }), 0, 7);
    fs.renameSync(path, `${path}.replaced`);
    expect(ModelDirectory.exists(path)).toBe(true);
    expect(() => ModelDirectory.open(path)).toThrow(/replacement was interrupted; train with --resume/);
    const resumed = ModelDirectory.openForTraining(path);
    expect(readWorld(ModelDirectory.open(path), 0)).toEqual([100, 101]);
    resumed?.publish();
    expect(readWorld(ModelDirectory.open(path), 0)).toEqual([7, 8]);
    expect(fs.readdirSync(join(path, ".."))).toEqual(["m"]);
  });

  it("leaves copies that people make beside it alone", () => {
    const path = join(temporaryDirectory(), "m");
    addWorld(createModel(path), 0, 100);
    for (const copy of ["m.old", "m.new", "m.bak"]) fs.cpSync(path, join(path, "..", copy), { recursive: true });
    const before = snapshot(join(path, "..", "m.old"));
    createModel(path, { overwrite: true }).publish();
    for (const copy of ["m.old", "m.new", "m.bak"]) expect(snapshot(join(path, "..", copy))).toEqual(before);
    fs.rmSync(path, { recursive: true });
    expect(ModelDirectory.exists(path)).toBe(false);
    expect(ModelDirectory.openForTraining(path)).toBeNull();
  });

  it("makes no model where a file stands that it would write over", () => {
    for (const name of [
      "report.html",
      "history.jsonl",
      "labels.bin",
      "vectorizer.json",
      "worlds/world-002.safetensors",
    ]) {
      const path = join(temporaryDirectory(), "m");
      fs.mkdirSync(join(path, name, ".."), { recursive: true });
      fs.writeFileSync(join(path, "notes.txt"), "mine");
      fs.writeFileSync(join(path, name), "mine too");
      const before = snapshot(path);
      expect(() => createModel(path)).toThrow(`${path}: expected no ${name} where no model is, found one; training`);
      expect(() => createModel(path, { overwrite: true })).toThrow(/move it away, or choose another directory/);
      expect(snapshot(path)).toEqual(before);
      fs.rmSync(join(path, name));
      expect(createModel(path).remove()).toBe(true);
      expect(fs.readdirSync(path)).toEqual(["notes.txt"]);
    }
  });

  it("follows a link to the model and keeps the link", () => {
    const directory = temporaryDirectory();
    const path = join(directory, "m");
    createModel(path);
    fs.symlinkSync("m", join(directory, "current"));
    createModel(join(directory, "current"), { overwrite: true }, { "p@1": 1 }).publish();
    expect(fs.lstatSync(join(directory, "current")).isSymbolicLink()).toBe(true);
    expect(ModelDirectory.open(path).manifest.metrics).toEqual({ "p@1": 1 });
  });

  it("also replaces a model that is damaged or newer, but never deletes what is no part of a model", () => {
    const path = join(temporaryDirectory(), "m");
    createModel(path);
    fs.writeFileSync(join(path, "manifest.json"), "damaged");
    fs.writeFileSync(join(path, "thesis.tex"), "years of work");
    expect(() => createModel(path, { overwrite: true })).toThrow(/found thesis\.tex; .*move it away/);
    fs.renameSync(join(path, "thesis.tex"), join(path, "worlds", "thesis.tex"));
    expect(() => createModel(path, { overwrite: true })).toThrow(/worlds\/thesis\.tex/);
    fs.rmSync(join(path, "worlds", "thesis.tex"));
    createModel(path, { overwrite: true }).publish();
    expect(ModelDirectory.open(path).manifest.worlds).toEqual([]);
  });

  it("knows its own manifest from another program's", () => {
    const path = temporaryDirectory();
    fs.writeFileSync(join(path, "manifest.json"), JSON.stringify({ files: { "main.js": "static/main.js" } }));
    fs.writeFileSync(join(path, "main.js"), "years of work");
    const before = snapshot(path);
    expect(() => createModel(path)).toThrow(/found one/);
    expect(() => createModel(path, { overwrite: true })).toThrow(/found main.js, manifest.json; .*move it away/);
    expect(snapshot(path)).toEqual(before);
    const folder = temporaryDirectory();
    fs.mkdirSync(join(folder, "manifest.json"));
    expect(() => createModel(folder, { overwrite: true })).toThrow(/found manifest.json; .*move it away/);
  });

  it("takes no world where the rest of the model was removed meanwhile", () => {
    const path = join(temporaryDirectory(), "m");
    const model = createModel(path);
    addWorld(model, 0);
    fs.rmSync(path, { recursive: true });
    expect(() => addWorld(model, 1)).toThrow(StorageError);
    expect(() => model.update({ metrics: null })).toThrow(
      /m: labels\.bin was removed or changed meanwhile; .*train it again/,
    );
    expect(() => ModelDirectory.open(path)).toThrow(/no manifest/);
  });

  it("finishes what a killed run has begun before its manifest", () => {
    const path = join(temporaryDirectory(), "m");
    createModel(path);
    fs.rmSync(join(path, "manifest.json"));
    expect(createModel(path).listWorlds().untrained).toEqual([0, 1, 2, 3]);
  });

  it("says which files are its own, whatever leads to them", () => {
    const directory = temporaryDirectory();
    const path = join(directory, "m");
    addWorld(createModel(path), 0);
    fs.symlinkSync("m", join(directory, "current"));
    for (const name of ["manifest.json", "labels.bin", "report.html", "worlds/world-000.safetensors"]) {
      expect(isModelFile(join(directory, "current", name)), name).toBe(true);
    }
    for (const name of ["top10.tsv", "labels.txt", "worlds/top10.tsv", "nowhere/manifest.json", "../manifest.json"]) {
      expect(isModelFile(join(path, name)), name).toBe(false);
    }
  });

  it("leaves no model and no change when the disk is full", () => {
    const path = join(temporaryDirectory(), "m");
    const full: WriteFileSystem = {
      ...fs,
      openSync: (p, flags) => fs.openSync(p, flags),
      writeSync: () => {
        throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      },
      rmSync: (p, options) => fs.rmSync(p, options),
    };
    expect(() => createModel(path, { fileSystem: full })).toThrow(/the disk is full/);
    expect(ModelDirectory.exists(path)).toBe(false);
    const model = createModel(path);
    addWorld(model, 0);
    const before = snapshot(path);
    expect(() => createModel(path, { overwrite: true, fileSystem: full })).toThrow(StorageError);
    expect(() => writeWorldFile(path, 0, [{ name: "x", shape: [1], data: new Float32Array(1) }], {}, full)).toThrow(
      StorageError,
    );
    expect(() => saveSealed(join(path, partialFileName(1)), [], {}, full)).toThrow(StorageError);
    expect(snapshot(path)).toEqual(before);
    expect(ModelDirectory.openForTraining(path)?.isReplacement).toBe(false);
  });
});

describe("lockModel", () => {
  it("admits one process at a time and can be taken again after release", () => {
    const path = join(temporaryDirectory(), "m");
    const lock = lockModel(`${path}/`);
    expect(lock.path).toBe(`${path}.lock`);
    expect(() => lockModel(path)).toThrow(ConfigError);
    expect(() => lockModel(path)).toThrow(new RegExp(`process ${process.pid} on .* is training this model`));
    lock.release();
    lock.release();
    lockModel(path).release();
    expect(fs.existsSync(lock.path)).toBe(false);
  });

  it("takes over the lock of a process that is gone, or whose id another one has now", () => {
    const path = join(temporaryDirectory(), "m");
    const gone = spawnSync(process.execPath, ["-e", ""]).pid;
    const host = hostname();
    for (const holder of [
      { pid: gone, host, started: "1", ...ownProcessTable() },
      { pid: process.pid, host, started: "another time", ...ownProcessTable() },
      // Of before a restart of the container, or the machine.
      { pid: gone, host, started: "1", ...ownProcessTable(), pids: "pid:[1]" },
      { pid: gone, host, started: "1", ...ownProcessTable(), boot: "another boot" },
      // As earlier versions wrote them.
      { pid: gone, host, started: "1" },
      { pid: process.pid, host, started: "another time" },
    ]) {
      fs.writeFileSync(`${path}.lock`, JSON.stringify(holder));
      lockModel(path).release();
    }
  });

  it("respects the lock of another host, and one it cannot read", () => {
    const path = join(temporaryDirectory(), "m");
    const elsewhere = { pid: 1, host: "elsewhere", started: null };
    for (const content of [JSON.stringify(elsewhere), "", "{}"]) {
      fs.writeFileSync(`${path}.lock`, content);
      expect(() => lockModel(path)).toThrow(/delete .*m\.lock if it is not running/);
      expect(fs.readFileSync(`${path}.lock`, "utf8")).toBe(content);
    }
  });
});
