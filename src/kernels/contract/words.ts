/** @file word2vec: a stream of word ids trains two matrices, in place. */
import type { Csr } from "./arrays.js";
import type { AliasDraws } from "./sampled.js";

/** Words of a sentence that is trained as one; a longer line is cut. */
export const SENTENCE_WORDS = 1000;
/** Targets of one window: the centre word with its negatives, and the nodes on its path. */
export const MOST_WORD_TARGETS = 256;
/** Numbers of a word's vector. */
export const MOST_WORD_DIM = 4096;
/** Length of a stream's state: zeros at its beginning. [0] words waiting, [1] ids seen, [2] inputs measured; else private. */
export const WORD_STATE_LENGTH: number = 4 + 2 * SENTENCE_WORDS;

/** What word2vec trains, and how. Matrices may stand on shared memory and be trained by many threads at once. */
export interface WordModel {
  /** Numbers of a vector, 1 … MOST_WORD_DIM. */
  readonly dim: number;
  /** From row to row: a multiple of 16, ≥ dim. What lies between is 0 and stays 0. */
  readonly stride: number;
  /** V ≥ 1 */
  readonly numWords: number;
  /** Words on each side of the centre that count at most; how many do is drawn for each centre, 1 … window. */
  readonly window: number;
  /** CBOW: the mean of the window's vectors predicts the centre word; else each vector on its own does. */
  readonly isCbow: boolean;
  /** [V] a word is kept when a draw from 0 … 2³² − 1 is at most this. */
  readonly keep: Uint32Array;
  /** [V, stride] the words' vectors, read and written. */
  readonly input: Float32Array;
  /** Negative sampling, or null. `output` [V, stride] read and written; `draws` over V words. */
  readonly negatives: { readonly count: number; readonly draws: AliasDraws; readonly output: Float32Array } | null;
  /** Hierarchical softmax, or null. `paths`: V rows of nodes < V − 1 with their codes 0 or 1; `nodes` [V − 1, stride]. */
  readonly tree: { readonly paths: Csr; readonly nodes: Float32Array } | null;
}

/** The next piece of a stream of words. */
export interface WordChunk {
  /** Ids; one that is V or more ends a sentence. */
  readonly ids: Uint32Array;
  /** How many of `ids` belong to the chunk. */
  readonly count: number;
  /** Names the stream's random numbers. Equal for all its chunks. */
  readonly seed: number;
  /** Size of the chunk's steps. */
  readonly alpha: number;
  /** The stream ends here: what waits is trained too. */
  readonly isLast: boolean;
}

/** Trains word vectors on a stream of words. */
export interface WordKernels {
  /**
   * Trains on a chunk: words are dropped at random, gather in `state` to sentences, and full sentences are trained.
   *
   *   e = Σ over targets t of alpha·(label − σ(input·t))·t         label 1 for the centre word and for nodes of code 0
   *   skip-gram: each of the window's words is an input; its row += e, each target += alpha·(label − σ)·input, all
   *     with the rows as they were before the window (up to 32 inputs, equal ones moved as often as they occur)
   *   CBOW: one input, the mean of the rows; each row of the window += e
   *
   * The window's targets: the centre word and `count` draws from `draws`, less those met already, then the path's nodes.
   * With p the number of the id in the stream (it wraps at 2³²) and r = counterHash(seed + k, …): r(0, p) ≤ keep[id]
   * keeps a word; floor(r(1, p)·window/2³²) shrinks its window; negative i comes of r(2, p·count + i), whose product with
   * V has the cell as its high half and the cell's draw as its low one. So cuts into chunks change nothing.
   * @returns the sum of −ln P(label) over all targets and inputs of each window whose p is a multiple of 16; state[2]
   *   grows by the number of those inputs. NaN once training has diverged.
   */
  trainWords(model: WordModel, chunk: WordChunk, state: Uint32Array): number;
}
