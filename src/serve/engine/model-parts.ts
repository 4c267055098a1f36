/**
 * @file What is loaded of a model, by a thread of its own? Everything that answering needs, on shared memory.
 *
 *   load-worker.ts (a thread: gigabytes are read and hashed)      the engine                     prediction threads
 *     manifest, labels + their index, vectorizer, prior, worlds ─▶ hash, names ─── QueryShared ─▶ kernels, ensemble
 *
 * Parameters stand once: the messages carry views of shared memory. A world whose file is the one that the model before
 * had (equal SHA-256) is not read again, so that adding a world to a model costs one world.
 */
import type { Manifest } from "../../checkpoint/index.js";
import type { LabelPrior } from "../../kernels/contract.js";
import type { WorldArrays } from "../../mach/index.js";
import { JobThread } from "../../parallel/index.js";

/** A world that the model should have and that does not answer. */
export interface FailedWorld {
  readonly world: number;
  /** Without a path outside the model's directory. */
  readonly reason: string;
  /** Its file, relative to the model's directory; null: not trained. */
  readonly file: string | null;
}

export interface ModelParts {
  /** First VERSION_DIGITS hexadecimal digits of the SHA-256 of manifest.json. */
  readonly version: string;
  readonly manifest: Manifest;
  /** Bytes of the label table, and its index (LabelTable.index). */
  readonly labels: Uint8Array;
  readonly labelsFile: string;
  readonly labelIndex: Uint32Array | null;
  /** [L] view of `labels`. */
  readonly labelCounts: Uint32Array | null;
  readonly kind: "text" | "numeric";
  /** Bytes of vectorizer.json. */
  readonly vectorizer: Uint8Array;
  readonly vectorizerFile: string;
  readonly prior: LabelPrior | null;
  readonly worlds: ReadonlyMap<number, WorldArrays>;
  readonly failedWorlds: readonly FailedWorld[];
  /** `fileState` of the manifest and the failed worlds' files, as they were before they were read. */
  readonly watched: ReadonlyMap<string, string>;
}

export interface LoadJob {
  readonly path: string;
  /** Parameters in memory, by the SHA-256 of their file. */
  readonly known: ReadonlyMap<string, WorldArrays>;
}

export const VERSION_DIGITS = 12;

/**
 * The model at `path`; a damaged world is among `failedWorlds`. `before`: the parts of the model loaded last, if any.
 * @throws {WorkerError} for all that ModelDirectory.open, and tables read from it, throw; if no world is left.
 */
export async function loadModelParts(path: string, before: ModelParts | null): Promise<ModelParts> {
  const known = new Map<string, WorldArrays>();
  if (before !== null) {
    for (const { world, sha256 } of before.manifest.worlds) {
      const arrays = before.worlds.get(world);
      if (arrays !== undefined) known.set(sha256, arrays);
    }
  }
  const thread = new JobThread<LoadJob, never, ModelParts>(new URL("./load-worker.js", import.meta.url), {
    shared: null,
    stop: new Int32Array(new SharedArrayBuffer(4)),
  });
  try {
    return await thread.run({ path, known }, () => {});
  } finally {
    await thread.terminate();
  }
}
