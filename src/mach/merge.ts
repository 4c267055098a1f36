/**
 * @file How do R worlds' opinions on a bucket become one score of a label? Four estimators of P(label | input).
 *
 *   kind          a world says     over the worlds    reported score
 *   probability   P(bucket)        mean               the mean; unbiased: (B/(B−1))·(mean − 1/B), the paper's estimator
 *   log-score     ln P(bucket)     mean               exp of the mean: the geometric mean of the probabilities
 *   min           P(bucket)        minimum            the minimum (Count-Min Sketch; never too low for nonnegative noise)
 *   median        P(bucket)        median             the median
 *
 * P is the softmax or the sigmoid of the world's logits. Every reported score lies in [0, 1] (unbiased: from −1/(B−1);
 * with a prior, which is at most 0, also below, but for log-score), larger is better, and does not depend on how many
 * worlds answered. The kernels add sums in f32 in the order of the worlds, then the prior; scaling afterwards keeps the
 * order.
 *
 * Source: Medini et al., NeurIPS 2019, §3 and Theorem 2 (mean, min and median estimators). Log-scores are summed in the
 * authors' published code, not in the paper.
 */
import { ConfigError } from "../core/errors.js";
import type { LabelPrior, MergeMode } from "../kernels/contract.js";

/**
 * How the worlds' scores of a label become one. probability: the mean of their probabilities; log-score: the geometric
 * mean; min: the least; median: the median.
 */
export type MergeKind = "probability" | "log-score" | "min" | "median";

/** All kinds of merge. */
export const MERGE_KINDS: readonly MergeKind[] = ["probability", "log-score", "min", "median"];

/** The kernels' merge for a kind. */
export function mergeModeOf(kind: MergeKind): MergeMode {
  return kind === "min" || kind === "median" ? kind : "sum";
}

/** True where worlds give logarithms of probabilities. */
export function isLogarithmic(kind: MergeKind): boolean {
  return kind === "log-score";
}

/** Number by which the kernels' merged score is larger than the mean. */
export function mergeScale(kind: MergeKind, numWorlds: number): number {
  return mergeModeOf(kind) === "sum" ? numWorlds : 1;
}

/** `prior` in the units of the kernels' merged score. Its codes are shared. */
export function scalePrior(prior: LabelPrior | null, scale: number): LabelPrior | null {
  if (prior === null || scale === 1) return prior;
  return { codes: prior.codes, bias: prior.bias.map((x) => x * scale) };
}

/** What is reported for a merged score of the kernels. */
export function reportedScore(kind: MergeKind, merged: number, scale: number): number {
  const mean = merged / scale;
  return kind === "log-score" ? Math.exp(mean) : mean;
}

/** The paper's estimate of P(label | input) from the mean probability of its buckets. @throws {ConfigError} if B = 1. */
export function unbiasedProbability(mean: number, numBuckets: number): number {
  if (numBuckets < 2) throw new ConfigError("unbiased probability: expected at least 2 buckets, got 1");
  return (numBuckets / (numBuckets - 1)) * (mean - 1 / numBuckets);
}
