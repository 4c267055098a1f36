/**
 * @file Which neighbouring words are one name? Those that stand together far more often than chance would have it.
 *
 *   new york times ──▶ new_york times          score(a, b) = (count(a b) − discount) / (count(a)·count(b)) · N
 *
 * A pair whose score passes the threshold is joined, unless its first word was just joined to the one before: names of
 * three and four words come of running again on the result, with a lower threshold. Pairs do not cross lines.
 *
 * Source: Mikolov et al., "Distributed Representations of Words and Phrases and their Compositionality", NIPS 2013, §4;
 * the factor N, the number of words, and the defaults are those of the C tool word2phrase.
 */
import { ConfigError } from "../core/errors.js";
import { MAX_TOKEN_BYTES, type TokenSink } from "./token-scanner.js";
import type { Vocabulary } from "./vocabulary.js";
import { VocabularyCounter } from "./vocabulary-counter.js";

export interface PhraseOptions {
  /** Subtracted from a pair's count, and the least count of its words: keeps chance pairs of rare words apart. Default 5. */
  readonly discount: number;
  /** The score to pass: higher, fewer phrases. Default 100. */
  readonly threshold: number;
}

export const PHRASE_DEFAULTS: PhraseOptions = { discount: 5, threshold: 100 };

const JOINER = 0x5f;

/** The defaults under what is given, checked. @throws {ConfigError} */
export function choosePhraseOptions(given: Partial<PhraseOptions> = {}): PhraseOptions {
  const options = { ...PHRASE_DEFAULTS, ...given };
  const { discount, threshold } = options;
  if (!(discount >= 1)) throw new ConfigError(`phrases: expected discount of 1 or more, got ${discount}`);
  if (!(threshold >= 0)) throw new ConfigError(`phrases: expected threshold of 0 or more, got ${threshold}`);
  return options;
}

/** The word before and the pair that it makes with the next, as bytes `a_b`. */
class WordPair {
  readonly bytes: Uint8Array = new Uint8Array(2 * MAX_TOKEN_BYTES + 1);
  length = 0;
  private previous = 0;

  /** Makes the pair with this word. @returns false for the first word of a line: there is none. */
  next(bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.length - this.previous;
    if (this.length > 0) {
      this.bytes.copyWithin(0, from, this.length);
      this.bytes[this.previous] = JOINER;
    }
    const at = this.length > 0 ? this.previous + 1 : 0;
    for (let i = start, to = at; i < end; i++) this.bytes[to++] = bytes[i];
    this.previous = end - start;
    this.length = at + this.previous;
    return at > 0;
  }

  clear(): void {
    this.length = 0;
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

  onToken(bytes: Uint8Array, start: number, end: number): void {
    this.words.onToken(bytes, start, end);
    if (this.pair.next(bytes, start, end)) this.pairs.onToken(this.pair.bytes, 0, this.pair.length);
  }

  onLineEnd(): void {
    this.pair.clear();
  }

  /** @throws {ConfigError} if there are no words. */
  toPhrases(given: Partial<PhraseOptions> = {}): Phrases {
    const options = choosePhraseOptions(given);
    if (this.words.numTokens === 0) throw new ConfigError("phrases: expected words in the text, got none");
    return new Phrases(this.words, this.pairs, options);
  }
}

/** Which pairs of words are phrases. */
export class Phrases {
  private readonly words: Vocabulary | null;
  private readonly pairs: Vocabulary | null;
  private readonly numTokens: number;
  private readonly options: PhraseOptions;

  constructor(words: VocabularyCounter, pairs: VocabularyCounter, options: PhraseOptions) {
    const { discount } = options;
    this.numTokens = words.numTokens;
    this.options = options;
    this.words = vocabularyOf(words, discount);
    this.pairs = vocabularyOf(pairs, discount + 1);
  }

  /** Of a word, 0 if it is rare. */
  countOf(bytes: Uint8Array, start: number, end: number): number {
    const id = this.words?.find(bytes, start, end) ?? -1;
    return this.words === null || id < 0 ? 0 : this.words.counts[id];
  }

  /** Whether the pair pair[0, length), whose words have these counts, is joined. */
  isPhrase(pair: Uint8Array, length: number, first: number, second: number): boolean {
    if (first === 0 || second === 0 || this.pairs === null) return false;
    const id = this.pairs.find(pair, 0, length);
    if (id < 0) return false;
    const { discount, threshold } = this.options;
    return ((this.pairs.counts[id] - discount) / first / second) * this.numTokens > threshold;
  }
}

/** null: no word is frequent enough, so there are no phrases. */
function vocabularyOf(counter: VocabularyCounter, minCount: number): Vocabulary | null {
  const isAny = counter.parts.counts.some((count) => count >= minCount);
  return isAny ? counter.toVocabulary({ minCount }) : null;
}

/** Writes the text again, with phrases joined, a piece at a time. */
export class PhraseJoiner implements TokenSink {
  /** Pairs joined. */
  numJoined = 0;
  private readonly phrases: Phrases;
  private readonly write: (bytes: Uint8Array) => void;
  private readonly pair = new WordPair();
  private readonly buffer = new Uint8Array(1 << 16);
  private used = 0;
  /** Of the word before; 0 if it was joined, or is rare. */
  private previousCount = 0;

  constructor(phrases: Phrases, write: (bytes: Uint8Array) => void) {
    this.phrases = phrases;
    this.write = write;
  }

  onToken(bytes: Uint8Array, start: number, end: number): void {
    const hasPair = this.pair.next(bytes, start, end);
    let count = this.phrases.countOf(bytes, start, end);
    const isJoined = hasPair && this.phrases.isPhrase(this.pair.bytes, this.pair.length, this.previousCount, count);
    if (this.used + 1 + (end - start) > this.buffer.length) this.flush();
    if (hasPair) this.buffer[this.used++] = isJoined ? JOINER : 0x20;
    this.buffer.set(bytes.subarray(start, end), this.used);
    this.used += end - start;
    if (isJoined) {
      this.numJoined++;
      count = 0;
    }
    this.previousCount = count;
  }

  onLineEnd(): void {
    if (this.used === this.buffer.length) this.flush();
    this.buffer[this.used++] = 0x0a;
    this.pair.clear();
    this.previousCount = 0;
  }

  /** Hands over what is left. */
  flush(): void {
    this.write(this.buffer.subarray(0, this.used));
    this.used = 0;
  }
}
