/**
 * @file Which features does a document have, and how often? Words, runs of words, pieces of words; counted by id.
 *
 *   word n-grams   "buffer", "buffer overflow"      the words with one space between
 *   char n-grams   "#<bu", "#buf", …, "#er>"        of <word>, by characters; # keeps them apart from words
 *
 * A feature's bytes become an id through a vocabulary (ByteTable) or by murmur3 modulo 2^bits. Repetitions are counted
 * through a scratch array indexed by id, so that a document costs one table lookup a token and no allocation.
 */
import { ABSENT, type ByteTable } from "./byte-table.js";
import { murmur3 } from "./murmur3.js";
import type { SparseRow } from "./sparse-row.js";
import { type Alphabet, Tokenizer, TokenList } from "./tokenizer.js";

/** Which pieces of a document are features. */
export interface FeatureKinds {
  /** Runs of 1 … n words are features, n ≤ 5. 0: no words, only pieces of words. */
  readonly wordNgrams: number;
  /** Pieces of min … max ≤ 20 characters of each word, its ends marked < and >. Null: none. */
  readonly charNgrams: readonly [min: number, max: number] | null;
  /** Which characters words are made of. */
  readonly alphabet: Alphabet;
}

/** How features get their ids: `intern` adds new ones, `find` drops them, `hash` needs no table. */
export type IdSource =
  | { readonly mode: "intern" | "find"; readonly table: ByteTable }
  | { readonly mode: "hash"; readonly bits: number };

/** What `count` returns when the bytes are not UTF-8. */
export const NOT_UTF8 = -1;

const HASH_SIGN = 35;
const LESS = 60;
const GREATER = 62;

/** Counts the features of documents, one at a time. */
export class FeatureCounter {
  private readonly kinds: FeatureKinds;
  private readonly source: IdSource;
  private readonly tokenizer: Tokenizer;
  private readonly tokens = new TokenList();
  /** Position in the row of each id, plus one; all zero between documents. */
  private slotOf: Uint32Array;
  private key: Uint8Array = new Uint8Array(256);
  private characterStarts: Uint32Array = new Uint32Array(256);

  constructor(kinds: FeatureKinds, source: IdSource) {
    this.kinds = kinds;
    this.source = source;
    this.tokenizer = new Tokenizer(kinds.alphabet);
    this.slotOf = new Uint32Array(source.mode === "hash" ? 2 ** source.bits : Math.max(1024, source.table.size));
  }

  /**
   * Overwrites `out`: columns are ids in order of first appearance, values how often each occurs.
   * @returns the number of tokens, unknown ones included, or NOT_UTF8.
   */
  count(bytes: Uint8Array, start: number, end: number, out: SparseRow): number {
    const { tokens, kinds } = this;
    out.length = 0;
    if (!this.tokenizer.tokenize(bytes, start, end, tokens)) return NOT_UTF8;
    for (let n = 1; n <= kinds.wordNgrams; n++) {
      for (let i = 0; i + n <= tokens.count; i++) this.add(tokens.bytes, tokens.starts[i], tokens.ends[i + n - 1], out);
    }
    if (kinds.charNgrams !== null) {
      for (let i = 0; i < tokens.count; i++) this.addPieces(tokens.starts[i], tokens.ends[i], out);
    }
    for (let i = 0; i < out.length; i++) this.slotOf[out.columns[i]] = 0;
    return tokens.count;
  }

  private add(bytes: Uint8Array, start: number, end: number, out: SparseRow): void {
    const { source } = this;
    let id: number;
    if (source.mode === "hash") id = murmur3(bytes, start, end) & (this.slotOf.length - 1);
    else if (source.mode === "find") {
      id = source.table.find(bytes, start, end);
      if (id === ABSENT) return;
    } else {
      id = source.table.intern(bytes, start, end);
      if (id >= this.slotOf.length) {
        const grown = new Uint32Array(2 * this.slotOf.length);
        grown.set(this.slotOf);
        this.slotOf = grown;
      }
    }
    const slot = this.slotOf[id];
    if (slot > 0) {
      out.values[slot - 1]++;
      return;
    }
    const n = out.length++;
    if (n === out.columns.length) out.reserve(2 * n);
    out.columns[n] = id;
    out.values[n] = 1;
    this.slotOf[id] = n + 1;
  }

  /** Adds the pieces of the token tokens.bytes[start, end). */
  private addPieces(start: number, end: number, out: SparseRow): void {
    const [min, max] = this.kinds.charNgrams as readonly [number, number];
    const length = end - start + 2;
    if (this.key.length < 2 * length + 1) {
      this.key = new Uint8Array(4 * length);
      this.characterStarts = new Uint32Array(4 * length);
    }
    const { key, characterStarts } = this;
    // key = <word> followed by room for "#piece".
    key[0] = LESS;
    for (let i = start; i < end; i++) key[i - start + 1] = this.tokens.bytes[i];
    key[length - 1] = GREATER;
    let numCharacters = 0;
    for (let i = 0; i < length; i++) if ((key[i] & 0xc0) !== 0x80) characterStarts[numCharacters++] = i;
    characterStarts[numCharacters] = length;
    key[length] = HASH_SIGN;
    for (let n = min; n <= max; n++) {
      for (let i = 0; i + n <= numCharacters; i++) {
        // < or > alone says nothing.
        if (n === 1 && (i === 0 || i === numCharacters - 1)) continue;
        const from = characterStarts[i];
        const to = characterStarts[i + n];
        let at = length + 1;
        for (let j = from; j < to; j++) key[at++] = key[j];
        this.add(key, length, at, out);
      }
    }
  }
}
