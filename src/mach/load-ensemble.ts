/**
 * @file From a stored model to one that answers: every world that is there, read straight into the kernels' memory.
 *
 * The source is anything that has a manifest and worlds: a model directory, or a browser's fetches. Worlds whose file is
 * missing are left out and reported; a world that is there but damaged is an error, unless the caller prefers to answer
 * without it (`tolerateDamage`).
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
  /** Says which worlds, network and hash the model has. */
  readonly manifest: Manifest;
  /** Worlds that can be read, among other things. */
  listWorlds(): { readonly present: readonly number[] };
  /** Reads a world, each tensor into the array that `target` gives. `verify` (default true): checks its SHA-256. */
  readWorld(world: number, target: (entry: StoredTensor) => Float32Array, verify?: boolean): unknown;
}

/** Which worlds are read, and what is made of damage. */
export interface LoadWorldsOptions {
  /** Only these; those without a file are reported as missing. Default all. */
  readonly worlds?: readonly number[];
  /** Check each file's SHA-256. Default true. */
  readonly verify?: boolean;
  /** Leave a world out whose file is damaged or cannot be read, and report it. Default false: it is an error. */
  readonly tolerateDamage?: boolean;
  /** Parameters that are in memory already, by the SHA-256 of their file: such a file is not read again. */
  readonly known?: ReadonlyMap<string, WorldArrays>;
}

/** Which worlds are read, and how they answer. */
export interface LoadOptions extends LoadWorldsOptions {
  /** Merge instead of the manifest's. */
  readonly merge?: MergeKind;
  /** [L] training occurrences of each label, for the manifest's prior; null: no prior. */
  readonly labelCounts: Uint32Array | null;
  /** As `EnsembleOptions.maxScoreBytes`. */
  readonly maxScoreBytes?: number;
  /**
   * Makes the arrays that hold parameters. Default the kernels' memory; shared arrays let worker threads answer with the
   * same parameters (native kernels reach any array without a copy).
   */
  readonly allocate?: (length: number) => Float32Array;
}

/** A world's parameters by name. */
export type WorldArrays = ReadonlyMap<string, Float32Array>;

/** A world that is there and cannot be used. */
export interface DamagedWorld {
  readonly world: number;
  /** A FormatError or StorageError as a rule. */
  readonly error: unknown;
}

/** Parameters of the worlds that could be read, and which could not. */
export interface LoadedWorlds {
  /** Arrays by name of each world that answers, for a WorldScorer in another thread. Ascending by world. */
  readonly parameters: ReadonlyMap<number, WorldArrays>;
  /** Worlds of the model, or of those asked for, that have no file. */
  readonly missingWorlds: readonly number[];
  /** Worlds that were left out because of `tolerateDamage`. */
  readonly damagedWorlds: readonly DamagedWorld[];
}

/** An ensemble that answers, and what was read for it. */
export interface LoadedEnsemble extends LoadedWorlds {
  readonly ensemble: Ensemble;
}

/**
 * Reads the worlds that are there into `memory`. @throws {FormatError | StorageError} for a damaged world, unless that is
 * tolerated. @throws {ConfigError} if no world is left.
 */
export async function loadWorlds(
  memory: Pick<Kernels, "f32">,
  source: WorldSource,
  options: LoadWorldsOptions = {},
): Promise<LoadedWorlds> {
  const { manifest } = source;
  const { known, verify, tolerateDamage = false } = options;
  const { present } = source.listWorlds();
  const wanted = options.worlds ?? Array.from({ length: manifest.hash.numWorlds }, (_, world) => world);
  const missingWorlds = wanted.filter((world) => !present.includes(world));
  const parameters = new Map<number, WorldArrays>();
  const damagedWorlds: DamagedWorld[] = [];
  for (const world of present.filter((world) => wanted.includes(world))) {
    const record = manifest.worlds.find((record) => record.world === world);
    const placed = new WorldParameters(memory, manifest.network, record?.file ?? `world ${world}`);
    const inMemory = record === undefined ? undefined : known?.get(record.sha256);
    try {
      if (inMemory === undefined) await source.readWorld(world, (entry) => placed.target(entry), verify);
      parameters.set(world, inMemory ?? placed.complete());
    } catch (error) {
      if (!tolerateDamage) throw error;
      damagedWorlds.push({ world, error });
    }
  }
  if (parameters.size === 0) {
    const first = damagedWorlds[0]?.error;
    throw damagedWorlds.length === 0
      ? new ConfigError(`the model has none of its worlds (missing: ${missingWorlds.join(", ")}); train with --resume`)
      : new ConfigError(
          `the model has none of its worlds (damaged: ${damagedWorlds.map(({ world }) => world).join(", ")}); the first: ` +
            (first instanceof Error ? first.message : String(first)),
          { cause: first },
        );
  }
  return { parameters, missingWorlds, damagedWorlds };
}

/**
 * Reads the worlds that are there and makes the ensemble that answers with them, with the manifest's merge, unless
 * `options` name another, and its prior.
 * @throws as `loadWorlds`. @throws {ConfigError} if the hash is not its seed's, or counts are not of its labels.
 */
export async function loadEnsemble(
  kernels: Kernels,
  source: WorldSource,
  options: LoadOptions,
): Promise<LoadedEnsemble> {
  const { manifest } = source;
  const hash = LabelHash.fromJSON(manifest.hash);
  const memory = options.allocate === undefined ? kernels : { f32: options.allocate };
  const loaded = await loadWorlds(memory, source, options);
  const ensemble = new Ensemble(kernels, {
    hash,
    worldOptions: manifest.network,
    worlds: scorersOf(kernels, manifest.network, loaded.parameters),
    merge: options.merge ?? manifest.merge,
    prior: manifestPrior(kernels, manifest, options.labelCounts),
    ...(options.maxScoreBytes === undefined ? {} : { maxScoreBytes: options.maxScoreBytes }),
  });
  return { ensemble, ...loaded };
}

/** Worlds that answer with `parameters`, which must stand where `kernels` reach them. */
function scorersOf(
  kernels: Kernels,
  worldOptions: WorldOptions,
  parameters: LoadedWorlds["parameters"],
): readonly LoadedWorld[] {
  return [...parameters].map(([world, arrays]) => ({
    world,
    scorer: new WorldScorer(kernels, worldOptions, arrays),
  }));
}

/** The prior that a manifest asks for. @throws {ConfigError} for counts of another number of labels. */
export function manifestPrior(
  memory: Pick<Kernels, "f32" | "u8">,
  manifest: Manifest,
  counts: Uint32Array | null,
): LabelPrior | null {
  if (counts === null) return null;
  if (counts.length !== manifest.hash.numLabels) {
    throw new ConfigError(`label counts: expected ${manifest.hash.numLabels} labels, got ${counts.length}`);
  }
  return createLabelPrior(memory, priorCodes(memory, counts), manifest.prior);
}
