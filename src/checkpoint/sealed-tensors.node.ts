/**
 * @file How is the state of something unfinished kept? As a safetensors file that proves itself.
 *
 * A finished file is checked against the manifest's SHA-256. A checkpoint in the middle has no such record; its metadata
 * holds the SHA-256 of its tensors (`tensors.sha256`), so that a damaged one cannot silently change what a resumed run
 * computes.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { FormatError } from "../core/errors.js";
import type { WriteFileSystem } from "./atomic-write.node.js";
import { type NamedTensor, tensorPieces } from "./safetensors.js";
import { loadSafetensors, writeSafetensors } from "./safetensors-file.node.js";
import { explainStorage } from "./storage-error.js";

const TENSORS_SHA256 = "tensors.sha256";

/** What a sealed file holds. */
export interface SealedTensors {
  /** By name. */
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  /** As `saveSealed` was given it. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Writes `tensors` and `metadata` to `path`, replacing an earlier file atomically; makes its folder. @throws {StorageError} */
export function saveSealed(
  path: string,
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
  fileSystem?: WriteFileSystem,
): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw explainStorage(dirname(path), "could not be made", error);
  }
  writeSafetensors(path, tensors, { ...metadata, [TENSORS_SHA256]: tensorsSha256(tensors) }, fileSystem);
}

/** What `saveSealed` left; null if there is no file. @throws {FormatError} ending with `remedy` if it is damaged. */
export function loadSealed(path: string, remedy: string): SealedTensors | null {
  if (!existsSync(path)) return null;
  const { tensors, metadata } = loadSafetensors(path, { remedy });
  const { [TENSORS_SHA256]: sha256, ...rest } = metadata;
  if (sha256 !== tensorsSha256([...tensors.values()])) {
    throw new FormatError({ file: path }, `its tensors were changed or damaged; ${remedy}`);
  }
  return { tensors, metadata: rest };
}

function tensorsSha256(tensors: readonly NamedTensor[]): string {
  const hash = createHash("sha256");
  for (const { name, shape, data } of tensors) {
    const size = shape.reduce((a, b) => a * b, 1);
    hash.update(JSON.stringify([name, shape]));
    for (const piece of tensorPieces(data, size)) hash.update(piece);
  }
  return hash.digest("hex");
}
