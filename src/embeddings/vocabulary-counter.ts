/**
 * @file How often does each word occur, in bounded memory?
 *
 * Words are counted in a hash table of byte strings. When it holds more than `maxDistinct` words, the rarest go: all words
 * up to the least count that leaves no more than half of them. What occurs often survives; its count may be too small by
 * what had been counted before it was dropped, at most the sum of those least counts. Below that size counts are exact.
 * Since half is free after each reduction, its cost is a constant for each word added. About 50 bytes a distinct word.
 *
 * Source: the word2vec C tool's ReduceVocab.
 * Differs from the tool: it drops words with count 1, the next time those with 2 or less, and so on, whatever that leaves,
 * so that after some reductions most of its table stands empty while words are still forgotten.
 */
import { ByteTable } from "../data/byte-table.js";
import type { TokenSink } from "./token-scanner.js";
import { Vocabulary, type VocabularyOptions, type VocabularyParts } from "./vocabulary.js";

/** Distinct words counted at a time, unless told otherwise: 400 MB. English has 150,000 in 20 MB, 10 million in 30 GB. */
export const MAX_DISTINCT_WORDS = 8_000_000;

/** Counts the tokens that it is given. */
export class VocabularyCounter implements TokenSink {
  private readonly maxDistinct: number;
  private table = new ByteTable();
  private counts = new Float64Array(1024);
  private total = 0;

  constructor(maxDistinct: number = MAX_DISTINCT_WORDS) {
    this.maxDistinct = Math.max(1, maxDistinct);
  }

  /** Tokens seen, of all words. */
  get numTokens(): number {
    return this.total;
  }

  /** Words in the table now; those that were dropped are not among them. */
  get numDistinct(): number {
    return this.table.size;
  }

  onToken(bytes: Uint8Array, start: number, end: number): void {
    this.total++;
    this.add(bytes, start, end, 1);
  }

  onLineEnd(): void {}

  /** How often the word bytes[start, end) was counted; 0 if it is not there. */
  countOf(bytes: Uint8Array, start: number, end: number): number {
    const id = this.table.find(bytes, start, end);
    return id < 0 ? 0 : this.counts[id];
  }

  /** What was counted, in the order of appearance: for a thread's owner. */
  get parts(): VocabularyParts {
    return { ...this.table.parts, counts: this.counts.subarray(0, this.table.size) };
  }

  /** Adds what another counter counted. `numTokens`: of all words, those that it dropped included. */
  merge({ arena, offsets, counts }: VocabularyParts, numTokens: number): void {
    this.total += numTokens;
    for (let i = 0; i < counts.length; i++) this.add(arena, offsets[i], offsets[i + 1], counts[i]);
  }

  /** The vocabulary of what was counted so far. @throws {ConfigError} if no word occurs often enough. */
  toVocabulary(options: Partial<VocabularyOptions> = {}): Vocabulary {
    return Vocabulary.fromCounts(this.table, this.counts, options);
  }

  private add(bytes: Uint8Array, start: number, end: number, count: number): void {
    const id = this.table.intern(bytes, start, end);
    if (id >= this.counts.length) {
      const grown = new Float64Array(2 * this.counts.length);
      grown.set(this.counts);
      this.counts = grown;
    }
    this.counts[id] += count;
    if (this.table.size > this.maxDistinct) this.reduce();
  }

  /** Drops the rarest words, half of all or some more. */
  private reduce(): void {
    const { table, counts } = this;
    const ascending = counts.slice(0, table.size).sort();
    const dropUpTo = ascending[table.size - 1 - Math.floor(this.maxDistinct / 2)];
    const { arena, offsets } = table.parts;
    const keptTable = new ByteTable();
    const keptCounts = new Float64Array(counts.length);
    for (let i = 0; i < table.size; i++) {
      if (counts[i] > dropUpTo) keptCounts[keptTable.intern(arena, offsets[i], offsets[i + 1])] = counts[i];
    }
    this.table = keptTable;
    this.counts = keptCounts;
  }
}
