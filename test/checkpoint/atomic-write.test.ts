import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  removeStaleTemporaries,
  type WriteFileSystem,
  writeFileAtomic,
} from "../../src/checkpoint/atomic-write.node.js";
import { StorageError } from "../../src/checkpoint/storage-error.js";
import { temporaryDirectory } from "./temporary-directory.js";

const text = (s: string): Uint8Array => new TextEncoder().encode(s);

/** The real file system until call number `failAt`, which fails with `code`. Keeps the names of all calls. */
function failingFileSystem(failAt: number, code: string): WriteFileSystem & { calls: string[] } {
  const calls: string[] = [];
  const step = <T>(name: string, act: () => T): T => {
    calls.push(name);
    if (calls.length === failAt) throw Object.assign(new Error(`${code}: simulated`), { code });
    return act();
  };
  return {
    calls,
    openSync: (path, flags) => step("open", () => fs.openSync(path, flags)),
    // Short writes, as a nearly full disk or a signal makes them.
    writeSync: (fd, bytes, offset, length) => step("write", () => fs.writeSync(fd, bytes, offset, Math.min(length, 3))),
    fsyncSync: (fd) => step("fsync", () => fs.fsyncSync(fd)),
    closeSync: (fd) => step("close", () => fs.closeSync(fd)),
    renameSync: (from, to) => step("rename", () => fs.renameSync(from, to)),
    rmSync: (path, options) => fs.rmSync(path, options),
  };
}

describe("writeFileAtomic", () => {
  it("writes all chunks and says size and SHA-256", () => {
    const path = join(temporaryDirectory(), "f");
    const large = new Uint8Array(3_000_000).map((_, i) => i * 7);
    const written = writeFileAtomic(path, [text("ab"), new Uint8Array(0), large]);
    const raw = fs.readFileSync(path);
    expect(raw.equals(Buffer.concat([text("ab"), large]))).toBe(true);
    expect(written).toEqual({ bytes: raw.length, sha256: createHash("sha256").update(raw).digest("hex") });
  });

  it("leaves the earlier file or the new one, never a third thing, wherever it fails", () => {
    const directory = temporaryDirectory();
    const path = join(directory, "f");
    const probe = failingFileSystem(0, "");
    writeFileAtomic(path, [text("new con"), text("tent")], probe);
    expect(probe.calls.join(" ")).toBe("open write write write write write fsync close rename");
    for (let failAt = 1; failAt <= probe.calls.length; failAt++) {
      fs.writeFileSync(path, "old");
      const write = (): unknown =>
        writeFileAtomic(path, [text("new con"), text("tent")], failingFileSystem(failAt, "ENOSPC"));
      expect(write, `call ${failAt}`).toThrow(StorageError);
      expect(write).toThrow(/f: could not be written: the disk is full/);
      expect(fs.readFileSync(path, "utf8")).toBe("old");
      expect(fs.readdirSync(directory)).toEqual(["f"]);
    }
  });

  it("cleans up and passes on what the caller's chunks throw", () => {
    const directory = temporaryDirectory();
    function* chunks(): Generator<Uint8Array> {
      yield text("half");
      throw new RangeError("mine");
    }
    expect(() => writeFileAtomic(join(directory, "f"), chunks())).toThrow(new RangeError("mine"));
    expect(fs.readdirSync(directory)).toEqual([]);
  });

  it("explains directories in the way and directories that are not there", () => {
    const directory = temporaryDirectory();
    fs.mkdirSync(join(directory, "d"));
    expect(() => writeFileAtomic(join(directory, "d"), [])).toThrow(/expected a file, found a directory/);
    expect(() => writeFileAtomic(join(directory, "none", "f"), [])).toThrow(/no such file or directory/);
    expect(fs.readdirSync(directory)).toEqual(["d"]);
  });

  it("removes temporaries of dead processes only", () => {
    const directory = temporaryDirectory();
    // Ids beyond the largest that Linux gives (2²²): no such process.
    const dead = ".f.99999999-0-1.tmp";
    const own = `.f.${process.pid}-0-1.tmp`;
    for (const name of [dead, own, "f.tmp", ".hidden"]) fs.writeFileSync(join(directory, name), "");
    expect(removeStaleTemporaries(directory)).toEqual([dead]);
    expect(fs.readdirSync(directory).sort()).toEqual([own, ".hidden", "f.tmp"].sort());
  });
});
