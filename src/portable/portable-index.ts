/**
 * @file What does a model for browsers consist of? Plain files on any host, of which a query needs few.
 *
 *   model/index.json                       this file's PortableIndex; the only name that is ever written again
 *   model/<version>/kernels.bin            dist/kernels/manyworlds.wasm
 *   model/<version>/vocabulary.bin         document frequencies │ words              portable-vocabulary.ts
 *   model/<version>/labels.bin             counts │ lengths │ names                  portable-labels.ts
 *   model/<version>/world-007.bin          biases and dense layers of a world        portable-world.ts
 *   model/<version>/input/0042.bin         some words' rows of all worlds' input layers   input-shards.ts
 *
 * All but index.json are gzip (not by name: a host that takes `.gz` for an encoding would unpack them
 * on the way). Numbers are little-endian. `version` names the content, so that files may be cached for ever and those of
 * two exports never mix. Every file is checked against its SHA-256; those of the shards stand in one string, the first
 * 16 bytes of each, since thousands of names and digests would outweigh the words.
 *
 * The index is read without zod: it would be a third of the page's code.
 */
import type { Manifest } from "../checkpoint/manifest.js";
import { FormatError } from "../core/errors.js";
import type { TextVectorizerOptions } from "../data/text-vectorizer.js";
import type { WeightBits } from "./quantize.js";

export const PORTABLE_FORMAT = "manyworlds-portable";
/** The format that this version writes and reads. */
export const PORTABLE_VERSION = 1;
export const INDEX_FILE = "index.json";
export const KERNELS_FILE = "kernels.bin";
export const VOCABULARY_FILE = "vocabulary.bin";
export const LABELS_FILE = "labels.bin";
/** Bytes of a shard's SHA-256 that are kept. */
export const SHARD_DIGEST_BYTES = 16;

/** A file as it is fetched. */
export interface PortableFile {
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** The sparse input layers, [rows, worlds, H] with a scale for each row and world. */
export interface InputRecord {
  /** Rows of a shard; the last one may have fewer. */
  readonly shardRows: number;
  /** Features that have a row: those that occur often enough. */
  readonly numRows: number;
  /** Bytes of all shards as fetched. */
  readonly bytes: number;
  /** Base64 of SHARD_DIGEST_BYTES bytes a shard. */
  readonly digests: string;
}

/** What stands in `index.json`: all that is to be known of an export before its other files come. */
export interface PortableIndex {
  readonly format: typeof PORTABLE_FORMAT;
  /** PORTABLE_VERSION of the program that wrote it. */
  readonly formatVersion: number;
  /** Version of the program that wrote it. */
  readonly writtenBy: string;
  /** Names the content: a folder. */
  readonly version: string;
  /** Shape of each world. */
  readonly network: Manifest["network"];
  /** Of all worlds that the model has. */
  readonly hash: Manifest["hash"];
  /** How the worlds' answers become one score a label. */
  readonly merge: Manifest["merge"];
  /** The label prior; without effect unless labels are counted. */
  readonly prior: Manifest["prior"];
  /** On held-out rows, with all worlds and before rounding; null if not measured, or not of these worlds. */
  readonly metrics: Manifest["metrics"];
  /** Numbers of the worlds that are here, ascending. */
  readonly worlds: readonly number[];
  /** Of a weight; 32: not rounded. */
  readonly bits: WeightBits;
  /** How a text becomes features; `numDocuments`: rows that document frequencies were counted in. */
  readonly vectorizer: { readonly options: TextVectorizerOptions; readonly numDocuments: number };
  /** What `labels.bin` holds: names, training rows of each label. Without names labels are numbers. */
  readonly labels: { readonly named: boolean; readonly counted: boolean };
  /** The shards. */
  readonly input: InputRecord;
  /** Every file of `<version>/` but the shards. */
  readonly files: Readonly<Record<string, PortableFile>>;
}

/** Name of a world's file. */
export function portableWorldFile(world: number): string {
  return `world-${String(world).padStart(3, "0")}.bin`;
}

/** Name of a shard's file. */
export function shardFile(shard: number): string {
  return `input/${String(shard).padStart(4, "0")}.bin`;
}

export function numShards({ numRows, shardRows }: Pick<InputRecord, "numRows" | "shardRows">): number {
  return Math.ceil(numRows / shardRows);
}

/** The index in `text`; `file` names it in errors. @throws {FormatError} for anything but a whole, known index. */
export function parsePortableIndex(text: string, file: string): PortableIndex {
  const fail = (problem: string): never => {
    throw new FormatError({ file }, problem);
  };
  const remedy = "export the model again";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail(`expected JSON, got: ${(error as Error).message}; ${remedy}`);
  }
  const index = (typeof value === "object" && value !== null ? value : {}) as PortableIndex;
  if (index.format !== PORTABLE_FORMAT) return fail(`expected "format": "${PORTABLE_FORMAT}"; is this an export?`);
  if (index.formatVersion !== PORTABLE_VERSION) {
    return fail(
      `expected format version ${PORTABLE_VERSION}, got ${index.formatVersion}; ` +
        "export with, and load by, the same version of manyworlds",
    );
  }
  const problem = problemOf(index);
  return problem === null ? index : fail(`${problem}; ${remedy}`);
}

