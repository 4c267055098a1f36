/** @file Which labels cannot be told apart by their buckets? Counted exactly, without a table of labels. */
import type { HashParameters } from "./labels.js";

/** Buckets of world 0 of which the pairs are counted. */
export interface SharedLabelsInput {
  /** One per world, equal `p` < 2³² and `numBuckets`. */
  readonly hashes: readonly HashParameters[];
  /** L, at most p: label ids are below it. */
  readonly numLabels: number;
  /** Buckets [firstBucket, firstBucket + count) of world 0, all below numBuckets. */
  readonly firstBucket: number;
  /** How many buckets from `firstBucket` on. */
  readonly count: number;
}

/** Counts pairs of labels that share their buckets. */
export interface CollisionKernels {
  /**
   * pairs[r] += the pairs of labels that share a bucket of the given ones in world 0, and their buckets in worlds
   * 1 … r too; over all buckets, pairs[R − 1] are the pairs that no world tells apart. Costs about ⌈p/B⌉ steps a bucket.
   * `scratch` [≥ sharedLabelsScratch(hash)], contents undefined afterwards. pairs [R]: exact below 2⁵³.
   */
  countSharedLabels(input: SharedLabelsInput, scratch: Uint32Array, pairs: Float64Array): void;
}

/** Length of the scratch of countSharedLabels: 20 bytes a member of a bucket. */
export function sharedLabelsScratch({ p, numBuckets }: HashParameters): number {
  return 5 * (Math.floor(p / numBuckets) + 1);
}
