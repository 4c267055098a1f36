/**
 * @file How does a folder of many files change from one whole state to another?
 *
 *   .name.<pid>.tmp/   written beside the folder, on the same file system
 *   name/ → .name.<pid>.old/ → removed      .name.<pid>.tmp/ → name/
 *
 * A failure leaves what stood there as it was. A kill between the two renames leaves both under their dotted names; at
 * any other time it leaves at most a dotted folder to remove.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { syncDirectory } from "../checkpoint/atomic-write.node.js";
import { explainStorage } from "../checkpoint/storage-error.js";
import { ConfigError } from "../core/errors.js";

export interface SwapOptions {
  /** Replace a folder that stands there, if it is one of this kind. */
  readonly overwrite: boolean;
  /** A file that such a folder has, and text that stands in it: anything else is never removed. */
  readonly mark: { readonly file: string; readonly text: string };
  /** All that such a folder holds. With anything else beside it, a user's `.git` say, it is not replaced. */
  readonly names: readonly string[];
}

/**
 * Makes the folder `path` of what `write` puts into the empty folder that it is given. An empty folder may stand there; of
 * a symbolic link, the folder that it leads to is replaced.
 * @throws {ConfigError} if another does, and `overwrite` is not given or it is none of this kind. @throws {StorageError}
 */
export async function swapFolder<T>(
  path: string,
  options: SwapOptions,
  write: (folder: string) => Promise<T>,
): Promise<T> {
  const target = existsSync(path) ? realpathSync(path) : resolve(path);
  checkTarget(path, target, options);
  const [temporary, old] = ["tmp", "old"].map((kind) => {
    return join(dirname(target), `.${basename(target)}.${process.pid}.${kind}`);
  });
  try {
    mkdirSync(dirname(target), { recursive: true });
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary);
    const result = await write(temporary);
    // Writing takes minutes: somebody may have put a folder there, or something into it.
    checkTarget(path, target, options);
    const replaces = existsSync(target);
    if (replaces) renameSync(target, old);
    try {
      renameSync(temporary, target);
    } catch (error) {
      if (replaces) renameSync(old, target);
      throw error;
    }
    syncDirectory(dirname(target));
    rmSync(old, { recursive: true, force: true });
    return result;
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw explainStorage(path, "could not be written", error);
  }
}

function checkTarget(path: string, target: string, { overwrite, mark, names: known }: SwapOptions): void {
  if (!existsSync(target)) return;
  if (!statSync(target).isDirectory()) {
    throw new ConfigError(`${path}: expected a folder or nothing, found a file; choose another path`);
  }
  const names = readdirSync(target);
  if (names.length === 0) return;
  const marked = join(target, mark.file);
  if (!existsSync(marked) || !readFileSync(marked, "utf8").includes(mark.text)) {
    throw new ConfigError(
      `${path}: expected no folder, or one that was exported, found one with ${names[0]}; choose another path`,
    );
  }
  const foreign = names.find((name) => !known.includes(name));
  if (foreign !== undefined) {
    throw new ConfigError(
      `${path}: expected nothing but an export, found ${foreign}; replacing the export would delete it: move it away, ` +
        "or choose another path",
    );
  }
  if (!overwrite) throw new ConfigError(`${path}: expected no folder, found an export; --overwrite replaces it`);
}
