/** @file What can be chosen about a search engine? One object; its defaults are DEFAULT_ENGINE_OPTIONS. */
import { availableParallelism } from "node:os";
import { ConfigError } from "../../core/errors.js";
import type { CatalogueItem } from "../../mach/search-contract.js";

/** What the engine needs of a catalogue (serve/catalogue/). The engine reads it and leaves closing it to its owner. */
export interface ItemSource {
  /** Undefined if nothing is known of the label. Called for each label of an answer. */
  itemOf(label: string): CatalogueItem | undefined;
}

/** What the engine did on its own, for a log. */
export type EngineEvent =
  | {
      readonly kind: "loaded" | "reloaded";
      readonly version: string;
      readonly seconds: number;
      readonly worlds: number;
    }
  | { readonly kind: "world-failed"; readonly version: string; readonly world: number; readonly reason: string }
  | { readonly kind: "reload-failed"; readonly error: Error }
  | { readonly kind: "thread-died"; readonly error: Error };

/** Threads, batches, limits and cache of a search engine. Defaults not named here: DEFAULT_ENGINE_OPTIONS. */
export interface EngineOptions {
  /** What is said of a label beside its name. Default none. */
  readonly catalogue?: ItemSource | null | undefined;
  /** Threads that predict. Default: all cores but one, which the event loop keeps; 1 where there are two. */
  readonly numThreads?: number | undefined;
  /** Longest wait for company of a query that finds a thread idle, in milliseconds. 0: none. */
  readonly batchWindowMs?: number | undefined;
  /** Most queries that a thread answers at once. */
  readonly maxBatch?: number | undefined;
  /** Most queries that wait; beyond, OverloadedError. */
  readonly maxQueued?: number | undefined;
  /** Answers that are kept. 0: none. */
  readonly cacheEntries?: number | undefined;
  /** Memory of the answers that are kept, about. */
  readonly cacheBytes?: number | undefined;
  /** Load the model again when its manifest, or the file of a world that failed, changes. */
  readonly watch?: boolean | undefined;
  /** Milliseconds between two looks at the model's directory. */
  readonly watchIntervalMs?: number | undefined;
  /** Hears what happens. Default nobody. */
  readonly onEvent?: ((event: EngineEvent) => void) | undefined;
}

export interface FilledEngineOptions {
  readonly catalogue: ItemSource | null;
  readonly numThreads: number;
  readonly batchWindowMs: number;
  readonly maxBatch: number;
  readonly maxQueued: number;
  readonly cacheEntries: number;
  readonly cacheBytes: number;
  readonly watch: boolean;
  readonly watchIntervalMs: number;
  readonly onEvent: (event: EngineEvent) => void;
}

/** All but the number of threads, which follows the machine's cores. */
export const DEFAULT_ENGINE_OPTIONS: Omit<FilledEngineOptions, "numThreads" | "catalogue" | "onEvent"> = {
  batchWindowMs: 1,
  maxBatch: 64,
  maxQueued: 1024,
  cacheEntries: 10_000,
  cacheBytes: 64 * 2 ** 20,
  watch: true,
  watchIntervalMs: 1000,
};

/** Threads where nobody says: the event loop keeps a core of three and more. */
export function defaultNumThreads(cores: number = availableParallelism()): number {
  return cores > 2 ? cores - 1 : 1;
}

/** The options with their defaults. @throws {ConfigError} naming the option that makes no sense. */
export function fillEngineOptions(options: EngineOptions): FilledEngineOptions {
  const { catalogue = null, numThreads = defaultNumThreads(), onEvent = () => {}, ...given } = options;
  const chosen = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const filled = { ...DEFAULT_ENGINE_OPTIONS, ...chosen, catalogue, numThreads, onEvent } as FilledEngineOptions;
  check("numThreads", filled.numThreads, 1, 1024);
  check("maxBatch", filled.maxBatch, 1, 65_536);
  check("maxQueued", filled.maxQueued, 1, 2 ** 24);
  check("cacheEntries", filled.cacheEntries, 0, 2 ** 23);
  check("cacheBytes", filled.cacheBytes, 0, Number.MAX_SAFE_INTEGER);
  check("watchIntervalMs", filled.watchIntervalMs, 1, 2 ** 31 - 1);
  if (!(filled.batchWindowMs >= 0 && filled.batchWindowMs <= 60_000)) {
    throw new ConfigError(`batchWindowMs: expected 0 to 60000 milliseconds, got ${filled.batchWindowMs}; 1 is usual`);
  }
  return filled;
}

function check(name: string, value: number, low: number, high: number): void {
  if (Number.isSafeInteger(value) && value >= low && value <= high) return;
  throw new ConfigError(`${name}: expected an integer from ${low} to ${high}, got ${value}`);
}
