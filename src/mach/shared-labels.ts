/**
 * @file Which labels does this very draw of the hash confuse? All pairs that share buckets, counted exactly.
 *
 *   buckets of world 0  │ some ──countSharedLabels──▶ pairs [R] │ some more ──▶ += │ …
 *
 * A bucket's members follow from the hash, so that memory is a few of the members of one bucket, not of L labels. Some
 * thousand buckets make a call of the kernel; between calls progress is reported and the owner may stop.
 */
import { InterruptedError } from "../core/errors.js";
import { type Kernels, sharedLabelsScratch } from "../kernels/contract.js";
import { collisionChance, labelPairs } from "./label-collisions.js";
import type { LabelHash } from "./label-hash.js";

/** How the caller follows a count, and ends it. */
export interface SharedLabelsOptions {
  /** Called after each chunk, 0 … 1. May return a promise, to let timers and signals have their turn. */
  readonly onProgress?: (fraction: number) => void | Promise<void>;
  /** Asked after each chunk; true ends the count with an InterruptedError. */
  readonly shouldStop?: () => boolean;
}

/** Pairs of labels that one draw of the hash puts in the same buckets. */
export interface SharedLabels {
  /** [R] pairs of labels that share their buckets in worlds 0 … r. */
  readonly pairs: readonly number[];
  /** [R] what to expect over all draws of the hash. */
  readonly expected: readonly number[];
}

/** Labels whose pairs are counted in one call: a few tenths of a second. */
const CHUNK_LABELS = 2 ** 22;

/** Counts the pairs of labels that share buckets. @throws {InterruptedError} when `shouldStop` says so. */
export async function countSharedLabels(
  kernels: Kernels,
  hash: LabelHash,
  { onProgress, shouldStop }: SharedLabelsOptions = {},
): Promise<SharedLabels> {
  const { numLabels, numBuckets, numWorlds, p } = hash;
  const hashes = Array.from({ length: numWorlds }, (_, world) => hash.parameters(world));
  const pairs = new Float64Array(numWorlds);
  const scratch = kernels.u32(sharedLabelsScratch(hashes[0]));
  const chunk = Math.max(1, Math.floor(CHUNK_LABELS / (p / numBuckets)));
  for (let firstBucket = 0; firstBucket < numBuckets; firstBucket += chunk) {
    const count = Math.min(chunk, numBuckets - firstBucket);
    kernels.countSharedLabels({ hashes, numLabels, firstBucket, count }, scratch, pairs);
    await onProgress?.((firstBucket + count) / numBuckets);
    if (shouldStop?.() === true) throw new InterruptedError("counting shared labels: interrupted; nothing was written");
  }
  const q = collisionChance(p, numBuckets);
  return { pairs: [...pairs], expected: [...pairs].map((_, r) => labelPairs(numLabels) * q ** (r + 1)) };
}