const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
const isPositive = (x: unknown): x is number => isCount(x) && x > 0;
const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === "object" && x !== null;
const isFile = (x: unknown): boolean =>
  isRecord(x) && isCount(x.bytes) && typeof x.sha256 === "string" && /^[0-9a-f]{64}$/.test(x.sha256);

/** What is wrong with an index, or null. */
function problemOf(index: PortableIndex): string | null {
  const { network, hash, worlds, input, files, vectorizer, labels, prior } = index;
  for (const [name, part] of Object.entries({ network, hash, input, files, vectorizer, labels, prior })) {
    if (!isRecord(part)) return `expected an object ${name}, got ${JSON.stringify(part)}`;
  }
  if (typeof index.version !== "string" || !/^[0-9a-f]{8,64}$/.test(index.version)) {
    return `expected a version of hexadecimal digits, got ${JSON.stringify(index.version)}`;
  }
  if (![4, 8, 32].includes(index.bits)) return `expected bits 4, 8 or 32, got ${JSON.stringify(index.bits)}`;
  const sizes = [network.numFeatures, network.numBuckets, hash.numLabels, input.shardRows];
  if (!sizes.every(isPositive) || !Array.isArray(network.hidden) || !network.hidden.every(isPositive)) {
    return "expected sizes of at least 1 in network, hash and input";
  }
  if (!["relu", "none"].includes(network.activation) || !["softmax", "sigmoid"].includes(network.loss)) {
    return `expected a known network, got activation ${network.activation} and loss ${network.loss}`;
  }
  if (!["probability", "log-score", "min", "median"].includes(index.merge))
    return `expected a known merge, got ${index.merge}`;
  if (!isCount(input.numRows) || input.numRows > network.numFeatures || !isCount(input.bytes)) {
    return `expected at most ${network.numFeatures} rows of input, got ${input.numRows}`;
  }
  if (typeof input.digests !== "string") return "expected the shards' digests as text";
  if (!Array.isArray(worlds) || worlds.length === 0) return "expected at least one world";
  for (let i = 0; i < worlds.length; i++) {
    if (!isCount(worlds[i]) || worlds[i] >= hash.numWorlds || (i > 0 && worlds[i] <= worlds[i - 1])) {
      return `expected worlds ascending and below ${hash.numWorlds}, got ${worlds[i]}`;
    }
  }
  for (const name of [KERNELS_FILE, VOCABULARY_FILE, LABELS_FILE, ...worlds.map(portableWorldFile)]) {
    if (!isFile(files[name])) return `expected size and SHA-256 of ${name}`;
  }
  return null;
}
