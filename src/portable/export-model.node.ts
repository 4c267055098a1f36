/**
 * @file From a model directory to the files that portable-index.ts describes, world by world: what is held at a time is
 * one world in f32 and the codes of all input layers.
 *
 *   world 0 … R − 1   dense layers → world-007.bin         input layer → codes [rows, R, bytes], scales [rows, R]
 *   rows              most frequent first, cut into shards  → input/0042.bin
 *   index.json        last
 *
 * A shard is as large as leaves some 2,000 of them, from 16 to 256 KiB: a rare word costs a query one shard, a host does
 * not like very many files. Codes are packed by their frequencies alone (gzip without looking for repetitions): they hold
 * none, and this is several times faster.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { constants, gzip, type ZlibOptions } from "node:zlib";
import { ModelDirectory } from "../checkpoint/model-directory.node.js";
import { explainStorage } from "../checkpoint/storage-error.js";
import { ConfigError, FormatError, InterruptedError } from "../core/errors.js";
import type { TextVectorizer } from "../data/text-vectorizer.js";
import { kernelsFolder } from "../kernels/native/addon.js";
import { loadLabels, loadModelVectorizer } from "../mach/model.node.js";
import { WorldParameters } from "../mach/world-scorer.js";
import { type InputShape, inputShape, rowBytes, rowScales } from "./input-shards.js";
import {
  INDEX_FILE,
  type InputRecord,
  KERNELS_FILE,
  LABELS_FILE,
  numShards,
  PORTABLE_FORMAT,
  PORTABLE_VERSION,
  type PortableFile,
  type PortableIndex,
  portableWorldFile,
  SHARD_DIGEST_BYTES,
  shardFile,
  VOCABULARY_FILE,
} from "./portable-index.js";
import { encodeLabels } from "./portable-labels.js";
import { encodeVocabulary, rowColumns } from "./portable-vocabulary.js";
import { encodeWorld } from "./portable-world.js";
import { quantizeGroup, type WeightBits, weightBytes } from "./quantize.js";

export interface ExportOptions {
  /** Bits of a weight. Default 4: on nvd as good as 32 (docs/browser.md). */
  readonly bits?: WeightBits;
  /** Only these. Default all that are there. */
  readonly worlds?: readonly number[];
  /** Version of the program, for the index. */
  readonly writtenBy: string;
  /** Called after each world and some shards, 0 … 1. */
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

export const DEFAULT_WEIGHT_BITS: WeightBits = 4;

/** What was written, in bytes as fetched. */
export interface ExportReport {
  readonly version: string;
  readonly bits: WeightBits;
  readonly worlds: readonly number[];
  /** Worlds of the model, or of those asked for, that were not there. */
  readonly missingWorlds: readonly number[];
  readonly numShards: number;
  readonly shardRows: number;
  readonly bytes: {
    readonly index: number;
    readonly kernels: number;
    readonly vocabulary: number;
    readonly labels: number;
    /** All worlds' dense layers. */
    readonly worlds: number;
    /** All shards of the input layers. */
    readonly input: number;
    /** What must be there before the first world answers: all but the input and the other worlds. */
    readonly first: number;
    readonly total: number;
  };
}

const SHARDS = 2048;
const LEAST_SHARD_BYTES = 16 * 2 ** 10;
const MOST_SHARD_BYTES = 256 * 2 ** 10;
/** Worlds take about this share of the time, shards the rest. */
const WORLDS_SHARE = 0.6;

const pack = promisify(gzip) as (bytes: Uint8Array, options: ZlibOptions) => Promise<Buffer>;
const TEXT: ZlibOptions = { level: 9 };
const CODES: ZlibOptions = { strategy: constants.Z_HUFFMAN_ONLY };

/**
 * Writes the model at `path` as files for browsers below `folder`, which must be there and empty.
 * @throws {ConfigError} for a model of feature numbers. @throws {FormatError} for a damaged one. @throws {StorageError}
 */
