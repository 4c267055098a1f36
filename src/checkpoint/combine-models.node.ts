/**
 * @file How do worlds that were trained apart become one model? Their files are put side by side; nothing is computed.
 *
 *   a/  worlds 0-7  ─┐
 *   b/  worlds 8-15 ─┴▶  m/  worlds 0-15
 *
 * Worlds need each other for nothing while they are trained, so any number of machines may train them, each from the same
 * rows, options and seed. That these are the same is checked, by what the manifests say and by the SHA-256 of labels and
 * vectorizer; a world's bytes are checked while they are copied. A hash of more worlds begins with that of fewer.
 *
 * Source: Medini et al., "Extreme Classification in Log Memory using Count-Min Sketch", NeurIPS 2019, §3.
 * Not here: how the scores of worlds are merged (mach/merge.ts); training worlds that are missing (train --resume).
 */
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { ConfigError, FormatError, InterruptedError } from "../core/errors.js";
import { writeFileAtomic } from "./atomic-write.node.js";
import type { HashRecord, JsonRecord, Manifest, WorldRecord } from "./manifest.js";
import { ModelDirectory } from "./model-directory.node.js";
import { lockModel } from "./model-lock.node.js";
import { explainStorage } from "./storage-error.js";

/** What to combine, and where. */
export interface CombineRequest {
  /** Model directories, at least two. Of a world that several have, the first one's is taken. */
  readonly sources: readonly string[];
  /** Directory of the new model; may be one of the sources with `overwrite`. */
  readonly modelPath: string;
  /** Replace a model that stands there, once the new one is whole. Default false: refuse. */
  readonly overwrite?: boolean;
  /** Program and version, for the manifest. */
  readonly writtenBy: string;
  /** Told after each piece of a world that was copied. */
  readonly onProgress?: (progress: { readonly bytesDone: number; readonly bytesTotal: number }) => void;
  /** Stops between two worlds; nothing is left behind. */
  readonly signal?: AbortSignal;
}

/** What a combined model is made of. */
export interface CombineReport {
  /** Of the new model. */
  readonly manifest: Manifest;
  /** Ascending; `source` is as the request has it. */
  readonly worlds: readonly { readonly world: number; readonly source: string }[];
  /** Below R, and in none of the sources: the model answers without them, `train --resume` adds them. */
  readonly missingWorlds: readonly number[];
}

interface Source {
  readonly path: string;
  readonly directory: ModelDirectory;
}

/** Bytes copied and hashed at a time. */
const PIECE_BYTES = 1 << 22;

/**
 * Makes one model of the worlds of several. Figures on held-out rows are not carried over: they were another model's.
 * @throws {ConfigError} if the models differ in more than their worlds, or a model stands at `modelPath`.
 * @throws {FormatError} for a damaged source. @throws {StorageError} {@link InterruptedError} on `signal`. Then nothing
 * has changed.
 */
export async function combineModels(request: CombineRequest): Promise<CombineReport> {
  const { modelPath, overwrite = false } = request;
  if (request.sources.length < 2) {
    throw new ConfigError(`combine: expected at least two models, got ${request.sources.length}; name each of them`);
  }
  if (!overwrite && ModelDirectory.exists(modelPath)) {
    throw new ConfigError(
      `${modelPath}: expected no model, found one; choose another directory, or --overwrite replaces it`,
    );
  }
  const lock = lockModel(modelPath);
  try {
    const sources = request.sources.map((path) => ({ path, directory: ModelDirectory.open(path) }));
    const [first, ...others] = sources;
    for (const other of others) checkSameModel(first, other);
    const taken = worldsOf(sources);
    const { format, formatVersion, worlds: recorded, files, ...description } = first.directory.manifest;
    const hash = sources
      .map(({ directory }) => directory.manifest.hash)
      .reduce((most, one) => (one.numWorlds > most.numWorlds ? one : most));
    const directory = ModelDirectory.create(
      modelPath,
      { ...description, hash, metrics: null, writtenBy: request.writtenBy },
      Object.fromEntries(Object.keys(files).map((name) => [name, [first.directory.readFile(name)]])),
      { overwrite },
    );
    try {
      await copyWorlds(taken, directory, request);
      directory.publish();
    } catch (error) {
      directory.remove();
      throw error;
    }
    const worlds = taken.map(({ record, source }) => ({ world: record.world, source: source.path }));
    return { manifest: directory.manifest, worlds, missingWorlds: directory.listWorlds().untrained };
  } finally {
    lock.release();
  }
}

