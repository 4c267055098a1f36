/**
 * @file Where does a world's training leave its files? Two names below the model directory, written by whichever thread
 * trains the world; the manifest is then updated by the one that owns the directory.
 *
 *   worlds/world-007.safetensors           parameters of a finished world
 *   worlds/world-007.partial.safetensors   parameters, optimiser state and counters in the middle: what --resume reads
 *
 * A finished world is checked against the manifest's SHA-256, a partial one is sealed (sealed-tensors.node.ts).
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { WriteFileSystem } from "./atomic-write.node.js";
import type { FileRecord } from "./manifest.js";
import type { NamedTensor } from "./safetensors.js";
import { writeSafetensors } from "./safetensors-file.node.js";
import { explainStorage } from "./storage-error.js";

export const WORLDS_FOLDER = "worlds";

/** `worlds/world-007.safetensors`. */
export function worldFileName(world: number): string {
  return `${WORLDS_FOLDER}/world-${String(world).padStart(3, "0")}.safetensors`;
}

/** `worlds/world-007.partial.safetensors`. */
export function partialFileName(world: number): string {
  return `${WORLDS_FOLDER}/world-${String(world).padStart(3, "0")}.partial.safetensors`;
}

/** What the manifest needs to know of a world's file. */
export interface WorldFile extends FileRecord {
  /** Its number, below R. */
  readonly world: number;
  /** Relative to the model directory, such as `worlds/world-007.safetensors`. */
  readonly file: string;
}

/** Writes a finished world below `root`, atomically. Its bytes depend on the arguments alone. @throws {StorageError} */
export function writeWorldFile(
  root: string,
  world: number,
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>> = {},
  fileSystem?: WriteFileSystem,
): WorldFile {
  makeWorldsFolder(root);
  const file = worldFileName(world);
  return { world, file, ...writeSafetensors(join(root, file), tensors, metadata, fileSystem) };
}

function makeWorldsFolder(root: string): void {
  const folder = join(root, WORLDS_FOLDER);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw explainStorage(folder, "could not be made", error);
  }
}
