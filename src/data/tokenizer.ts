/**
 * @file What is a word? Lower-cased runs of letters and digits, held together by single . _ + - between them.
 *
 *   "Tooltalk database server (rpc.ttdbserverd)"  → tooltalk · database · server · rpc.ttdbserverd
 *   "Größe ｆｕｌｌ"                                 → größe · full             NFKC, then lower case
 *   "東京都の天気"                                  → 東京 · 京都 · 都の · の天 · 天気
 *
 * On ASCII text this is exactly `[a-z0-9]+(?:[._+-][a-z0-9]+)*` of the lower-cased text, found by one pass over the
 * bytes. Other text is decoded, normalised (NFKC) and split by the same pattern over Unicode letters, marks and numbers;
 * runs in scripts written without spaces (Han, kana, Thai, Lao, Khmer, Burmese) become overlapping pairs of characters,
 * a lone character stays alone. With alphabet "ascii" every other character separates words.
 *
 * Tokens are written one after the other, one space between: a word n-gram is then one range of bytes.
 */
import { decodeUtf8 } from "./byte-text.js";

/** Which characters words are made of. */
export type Alphabet = "unicode" | "ascii";

/**
 * The tokens of one document: token i is bytes[starts[i], ends[i]), lower-cased UTF-8; bytes[ends[i]] is a space. Its
 * arrays are replaced by longer ones as documents need them.
 */
export class TokenList {
  bytes: Uint8Array = new Uint8Array(1024);
  starts: Uint32Array = new Uint32Array(256);
  ends: Uint32Array = new Uint32Array(256);
  /** How many tokens; what the arrays hold beyond has no meaning. */
  count = 0;

  /** The tokens as strings: for tests and explanations. */
  toStrings(): string[] {
    return Array.from({ length: this.count }, (_, i) =>
      decoder.decode(this.bytes.subarray(this.starts[i], this.ends[i])),
    );
  }
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

const SPACE = 32;
const SEPARATOR = 0;
const JOINER = 1;
const NOT_ASCII = 2;

/** For each byte: the lower-cased letter or digit, or one of the three classes above. */
const BYTE_CLASS: Uint8Array = Uint8Array.from({ length: 256 }, (_, c) => {
  const char = String.fromCharCode(c).toLowerCase();
  if (c > 127) return NOT_ASCII;
  if (/[a-z0-9]/.test(char)) return char.charCodeAt(0);
  return /[._+-]/.test(char) ? JOINER : SEPARATOR;
});

const WORD = /[\p{L}\p{M}\p{N}]+(?:[._+-][\p{L}\p{M}\p{N}]+)*/gu;
const SCRIPTS = "\\p{scx=Han}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Thai}\\p{scx=Laoo}\\p{scx=Khmr}\\p{scx=Mymr}";
const UNSPACED: RegExp = new RegExp(`[${SCRIPTS}]`, "u");
/** Within a word: a run of an unspaced script (with its marks and digits of other scripts left out), or the rest. */
const RUNS: RegExp = new RegExp(`(?<unspaced>(?:(?=[\\p{L}\\p{N}\\p{M}])[${SCRIPTS}]\\p{M}*)+)|[^${SCRIPTS}]+`, "gu");
const CHARACTERS = /\P{M}\p{M}*|\p{M}+/gu;

/** Splits documents into tokens; buffers are the caller's. */
export class Tokenizer {
  private readonly alphabet: Alphabet;

  constructor(alphabet: Alphabet = "unicode") {
    this.alphabet = alphabet;
  }

  /** Overwrites `out` with the tokens of bytes[start, end). @returns false when the bytes are not UTF-8. */
  tokenize(bytes: Uint8Array, start: number, end: number, out: TokenList): boolean {
    if (this.tokenizeAscii(bytes, start, end, out)) return true;
    const text = decodeUtf8(bytes, start, end);
    if (text === null) return false;
    if (this.alphabet === "unicode") tokenizeUnicode(text, out);
    return true;
  }

  /** @returns false when it met a byte ≥ 0x80 that needs more thought; with alphabet "ascii" all is tokenized anyway. */
  private tokenizeAscii(bytes: Uint8Array, start: number, end: number, out: TokenList): boolean {
    const isAsciiOnly = this.alphabet === "ascii";
    let sawOther = false;
    if (out.bytes.length < end - start + 1) out.bytes = new Uint8Array(2 * (end - start + 1));
    const to = out.bytes;
    let { starts, ends } = out;
    let count = 0;
    let at = 0;
    let i = start;
    while (i < end) {
      let c = BYTE_CLASS[bytes[i]];
      if (c <= NOT_ASCII) {
        if (c === NOT_ASCII) {
          if (!isAsciiOnly) return false;
          sawOther = true;
        }
        i++;
        continue;
      }
      if (count === starts.length) {
        ({ starts, ends } = growRanges(out));
      }
      starts[count] = at;
      for (;;) {
        to[at++] = c;
        if (++i === end) break;
        c = BYTE_CLASS[bytes[i]];
        if (c > NOT_ASCII) continue;
        if (c !== JOINER || i + 1 === end) break;
        const next = BYTE_CLASS[bytes[i + 1]];
        if (next <= NOT_ASCII) break;
        to[at++] = bytes[i++];
        c = next;
      }
      ends[count++] = at;
      to[at++] = SPACE;
    }
    out.count = count;
    return !sawOther;
  }
}

function tokenizeUnicode(text: string, out: TokenList): void {
  const lower = text.normalize("NFKC").toLowerCase();
  let words = lower.match(WORD) ?? [];
  if (UNSPACED.test(lower)) words = words.flatMap(splitUnspaced) as unknown as RegExpMatchArray;
  const joined = `${words.join(" ")} `;
  // UTF-8 needs at most 3 bytes for each UTF-16 unit.
  if (out.bytes.length < 3 * joined.length) out.bytes = new Uint8Array(6 * joined.length);
  const { written } = encoder.encodeInto(joined, out.bytes);
  let count = 0;
  let start = 0;
  for (let i = 0; i < written; i++) {
    if (out.bytes[i] !== SPACE) continue;
    if (i > start) {
      if (count === out.starts.length) growRanges(out);
      out.starts[count] = start;
      out.ends[count++] = i;
    }
    start = i + 1;
  }
  out.count = count;
}

/** Pairs of neighbouring characters for runs of unspaced scripts, other runs as they are. */
function splitUnspaced(word: string): string[] {
  if (!UNSPACED.test(word)) return [word];
  const tokens: string[] = [];
  for (const match of word.matchAll(RUNS)) {
    const run = match[0];
    if (match.groups?.unspaced === undefined) {
      const trimmed = run.replace(/^[._+-]+|[._+-]+$/g, "");
      if (trimmed !== "") tokens.push(trimmed);
      continue;
    }
    const characters = run.match(CHARACTERS) ?? [];
    if (characters.length === 1) tokens.push(run);
    for (let i = 1; i < characters.length; i++) tokens.push(characters[i - 1] + characters[i]);
  }
  return tokens;
}

function growRanges(out: TokenList): TokenList {
  const starts = new Uint32Array(out.starts.length * 2);
  const ends = new Uint32Array(out.ends.length * 2);
  starts.set(out.starts);
  ends.set(out.ends);
  out.starts = starts;
  out.ends = ends;
  return out;
}
