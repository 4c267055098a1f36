/**
 * @file Which features of a model have a word vector? From a file of vectors to rows that worlds start with.
 *
 *   word "kernel"              its vector, less the mean of all vectors, made length 1
 *   words "buffer overflow"    the mean of its words' vectors, if all of them have one, made length 1
 *   piece "#<ker" of a word    none: it starts at random
 *
 * The mean is subtracted since word vectors have much in common (Mu and Viswanath, "All-but-the-top: simple and effective
 * postprocessing for word representations", ICLR 2018), which says nothing about a word.
 */
import type { JsonRecord } from "../checkpoint/manifest.js";
import { ConfigError } from "../core/errors.js";
import type { Vectorizer } from "../data/vectorizer.js";
import { readWordVectors } from "../embeddings/word-vector-file.node.js";
import type { WordVectors } from "../embeddings/word-vectors.js";
import type { InputEmbeddings } from "../mach/input-embeddings.js";
import { fingerprintFiles } from "./fingerprints.node.js";

/** Vectors for a model's features, and what the manifest keeps of them. */
export interface InitEmbeddings {
  /** On shared memory. */
  readonly embeddings: InputEmbeddings;
  readonly record: JsonRecord & {
    readonly sha256: string;
    readonly dimension: number;
    readonly numWords: number;
    /** Features that start from them. */
    readonly numFeatures: number;
  };
}

/**
 * @throws {FormatError} for a file that holds no vectors. @throws {ConfigError} if the model has no words (numbers, hashed
 *   features), or none of its words has a vector. @throws {InterruptedError} on `signal`.
 */
export async function loadInitEmbeddings(
  path: string,
  vectorizer: Vectorizer,
  signal?: AbortSignal,
): Promise<InitEmbeddings> {
  const refuse = (got: string): never => {
    throw new ConfigError(
      `--init-embeddings: expected a model whose features are words, got ${got}; leave the option out`,
    );
  };
  if (vectorizer.kind !== "text") return refuse("one of feature numbers");
  const { terms } = vectorizer.statistics;
  if (terms === null) return refuse("hashed features");
  const words = await readWordVectors(path, signal === undefined ? {} : { signal });
  const mean = meanVector(words);
  const features: number[] = [];
  const rows: Float32Array[] = [];
  for (let id = 0; id < terms.size; id++) {
    const row = vectorOf(terms.nameOf(id), words, mean);
    if (row === null) continue;
    features.push(id);
    rows.push(row);
  }
  if (features.length === 0) {
    throw new ConfigError(
      `${path}: none of its ${words.numWords} words is one of the rows'; give vectors of words in the rows' language, in lower case`,
    );
  }
  const { dimension } = words;
  const vectors = new Float32Array(new SharedArrayBuffer(4 * rows.length * dimension));
  rows.forEach((row, i) => {
    vectors.set(row, i * dimension);
  });
  const ids = new Uint32Array(new SharedArrayBuffer(4 * features.length));
  ids.set(features);
  const sha256 = (await fingerprintFiles([path])) ?? "";
  return {
    embeddings: { features: ids, vectors, dimension },
    record: { sha256, dimension, numWords: words.numWords, numFeatures: features.length },
  };
}

/** Of the vectors at length 1. */
function meanVector({ normalized, numWords, dimension }: WordVectors): Float64Array {
  const mean = new Float64Array(dimension);
  for (let i = 0; i < normalized.length; i++) mean[i % dimension] += normalized[i] / numWords;
  return mean;
}

/** null: a part of the term has no vector, or nothing is left of it. */
function vectorOf(term: string, words: WordVectors, mean: Float64Array): Float32Array | null {
  // Pieces of words begin with a sign that no word holds.
  const indices = term.split(" ").map((word) => words.indexOf(word));
  if (indices.includes(-1)) return null;
  const { dimension, normalized } = words;
  const sum = new Float64Array(dimension);
  for (const index of indices) {
    for (let j = 0; j < dimension; j++) sum[j] += normalized[index * dimension + j] - mean[j];
  }
  const norm = Math.hypot(...sum);
  return norm > 0 ? Float32Array.from(sum, (x) => x / norm) : null;
}

/**
 * Continuing a model: worlds that are missing start as the others did. @throws {ConfigError} if the file is absent, another,
 * or one that the model never had.
 */
export function checkInitEmbeddings(given: InitEmbeddings["record"] | null, stored: unknown, modelPath: string): void {
  const before = (stored as InitEmbeddings["record"] | undefined)?.sha256;
  if (before === given?.sha256) return;
  const [expected, got] = [before, given?.sha256].map((hash) =>
    hash === undefined ? "none" : `a file of SHA-256 ${hash.slice(0, 12)}…`,
  );
  throw new ConfigError(
    `${modelPath}: expected --init-embeddings as the model was begun with, ${expected}, got ${got}; give that, or use --overwrite to start anew`,
  );
}
