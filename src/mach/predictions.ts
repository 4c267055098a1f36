/**
 * @file What is asked of worlds that answer together, and what comes back? k ranked labels for each row of queries.
 *
 *   labels  │ row 0: best … k-th │ row 1 │ …     [N, k]
 *   scores  │ of these labels              │     [N, k]
 *   counts  │ how many of a row mean anything │  [N]
 *
 * Not here: what a score means (merge.ts), how votes are counted (votes.ts).
 */
import type { LabelPrior, RetrievalBudget } from "../kernels/contract.js";
import type { MergeKind } from "./merge.js";
import type { QueryVotes } from "./votes.js";

/** How the scores of worlds become one, where a call differs from its ensemble. */
export interface RankingOptions {
  /** Default: the ensemble's. */
  readonly merge?: MergeKind;
  /** In units of the reported mean (label-prior.ts); null: none. Default: the ensemble's. */
  readonly prior?: LabelPrior | null;
}

/** What is asked of an ensemble, whatever the rows. */
export interface PredictOptions extends RankingOptions {
  /** Results wanted for each query, at least 1. */
  readonly k: number;
  /** Labels that may be returned, as `labelFilter` makes it: the best k of those. Default all. */
  readonly allowed?: Uint8Array | null;
  /**
   * Look only at labels in the worlds' best buckets: faster where scores are flat, and only nearly right
   * (docs/scale.md). For merges that add ("probability", "log-score"). Default: exact.
   */
  readonly budget?: RetrievalBudget | null;
  /** Report the paper's unbiased probability; for softmax worlds merged by "probability"; a prior still ranks, but is left out of the scores. */
  readonly unbiased?: boolean;
}

/** Ranked labels of each query. */
export interface Predictions {
  readonly numQueries: number;
  /** Length of a row below. */
  readonly k: number;
  /** [numQueries, k], best first, ties by smaller label; only the first counts[q] of a row mean anything. */
  readonly labels: Uint32Array;
  /** [numQueries, k], see merge.ts for their meaning. */
  readonly scores: Float32Array;
  /** [numQueries] results of each query, ≤ k: fewer where L < k or where the prior excludes labels. */
  readonly counts: Uint32Array;
}

/** What is asked where votes are wanted too. */
export interface ExplainOptions extends PredictOptions {
  /** [L] training rows of each label: which labels of a bucket are named. Default null: those of smaller id. */
  readonly labelCounts?: Uint32Array | null;
  /** [numRows] labels of each row whose votes are wanted, best first; at 0 the row has none. Default all. */
  readonly explained?: ArrayLike<number>;
}

/** Ranked labels, and how the worlds voted for them. */
export interface ExplainedPredictions extends Predictions {
  /** [numQueries]; null for rows of which nothing was to be explained. */
  readonly votes: readonly (QueryVotes | null)[];
}
