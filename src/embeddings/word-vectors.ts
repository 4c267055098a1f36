/**
 * @file What is an embedding once it is trained? Words, and a row of numbers for each.
 *
 *   words    ["the", "of", …]          in the file's order, which is by frequency in files of the usual tools
 *   vectors  [V, dimension] row-major  row i belongs to words[i]
 *
 * Everything that asks (neighbours, analogies, similarity, projection) compares directions, so it reads `normalized`,
 * a copy whose rows have length 1. Files: word-vector-file.node.ts. Training: word2vec and GloVe of this folder.
 */
import { ShapeError } from "../core/errors.js";

/** Words and their vectors, [V, D] in one array, in the order of the file: mostly that of frequency. */
export class WordVectors {
  /** [V] words[i] has row i. */
  readonly words: readonly string[];
  /** [V, dimension]; may stand on shared memory. Not to be changed once `normalized` was asked for. */
  readonly vectors: Float32Array;
  /** D. */
  readonly dimension: number;
  #indices: Map<string, number> | null = null;
  #normalized: Float32Array | null = null;

  /** Keeps both arrays, copies neither. @throws {ShapeError} when they do not fit each other. */
  constructor(words: readonly string[], vectors: Float32Array, dimension: number) {
    if (!(Number.isInteger(dimension) && dimension >= 1) || vectors.length !== words.length * dimension) {
      throw new ShapeError(
        `WordVectors: expected ${words.length} words × ${dimension} numbers, got ${vectors.length} numbers; ` +
          "the dimension is an integer of at least 1",
      );
    }
    this.words = words;
    this.vectors = vectors;
    this.dimension = dimension;
  }

  /** V. */
  get numWords(): number {
    return this.words.length;
  }

  /** Row of `word`, the first of equal ones; −1 when there is none. */
  indexOf(word: string): number {
    if (this.#indices === null) {
      this.#indices = new Map();
      for (let i = this.words.length - 1; i >= 0; i--) this.#indices.set(this.words[i], i);
    }
    return this.#indices.get(word) ?? -1;
  }

  /** View of row `index`. */
  row(index: number): Float32Array {
    return this.vectors.subarray(index * this.dimension, (index + 1) * this.dimension);
  }

  /** [V, dimension] rows divided by their length, a row of zeros as it is. Made when first asked for, then kept. */
  get normalized(): Float32Array {
    this.#normalized ??= normalizeRows(this.vectors, this.dimension);
    return this.#normalized;
  }
}

function normalizeRows(vectors: Float32Array, dimension: number): Float32Array {
  const out = new Float32Array(vectors.length);
  for (let start = 0; start < vectors.length; start += dimension) {
    const end = start + dimension;
    let squares = 0;
    for (let i = start; i < end; i++) squares += vectors[i] * vectors[i];
    if (squares === 0) continue;
    const scale = 1 / Math.sqrt(squares);
    for (let i = start; i < end; i++) out[i] = vectors[i] * scale;
  }
  return out;
}
