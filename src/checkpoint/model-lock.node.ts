/**
 * @file Who may change a model? One process at a time: `<model>.lock` beside the directory, made with O_EXCL.
 *
 *   { "pid": 4711, "host": "laptop", "started": "83645291" }     started: the process's start time in /proc, or null
 *
 * A lock is stale if its process is gone: same host, and no process of that id or one that started at another time (ids
 * are soon reused in containers). A stale lock is renamed away before it is removed, so that of two waiting processes
 * only one takes it over. A lock of another host is never stale by itself: the message names the file to delete.
 * Readers need no lock: every file changes atomically.
 */
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { ConfigError } from "../core/errors.js";
import { isProcessAlive } from "./atomic-write.node.js";
import { explainStorage, systemCode } from "./storage-error.js";

export interface ModelLock {
  readonly path: string;
  /** Removes the lock; further calls do nothing. */
  release(): void;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly started: string | null;
}

/** Locks the model at `modelPath` for this process. @throws {ConfigError} if another holds it. @throws {StorageError} */
export function lockModel(modelPath: string): ModelLock {
  const path = `${resolve(modelPath)}.lock`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    // Twice: the second try follows the removal of a stale lock; whoever was faster then holds it.
    if (tryLock(path) || (removeIfStale(path) && tryLock(path))) return heldLock(path);
  } catch (error) {
    throw explainStorage(path, "could not be made", error);
  }
  const holder = readHolder(path);
  const who = holder === null ? "another process" : `process ${holder.pid} on ${holder.host}`;
  throw new ConfigError(
    `${modelPath}: ${who} is training this model; wait for it, or delete ${path} if it is not running any more`,
  );
}

function tryLock(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, "wx");
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
  try {
    const holder: Holder = { pid: process.pid, host: hostname(), started: startTime(process.pid) };
    writeSync(fd, `${JSON.stringify(holder)}\n`);
  } finally {
    closeSync(fd);
  }
  return true;
}

function heldLock(path: string): ModelLock {
  let held = true;
  return {
    path,
    release: () => {
      if (held) rmSync(path, { force: true });
      held = false;
    },
  };
}

function removeIfStale(path: string): boolean {
  const holder = readHolder(path);
  if (holder === null || holder.host !== hostname()) return false;
  if (isProcessAlive(holder.pid) && startTime(holder.pid) === holder.started) return false;
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    // Another process was faster; the next tryLock decides.
    if (systemCode(error) === "ENOENT") return true;
    throw error;
  }
  const moved = readHolder(aside);
  if (moved?.pid !== holder.pid || moved.started !== holder.started) {
    // Another process took the stale lock over between our look and our rename: give its lock back.
    renameSync(aside, path);
    return false;
  }
  rmSync(aside, { force: true });
  return true;
}

/** Who made the lock; null if that cannot be read (being written right now, or not ours). */
function readHolder(path: string): Holder | null {
  try {
    const { pid, host, started } = JSON.parse(readFileSync(path, "utf8")) as Holder;
    return Number.isInteger(pid) && typeof host === "string" ? { pid, host, started } : null;
  } catch {
    return null;
  }
}

/** When the process started, in the kernel's clock ticks since boot; null where /proc does not say. */
function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Field 22; the second, the program's name in parentheses, may hold spaces.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
