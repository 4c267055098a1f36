/** @file What happens on a disk that is full, read-only or not ours? The old model answers, the remedy is named. */
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDirectory, ROOT, refusal, removeDirectory, succeed, worldDigests } from "./manyworlds-process.js";
import { writeTextRows } from "./sample-rows.js";

let folder = "";
const at = (name: string): string => join(folder, name);
const SMALL = ["--worlds", "2", "--threads", "1", "--buckets", "16", "--hidden", "8", "--epochs", "1"];
const LARGE = ["--worlds", "3", "--threads", "1", "--buckets", "16", "--hidden", "256", "--epochs", "1"];

/** A small disk in memory at `path`. @returns whether this user may have one. */
function mount(path: string, options: string): boolean {
  mkdirSync(path, { recursive: true });
  return spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path]).status === 0;
}

function unmount(path: string): void {
  spawnSync("umount", [path]);
}

/** Tried once, so that the tests below are skipped by name where it is not allowed. */
const canMount = ((): boolean => {
  const probe = createDirectory();
  const works = mount(probe, "size=64k");
  if (works) unmount(probe);
  removeDirectory(probe);
  return works;
})();

beforeAll(() => {
  folder = createDirectory();
  writeTextRows(at("train.tsv"), { numRows: 300, numLabels: 30, seed: 1 });
});
afterAll(async () => {
  for (const disk of ["disk", "crammed", "frozen"]) unmount(at(disk));
  await removeDirectory(folder);
});

describe.skipIf(!canMount)("a full disk", () => {
  it("stops a training that replaces a model; the old one answers; with more room --resume ends it", async () => {
    expect(mount(at("disk"), "size=512k")).toBe(true);
    await succeed(["train", at("train.tsv"), "--model", at("disk/m"), ...SMALL]);
    const before = worldDigests(at("disk/m"));
    const query = ["predict", at("disk/m"), "word20 word21", "-k", "3"];
    const answer = (await succeed(query)).stdout;

    const complaint = await refusal(["train", at("train.tsv"), "--model", at("disk/m"), ...LARGE, "--overwrite"]);
    expect(complaint).toMatch(/world-\d+\.safetensors: could not be written: the disk is full; free some space/);
    expect(worldDigests(at("disk/m"))).toEqual(before);
    expect((await succeed(query)).stdout).toBe(answer);
    expect(readdirSync(at("disk/m.replacement/worlds")).filter((name) => name.endsWith(".tmp"))).toEqual([]);

    expect(spawnSync("mount", ["-o", "remount,size=8m", at("disk")]).status).toBe(0);
    await succeed(["train", at("train.tsv"), "--model", at("disk/m"), ...LARGE, "--resume"]);
    await succeed(["train", at("train.tsv"), "--model", at("elsewhere"), ...LARGE]);
    expect(worldDigests(at("disk/m"))).toEqual(worldDigests(at("elsewhere")));
  });

  it("leaves no lock where not a byte of it could be written", async () => {
    expect(mount(at("crammed"), "size=64k")).toBe(true);
    expect(() => writeFileSync(at("crammed/filler"), new Uint8Array(2 ** 20))).toThrow("ENOSPC");
    const complaint = await refusal(["train", at("train.tsv"), "--model", at("crammed/m"), ...SMALL]);
    expect(complaint).toMatch(/m\.lock: could not be made: the disk is full; free some space/);
    expect(readdirSync(at("crammed"))).toEqual(["filler"]);
  });
});

describe.skipIf(!canMount)("a read-only disk", () => {
  it("is named", async () => {
    expect(mount(at("frozen"), "size=64k,ro")).toBe(true);
    const complaint = await refusal(["train", at("train.tsv"), "--model", at("frozen/m"), ...SMALL]);
    expect(complaint).toMatch(/frozen\/m\.lock: could not be made: the file system is read-only/);
  });
});

describe("a directory that is not ours to write in", () => {
  it.skipIf(process.platform !== "linux")("is named", async () => {
    // /proc refuses everybody, root too.
    const complaint = await refusal(["train", at("train.tsv"), "--model", "/proc/m", ...SMALL]);
    expect(complaint).toMatch(/\/proc\/m\.lock: could not be made: /);
  });
});

describe("standard output on a full disk", () => {
  it.skipIf(!existsSync("/dev/full"))("exits with 2 and says so in a line", async () => {
    await succeed(["train", at("train.tsv"), "--model", at("m"), ...SMALL]);
    const full = openSync("/dev/full", "w");
    try {
      const main = join(ROOT, "dist/src/cli/main.js");
      const args = [main, "predict", at("m"), "word20"];
      const { status, stderr } = spawnSync(process.execPath, args, { stdio: ["ignore", full, "pipe"] });
      expect(stderr.toString()).toMatch(/^manyworlds: standard output: could not be written: the disk is full;.*\n$/);
      expect(status).toBe(2);
    } finally {
      closeSync(full);
    }
  });
});
