/**
 * @file Who shares buckets with a label, and how many? The other labels that merging finds hardest to tell from it.
 *
 *   label l   world 0: bucket 7 = {l, a, b, …}     a shares 2 buckets of 3, all others 1 or none: if the worlds like
 *             world 1: bucket 2 = {l, c, a, …}     bucket 7, 2 and 5, they mean l, for a lacks the vote of world 2
 *             world 2: bucket 5 = {l, d, e, …}
 *
 * By chance L·(R choose s)·B⁻ˢ others share s buckets or more: of 23,000 labels in 1,000 buckets of 8 worlds some 180
 * share one, half of the labels have another that shares two, and three are rare. The members of the R buckets are enumerated by the
 * hash (label-hash.ts) and counted by sorting: R·⌈p/B⌉ steps and numbers a label, no table of labels.
 *
 * Source: Medini et al., "Extreme Classification in Log Memory using Count-Min Sketch", NeurIPS 2019, §3.
 */
import type { LabelHash } from "./label-hash.js";
import { COMPANIONS_NAMED } from "./search-contract.js";

/** A label that shares buckets with another. */
export interface CompanionLabel {
  readonly label: number;
  /** Worlds in which both fell into one bucket, in the order of the worlds given. */
  readonly worlds: readonly number[];
}

/**
 * The other labels that share most buckets of `worlds` with `label`, most first, at most `limit`; ties: more frequent in
 * training, then smaller id. `labelCounts` [L]: training rows of each label; null: not known. @throws {RangeError} if label ≥ L.
 */
export function companionsOf(
  hash: LabelHash,
  worlds: readonly number[],
  label: number,
  labelCounts: Uint32Array | null,
  limit: number = COMPANIONS_NAMED,
): CompanionLabel[] {
  const members = new Uint32Array(worlds.length * Math.ceil(hash.p / hash.numBuckets));
  let filled = 0;
  for (const world of worlds) {
    for (const member of hash.members(world, hash.bucket(label, world)))
      if (member !== label) members[filled++] = member;
  }
  const sorted = members.subarray(0, filled).sort();
  const frequency = (id: number): number => labelCounts?.[id] ?? 0;
  const best: { id: number; shared: number }[] = [];
  for (let begin = 0, end = 0; begin < filled; begin = end) {
    const id = sorted[begin];
    while (end < filled && sorted[end] === id) end++;
    const shared = end - begin;
    // Ids come in ascending order: an equal one stands behind.
    const after = best.findIndex((x) => shared > x.shared || (shared === x.shared && frequency(id) > frequency(x.id)));
    if (after >= 0) best.splice(after, 0, { id, shared });
    else if (best.length < limit) best.push({ id, shared });
    if (best.length > limit) best.pop();
  }
  return best.map(({ id }) => ({
    label: id,
    worlds: worlds.filter((world) => hash.bucket(id, world) === hash.bucket(label, world)),
  }));
}
