/**
 * @file Where do the words of a text begin and end? Bytes in chunks of any size, tokens out, no strings made.
 *
 *   "the cat \n sat"   ──▶   token "the" · token "cat" · line end · token "sat"
 *
 * A token is a run of bytes above 0x20; everything else parts tokens, and 0x0a ends a line too. That is the word2vec C
 * tool's rule (and GloVe's), for any encoding in which text is UTF-8 or ASCII.
 * Differs from the C tool: a token of more than MAX_TOKEN_BYTES is left out instead of cut, since the cut could fall into
 * a character; and no word `</s>` stands for a line's end.
 */

/** Longer tokens are no words. A token that spans two chunks is kept in this many bytes. */
export const MAX_TOKEN_BYTES = 255;

/** What becomes of the tokens. */
export interface TokenSink {
  /** The token is bytes[start, end), valid during the call. */
  onToken(bytes: Uint8Array, start: number, end: number): void;
  /** A newline was met. Also called for empty lines. */
  onLineEnd(): void;
}

/** Cuts chunks into tokens; what a chunk leaves unfinished is carried to the next. */
export class TokenScanner {
  private readonly sink: TokenSink;
  private readonly carry: Uint8Array = new Uint8Array(MAX_TOKEN_BYTES);
  /** Bytes of the unfinished token, MAX_TOKEN_BYTES + 1 when it is too long. */
  private carried = 0;

  constructor(sink: TokenSink) {
    this.sink = sink;
  }

  /** True if the bytes so far end within a token. */
  get isWithinToken(): boolean {
    return this.carried > 0;
  }

  /** Scans bytes[start, end). */
  scan(bytes: Uint8Array, start: number, end: number): void {
    const { sink } = this;
    let at = start;
    if (this.carried > 0) {
      while (at < end && bytes[at] > 0x20) at++;
      this.keep(bytes, start, at);
      if (at === end) return;
      this.endToken();
    }
    while (at < end) {
      const byte = bytes[at];
      if (byte <= 0x20) {
        if (byte === 0x0a) sink.onLineEnd();
        at++;
        continue;
      }
      const from = at++;
      while (at < end && bytes[at] > 0x20) at++;
      if (at === end) this.keep(bytes, from, end);
      else if (at - from <= MAX_TOKEN_BYTES) sink.onToken(bytes, from, at);
    }
  }

  /** Ends a token that is still open, as the end of a text does. */
  endToken(): void {
    if (this.carried > 0 && this.carried <= MAX_TOKEN_BYTES) this.sink.onToken(this.carry, 0, this.carried);
    this.carried = 0;
  }

  private keep(bytes: Uint8Array, from: number, to: number): void {
    const total = this.carried + (to - from);
    if (total <= MAX_TOKEN_BYTES) this.carry.set(bytes.subarray(from, to), this.carried);
    this.carried = Math.min(total, MAX_TOKEN_BYTES + 1);
  }
}

/** Where the first byte that parts tokens stands in bytes[start, end), or `end`. */
export function findSeparator(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] > 0x20) at++;
  return at;
}
