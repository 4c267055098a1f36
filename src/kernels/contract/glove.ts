/**
 * @file GloVe: which words stand near each other, how often, and vectors fitted to the counts.
 *
 * Words are ids 0 … V − 1; SENTENCE_END parts sentences. A *pair* is four u32, (i, j, low, high): i ≤ j, and a 64-bit count
 * in units of 1/PAIR_UNIT. A *triple* is three, (i, j, x): x the bits of an f32, the count itself.
 */

/** No word: what stands before it is not near what stands behind it. */
export const SENTENCE_END: number = 0xffffffff;
/** Counts of pairs are multiples of 1/PAIR_UNIT, so that they add up exactly, in any order. */
export const PAIR_UNIT: number = 2 ** 20;
/** Words before a word that `countPairs` may look at. */
export const MAX_PAIR_WINDOW: number = 1024;

/** Numbers that a word's row of the state takes: four parts, each of dimension + 1 numbers, padded to whole 64 bytes. */
export function gloveRowLength(dimension: number): number {
  return 4 * 16 * Math.floor((dimension + 16) / 16);
}

/** Where counts go: a dense triangle for pairs of frequent words, a list for the others. */
export interface PairCounts {
  /** [V] the pair (i, j), i ≤ j, has a dense cell when j < limits[i]: then it is dense[(starts[i] + j) mod 2³²]. */
  readonly limits: Uint32Array;
  /** [V] where row i of the triangle would start, had it cells for j < i: modulo 2³², see `limits`. */
  readonly starts: Uint32Array;
  /** Accumulated. A cell that reaches 2³¹ units goes to the list and starts again at 0. */
  readonly dense: Uint32Array;
  /** [capacity, 4] pairs, each as often as it was met. */
  readonly list: Uint32Array;
  /** [1] how many of them are in use; updated. */
  readonly used: Uint32Array;
}

/** What a pass over the counts needs to know; the letters are those of Pennington, Socher and Manning, 2014. */
export interface GloveStep {
  /** Numbers of a word vector, 1 or more. */
  readonly dimension: number;
  /** Of AdaGrad, for vectors; biases have 1, as in the authors' tool. */
  readonly learningRate: number;
  /** Count from which on a pair has full weight: f(x) = (x/xMax)^alpha below it, 1 from there on. */
  readonly xMax: number;
  /** Exponent of the weight below xMax. */
  readonly alpha: number;
}

/** Counts pairs of words, and fits vectors to the counts. */
export interface GloveKernels {
  /**
   * Counts each word of ids[from, to) with up to `window` words before it (from ids[0] on): 1/distance, twice that for a
   * word with itself, rounded to units. Stops before a word for which the list might have no room.
   * Ids are below V or SENTENCE_END, cells of all pairs within `dense`. @returns the position reached.
   * @throws {RangeError} for a window of 0 or above MAX_PAIR_WINDOW.
   */
  countPairs(ids: Uint32Array, from: number, to: number, window: number, counts: PairCounts): number;
  /**
   * Sorts pairs by (i, j) and adds up equal ones. `list` [count, 4] updated, `scratch` [count, 4] overwritten. Ids are
   * below 2^idBits. @returns how many pairs are left, at the list's beginning.
   */
  combinePairs(count: number, idBits: number, list: Uint32Array, scratch: Uint32Array): number;
  /** Puts triples [count, 3] in a random order: for k = count − 1 … 1, k changes places with floor(counterHash(seed, k)·(k + 1)/2³²). */
  shuffleTriples(count: number, seed: number, list: Uint32Array): void;
  /**
   * For each triple in this order, e = f(x)·(w_i·w̃_j + b_i + b̃_j − ln x) and a step of AdaGrad on these four, with
   * s ← s + (rate·g)² after w ← w − rate·g/√s; and, unless i = j, the same for (j, i). Rows of `state` [V, gloveRowLength]:
   * w, b, then w̃, b̃, then their s in the same order, each with zeros up to a quarter of the row. s ≥ 1.
   * @returns Σ ½·f(x)·e² over all cells. Concurrent writers of `state` lose updates. Within 1e-5 of each step.
   */
  gloveStep(step: GloveStep, count: number, list: Uint32Array, state: Float32Array): number;
}
