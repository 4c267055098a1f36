/**
 * @file Can the worlds tell all labels apart? How many worlds that takes, and how many pairs of labels to expect that
 * share buckets.
 *
 *   chance that two given labels share their bucket in a world        q ≤ 1/B
 *   … in all R worlds                                                 q^R
 *   expected pairs, of L(L − 1)/2, that share at least m worlds       L(L − 1)/2 · P[Binomial(R, q) ≥ m]
 *   all labels are told apart but for a chance of δ if                R ≥ log(L(L − 1)/2δ) / log B          (the paper)
 *
 * The last line is Markov's inequality on the expectation. It is far from tight for a hash that is linear modulo p:
 * whether i and i + d share a bucket depends on d and, but for a wrap around p, not on i. Pairs come in families, of one
 * distance d each: there are L − 1 distances, and one of them shares buckets at all with chance at most 2/B in a world.
 * Hence no pair is confused in all worlds but for a chance of
 *
 *   (L − 1) · (2⌊(p − 1)/B⌋ / (p − 1))^R          (δ = a·d mod p must be a multiple of B, or p − δ must)
 *
 * The expected number of pairs is what it is; it is made of few draws of the hash with very many pairs.
 *
 * Source: Medini et al., NeurIPS 2019, §3 (classes that can be told apart). Differs from the paper: the bound by distances.
 */
import { ConfigError } from "../core/errors.js";

/** δ where nothing is said: one draw of the hash in a thousand may confuse labels. */
export const DEFAULT_CONFUSION_CHANCE = 1e-3;

/** q: chance over the draw of a and c that two given labels share a bucket. `p` prime ≥ numBuckets. */
export function collisionChance(p: number, numBuckets: number): number {
  const size = Math.floor(p / numBuckets);
  const numLarger = p % numBuckets;
  // Ordered pairs of distinct numbers below p with equal remainders, among all.
  return (numLarger * (size + 1) * size + (numBuckets - numLarger) * size * (size - 1)) / p / (p - 1);
}

/** Pairs of labels. */
export function labelPairs(numLabels: number): number {
  return (numLabels * (numLabels - 1)) / 2;
}

/** Expected pairs of labels that share their bucket in at least `worlds` of `numWorlds` worlds, each with chance `q`. */
export function expectedSharedPairs(numLabels: number, q: number, numWorlds: number, worlds: number): number {
  if (worlds <= 0) return labelPairs(numLabels);
  if (q >= 1) return worlds <= numWorlds ? labelPairs(numLabels) : 0;
  let term = numWorlds >= worlds ? 1 : 0;
  for (let i = 0; i < worlds; i++) term *= ((numWorlds - i) / (i + 1)) * q;
  term *= (1 - q) ** (numWorlds - worlds);
  let sum = 0;
  for (let m = worlds; m <= numWorlds; m++) {
    sum += term;
    term *= ((numWorlds - m) / (m + 1)) * (q / (1 - q));
  }
  return labelPairs(numLabels) * Math.min(1, sum);
}

/** Chance that a given label shares all its buckets with some other, at most: union over the others. */
export function labelConfusionChance(numLabels: number, q: number, numWorlds: number): number {
  return Math.min(1, (numLabels - 1) * q ** numWorlds);
}

/**
 * The paper's bound: the least R, not rounded, with which all labels are told apart but for a chance of `delta`.
 * 0 for one label; Infinity for one bucket and several labels. @throws {ConfigError} unless 0 < delta < 1.
 */
export function distinguishingWorlds(
  numLabels: number,
  numBuckets: number,
  delta: number = DEFAULT_CONFUSION_CHANCE,
): number {
  if (!(delta > 0 && delta < 1)) {
    throw new ConfigError(`distinguishingWorlds: expected delta between 0 and 1, got ${delta}; 0.001 is usual`);
  }
  const pairs = labelPairs(numLabels);
  if (pairs === 0) return 0;
  return Math.log(pairs / delta) / Math.log(numBuckets);
}

/** Chance that any two labels share all buckets, at most: by distances (file header) or by pairs, whichever is less. */
export function anyConfusionChance(numLabels: number, p: number, numBuckets: number, numWorlds: number): number {
  if (numLabels < 2) return 0;
  const byPairs = labelPairs(numLabels) * collisionChance(p, numBuckets) ** numWorlds;
  const ofDistance = numBuckets === 1 ? 1 : Math.min(1, (2 * Math.floor((p - 1) / numBuckets)) / (p - 1));
  return Math.min(1, byPairs, (numLabels - 1) * ofDistance ** numWorlds);
}