export async function exportPortableModel(
  path: string,
  folder: string,
  { bits = DEFAULT_WEIGHT_BITS, worlds: wanted, writtenBy, onProgress, signal }: ExportOptions,
): Promise<ExportReport> {
  const directory = ModelDirectory.open(path);
  const { manifest } = directory;
  const vectorizer = loadModelVectorizer(directory);
  if (vectorizer.kind !== "text") {
    throw new ConfigError(`${path}: expected a model of words, got one of feature numbers, which nobody can type`);
  }
  const labels = loadLabels(directory);
  const asked = wanted ?? Array.from({ length: manifest.hash.numWorlds }, (_, world) => world);
  const { present } = directory.listWorlds();
  const worlds = present.filter((world) => asked.includes(world));
  const missingWorlds = asked.filter((world) => !worlds.includes(world));
  if (worlds.length === 0) throw new ConfigError(`${path}: expected worlds ${asked.join(", ")}, found none of them`);

  const content = join(folder, "content");
  const files: Record<string, PortableFile> = {};
  const write = (name: string, bytes: Uint8Array): void => {
    writeWhole(join(content, name), bytes);
    files[name] = { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  };
  write(KERNELS_FILE, await pack(readKernels(), TEXT));
  write(VOCABULARY_FILE, await pack(encodeVocabulary(vectorizer), TEXT));
  write(LABELS_FILE, await pack(encodeLabels(labels), TEXT));

  const shape = inputShape({ bits, worlds, network: manifest.network });
  const input = new InputCodes(shape, rowColumns(vectorizer));
  for (const [group, world] of worlds.entries()) {
    if (signal?.aborted === true) throw new InterruptedError("export: interrupted; nothing was written");
    const parameters = readParameters(directory, world);
    write(portableWorldFile(world), await pack(encodeWorld(manifest.network, bits, parameters), CODES));
    input.add(group, parameters.get("0.weight") as Float32Array);
    onProgress?.((WORLDS_SHARE * (group + 1)) / worlds.length);
  }
  const record = await input.write(content, (fraction) => {
    if (signal?.aborted === true) throw new InterruptedError("export: interrupted; nothing was written");
    onProgress?.(WORLDS_SHARE + (1 - WORLDS_SHARE) * fraction);
  });

  const index: Omit<PortableIndex, "version"> = {
    format: PORTABLE_FORMAT,
    formatVersion: PORTABLE_VERSION,
    writtenBy,
    network: manifest.network,
    hash: manifest.hash,
    merge: manifest.merge,
    prior: manifest.prior,
    metrics: worlds.length === manifest.hash.numWorlds ? manifest.metrics : null,
    worlds,
    bits,
    vectorizer: vectorizerRecord(vectorizer),
    labels: { named: labels.form === "named", counted: labels.labelCounts !== null },
    input: record,
    files,
  };
  const version = createHash("sha256").update(JSON.stringify(index)).digest("hex").slice(0, 12);
  const text = Buffer.from(JSON.stringify({ ...index, version }));
  try {
    renameSync(content, join(folder, version));
  } catch (error) {
    throw explainStorage(join(folder, version), "could not be written", error);
  }
  writeWhole(join(folder, INDEX_FILE), text);
  return { version, bits, worlds, missingWorlds, ...sizesOf(index, text.length) };
}

function sizesOf(
  { files, input, worlds }: Omit<PortableIndex, "version">,
  index: number,
): Pick<ExportReport, "bytes" | "numShards" | "shardRows"> {
  const size = (name: string): number => files[name].bytes;
  const [kernels, vocabulary, labels] = [KERNELS_FILE, VOCABULARY_FILE, LABELS_FILE].map(size);
  const dense = worlds.map((world) => size(portableWorldFile(world)));
  const all = dense.reduce((sum, bytes) => sum + bytes, 0);
  const fixed = index + kernels + vocabulary + labels;
  return {
    numShards: numShards(input),
    shardRows: input.shardRows,
    bytes: {
      ...{ index, kernels, vocabulary, labels, worlds: all, input: input.bytes },
      first: fixed + dense[0],
      total: fixed + all + input.bytes,
    },
  };
}

function vectorizerRecord({ options, statistics }: TextVectorizer): PortableIndex["vectorizer"] {
  return { options, numDocuments: statistics.numDocuments };
}

/** A world's parameters by name, checked. */
function readParameters(directory: ModelDirectory, world: number): ReadonlyMap<string, Float32Array> {
  const { manifest } = directory;
  const file = manifest.worlds.find((record) => record.world === world)?.file ?? `world ${world}`;
  const memory = { f32: (length: number) => new Float32Array(length) };
  const parameters = new WorldParameters(memory, manifest.network, file);
  directory.readWorld(world, (entry) => parameters.target(entry));
  return parameters.complete();
}

/** The input layers' rows as they are cut into shards. */
class InputCodes {
  private readonly shape: InputShape;
  private readonly columns: Uint32Array;
  private readonly codes: Uint8Array;
  private readonly scales: Float32Array;

  /** `columns`: of each row. */
  constructor(shape: InputShape, columns: Uint32Array) {
    this.shape = shape;
    this.columns = columns;
    this.codes = new Uint8Array(columns.length * rowBytes(shape));
    this.scales = new Float32Array(columns.length * rowScales(shape));
  }

  /** Takes in the input weights [D, S] of the world at place `group`. */
  add(group: number, weight: Float32Array): void {
    const { shape, columns, codes, scales } = this;
    const { bits, numGroups, groupSize } = shape;
    const size = weightBytes(groupSize, bits);
    for (let row = 0; row < columns.length; row++) {
      const from = weight.subarray(columns[row] * groupSize, (columns[row] + 1) * groupSize);
      const at = (row * numGroups + group) * size;
      const to = codes.subarray(at, at + size);
      if (bits === 32) to.set(new Uint8Array(from.buffer, from.byteOffset, from.byteLength));
      else scales[row * numGroups + group] = quantizeGroup(from, bits, to);
    }
  }

  async write(folder: string, onProgress: (fraction: number) => void): Promise<InputRecord> {
    const { shape, columns, codes, scales } = this;
    const [bytes, numScales] = [rowBytes(shape), rowScales(shape)];
    const numRows = columns.length;
    const rowSize = bytes + 4 * numScales;
    const shardSize = Math.min(MOST_SHARD_BYTES, Math.max(LEAST_SHARD_BYTES, (numRows * rowSize) / SHARDS));
    const shardRows = Math.max(1, Math.floor(shardSize / rowSize));
    const count = numShards({ numRows, shardRows });
    const digests = new Uint8Array(count * SHARD_DIGEST_BYTES);
    let total = 0;
    for (let shard = 0; shard < count; shard++) {
      const [first, last] = [shard * shardRows, Math.min(numRows, (shard + 1) * shardRows)];
      const content = new Uint8Array((last - first) * rowSize);
      content.set(new Uint8Array(scales.buffer, 4 * first * numScales, 4 * (last - first) * numScales));
      content.set(codes.subarray(first * bytes, last * bytes), 4 * (last - first) * numScales);
      const packed = await pack(content, CODES);
      writeWhole(join(folder, shardFile(shard)), packed);
      total += packed.length;
      const digest = createHash("sha256").update(packed).digest().subarray(0, SHARD_DIGEST_BYTES);
      digests.set(digest, shard * SHARD_DIGEST_BYTES);
      if (shard % 64 === 63) onProgress((shard + 1) / count);
    }
    return { shardRows, numRows, bytes: total, digests: Buffer.from(digests).toString("base64") };
  }
}

function readKernels(): Uint8Array {
  const file = join(kernelsFolder(), "manyworlds.wasm");
  try {
    return readFileSync(file);
  } catch (error) {
    throw new FormatError({ file }, "the WASM kernels are not there; run `npm run build`", { cause: error });
  }
}

/** Writes a file of a folder that becomes visible as a whole. @throws {StorageError} */
function writeWhole(path: string, bytes: Uint8Array): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes, { flag: "wx" });
  } catch (error) {
    throw explainStorage(path, "could not be written", error);
  }
}
