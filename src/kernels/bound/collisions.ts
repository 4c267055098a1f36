/**
 * @file Pairs of labels that share buckets, of the contract on a bridge; with kernels/ops.h, COLLISION_OPERATIONS.
 */
import { type Kernels, MAX_WORLDS, type SharedLabelsInput, sharedLabelsScratch } from "../contract.js";
import type { Bridge, Pointer } from "./flat-operations.js";

export interface FlatCollisionOperations {
  u32_count_shared_labels(
    numWorlds: number,
    hashes: Pointer,
    p: number,
    numBuckets: number,
    numLabels: number,
    firstBucket: number,
    count: number,
    scratch: Pointer,
    pairs: Pointer,
  ): void;
}

function check({ hashes, numLabels, firstBucket, count }: SharedLabelsInput): void {
  if (!(hashes.length >= 1 && hashes.length <= MAX_WORLDS)) {
    throw new RangeError(`countSharedLabels: expected 1 to ${MAX_WORLDS} worlds, got ${hashes.length}`);
  }
  const { p, numBuckets } = hashes[0];
  for (const hash of hashes) {
    const fits = hash.a >= 1 && hash.a < p && hash.c >= 0 && hash.c < p;
    if (hash.p === p && hash.numBuckets === numBuckets && fits && p < 2 ** 32) continue;
    throw new RangeError("countSharedLabels: expected worlds with equal p < 2³² and numBuckets, and a, c below p");
  }
  if (!(numLabels <= p)) throw new RangeError(`countSharedLabels: expected at most p = ${p} labels, got ${numLabels}`);
  if (!(firstBucket >= 0 && count >= 0 && firstBucket + count <= numBuckets)) {
    throw new RangeError(
      `countSharedLabels: expected buckets below ${numBuckets}, got ${firstBucket} to ${firstBucket + count}`,
    );
  }
}

export function collisionOperations(bridge: Bridge): Pick<Kernels, "countSharedLabels"> {
  const { flat } = bridge;
  return {
    countSharedLabels(input, scratch, pairs) {
      check(input);
      const { hashes, numLabels, firstBucket, count } = input;
      const { p, numBuckets } = hashes[0];
      const ac = Uint32Array.from(hashes.flatMap(({ a, c }) => [a, c]));
      const words = new Uint32Array(2 * hashes.length);
      if (pairs.length < hashes.length) {
        throw new RangeError(`countSharedLabels: pairs: expected ${hashes.length} numbers, got ${pairs.length}`);
      }
      bridge.begin();
      flat.u32_count_shared_labels(
        hashes.length,
        bridge.read("countSharedLabels: hashes", ac, ac.length),
        p,
        numBuckets,
        numLabels,
        firstBucket,
        count,
        bridge.update("countSharedLabels: scratch", scratch, sharedLabelsScratch(hashes[0])),
        bridge.write("countSharedLabels: pairs", words, words.length),
      );
      bridge.end();
      for (let r = 0; r < hashes.length; r++) pairs[r] += words[2 * r] + 2 ** 32 * words[2 * r + 1];
    },
  };
}