interface TakenWorld {
  readonly record: WorldRecord;
  readonly source: Source;
}

/** Each world that is there, once, ascending. @throws {ConfigError} if there is none. */
function worldsOf(sources: readonly Source[]): TakenWorld[] {
  const taken = new Map<number, TakenWorld>();
  for (const source of sources) {
    const { present } = source.directory.listWorlds();
    for (const record of source.directory.manifest.worlds) {
      if (present.includes(record.world) && !taken.has(record.world)) taken.set(record.world, { record, source });
    }
  }
  if (taken.size === 0) throw new ConfigError(`combine: expected trained worlds, found none in ${pathsOf(sources)}`);
  return [...taken.values()].sort((a, b) => a.record.world - b.record.world);
}

const pathsOf = (sources: readonly Source[]): string => sources.map(({ path }) => path).join(", ");

async function copyWorlds(
  taken: readonly TakenWorld[],
  directory: ModelDirectory,
  request: CombineRequest,
): Promise<void> {
  const bytesTotal = taken.reduce((sum, { record }) => sum + record.bytes, 0);
  let bytesDone = 0;
  for (const { record, source } of taken) {
    // Lets signals in.
    await setImmediate();
    if (request.signal?.aborted === true) throw new InterruptedError("interrupted: no model was written");
    const from = join(source.directory.root, record.file);
    const pieces = piecesOf(from, (bytes) => {
      bytesDone += bytes;
      request.onProgress?.({ bytesDone, bytesTotal });
    });
    const written = writeFileAtomic(join(directory.root, record.file), pieces);
    if (written.sha256 !== record.sha256) {
      const remedy = `train again with --resume to rebuild world ${record.world} there, or delete the file to combine without it`;
      throw new FormatError({ file: from }, `it was changed or damaged; ${remedy}`);
    }
    directory.recordWorld(record);
  }
}

/** A file's bytes from start to end, in one buffer that is used again. */
function* piecesOf(path: string, onPiece: (bytes: number) => void): Generator<Uint8Array> {
  let fd: number | null = null;
  try {
    fd = openSync(path, "r");
    const buffer = new Uint8Array(PIECE_BYTES);
    for (;;) {
      const bytes = readSync(fd, buffer, 0, buffer.length, null);
      if (bytes === 0) return;
      yield buffer.subarray(0, bytes);
      onPiece(bytes);
    }
  } catch (error) {
    throw explainStorage(path, "could not be read", error);
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** @throws {ConfigError} naming the first thing in which two models differ that worlds of one model share. */
function checkSameModel(first: Source, other: Source): void {
  const [a, b] = [sharedParts(first.directory.manifest), sharedParts(other.directory.manifest)];
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    if (isDeepStrictEqual(a[name], b[name])) continue;
    throw new ConfigError(
      `${other.path}: expected worlds of the same model as ${first.path}, got ${name} ${JSON.stringify(b[name])} ` +
        `instead of ${JSON.stringify(a[name])}; train both on the same rows with the same options`,
    );
  }
  const [fewer, more] = [first, other]
    .map(({ directory }) => directory.manifest.hash)
    .sort((x, y) => x.numWorlds - y.numWorlds);
  if (!isPrefix(fewer.a, more.a) || !isPrefix(fewer.c, more.c)) {
    throw new ConfigError(`${other.path}: expected the label hash of ${first.path}, got another; train it anew`);
  }
}

/** What all worlds of a model share, by the name that a message gives it. */
function sharedParts({ network, hash, merge, prior, training, dataset, files }: Manifest): JsonRecord {
  const { a, c, numWorlds, ...family } = hash satisfies HashRecord;
  const sums = Object.entries(files).map(([name, { sha256 }]) => [name, sha256] as const);
  return {
    "rows with SHA-256": dataset.fingerprint,
    ...Object.fromEntries(Object.entries(network)),
    ...training,
    ...Object.fromEntries(Object.entries(family).map(([name, value]) => [`label hash ${name}`, value])),
    ...{ merge, priorAlpha: prior.alpha, seenOnly: prior.seenOnly },
    ...Object.fromEntries(sums),
  };
}

function isPrefix(start: readonly number[], whole: readonly number[]): boolean {
  return start.every((value, i) => value === whole[i]);
}
