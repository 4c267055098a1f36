/**
 * @file A text's words in, the same words with phrases joined out, to whoever comes next.
 *
 *   the new york times ──▶ the new_york times                      one joiner
 *                      ──▶ the new_york times ──▶ the new_york_times   two: the second knows phrases of the first's words
 *
 * From left to right: a word is joined to the one before if the two are a phrase, unless that one was just joined itself.
 * So a pass makes names of two words, and names of three and four come of further passes. A chain of joiners is as good as
 * a file between the passes, and spares it: at most one word waits in each.
 */
import { JOINER, type Phrases, WordPair } from "./phrases.js";
import type { TokenSink } from "./token-scanner.js";

export class PhraseJoiner implements TokenSink {
  /** [phrases.size] how often each was joined. */
  readonly counts: Float64Array;
  /** Σ counts. */
  numJoined = 0;
  readonly phrases: Phrases;
  private readonly next: TokenSink;
  private readonly pair = new WordPair();
  /** The last word of `pair` was not passed on yet: it may be joined to what comes. */
  private isWaiting = false;

  constructor(phrases: Phrases, next: TokenSink) {
    this.phrases = phrases;
    this.counts = new Float64Array(phrases.size);
    this.next = next;
  }

  onToken(bytes: Uint8Array, start: number, end: number): void {
    const { pair } = this;
    pair.next(bytes, start, end);
    if (this.isWaiting) {
      const id = this.phrases.find(pair);
      if (id >= 0) {
        this.counts[id]++;
        this.numJoined++;
        this.isWaiting = false;
        pair.bytes[pair.second - 1] = JOINER;
        this.next.onToken(pair.bytes, 0, pair.length);
        return;
      }
      this.next.onToken(pair.bytes, 0, pair.second - 1);
    }
    this.isWaiting = true;
  }

  onLineEnd(): void {
    const { pair } = this;
    if (this.isWaiting) this.next.onToken(pair.bytes, pair.second, pair.length);
    this.isWaiting = false;
    pair.clear();
    this.next.onLineEnd();
  }
}
