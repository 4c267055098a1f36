/**
 * @file Where does a world's training leave its files? Two names below the model directory, written by whichever thread
 * trains the world; the manifest is then updated by the one that owns the directory.
 *
 *   worlds/world-007.safetensors           parameters of a finished world
 *   worlds/world-007.partial.safetensors   parameters, optimiser state and counters in the middle: what --resume reads
 *
 * A finished world is checked against the manifest's SHA-256. A partial one has no such record; its metadata holds the
 * SHA-256 of its tensors (`tensors.sha256`), so that a damaged one cannot silently change what a resumed run computes.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FormatError } from "../core/errors.js";
import type { WriteFileSystem } from "./atomic-write.node.js";
import type { FileRecord } from "./manifest.js";
import { type NamedTensor, tensorBytes } from "./safetensors.js";
import { loadSafetensors, writeSafetensors } from "./safetensors-file.node.js";
import { explainStorage } from "./storage-error.js";

export const WORLDS_FOLDER = "worlds";
const TENSORS_SHA256 = "tensors.sha256";

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
  readonly world: number;
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

/** A world in the middle of its training. */
export interface PartialWorld {
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Writes the state of a world in training, replacing the last one atomically. @throws {StorageError} */
export function savePartialWorld(
  root: string,
  world: number,
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
  fileSystem?: WriteFileSystem,
): void {
  makeWorldsFolder(root);
  const sealed = { ...metadata, [TENSORS_SHA256]: tensorsSha256(tensors) };
  writeSafetensors(join(root, partialFileName(world)), tensors, sealed, fileSystem);
}

/** The state that `savePartialWorld` left; null if there is none. @throws {FormatError} if it is damaged. */
export function loadPartialWorld(root: string, world: number): PartialWorld | null {
  const path = join(root, partialFileName(world));
  if (!existsSync(path)) return null;
  const remedy = "delete this file and train with --resume: the world starts from its beginning";
  const { tensors, metadata } = loadSafetensors(path, { remedy });
  const { [TENSORS_SHA256]: sha256, ...rest } = metadata;
  if (sha256 !== tensorsSha256([...tensors.values()])) {
    throw new FormatError({ file: path }, `its tensors were changed or damaged; ${remedy}`);
  }
  return { tensors, metadata: rest };
}

/** Removes the state of a world in training, if there is any. */
export function removePartialWorld(root: string, world: number): void {
  rmSync(join(root, partialFileName(world)), { force: true });
}

function tensorsSha256(tensors: readonly NamedTensor[]): string {
  const hash = createHash("sha256");
  for (const { name, shape, data } of tensors) {
    hash.update(JSON.stringify([name, shape]));
    hash.update(
      tensorBytes(
        data,
        shape.reduce((a, b) => a * b, 1),
      ),
    );
  }
  return hash.digest("hex");
}

function makeWorldsFolder(root: string): void {
  const folder = join(root, WORLDS_FOLDER);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw explainStorage(folder, "could not be made", error);
  }
}
