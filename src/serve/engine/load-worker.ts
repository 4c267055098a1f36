/**
 * @file The thread that reads a model (model-parts.ts), so that answering goes on meanwhile.
 *
 * A model may be replaced while it is read: new files under an old manifest would look damaged. So the manifest is read
 * again at the end, and everything once more if it is another.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MANIFEST_FILE, ModelDirectory, StorageError } from "../../checkpoint/index.js";
import { FormatError } from "../../core/errors.js";
import { LabelTable } from "../../data/index.js";
import { type DamagedWorld, LabelHash, loadModelVectorizer, loadWorlds, manifestPrior } from "../../mach/index.js";
import { serveJobs } from "../../parallel/index.js";
import { type FailedWorld, type LoadJob, type ModelParts, VERSION_DIGITS } from "./model-parts.js";
import { fileState } from "./model-watch.js";

/** Times that a model may change while it is read before that is an error. */
const MOST_ATTEMPTS = 5;

/** Arrays that all threads reach. */
const SHARED = {
  f32: (length: number): Float32Array => new Float32Array(new SharedArrayBuffer(4 * length)),
  u32: (length: number): Uint32Array => new Uint32Array(new SharedArrayBuffer(4 * length)),
  u8: (length: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(length)),
};

serveJobs<null, LoadJob, never, ModelParts>(async (_, job) => {
  for (let attempt = 1; ; attempt++) {
    const before = versionOf(job.path);
    let parts: ModelParts | null = null;
    let failure: unknown;
    try {
      parts = await load(job, before ?? "");
    } catch (error) {
      failure = error;
    }
    if (versionOf(job.path) === before) {
      if (parts === null) throw failure;
      return parts;
    }
    if (attempt === MOST_ATTEMPTS) {
      throw new StorageError(job.path, "the model changes faster than it is read; wait until it is written");
    }
  }
});

/** Null if there is no manifest to read. */
function versionOf(path: string): string | null {
  try {
    const bytes = readFileSync(join(path, MANIFEST_FILE));
    return createHash("sha256").update(bytes).digest("hex").slice(0, VERSION_DIGITS);
  } catch {
    return null;
  }
}

async function load({ path, known }: LoadJob, version: string): Promise<ModelParts> {
  const directory = ModelDirectory.open(path);
  const { root, manifest } = directory;
  const { labelsFile, vectorizerFile } = manifest;
  const states = new Map(
    [MANIFEST_FILE, ...manifest.worlds.map(({ file }) => file)].map((f) => [f, fileState(root, f)]),
  );
  // Threads hash without checking again.
  LabelHash.fromJSON(manifest.hash);
  const labels = shareBytes(directory.readFile(labelsFile));
  const table = LabelTable.fromBytes(labels, join(root, labelsFile));
  if (table.numLabels !== manifest.hash.numLabels) {
    const problem = `expected ${manifest.hash.numLabels} labels, got ${table.numLabels}; train the model again with --overwrite`;
    throw new FormatError({ file: join(root, labelsFile) }, problem);
  }
  const vectorizer = loadModelVectorizer(directory);
  const loaded = await loadWorlds(SHARED, directory, { tolerateDamage: true, known });
  const failedWorlds = failedWorldsOf(directory, loaded.missingWorlds, loaded.damagedWorlds);
  const watched = new Map([[MANIFEST_FILE, states.get(MANIFEST_FILE) ?? ""]]);
  for (const { file } of failedWorlds) if (file !== null) watched.set(file, states.get(file) ?? "");
  return {
    version,
    manifest,
    labels,
    labelsFile: join(root, labelsFile),
    labelIndex: table.index === null ? null : shareNumbers(table.index),
    labelCounts: table.labelCounts,
    kind: vectorizer.kind,
    vectorizer: shareBytes(directory.readFile(vectorizerFile ?? "")),
    vectorizerFile: join(root, vectorizerFile ?? ""),
    prior: manifestPrior(SHARED, manifest, table.labelCounts),
    worlds: loaded.parameters,
    failedWorlds,
    watched,
  };
}

function failedWorldsOf(
  { manifest }: ModelDirectory,
  missing: readonly number[],
  damaged: readonly DamagedWorld[],
): FailedWorld[] {
  const fileOf = (world: number): string | null =>
    manifest.worlds.find((record) => record.world === world)?.file ?? null;
  return [
    ...missing.map((world) => {
      const file = fileOf(world);
      const reason = file === null ? "it is not trained yet; train with --resume" : `${file} is missing`;
      return { world, reason, file };
    }),
    ...damaged.map(({ world, error }) => {
      const file = fileOf(world);
      return { world, reason: `${file}: ${problemOf(error)}`, file };
    }),
  ].sort((x, y) => x.world - y.world);
}

/** What is wrong, without the path that messages begin with. */
function problemOf(error: unknown): string {
  if (error instanceof FormatError) return error.problem;
  if (error instanceof StorageError) return `it could not be read${error.code === null ? "" : ` (${error.code})`}`;
  return error instanceof Error ? error.name : "it could not be loaded";
}

function shareBytes(bytes: Uint8Array): Uint8Array {
  const shared = SHARED.u8(bytes.length);
  shared.set(bytes);
  return shared;
}

function shareNumbers(numbers: Uint32Array): Uint32Array {
  const shared = SHARED.u32(numbers.length);
  shared.set(numbers);
  return shared;
}
