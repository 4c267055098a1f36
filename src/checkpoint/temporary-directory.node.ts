/**
 * @file Where do files go that only the running process needs, and who removes them if it is killed? A directory of its own,
 * which says whose it is; the next process that needs one beside it removes those of processes that are gone.
 *
 *   /tmp/manyworlds-glove-a8Xk2f/process.json    process-identity.node.ts
 *                                run-000 …       its files
 *
 * Left alone: what does not say whose it is, another user's, another host's or container's (the parent may be shared).
 */
import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatOwnIdentity, isGone, readIdentity } from "./process-identity.node.js";
import { explainStorage } from "./storage-error.js";

const PREFIX = "manyworlds-";
const IDENTITY_FILE = "process.json";

/**
 * Makes a directory in `parent` for this process, which removes it. First removes what dead processes left there.
 * @param kind stands in its name. @throws {StorageError}
 */
export function createTemporaryDirectory(kind: string, parent: string = tmpdir()): string {
  removeStaleDirectories(parent);
  let directory: string | null = null;
  try {
    directory = mkdtempSync(join(parent, `${PREFIX}${kind}-`));
    writeFileSync(join(directory, IDENTITY_FILE), formatOwnIdentity());
    return directory;
  } catch (error) {
    if (directory !== null) rmSync(directory, { recursive: true, force: true });
    throw explainStorage(parent, "could not be written", error);
  }
}

/** As far as it can: what stays does not hinder this process. */
function removeStaleDirectories(parent: string): void {
  for (const directory of ownDirectories(parent)) {
    const owner = readIdentity(join(directory, IDENTITY_FILE));
    if (owner === null || !isGone(owner)) continue;
    try {
      removeDirectory(directory);
    } catch {
      // Another process removes it too, or its files are not ours to remove.
    }
  }
}

/** Directories of this user in `parent` with names such as ours; none if it cannot be read. */
function ownDirectories(parent: string): string[] {
  try {
    const user = process.getuid?.();
    return readdirSync(parent)
      .filter((name) => name.startsWith(PREFIX))
      .map((name) => join(parent, name))
      .filter((path) => {
        const status = lstatSync(path, { throwIfNoEntry: false });
        return status?.isDirectory() && (user === undefined || status.uid === user);
      });
  } catch {
    return [];
  }
}

/** What says whose the directory is goes last: if this process is killed meanwhile, the next can still tell. */
function removeDirectory(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name !== IDENTITY_FILE) rmSync(join(directory, name), { recursive: true, force: true });
  }
  rmSync(directory, { recursive: true, force: true });
}
