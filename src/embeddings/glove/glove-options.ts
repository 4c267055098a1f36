/** @file What can be chosen about GloVe, and what is chosen when nothing is said: the C tool's defaults. */
import { ConfigError } from "../../core/errors.js";
import { checkKnownOptions } from "../../core/known-options.js";
import { MAX_PAIR_WINDOW } from "../../kernels/contract.js";

/** What is learnt, and how fast: all of it changes the vectors. */
export interface GloveOptions {
  /** Numbers of a word's vector. Default 50. */
  readonly dimension: number;
  /** Words to each side that count as near. Default 15. */
  readonly window: number;
  /** Passes over the counts. Default 25. */
  readonly iterations: number;
  /** Cells with this count or more have full weight. Default 100; 10 suits corpora of some million words. */
  readonly xMax: number;
  /** Weight of a smaller count x: (x/xMax)^alpha. Default 0.75. */
  readonly alpha: number;
  /** Of AdaGrad on the vectors; biases have 1, as in the tool. Default 0.05. */
  readonly learningRate: number;
  /** Default 1. */
  readonly seed: number;
}

/** Those of the C tool. */
export const GLOVE_DEFAULTS: GloveOptions = {
  dimension: 50,
  window: 15,
  iterations: 25,
  xMax: 100,
  alpha: 0.75,
  learningRate: 0.05,
  seed: 1,
};

/** Default memory for counting: 1 GiB. */
export const DEFAULT_COUNT_MEMORY_BYTES: number = 2 ** 30;
/** Less would spill after every few words. */
const LEAST_COUNT_MEMORY_BYTES = 2 ** 20;

/** The options with defaults filled in. @throws {ConfigError} naming the one that makes no sense. */
export function gloveOptions(given: Partial<GloveOptions>): GloveOptions {
  checkKnownOptions("GloVe", given, Object.keys(GLOVE_DEFAULTS));
  const options = { ...GLOVE_DEFAULTS, ...given };
  const integers = { dimension: 65_536, window: MAX_PAIR_WINDOW, iterations: 1_000_000 };
  for (const [name, most] of Object.entries(integers)) {
    const value = options[name as keyof GloveOptions];
    if (!(Number.isInteger(value) && value >= 1 && value <= most)) {
      throw new ConfigError(`GloVe: expected ${name} to be an integer from 1 to ${most}, got ${value}`);
    }
  }
  for (const name of ["xMax", "learningRate"] as const) {
    if (!(options[name] > 0 && Number.isFinite(options[name]))) {
      throw new ConfigError(`GloVe: expected ${name} above 0, got ${options[name]}`);
    }
  }
  if (!(options.alpha >= 0 && options.alpha <= 10)) {
    throw new ConfigError(`GloVe: expected alpha from 0 to 10, got ${options.alpha}`);
  }
  return options;
}

/** @throws {ConfigError} for less than 1 MiB. */
export function countMemoryBytes(given: number | undefined): number {
  const bytes = given ?? DEFAULT_COUNT_MEMORY_BYTES;
  if (bytes >= LEAST_COUNT_MEMORY_BYTES) return bytes;
  throw new ConfigError(
    `GloVe: expected at least ${LEAST_COUNT_MEMORY_BYTES} bytes of memory to count in, got ${bytes}`,
  );
}
