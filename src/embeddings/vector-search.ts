/**
 * @file Which words are nearest to a word, and what completes an analogy? Exact, by cosine over all words.
 *
 *   queries [Q, D] · words [block, D]ᵀ ─▶ cosines [Q, block] ─▶ the best k of each row ─▶ merged over blocks
 *
 * A product of matrices and a scan: a million words of 100 numbers take some tens of milliseconds a query on a core, less
 * for many at a time. a is to b as c is to … is answered by 3CosAdd, the word nearest to b − a + c that is none of them.
 *
 * Source of 3CosAdd: Mikolov, Yih, Zweig, "Linguistic Regularities in Continuous Space Word Representations", NAACL 2013;
 * the name is Levy and Goldberg's, CoNLL 2014.
 */
import { ConfigError } from "../core/errors.js";
import type { Kernels } from "../kernels/contract.js";
import type { WordVectors } from "./word-vectors.js";

/** A word and its cosine with what was asked for. */
export interface Neighbor {
  readonly word: string;
  /** Its row in the vectors. */
  readonly index: number;
  /** Cosine; for analogies that of b − a + c. */
  readonly similarity: number;
}

/** Words scanned at a time: with 100 numbers each, 3 MB, and as many cosines for each query. */
const BLOCK_WORDS = 8192;
/** Queries at a time. */
const MOST_QUERIES = 256;

/** Finds the words nearest to a vector by cosine, exactly, over all words. */
export class VectorSearch {
  /** All of them, those beyond `maxWords` too. */
  readonly vectors: WordVectors;
  readonly #kernels: Kernels;
  readonly #numWords: number;

  /** Searches the first `maxWords` words; default all. */
  constructor(vectors: WordVectors, kernels: Kernels, maxWords: number = vectors.numWords) {
    this.vectors = vectors;
    this.#kernels = kernels;
    this.#numWords = Math.min(maxWords, vectors.numWords);
  }

  /** The k words nearest to `word`, best first, without itself. @throws {ConfigError} for a word that has no vector. */
  nearest(word: string, k: number): Neighbor[] {
    const index = this.require(word);
    return this.#answer([index], (row) => row.set(this.#unit(index)), k);
  }

  /** The k best words for "a is to b as c is to …", none of the three. @throws {ConfigError} for a word without a vector. */
  analogy(a: string, b: string, c: string, k: number): Neighbor[] {
    const indices = [a, b, c].map((word) => this.require(word));
    return this.#answer(indices, (row) => this.analogyInto(indices, row), k);
  }

  /** b − a + c of the rows [a, b, c], scaled to length 1, into `row` [D]. */
  analogyInto(indices: readonly number[], row: Float32Array): void {
    const [a, b, c] = indices.map((index) => this.#unit(index));
    let squares = 0;
    for (let d = 0; d < row.length; d++) {
      row[d] = b[d] - a[d] + c[d];
      squares += row[d] * row[d];
    }
    if (squares === 0) return;
    const scale = 1 / Math.sqrt(squares);
    for (let d = 0; d < row.length; d++) row[d] *= scale;
  }

  /**
   * The k rows with the greatest product for each query [numQueries, D], best first, ties by smaller index; fewer where
   * there are fewer. `excluded[q]` are not among them. Calls `onResult` for each query in order.
   */
  search(
    queries: Float32Array,
    numQueries: number,
    k: number,
    excluded: (query: number) => readonly number[],
    onResult: (query: number, indices: readonly number[], scores: readonly number[]) => void,
  ): void {
    const { dimension } = this.vectors;
    for (let first = 0; first < numQueries; first += MOST_QUERIES) {
      const count = Math.min(MOST_QUERIES, numQueries - first);
      this.#searchBlock(queries.subarray(first * dimension), first, count, k, excluded, onResult);
    }
  }

  /** Row of a word. @throws {ConfigError} when it has none. */
  require(word: string): number {
    const index = this.vectors.indexOf(word);
    if (index >= 0) return index;
    const lower = word.toLowerCase();
    const remedy =
      lower !== word && this.vectors.indexOf(lower) >= 0
        ? `"${lower}" has one`
        : "it was too rare, or stands in another form, such as lower case";
    throw new ConfigError(`expected words that have a vector, got ${JSON.stringify(word)}; ${remedy}`);
  }

  #unit(index: number): Float32Array {
    const { normalized, dimension } = this.vectors;
    return normalized.subarray(index * dimension, (index + 1) * dimension);
  }

  #answer(excluded: readonly number[], fill: (row: Float32Array) => void, k: number): Neighbor[] {
    const query = new Float32Array(this.vectors.dimension);
    fill(query);
    let found: Neighbor[] = [];
    this.search(
      query,
      1,
      k,
      () => excluded,
      (_, indices, scores) => {
        const { words } = this.vectors;
        found = indices.map((index, i) => ({ word: words[index], index, similarity: scores[i] }));
      },
    );
    return found;
  }

  #searchBlock(
    queries: Float32Array,
    first: number,
    count: number,
    k: number,
    excluded: (query: number) => readonly number[],
    onResult: (query: number, indices: readonly number[], scores: readonly number[]) => void,
  ): void {
    const kernels = this.#kernels;
    const { normalized, dimension } = this.vectors;
    const most = Math.max(0, ...Array.from({ length: count }, (_, i) => excluded(first + i).length));
    const wanted = Math.min(k + most, this.#numWords);
    const blockWords = Math.min(BLOCK_WORDS, this.#numWords);
    const scores = new Float32Array(count * blockWords);
    const [columns, best] = [new Uint32Array(count * wanted), new Float32Array(count * wanted)];
    const counts = new Uint32Array(count);
    const found: { index: number; score: number }[][] = Array.from({ length: count }, () => []);
    for (let start = 0; start < this.#numWords; start += blockWords) {
      const cols = Math.min(blockWords, this.#numWords - start);
      const words = normalized.subarray(start * dimension, (start + cols) * dimension);
      kernels.gemm({ m: count, n: cols, k: dimension, transposeB: true }, queries, words, scores, "overwrite");
      kernels.topColumns({ rows: count, cols }, wanted, scores, columns, best, counts);
      for (let i = 0; i < count; i++) {
        for (let at = i * wanted; at < i * wanted + counts[i]; at++) {
          found[i].push({ index: start + columns[at], score: best[at] });
        }
        // Blocks come in order, and the sort is stable: ties stay with the smaller index.
        if (start > 0) found[i] = found[i].sort((a, b) => b.score - a.score).slice(0, wanted);
      }
    }
    found.forEach((list, i) => {
      const left = excluded(first + i);
      const kept = list.filter(({ index }) => !left.includes(index)).slice(0, k);
      onResult(
        first + i,
        kept.map(({ index }) => index),
        kept.map(({ score }) => score),
      );
    });
  }
}
