/**
 * @file The manifest on disk: read whole, written atomically, never one that its own reader refuses.
 *
 * Not here: what stands in it and how it is checked (manifest.ts).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type WriteFileSystem, writeFileAtomic } from "./atomic-write.node.js";
import { formatManifest, type Manifest, parseManifest } from "./manifest.js";
import { MANIFEST_FILE } from "./model-files.node.js";
import { explainStorage, StorageError, systemCode } from "./storage-error.js";

/** The manifest of the model in `root`. @throws {FormatError} if it is damaged. @throws {StorageError} if there is none. */
export function readManifest(root: string): Manifest {
  const path = join(root, MANIFEST_FILE);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") {
      throw new StorageError(
        root,
        `expected a model, found no ${MANIFEST_FILE}; train one with --model ${root}`,
        error,
      );
    }
    throw explainStorage(path, "could not be read", error);
  }
  return parseManifest(text, path);
}

/**
 * Writes the manifest of the model in `root`. The text is parsed before it is written, so that no model is left that its
 * own reader refuses, and formatted again from what was parsed: fields then stand in the schema's order, and equal
 * manifests are equal bytes. @returns the manifest as read back. @throws {FormatError | StorageError}
 */
export function writeManifest(root: string, manifest: Manifest, fileSystem?: WriteFileSystem): Manifest {
  const path = join(root, MANIFEST_FILE);
  const parsed = parseManifest(formatManifest(manifest), path);
  writeFileAtomic(path, [new TextEncoder().encode(formatManifest(parsed))], fileSystem);
  return parsed;
}
