/**
 * @file Safetensors on disk: written tensor by tensor from where they stand, read straight into where they shall stand.
 * Neither direction holds a second copy. Reading can hash the file on the way, in one pass over its bytes.
 */
import { createHash, type Hash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { FormatError } from "../core/errors.js";
import { type WriteFileSystem, type WrittenFile, writeFileAtomic } from "./atomic-write.node.js";
import {
  dtypeOf,
  encodeSafetensors,
  type NamedTensor,
  newTensorArray,
  PREFIX_BYTES,
  parseHeader,
  parsePrefix,
  type SafetensorsHeader,
  type TensorArray,
  type TensorEntry,
  tensorPieces,
} from "./safetensors.js";
import { explainStorage } from "./storage-error.js";

const PIECE_BYTES = 1 << 20;

/** Writes `tensors` in this order as one file, atomically. @throws {StorageError} */
export function writeSafetensors(
  path: string,
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>> = {},
  fileSystem?: WriteFileSystem,
): WrittenFile {
  return writeFileAtomic(path, encodeSafetensors(tensors, metadata), fileSystem);
}

/** Says where a tensor goes: an array of its dtype with at least `size` elements, or null to skip it. */
export type TensorTarget = (entry: TensorEntry) => TensorArray | null;

/** What a file is checked against, and what the user is told. */
export interface ReadOptions {
  /** Expected SHA-256 of the file; undefined: not checked. */
  readonly sha256?: string | undefined;
  /** Expected size of the file. */
  readonly bytes?: number | undefined;
  /** Ends the message of a FormatError: what the user can do about this file. */
  readonly remedy?: string;
}

/**
 * Reads a file, each tensor into the array that `target` names for it.
 * @throws {FormatError} for a truncated, tampered or foreign file: contents of targets are then undefined.
 * @throws {StorageError} if the file cannot be opened or read.
 */
export function readSafetensors(path: string, target: TensorTarget, options: ReadOptions = {}): SafetensorsHeader {
  const fail = (problem: string): never => {
    throw new FormatError({ file: path }, options.remedy === undefined ? problem : `${problem}; ${options.remedy}`);
  };
  let fd: number | null = null;
  try {
    fd = openSync(path, "r");
    const stat = fstatSync(fd);
    if (!stat.isFile()) return fail("expected a safetensors file, found a directory or a device");
    if (options.bytes !== undefined && stat.size !== options.bytes) {
      return fail(`expected ${options.bytes} bytes, got ${stat.size}: the file is truncated or was replaced`);
    }
    const hash = options.sha256 === undefined ? null : createHash("sha256");
    const header = readHeader(fd, stat.size, path, hash);
    for (const entry of header.tensors) readTensor(fd, entry, target(entry), hash, path);
    if (hash !== null && hash.digest("hex") !== options.sha256) {
      return fail("its SHA-256 is not the one in the manifest: the file was changed or damaged");
    }
    return header;
  } catch (error) {
    if (error instanceof FormatError && options.remedy !== undefined && !error.problem.endsWith(options.remedy)) {
      return fail(error.problem);
    }
    throw explainStorage(path, "could not be read", error);
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** The header alone: names, shapes, metadata. @throws as readSafetensors */
export function readSafetensorsHeader(path: string): SafetensorsHeader {
  let fd: number | null = null;
  try {
    fd = openSync(path, "r");
    return readHeader(fd, fstatSync(fd).size, path, null);
  } catch (error) {
    throw explainStorage(path, "could not be read", error);
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** All tensors in new arrays. For small files; worlds are read into the kernels' memory. @throws as readSafetensors */
export function loadSafetensors(
  path: string,
  options: ReadOptions = {},
): { readonly tensors: ReadonlyMap<string, NamedTensor>; readonly metadata: Readonly<Record<string, string>> } {
  const tensors = new Map<string, NamedTensor>();
  const { metadata } = readSafetensors(
    path,
    ({ name, dtype, shape, size }) => {
      const data = newTensorArray(dtype, size);
      tensors.set(name, { name, shape, data });
      return data;
    },
    options,
  );
  return { tensors, metadata };
}

function readHeader(fd: number, fileBytes: number, path: string, hash: Hash | null): SafetensorsHeader {
  const prefix = new Uint8Array(PREFIX_BYTES);
  const got = fileBytes < PREFIX_BYTES ? 0 : readSync(fd, prefix, 0, PREFIX_BYTES, 0);
  const length = parsePrefix(prefix.subarray(0, got), fileBytes, path);
  const json = new Uint8Array(length);
  readFully(fd, json, PREFIX_BYTES, path, null);
  hash?.update(prefix).update(json);
  return parseHeader(json, fileBytes, path);
}

function readTensor(fd: number, entry: TensorEntry, target: TensorArray | null, hash: Hash | null, path: string): void {
  if (target !== null) {
    if (dtypeOf(target) !== entry.dtype || target.length < entry.size) {
      const got = `${dtypeOf(target)} of ${target.length}`;
      throw new FormatError(
        { file: path },
        `tensor ${entry.name}: expected room for ${entry.dtype} [${entry.shape}], got ${got}`,
      );
    }
    let at = entry.beginBytes;
    for (const piece of tensorPieces(target, entry.size)) {
      readFully(fd, piece, at, path, hash);
      at += piece.length;
    }
  } else if (hash !== null) {
    const piece = new Uint8Array(Math.min(PIECE_BYTES, entry.endBytes - entry.beginBytes));
    for (let at = entry.beginBytes; at < entry.endBytes; at += piece.length) {
      readFully(fd, piece.subarray(0, Math.min(piece.length, entry.endBytes - at)), at, path, hash);
    }
  }
}

/** Fills `out` from byte `at` on, hashing each piece while it is in the cache. */
function readFully(fd: number, out: Uint8Array, at: number, path: string, hash: Hash | null): void {
  for (let start = 0; start < out.length; ) {
    const got = readSync(fd, out, start, Math.min(PIECE_BYTES, out.length - start), at + start);
    if (got === 0) throw new FormatError({ file: path }, "the file became shorter while it was read");
    hash?.update(out.subarray(start, start + got));
    start += got;
  }
}
