/**
 * @file The oracle for pairs of labels that share buckets: every pair of members of a bucket is looked at.
 */
import type { Kernels, SharedLabelsInput } from "../contract.js";
import { bucketOf } from "./labels.js";

function countSharedLabels(
  { hashes, numLabels, firstBucket, count }: SharedLabelsInput,
  _scratch: Uint32Array,
  pairs: Float64Array,
): void {
  const members = new Map<number, number[][]>();
  for (let label = 0; label < numLabels; label++) {
    const buckets = hashes.map((hash) => bucketOf(hash, label));
    const [bucket] = buckets;
    if (bucket < firstBucket || bucket >= firstBucket + count) continue;
    const known = members.get(bucket);
    if (known === undefined) members.set(bucket, [buckets]);
    else known.push(buckets);
  }
  for (const list of members.values()) {
    for (let i = 0; i < list.length; i++) {
      for (let j = 0; j < i; j++) {
        for (let r = 0; r < hashes.length && list[i][r] === list[j][r]; r++) pairs[r]++;
      }
    }
  }
}

export const collisions: Pick<Kernels, "countSharedLabels"> = { countSharedLabels };
