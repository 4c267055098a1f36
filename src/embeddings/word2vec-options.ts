/**
 * @file What can be chosen about word2vec? The C tool's settings under its names, with its defaults.
 *
 *   C tool      here                        C tool      here
 *   -size       dimension                   -iter       iterations
 *   -window     window                      -min-count  minCount
 *   -sample     sample                      -alpha      alpha
 *   -hs         hierarchicalSoftmax         -cbow       architecture
 *   -negative   negative                    -threads    numThreads of the request
 */
import { ConfigError } from "../core/errors.js";
import { checkKnownOptions } from "../core/known-options.js";
import { MOST_WORD_DIM, MOST_WORD_TARGETS } from "../kernels/contract.js";

/** skipgram: each word of a window predicts its centre; cbow: their mean does. */
export type Word2VecArchitecture = "skipgram" | "cbow";

/** Every Word2VecArchitecture. */
export const WORD2VEC_ARCHITECTURES: readonly Word2VecArchitecture[] = ["skipgram", "cbow"];

/** What is learnt, and how fast: all of it changes the vectors. */
export interface Word2VecOptions {
  /** Default cbow, as the C tool: for frequent words and much text; skip-gram is better on rare words and little text. */
  readonly architecture: Word2VecArchitecture;
  /** Numbers of a vector, 1 … 4096. Default 100. */
  readonly dimension: number;
  /** Words on each side of the centre; for each centre a number from 1 to this is drawn. Default 5. */
  readonly window: number;
  /** Words above this share of the text are dropped at random, the more the more frequent; 0: none. Default 1e-3. */
  readonly sample: number;
  /** Negative examples a window, which its words share; 0: no negative sampling. Default 5. */
  readonly negative: number;
  /** Predict words by their paths in a Huffman tree, instead of or beside negative sampling. Default false. */
  readonly hierarchicalSoftmax: boolean;
  /** Passes over the text. Default 5. */
  readonly iterations: number;
  /** First learning rate, which falls linearly to its ten-thousandth; null: 0.025 for skip-gram, 0.05 for CBOW. */
  readonly alpha: number | null;
  /** Words that occur less often are left out (when the vocabulary is counted). Default 5. */
  readonly minCount: number;
  /** Initial vectors and all draws. Equal seeds give equal vectors with one thread. Default 1. */
  readonly seed: number;
}

/** Those of the C tool. */
export const WORD2VEC_DEFAULTS: Word2VecOptions = {
  architecture: "cbow",
  dimension: 100,
  window: 5,
  sample: 1e-3,
  negative: 5,
  hierarchicalSoftmax: false,
  iterations: 5,
  alpha: null,
  minCount: 5,
  seed: 1,
};

/** Beyond this a window is a document. */
const MOST_WINDOW = 1000;

/** The defaults under what is given, checked. @throws {ConfigError} naming the option. */
export function chooseWord2VecOptions(given: Partial<Word2VecOptions> = {}): Word2VecOptions {
  checkKnownOptions("word2vec", given, Object.keys(WORD2VEC_DEFAULTS));
  const options = { ...WORD2VEC_DEFAULTS, ...given };
  const { architecture, alpha, sample } = options;
  const refuse = (name: string, expected: string, got: unknown): never => {
    throw new ConfigError(`word2vec: expected ${name} ${expected}, got ${got}`);
  };
  const integer = (
    name: "dimension" | "window" | "negative" | "iterations" | "minCount" | "seed",
    low: number,
    high: number,
  ) => {
    const value = options[name];
    if (!(Number.isInteger(value) && value >= low && value <= high)) {
      refuse(
        name,
        `to be an integer ${high === Number.MAX_SAFE_INTEGER ? `≥ ${low}` : `from ${low} to ${high}`}`,
        value,
      );
    }
  };
  if (!WORD2VEC_ARCHITECTURES.includes(architecture)) {
    refuse("architecture", `to be one of ${WORD2VEC_ARCHITECTURES.join(", ")}`, architecture);
  }
  integer("dimension", 1, MOST_WORD_DIM);
  integer("window", 1, MOST_WINDOW);
  integer("negative", 0, MOST_WORD_TARGETS - 1);
  integer("iterations", 1, Number.MAX_SAFE_INTEGER);
  integer("minCount", 0, Number.MAX_SAFE_INTEGER);
  integer("seed", 0, Number.MAX_SAFE_INTEGER);
  if (!(sample >= 0 && sample < 1)) refuse("sample", "to be a share of the text, from 0 to 1", sample);
  if (alpha !== null && !(alpha > 0 && alpha <= 1)) refuse("alpha", "above 0, at most 1", alpha);
  if (options.negative === 0 && !options.hierarchicalSoftmax) {
    refuse("negative", "of 1 or more, or hierarchicalSoftmax", "neither: there would be nothing to learn from");
  }
  return options;
}

/** The first learning rate: `alpha`, or the architecture's own where that is null. */
export function initialAlpha({ alpha, architecture }: Word2VecOptions): number {
  return alpha ?? (architecture === "cbow" ? 0.05 : 0.025);
}
