/** @file What the threads of GloVe's counting and training are told, and what they answer. Plain data. */
import type { EncodedCorpusParts } from "../encoded-corpus.node.js";
import type { PairRun } from "./pair-run.node.js";
import type { TripleBucket } from "./triple-buckets.node.js";

export type GloveJob =
  /** Count the pairs whose later word is among ids [from, to) of the corpus. */
  | {
      readonly kind: "count";
      readonly index: number;
      readonly corpus: EncodedCorpusParts;
      readonly from: number;
      readonly to: number;
      readonly window: number;
      readonly numWords: number;
      readonly memoryBytes: number;
      readonly directory: string;
    }
  /** Add up the runs and deal the counts to buckets. */
  | {
      readonly kind: "merge";
      readonly runs: readonly PairRun[];
      readonly numWords: number;
      readonly memoryBytes: number;
      readonly directory: string;
      readonly seed: number;
    }
  /** Go through a bucket, in an order that follows from the seed. */
  | { readonly kind: "train"; readonly epoch: number; readonly bucket: TripleBucket; readonly seed: number };

export interface GloveShared {
  /** [V, gloveRowLength] on shared memory; null while counting. RACE: all threads update rows of it, Hogwild. */
  readonly state: Float32Array | null;
  readonly dimension: number;
  readonly learningRate: number;
  readonly xMax: number;
  readonly alpha: number;
  /** Of the largest bucket. */
  readonly mostTriples: number;
}

/** Work done of the running job, in its own unit: ids, pairs. */
export interface GloveJobProgress {
  readonly done: number;
}

export type GloveJobResult =
  | { readonly kind: "counted"; readonly runs: readonly PairRun[] }
  | { readonly kind: "merged"; readonly buckets: readonly TripleBucket[] }
  /** Σ ½·f(x)·e², and the cells it is a sum over. */
  | { readonly kind: "trained"; readonly loss: number; readonly numCells: number };
