/**
 * @file From a stored model to one that answers: every world that is there, read straight into the kernels' memory.
 *
 * The source is anything that has a manifest and worlds: a model directory, or a browser's fetches. Worlds whose file is
 * missing are left out and reported; a world that is there but damaged is an error.
 */
import type { Manifest } from "../checkpoint/manifest.js";
import { ConfigError } from "../core/errors.js";
import type { Kernels, LabelPrior } from "../kernels/contract.js";
import { Ensemble, type LoadedWorld } from "./ensemble.js";
import { LabelHash } from "./label-hash.js";
import { createLabelPrior, priorCodes } from "./label-prior.js";
import type { MergeKind } from "./merge.js";
import type { WorldOptions } from "./world.js";
import { type StoredTensor, WorldParameters, WorldScorer } from "./world-scorer.js";

/** Where worlds come from; checkpoint/ ModelDirectory is one. */
export interface WorldSource {
  readonly manifest: Manifest;
  /** Worlds that can be read, among other things. */
  listWorlds(): { readonly present: readonly number[] };
  /** Reads a world, each tensor into the array that `target` gives. */
  readWorld(world: number, target: (entry: StoredTensor) => Float32Array, verify?: boolean): unknown;
}

export interface LoadOptions {
  /** Only these; those without a file are reported as missing. Default all. */
  readonly worlds?: readonly number[];
  /** Merge instead of the manifest's. */
  readonly merge?: MergeKind;
  /** [L] training occurrences of each label, for the manifest's prior; null: no prior. */
  readonly labelCounts: Uint32Array | null;
  /** Check each file's SHA-256. Default true. */
  readonly verify?: boolean;
  readonly maxScoreBytes?: number;
  /**
   * Makes the arrays that hold parameters. Default the kernels' memory; shared arrays let worker threads answer with the
   * same parameters (native kernels reach any array without a copy).
   */
  readonly allocate?: (length: number) => Float32Array;
}

export interface LoadedEnsemble {
  readonly ensemble: Ensemble;
  /** Worlds of the model, or of those asked for, that do not answer. */
  readonly missingWorlds: readonly number[];
  /** Arrays by name of each world that answers, for a WorldScorer in another thread. */
  readonly parameters: ReadonlyMap<number, ReadonlyMap<string, Float32Array>>;
}

/** @throws {FormatError} for a damaged world. @throws {ConfigError} if no world is there, or the hash is not its seed's. */
export async function loadEnsemble(
  kernels: Kernels,
  source: WorldSource,
  options: LoadOptions,
): Promise<LoadedEnsemble> {
  const { manifest } = source;
  const worldOptions: WorldOptions = manifest.network;
  const hash = LabelHash.fromJSON(manifest.hash);
  const { present } = source.listWorlds();
  const wanted = options.worlds ?? Array.from({ length: hash.numWorlds }, (_, world) => world);
  const missingWorlds = wanted.filter((world) => !present.includes(world));
  const memory = options.allocate === undefined ? kernels : { f32: options.allocate };
  const arrays = new Map<number, ReadonlyMap<string, Float32Array>>();
  const worlds: LoadedWorld[] = [];
  for (const world of present.filter((world) => wanted.includes(world))) {
    const file = manifest.worlds.find((record) => record.world === world)?.file ?? `world ${world}`;
    const parameters = new WorldParameters(memory, worldOptions, file);
    await source.readWorld(world, (entry) => parameters.target(entry), options.verify);
    arrays.set(world, parameters.complete());
    worlds.push({ world, scorer: new WorldScorer(kernels, worldOptions, parameters.complete()) });
  }
  if (worlds.length === 0) {
    throw new ConfigError(
      `the model has none of its worlds (missing: ${missingWorlds.join(", ")}); train with --resume`,
    );
  }
  const ensemble = new Ensemble(kernels, {
    hash,
    worldOptions,
    worlds,
    merge: options.merge ?? manifest.merge,
    prior: manifestPrior(kernels, manifest, options.labelCounts),
    ...(options.maxScoreBytes === undefined ? {} : { maxScoreBytes: options.maxScoreBytes }),
  });
  return { ensemble, missingWorlds, parameters: arrays };
}

/** The prior that a manifest asks for. @throws {ConfigError} for counts of another number of labels. */
function manifestPrior(kernels: Kernels, manifest: Manifest, counts: Uint32Array | null): LabelPrior | null {
  if (counts === null) return null;
  if (counts.length !== manifest.hash.numLabels) {
    throw new ConfigError(`label counts: expected ${manifest.hash.numLabels} labels, got ${counts.length}`);
  }
  return createLabelPrior(kernels, priorCodes(kernels, counts), manifest.prior);
}
