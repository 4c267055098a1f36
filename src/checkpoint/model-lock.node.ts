/**
 * @file Who may change a model? One process at a time: `<model>.lock` beside the directory, made with O_EXCL, names it
 * (process-identity.node.ts).
 *
 * A lock is stale if its process is gone. A stale lock is renamed away before it is removed, so that of two waiting
 * processes only one takes it over. A lock of another host is never stale by itself: the message names the file to delete.
 * Of this host, one from before a restart of the machine or the container is: a training that lost its power resumes.
 * Readers need no lock: every file changes atomically.
 */
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { ConfigError } from "../core/errors.js";
import { formatOwnIdentity, isGone, ownProcessTable, readIdentity } from "./process-identity.node.js";
import { explainStorage, systemCode } from "./storage-error.js";

/** The right to change one model. */
export interface ModelLock {
  /** Of the lock file. Absolute. */
  readonly path: string;
  /** Removes the lock; further calls do nothing. */
  release(): void;
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
  const holder = readIdentity(path);
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
    writeFileSync(fd, formatOwnIdentity());
  } catch (error) {
    // On a full disk: a lock that names nobody would stand for ever.
    rmSync(path, { force: true });
    throw error;
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
  const holder = readIdentity(path);
  // Whatever table of processes it was in: a model directory is seldom shared by containers of one host name.
  if (holder === null || !isGone({ ...holder, ...ownProcessTable() })) return false;
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    // Another process was faster; the next tryLock decides.
    if (systemCode(error) === "ENOENT") return true;
    throw error;
  }
  if (!isDeepStrictEqual(readIdentity(aside), holder)) {
    // Another process took the stale lock over between our look and our rename: give its lock back.
    renameSync(aside, path);
    return false;
  }
  rmSync(aside, { force: true });
  return true;
}
