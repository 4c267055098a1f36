/** @file Hashing labels to buckets, choosing buckets to train, merging worlds into the best labels. */
import type { Csr } from "./arrays.js";

/** One world's hash: h(i) = ((a·i + c) mod p) mod numBuckets. Products are exact (64 bit). */
export interface HashParameters {
  /** Factor, 1 … p − 1. */
  readonly a: number;
  /** Shift, 0 … p − 1. */
  readonly c: number;
  /** A prime < 2³², not below the number of labels. */
  readonly p: number;
  /** B, at most p. */
  readonly numBuckets: number;
}

/** Per-label additive score, one byte a label: bias[codes[l]]. A bias of −Infinity excludes the label. */
export interface LabelPrior {
  /** [L] */
  readonly codes: Uint8Array;
  /** [256] */
  readonly bias: Float32Array;
}

/** How a label's scores in all worlds become one: their sum, the least, the median. */
export type MergeMode = "sum" | "min" | "median";

/** What `topLabels` ranks: the scores of one block of queries, and the hashes that say what they are of. */
export interface TopLabelsInput {
  /**
   * Bucket scores of one block of queries, [R, B, lanes]: query innermost. lanes is 1 when numQueries is 1, else
   * `QUERY_LANES`; unused lanes must be finite.
   */
  readonly scores: Float32Array;
  /** 1 … QUERY_LANES. */
  readonly numQueries: number;
  /** One per world, equal `p` and `numBuckets`. */
  readonly hashes: readonly HashParameters[];
  /** L, at most p. */
  readonly numLabels: number;
  readonly merge: MergeMode;
  /** Added to the merged score of each label; null for none. */
  readonly prior: LabelPrior | null;
  /** [≥ ⌈L/8⌉] bit l & 7 of byte l >> 3 says whether label l may be returned; default: all may. */
  readonly allowed?: Uint8Array | null;
  /** Results wanted for each query. */
  readonly k: number;
}

/** How much an approximate retrieval may look at. */
export interface RetrievalBudget {
  /** m, best buckets of each world whose labels are met; ties by smaller bucket; R·m at most MAX_HEADS. */
  readonly bucketsPerWorld: number;
  /** In how many worlds a label must be met to be completed, 1 … 255. */
  readonly minWorlds: number;
}

/** What `retrieveLabels` ranks: the scores of one query. Merged by sum. */
export interface RetrievalInput {
  /** [R, B], of one query. */
  readonly scores: Float32Array;
  /** One per world, equal `p` and `numBuckets`. */
  readonly hashes: readonly HashParameters[];
  /** L, at most p. */
  readonly numLabels: number;
  /** Added to the sum of each label's scores; null for none. */
  readonly prior: LabelPrior | null;
  /** As in TopLabelsInput. */
  readonly allowed?: Uint8Array | null;
  /** Results wanted. */
  readonly k: number;
  /** Default: exact. */
  readonly budget?: RetrievalBudget | null;
  /**
   * Nanoseconds a label and world that scanning costs the caller, who has perhaps many queries to scan for at once: where
   * that is cheaper, nothing is retrieved (method "declined"). Default: a scan of this query is done instead.
   */
  readonly scanCost?: number;
  /** [≥ retrievalScratchBytes(R, B)], overwritten. */
  readonly scratch: Uint8Array;
}

/** What a retrieval did. */
export interface RetrievalStats {
  /** Results, ≤ k. */
  readonly count: number;
  readonly method: RetrievalMethod;
  /** Buckets whose labels were walked in the last pass. */
  readonly numLists: number;
  /** Members of lists walked, surveys included: lists times L/B. */
  readonly numEnumerated: number;
  /** Labels whose scores were added up, surveys included; 0 for a scan. */
  readonly numCompleted: number;
}

/**
 * How a retrieval was done. lists: by computed posting lists; labels: every label that may be returned was completed;
 * scan: as topLabels; declined: not at all, see RetrievalInput.scanCost.
 */
export type RetrievalMethod = "lists" | "labels" | "scan" | "declined";

/** How many queries one block of packed scores holds: one AVX-512 register of f32. */
export const QUERY_LANES = 16;

/** Buckets that retrieveLabels can walk for a query, all worlds together (kernels/retrieve_labels.c). */
export const MAX_HEADS = 65_536;

/** Worlds that one scan can merge: its state must fit a thread's workspace (kernels/top_labels.c). */
export const MAX_WORLDS = 1024;

/** Hashes labels to buckets, and ranks labels by the scores of their buckets. */
export interface LabelKernels {
  /** out[i] ← h(labels[i]), i < count. */
  hashLabels(hash: HashParameters, count: number, labels: Uint32Array, out: Uint32Array): void;
  /**
   * Turns rows of label ids into rows of distinct buckets, ascending. values: "distribution" – 1/(number of distinct
   * buckets in the row); "binary" – 1. @returns entries written. Rows may be empty.
   */
  hashTargets(
    hash: HashParameters,
    numRows: number,
    labelOffsets: Uint32Array,
    labelIds: Uint32Array,
    values: "distribution" | "binary",
    out: Csr,
  ): number;
  /**
   * Interleaves scores of one world for topLabels: out[worldOffset + b·lanes + q] ← x[firstRow + q, b] for
   * q < numQueries, 0 for the lanes above. lanes = 1 if numQueries is 1, else QUERY_LANES. x [≥ firstRow + numQueries, B].
   */
  packScores(
    numQueries: number,
    numBuckets: number,
    firstRow: number,
    x: Float32Array,
    worldOffset: number,
    out: Float32Array,
  ): void;
  /**
   * Exact top k labels by a scan over all L, hashing on the fly (no table): score(l) = merge over worlds r, in order of
   * r and in f32, of scores[r, h_r(l), q], plus the prior. "median" of an even number is the mean of the middle two.
   * Best first, ties by smaller label id; labels with score −Infinity or NaN are left out. At most MAX_WORLDS worlds.
   * Writes outLabels and outScores [numQueries, k]; @returns how many results each query has [numQueries] (≤ k).
   */
  topLabels(input: TopLabelsInput, outLabels: Uint32Array, outScores: Float32Array): Uint32Array;
  /**
   * The same k labels and scores as topLabels (one query, merge "sum"), bit for bit, at a cost that grows with the labels
   * in the best buckets instead of with L·R: posting lists are computed from the hash, in label order. Decides by itself
   * when completing all allowed labels, or the scan, is cheaper (flat scores; p ≥ 2³¹; scores that are not finite).
   * With a budget: the best k of the labels met in at least `minWorlds` of the worlds' best `bucketsPerWorld` buckets.
   */
  retrieveLabels(input: RetrievalInput, outLabels: Uint32Array, outScores: Float32Array): RetrievalStats;
  /** Bytes of scratch that retrieveLabels needs; does not depend on L. Below 5 MB but for B above 10⁵. */
  retrievalScratchBytes(numWorlds: number, numBuckets: number): number;
}
