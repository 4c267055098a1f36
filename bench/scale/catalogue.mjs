/**
 * @file Fifty million products and their shoppers, without storing either: everything is a hash of a number.
 *
 *   label l   popularity rank   a keyed permutation of [0, L): ranks are Zipf, ids say nothing
 *             topic             one of 20,000, itself Zipf
 *             title             4 … 8 words: the first two from the whole vocabulary, the others from the topic's 300 words
 *   query i   label             rank drawn with P(r) ∝ 1/(r + 100): the head is seen often, most labels never
 *             words             2 … 5 of its label's title, one time in eight a word that does not belong
 *             features          words hashed into D columns, weight ln 1/P(word), norm 1
 *
 * So there is structure to learn (words → topics → products) and, as in a shop's log, a tail that stays uncertain.
 * A word is its frequency rank. Zipf ranks come from the inverse of the continuous distribution function: for
 * P(r) ∝ 1/(r + q), r = (q + 1)·((n + q)/(q + 1))^u − (q + 1), cut to an integer.
 *
 * Not a model of any shop: its purpose is shapes, frequencies and scores of plausible flatness.
 */
import { mix32 } from "../../dist/src/core/index.js";

export const CATALOGUE = {
  numLabels: 49_460_000,
  numFeatures: 80_000,
  numWords: 1_000_000,
  numTopics: 20_000,
  topicWords: 300,
  seed: 1,
};

const LABEL_SHIFT = 100;
const WORD_SHIFT = 20;
const TOPIC_SHIFT = 50;
const NOISE = 1 / 8;

/** Streams: what a hash is for. */
const TITLE = 1;
const LENGTH = 2;
const TOPIC = 3;
const TOPIC_WORD = 4;
const FEATURE = 5;
const QUERY = 6;
const ROUND = 7;

/** A hash of three numbers below 2³² and a stream: uniform in [0, 2³²). */
function hash(seed, stream, a, b) {
  return mix32(mix32(mix32(seed ^ Math.imul(stream, 0x9e3779b1)) ^ a) ^ Math.imul(b + 1, 0x85ebca6b));
}

const unit = (bits) => (bits + 0.5) / 2 ** 32;

/** An integer in [0, n) with P(r) ∝ 1/(r + shift), for u uniform in (0, 1). */
function zipf(u, n, shift) {
  return Math.min(n - 1, Math.floor((shift + 1) * (((n + shift) / (shift + 1)) ** u - 1)));
}

export class Catalogue {
  constructor(options = {}) {
    Object.assign(this, CATALOGUE, options);
    this.title = new Uint32Array(8);
    // Half of a Feistel network's even number of bits: the smallest that covers L.
    this.halfBits = Math.ceil(Math.log2(this.numLabels) / 2);
    this.logNorm = Math.log(Math.log((this.numWords + WORD_SHIFT) / WORD_SHIFT));
  }

  /** The label whose popularity has this rank: a bijection of [0, L), by a Feistel network that walks until below L. */
  labelOfRank(rank) {
    const { halfBits, numLabels, seed } = this;
    const mask = 2 ** halfBits - 1;
    let x = rank;
    do {
      let left = Math.floor(x / 2 ** halfBits);
      let right = x % 2 ** halfBits;
      for (let round = 0; round < 4; round++) {
        const next = (left ^ hash(seed, ROUND, right, round)) & mask;
        left = right;
        right = next;
      }
      x = left * 2 ** halfBits + right;
    } while (x >= numLabels);
    return x;
  }

  /** Writes the words of label `label` to `this.title`. @returns how many. */
  readTitle(label) {
    const { seed, title, numWords, numTopics, topicWords } = this;
    const length = 4 + (hash(seed, LENGTH, label, 0) % 5);
    const topic = zipf(unit(hash(seed, TOPIC, label, 0)), numTopics, TOPIC_SHIFT);
    for (let i = 0; i < length; i++) {
      const u = unit(hash(seed, TITLE, label, i));
      if (i < 2) title[i] = zipf(u, numWords, WORD_SHIFT);
      else title[i] = zipf(unit(hash(seed, TOPIC_WORD, topic, zipf(u, topicWords, 10))), numWords, WORD_SHIFT);
    }
    return length;
  }

  /** Column of a word, [0, D). */
  feature(word) {
    return Math.floor(unit(hash(this.seed, FEATURE, word, 0)) * this.numFeatures);
  }

  /** Label of query `index`, and its popularity rank. */
  labelOf(index) {
    const rank = zipf(unit(hash(this.seed, QUERY, index, 0)), this.numLabels, LABEL_SHIFT);
    return { label: this.labelOfRank(rank), rank };
  }

  /**
   * Query `index`: its label, popularity rank and [column, weight] pairs, columns ascending and distinct, norm 1.
   * A pure function of (seed, index).
   */
  query(index) {
    const { seed, numWords, title } = this;
    const draw = (i) => hash(seed, QUERY, index, i);
    const { label, rank } = this.labelOf(index);
    const length = this.readTitle(label);
    const wanted = Math.min(length, 2 + (draw(1) % 4));
    const weights = new Map();
    const add = (word) => {
      const column = this.feature(word);
      weights.set(column, (weights.get(column) ?? 0) + Math.log(word + WORD_SHIFT) + this.logNorm);
    };
    for (let i = 0; i < wanted; i++) {
      const j = i + (draw(2 + i) % (length - i));
      [title[i], title[j]] = [title[j], title[i]];
      add(title[i]);
    }
    if (unit(draw(7)) < NOISE) add(zipf(unit(draw(8)), numWords, WORD_SHIFT));
    const entries = [...weights].sort(([x], [y]) => x - y);
    const norm = Math.sqrt(entries.reduce((sum, [, w]) => sum + w * w, 0));
    for (const entry of entries) entry[1] /= norm;
    return { label, rank, entries };
  }

  /** Queries [first, first + numRows) as a data set on shared memory, and the popularity ranks of their labels. */
  dataset(first, numRows) {
    const shared = (Type, length) => new Type(new SharedArrayBuffer(length * 4));
    const offsets = shared(Uint32Array, numRows + 1);
    const columns = shared(Uint32Array, numRows * 6);
    const values = shared(Float32Array, numRows * 6);
    const labelOffsets = shared(Uint32Array, numRows + 1);
    const ids = shared(Uint32Array, numRows);
    const ranks = new Uint32Array(numRows);
    let at = 0;
    for (let i = 0; i < numRows; i++) {
      const { label, rank, entries } = this.query(first + i);
      for (const [column, weight] of entries) {
        columns[at] = column;
        values[at++] = weight;
      }
      offsets[i + 1] = at;
      labelOffsets[i + 1] = i + 1;
      ids[i] = label;
      ranks[i] = rank;
    }
    const features = {
      offsets,
      columns: columns.subarray(0, at),
      values: values.subarray(0, at),
      numRows,
      numCols: this.numFeatures,
    };
    return { features, labels: { numRows, numLabels: this.numLabels, offsets: labelOffsets, ids }, ranks };
  }
}
