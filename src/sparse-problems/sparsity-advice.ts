/**
 * @file What do a problem's sparsity statistics say about Hogwild! on it?
 *
 * The paper's bound (Proposition 4.1): with a lag of τ updates between reading and writing, about the number of threads,
 * the steps to a given error are those of a serial run times
 *
 *   1 + 6τρ + 6τ²ΩΔ^½                 below 2: nearly linear speed-up is proven
 *
 * which holds for τ = o(n^¼) where ρ and Δ are O(1/n). It is a worst case: the paper's own text data are far outside of it
 * (ρ 0.44, Δ 1) and still gained. So the advice goes by the mean: an update is lost only if another thread touches the
 * same part within the short time between load and store, and the chance that its example has that part at all is
 * (τ − 1)·overlap.
 *
 * Source: Niu et al., "HOGWILD!", NIPS 2011, Proposition 4.1 and the discussion below it, Figure 2. The thresholds of the
 * verdicts are ours: see docs/parallel.md.
 */
import { ConfigError } from "../core/errors.js";
import type { Sparsity } from "./sparsity.js";

/**
 * - `proven`: the paper's bound promises nearly linear speed-up
 * - `sparse`: outside of the bound, but examples rarely share parts
 * - `contended`: updates meet on popular parts; cores pass cache lines to and fro
 * - `dense`: examples share most of their parts: Hogwild! will collide
 */
export type SparsityVerdict = "proven" | "sparse" | "contended" | "dense";

/** What the statistics say about Hogwild! on so many threads. */
export interface SparsityAdvice {
  /** τ. */
  readonly numThreads: number;
  /** 1 + 6τρ + 6τ²ΩΔ^½ with τ = numThreads; 1 on one thread. */
  readonly slowdownBound: number;
  /** n^¼, n parts that some example touches. */
  readonly threadsOfTheory: number;
  /** (τ − 1)·overlap, at most 1. */
  readonly collision: number;
  readonly verdict: SparsityVerdict;
  /** One or two sentences. */
  readonly text: string;
}

/** Of each example's parts so many are in another thread's hands on average: below, sparse; above, dense. */
const FEW = 0.05;
const MANY = 0.3;

/** What the statistics say about Hogwild! on `numThreads` threads. @throws {ConfigError} unless there is at least 1. */
export function adviseOnSparsity(sparsity: Sparsity, numThreads: number): SparsityAdvice {
  if (!(Number.isInteger(numThreads) && numThreads >= 1)) {
    throw new ConfigError(`sparsity: expected numThreads of at least 1, got ${numThreads}`);
  }
  const { omega, delta, rho, overlap, numTouched } = sparsity;
  const tau = numThreads === 1 ? 0 : numThreads;
  const slowdownBound = 1 + 6 * tau * rho + 6 * tau ** 2 * omega * Math.sqrt(delta);
  const collision = Math.min(1, (numThreads - 1) * overlap);
  const verdict: SparsityVerdict =
    slowdownBound <= 2 ? "proven" : collision < FEW ? "sparse" : collision < MANY ? "contended" : "dense";
  return {
    numThreads,
    slowdownBound,
    threadsOfTheory: numTouched ** 0.25,
    collision,
    verdict,
    text: TEXTS[verdict](`${(100 * collision).toFixed(collision < 0.01 ? 2 : 0)} %`),
  };
}

const TEXTS: Readonly<Record<SparsityVerdict, (collision: string) => string>> = {
  proven: () => "Hogwild! is expected to speed up almost linearly, by the paper's bound: run it without locks.",
  sparse: (share) =>
    `Hogwild! is expected to speed up well: on average ${share} of an example's parts are also in one that another thread works on. The paper's worst-case bound says nothing here.`,
  contended: (share) =>
    `Hogwild! will work with some loss of speed: ${share} of an example's parts are also in one that another thread works on, so cores pass the lines of popular parts to and fro. Drop or weaken features that nearly all rows have, and compare with data-parallel.`,
  dense: (share) =>
    `Hogwild! will collide: ${share} of an example's parts are also in one that another thread works on. Updates get lost and cores wait for each other's lines; prefer data-parallel, or averaging.`,
};
