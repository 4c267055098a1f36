/**
 * @file Which neighbouring words are one name? Those that stand together far more often than chance would have it.
 *
 *   new york times ──▶ new_york times          score(a, b) = (count(a b) − discount) / (count(a)·count(b)) · N
 *
 * A pair whose score passes the threshold is a phrase, if both of its words occur `discount` times or more. What depends
 * on counts is settled here, once: whoever joins (phrase-joiner.ts) asks a small table of the phrases alone.
 *
 * Source: Mikolov et al., "Distributed Representations of Words and Phrases and their Compositionality", NIPS 2013, §4;
 * the factor N, the number of words, and the defaults are those of the C tool word2phrase.
 * Differs from the C tool: pairs do not cross lines (there they are not joined across lines, but counted); words and pairs
 * are counted apart, so that `new york` and the word `new_york` of an earlier pass do not add up; scores are doubles; a
 * pair of more than MAX_TOKEN_BYTES is no phrase, since nobody could read it as a word, where the tool cuts it.
 */
import { ConfigError } from "../core/errors.js";
import { ABSENT, ByteTable } from "../data/byte-table.js";
import { MAX_TOKEN_BYTES, type TokenSink } from "./token-scanner.js";
import { VocabularyCounter } from "./vocabulary-counter.js";

/** When two neighbouring words are a phrase. */
export interface PhraseOptions {
  /** Subtracted from a pair's count, and the least count of its words: keeps chance pairs of rare words apart. Default 5. */
  readonly discount: number;
  /** The score to pass: higher, fewer phrases. A list: one pass each, over what the pass before joined. Default 100. */
  readonly threshold: number | readonly number[];
}

/** Those of the C tool word2phrase. */
export const PHRASE_DEFAULTS: PhraseOptions = { discount: 5, threshold: 100 };

/** Between the words of a phrase. */
export const JOINER = 0x5f;
/** Between the words of a pair: no word contains it, so that `a_b c` and `a b_c` are two. */
const BLANK = 0x20;

/** The defaults under what is given, checked. @throws {ConfigError} */
export function choosePhraseOptions(given: Partial<PhraseOptions> = {}): PhraseOptions {
  const options = { ...PHRASE_DEFAULTS, ...given };
  const { discount } = options;
  const thresholds = [options.threshold].flat();
  if (!(discount >= 1)) throw new ConfigError(`phrases: expected discount of 1 or more, got ${discount}`);
  if (thresholds.length === 0) throw new ConfigError("phrases: expected one threshold or more, got none");
  const bad = thresholds.find((threshold) => !(threshold >= 0));
  if (bad !== undefined) throw new ConfigError(`phrases: expected threshold of 0 or more, got ${bad}`);
  return options;
}

/** A word with the one before it on its line, as bytes `a b`. */
export class WordPair {
  readonly bytes: Uint8Array = new Uint8Array(2 * MAX_TOKEN_BYTES + 1);
  /** Bytes of the pair; of the first word alone at the start of a line; 0 before it. */
  length = 0;
  /** Where the second word starts; 0 if there is only one. */
  second = 0;

  /** Makes the pair with this word. @returns false for the first word of a line: there is none. */
  next(bytes: Uint8Array, start: number, end: number): boolean {
    let at = 0;
    if (this.length > 0) {
      for (let i = this.second; i < this.length; i++) this.bytes[at++] = this.bytes[i];
      this.bytes[at++] = BLANK;
    }
    this.second = at;
    for (let i = start; i < end; i++) this.bytes[at++] = bytes[i];
    this.length = at;
    return this.second > 0;
  }

  clear(): void {
    this.length = 0;
    this.second = 0;
  }
}

/** Counts words and neighbouring pairs; memory is bounded as VocabularyCounter's is, for each of the two. */
export class PhraseCounter implements TokenSink {
  private readonly words: VocabularyCounter;
  private readonly pairs: VocabularyCounter;
  private readonly pair = new WordPair();

  constructor(maxDistinct?: number) {
    this.words = new VocabularyCounter(maxDistinct);
    this.pairs = new VocabularyCounter(maxDistinct);
  }

  /** Words seen: the N of the score. */
  get numTokens(): number {
    return this.words.numTokens;
  }

  onToken(bytes: Uint8Array, start: number, end: number): void {
    this.words.onToken(bytes, start, end);
    const { pair } = this;
    if (pair.next(bytes, start, end) && pair.length <= MAX_TOKEN_BYTES) this.pairs.onToken(pair.bytes, 0, pair.length);
  }

  onLineEnd(): void {
    this.pair.clear();
  }

  /** The pairs whose score passes `threshold`. */
  toPhrases({ discount, threshold }: { readonly discount: number; readonly threshold: number }): Phrases {
    const { arena, offsets, counts } = this.pairs.parts;
    const table = new ByteTable();
    const scores: number[] = [];
    for (let i = 0; i < counts.length; i++) {
      if (counts[i] <= discount) continue;
      const [start, end] = [offsets[i], offsets[i + 1]];
      const blank = arena.indexOf(BLANK, start);
      const first = this.words.countOf(arena, start, blank);
      const second = this.words.countOf(arena, blank + 1, end);
      if (first < discount || second < discount) continue;
      const score = ((counts[i] - discount) / first / second) * this.numTokens;
      if (!(score > threshold)) continue;
      table.intern(arena, start, end);
      scores.push(score);
    }
    return new Phrases(table, scores);
  }
}

/** Which pairs of words are phrases: ids 0 … size − 1 in no order that means anything. */
export class Phrases {
  /** [size] all above the threshold. */
  readonly scores: readonly number[];
  private readonly table: ByteTable;

  constructor(table: ByteTable, scores: readonly number[]) {
    this.table = table;
    this.scores = scores;
  }

  get size(): number {
    return this.table.size;
  }

  /** The id of the pair, or −1 if it is no phrase. */
  find({ bytes, length }: WordPair): number {
    return length > MAX_TOKEN_BYTES ? ABSENT : this.table.find(bytes, 0, length);
  }

  /** As it stands in the text: `new_york`. */
  nameOf(id: number): string {
    return this.table.nameOf(id).replace(" ", "_");
  }
}
