/**
 * @file How did each world vote for a label? The bucket that the label fell into, what the world gives it, and who shares it.
 *
 *   world r     scores [B] of the query   0.01 │ 0.62 │ 0.00 │ 0.07 │ …
 *                                                 ▲
 *   label l  ── hash of world r ──────────────────┘     bucket 1, probability 0.62, rank 1 of B; it is shared with the
 *                                                       other labels that the hash sends there, ⌈p/B⌉ of them at most
 *
 * One world alone cannot tell a label from those that share its bucket; in another world it shares with others, and only
 * the label itself is in a good bucket of all. The scores are those that ranked the labels, read where they stand; ranks
 * are theirs too, so that buckets whose probabilities underflow to 0 are still told apart by their logarithms.
 *
 * Cost a query with n labels: R·B comparisons, and n·R buckets of ⌈p/B⌉ members, enumerated by the hash (label-hash.ts).
 *
 * Source: Medini et al., "Extreme Classification in Log Memory using Count-Min Sketch", NeurIPS 2019, §3.
 */
import type { LabelHash } from "./label-hash.js";
import { EXPLAINED_BUCKETS, SHARED_LABELS_NAMED, type Vote, type WorldView } from "./search-contract.js";

/** Stands in `sharedLabels` where a bucket has no more labels to name. No label: ids end below LARGEST_PRIME. */
export const NO_LABEL = 0xffffffff;

/** The votes for n labels of one query, of R worlds in their order. Plain data: threads and pages may be sent it. */
export interface QueryVotes {
  /** [R] numbers of the worlds. */
  readonly worlds: readonly number[];
  /** n. */
  readonly numLabels: number;
  /** [n, R] bucket of the label. */
  readonly buckets: Uint32Array;
  /** [n, R] probability that the world gives the bucket. */
  readonly probabilities: Float32Array;
  /** [n, R] place of the bucket among the world's, from 1; ties by smaller bucket. */
  readonly ranks: Uint32Array;
  /** [n, R] other labels in the bucket. */
  readonly sharedCounts: Uint32Array;
  /** [n, R, SHARED_LABELS_NAMED] the most frequent of them in training, ties by smaller id; NO_LABEL where there are fewer. */
  readonly sharedLabels: Uint32Array;
  /** T = min(EXPLAINED_BUCKETS, B). */
  readonly numTop: number;
  /** [R, T] each world's best buckets, best first; ties by smaller bucket. */
  readonly topBuckets: Uint32Array;
  /** [R, T] */
  readonly topProbabilities: Float32Array;
}

/** Tells how the worlds that answer voted for some labels of a query. */
export class VoteCounter {
  private readonly hash: LabelHash;
  private readonly worlds: readonly number[];
  private readonly labelCounts: Uint32Array | null;

  /** `worlds`: those that answer. `labelCounts` [L]: training rows of each label; null: labels are named by smaller id. */
  constructor(hash: LabelHash, worlds: readonly number[], labelCounts: Uint32Array | null) {
    this.hash = hash;
    this.worlds = worlds;
    this.labelCounts = labelCounts;
  }

  /**
   * The votes for `labels` [n]. `scoresOf(r)` gives the activated scores [B] of the world at position r, valid until it
   * is called again; `logarithmic` says that they are logarithms. @throws {RangeError} for a label ≥ L.
   */
  count(labels: ArrayLike<number>, logarithmic: boolean, scoresOf: (r: number) => Float32Array): QueryVotes {
    const { hash, worlds } = this;
    const numLabels = labels.length;
    const numTop = Math.min(EXPLAINED_BUCKETS, hash.numBuckets);
    const cells = numLabels * worlds.length;
    const votes: QueryVotes = {
      worlds,
      numLabels,
      buckets: new Uint32Array(cells),
      probabilities: new Float32Array(cells),
      ranks: new Uint32Array(cells).fill(1),
      sharedCounts: new Uint32Array(cells),
      sharedLabels: new Uint32Array(cells * SHARED_LABELS_NAMED).fill(NO_LABEL),
      numTop,
      topBuckets: new Uint32Array(worlds.length * numTop),
      topProbabilities: new Float32Array(worlds.length * numTop),
    };
    worlds.forEach((world, r) => {
      const scores = scoresOf(r);
      const probability = (bucket: number): number => (logarithmic ? Math.exp(scores[bucket]) : scores[bucket]);
      for (let j = 0; j < numLabels; j++) {
        const cell = j * worlds.length + r;
        const bucket = hash.bucket(labels[j], world);
        votes.buckets[cell] = bucket;
        votes.probabilities[cell] = probability(bucket);
        votes.sharedCounts[cell] = this.nameShared(world, bucket, labels[j], votes.sharedLabels, cell);
      }
      this.rank(r, scores, votes);
      const top = votes.topBuckets.subarray(r * numTop, (r + 1) * numTop);
      bestBuckets(scores, hash.numBuckets, top);
      for (let t = 0; t < numTop; t++) votes.topProbabilities[r * numTop + t] = probability(top[t]);
    });
    return votes;
  }

