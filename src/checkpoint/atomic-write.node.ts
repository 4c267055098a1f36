/**
 * @file How does a file change from one whole state to another, whatever happens in between?
 *
 *   open  .name.<pid>-<thread>-<n>.tmp in the same directory     a crash leaves a temporary, never half a file
 *   write all chunks · fsync the file                            its bytes are on the disk before its name is
 *   rename over the final name · fsync the directory             readers see the old file or the new one
 *
 * On any failure (disk full, no permission, an exception from the caller's chunks) the temporary is removed, the old
 * file stands. Temporaries of dead processes are removed by `removeStaleTemporaries`.
 *
 * Source: Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014, for why both fsyncs are needed.
 */
import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { threadId } from "node:worker_threads";
import { explainStorage } from "./storage-error.js";

/** The part of node:fs that writing needs; tests give one that fails. */
export interface WriteFileSystem {
  openSync(path: string, flags: string): number;
  /** @returns bytes written, perhaps fewer than `length`. */
  writeSync(fd: number, bytes: Uint8Array, offset: number, length: number): number;
  fsyncSync(fd: number): void;
  closeSync(fd: number): void;
  renameSync(from: string, to: string): void;
  rmSync(path: string, options: { force: boolean }): void;
}

const NODE_FILE_SYSTEM: WriteFileSystem = {
  openSync,
  writeSync: (fd, bytes, offset, length) => writeSync(fd, bytes, offset, length),
  fsyncSync,
  closeSync,
  renameSync,
  rmSync,
};

/** What was written. */
export interface WrittenFile {
  /** Size of the file. */
  readonly bytes: number;
  /** Of the whole file, lower-case hexadecimal. */
  readonly sha256: string;
}

/** Written and hashed in pieces of this size, so that hashing reads what is still in the cache (L2 is 1–2 MiB). */
const PIECE_BYTES = 1 << 20;
let numWritten = 0;

/**
 * Writes `chunks` one after another as the file `path`, replacing any earlier one at once.
 * Chunks may stand on shared memory. @throws {StorageError} if the system refuses; the earlier file then stands.
 */
export function writeFileAtomic(
  path: string,
  chunks: Iterable<Uint8Array>,
  fileSystem: WriteFileSystem = NODE_FILE_SYSTEM,
): WrittenFile {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${threadId}-${numWritten++}.tmp`);
  const hash = createHash("sha256");
  let bytes = 0;
  let fd: number | null = null;
  try {
    fd = fileSystem.openSync(temporary, "wx");
    for (const chunk of chunks) {
      for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
        const piece = chunk.subarray(start, start + PIECE_BYTES);
        hash.update(piece);
        for (let done = 0; done < piece.length; ) {
          done += fileSystem.writeSync(fd, piece, done, piece.length - done);
        }
      }
      bytes += chunk.length;
    }
    fileSystem.fsyncSync(fd);
    const closing = fd;
    fd = null;
    fileSystem.closeSync(closing);
    fileSystem.renameSync(temporary, path);
  } catch (error) {
    discard(fileSystem, fd, temporary);
    throw explainStorage(path, "could not be written", error);
  }
  syncDirectory(dirname(path));
  return { bytes, sha256: hash.digest("hex") };
}

/** The first error is the one to report: those of cleaning up after it are dropped. */
function discard(fileSystem: WriteFileSystem, fd: number | null, temporary: string): void {
  try {
    if (fd !== null) fileSystem.closeSync(fd);
  } catch {}
  try {
    fileSystem.rmSync(temporary, { force: true });
  } catch {}
}

/** Makes renames within `directory` durable. Systems that cannot open a directory (Windows) need no such call. */
export function syncDirectory(directory: string): void {
  let fd: number | null = null;
  try {
    fd = openSync(directory, "r");
    fsyncSync(fd);
  } catch {
    // The rename itself has happened; only its durability over a power cut is left to the system.
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

const TEMPORARY = /^\..+\.(\d+)-\d+-\d+\.tmp$/;

/** True for names that `writeFileAtomic` gives to files not yet whole. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/** Removes temporaries in `directory` whose process is gone. @returns their names. */
export function removeStaleTemporaries(directory: string): string[] {
  const stale = readdirSync(directory).filter((name) => {
    const match = TEMPORARY.exec(name);
    return match !== null && !isProcessAlive(Number(match[1]));
  });
  for (const name of stale) rmSync(join(directory, name), { force: true });
  return stale;
}

/** True if a process with this id runs on this machine. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
