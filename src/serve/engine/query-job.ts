/** @file What do the engine and its prediction threads say to each other? */
import type { CompanionLabel } from "../../mach/companions.js";
import type { PredictionShared } from "../../mach/prediction-job.js";
import type { Predictions } from "../../mach/predictions.js";
import type { QueryVotes } from "../../mach/votes.js";

/** The model, the same for all threads; arrays stand on shared memory. */
export interface QueryShared extends PredictionShared {
  /** Bytes of vectorizer.json, and its path for errors. */
  readonly vectorizer: Uint8Array;
  readonly vectorizerFile: string;
  /** [L] training rows of each label, or null. */
  readonly labelCounts: Uint32Array | null;
}

/** Labels to choose from. */
export interface LabelChoice {
  readonly kind: "only" | "except";
  /** Ascending, without repetition. */
  readonly ids: Uint32Array;
  /** Equal for equal choices. */
  readonly key: string;
}

/** Queries [first, first + count) of a job, which are ranked together. */
export interface QueryGroup {
  readonly first: number;
  readonly count: number;
  /** The largest that a query of the group wants. */
  readonly k: number;
  readonly choice: LabelChoice | null;
  /** [count] labels of each query whose votes are wanted; null: none of any. */
  readonly explained: readonly number[] | null;
}

/** Without queries, a thread only gets ready. */
export interface QueryJob {
  readonly queries: readonly string[];
  readonly groups: readonly QueryGroup[];
}

/** Why a query's labels were found. */
export interface QueryExplanation {
  readonly votes: QueryVotes;
  /** Of each label that has votes. */
  readonly companions: readonly (readonly CompanionLabel[])[];
}

export interface GroupAnswers extends Predictions {
  /** [count]; null: none was wanted. */
  readonly explanations: readonly (QueryExplanation | null)[] | null;
}

export interface QueryAnswers {
  /** Of each group. */
  readonly groups: readonly GroupAnswers[];
  /** [queries] 1 where the model knows no word of the query. */
  readonly unknown: Uint8Array;
  /** What computes, such as `native avx512`. */
  readonly kernels: string;
}