  /** Ranks of the labels' buckets in the world at position `r`: most buckets are worse than all of them, one comparison each. */
  private rank(r: number, scores: Float32Array, { numLabels, worlds, buckets, ranks }: QueryVotes): void {
    const cells = Array.from({ length: numLabels }, (_, j) => j * worlds.length + r);
    cells.sort((x, y) => scores[buckets[x]] - scores[buckets[y]] || buckets[y] - buckets[x]);
    const worstFirst = Uint32Array.from(cells, (cell) => buckets[cell]);
    for (let bucket = 0; bucket < this.hash.numBuckets; bucket++) {
      const score = scores[bucket];
      for (let i = 0; i < numLabels; i++) {
        const other = worstFirst[i];
        if (score < scores[other] || (score === scores[other] && bucket >= other)) break;
        ranks[cells[i]]++;
      }
    }
  }

  /** Writes the names that `label`'s cell shows of its bucket. @returns how many others the bucket has. */
  private nameShared(world: number, bucket: number, label: number, out: Uint32Array, cell: number): number {
    const { labelCounts } = this;
    const begin = cell * SHARED_LABELS_NAMED;
    let numShared = 0;
    for (const member of this.hash.members(world, bucket)) {
      if (member === label) continue;
      const isBefore = (other: number): boolean => {
        if (other === NO_LABEL) return true;
        const more = labelCounts === null ? 0 : labelCounts[member] - labelCounts[other];
        return more > 0 || (more === 0 && member < other);
      };
      insert(out, begin, SHARED_LABELS_NAMED, numShared, member, isBefore);
      numShared++;
    }
    return numShared;
  }
}

/** Fills `out` [T] with the buckets of largest score, best first; ties by smaller bucket. T ≤ B. */
function bestBuckets(scores: Float32Array, numBuckets: number, out: Uint32Array): void {
  for (let bucket = 0; bucket < numBuckets; bucket++) {
    const score = scores[bucket];
    // Buckets come in ascending order: an equal score stands behind.
    insert(out, 0, out.length, bucket, bucket, (other) => score > scores[other]);
  }
}

/** Keeps out[begin, begin + size) sorted, of which `filled` (or more: all) count: `value` goes before what it beats. */
function insert(
  out: Uint32Array,
  begin: number,
  size: number,
  filled: number,
  value: number,
  isBefore: (other: number) => boolean,
): void {
  let at = Math.min(filled, size);
  if (at === size && !isBefore(out[begin + at - 1])) return;
  if (at === size) at--;
  for (; at > 0 && isBefore(out[begin + at - 1]); at--) out[begin + at] = out[begin + at - 1];
  out[begin + at] = value;
}

/** The votes for label `j` of `votes`, with names. */
export function votesOf(votes: QueryVotes, j: number, nameOf: (label: number) => string): Vote[] {
  const { worlds, buckets, probabilities, ranks, sharedCounts, sharedLabels } = votes;
  return worlds.map((world, r) => {
    const cell = j * worlds.length + r;
    const count = sharedCounts[cell];
    const begin = cell * SHARED_LABELS_NAMED;
    const named = sharedLabels.subarray(begin, begin + Math.min(count, SHARED_LABELS_NAMED));
    return {
      world,
      bucket: buckets[cell],
      probability: probabilities[cell],
      rank: ranks[cell],
      shared: { count, labels: Array.from(named, nameOf) },
    };
  });
}

/** Each world's best buckets. */
export function worldViewsOf({ worlds, numTop, topBuckets, topProbabilities }: QueryVotes): WorldView[] {
  return worlds.map((world, r) => ({
    world,
    buckets: Array.from({ length: numTop }, (_, t) => ({
      bucket: topBuckets[r * numTop + t],
      probability: topProbabilities[r * numTop + t],
    })),
  }));
}
