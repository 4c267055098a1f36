/**
 * @file Which words does a model know, and how often did each occur? Ids 0 … V − 1, most frequent first.
 *
 * Words of equal count stand in the order of their bytes, so that the ids follow from the counts alone: not from the order
 * of the text, nor from how many threads counted it. Words are byte strings in a ByteTable; text that is not UTF-8 is
 * counted and written as it is, and shows as U+FFFD in `wordOf`.
 *
 * As text: a line `word count` for each word, in the order of ids, as the word2vec and GloVe tools write it.
 */
import { ConfigError, FormatError } from "../core/errors.js";
import { ABSENT, ByteTable } from "../data/byte-table.js";
import { findSeparator } from "./token-scanner.js";

/** What threads exchange instead of a Vocabulary. */
export interface VocabularyParts {
  /** Bytes of all words, one after the other. */
  readonly arena: Uint8Array;
  /** [V + 1] word i is arena[offsets[i], offsets[i + 1]). */
  readonly offsets: Uint32Array;
  /** [V] how often each word occurs. */
  readonly counts: Float64Array;
}

/** Which of the words counted are kept. */
export interface VocabularyOptions {
  /** Words that occur less often are left out, as if the text did not have them. Default 5. */
  readonly minCount: number;
  /** At most this many words, the most frequent. Default: all. */
  readonly maxWords: number;
}

/** The least count is that of the word2vec C tool. */
export const VOCABULARY_DEFAULTS: VocabularyOptions = { minCount: 5, maxWords: Number.POSITIVE_INFINITY };

const encoder = new TextEncoder();

/** An immutable list of words with their counts, searchable by bytes and by string. */
export class Vocabulary {
  /** [V] falling; exact integers up to 2⁵³. */
  readonly counts: Float64Array;
  /** Σ counts: words of the text that are in the vocabulary. */
  readonly numTokens: number;
  private readonly table: ByteTable;
  private decoded: readonly string[] | null = null;

  private constructor(table: ByteTable, counts: Float64Array) {
    this.table = table;
    this.counts = counts;
    this.numTokens = counts.reduce((a, b) => a + b, 0);
  }

  /**
   * The words of `table` whose count suffices; counts[i] is that of word i. Both are read, not kept.
   * @throws {ConfigError} for options that make no sense, or if no word is left.
   */
  static fromCounts(table: ByteTable, counts: ArrayLike<number>, options: Partial<VocabularyOptions> = {}): Vocabulary {
    const { minCount, maxWords } = { ...VOCABULARY_DEFAULTS, ...options };
    if (!(minCount >= 0)) throw new ConfigError(`vocabulary: expected minCount of 0 or more, got ${minCount}`);
    if (!(maxWords >= 1)) throw new ConfigError(`vocabulary: expected maxWords of 1 or more, got ${maxWords}`);
    let numKept = 0;
    for (let i = 0; i < table.size; i++) if (counts[i] >= minCount) numKept++;
    if (numKept === 0) {
      throw new ConfigError(
        `vocabulary: expected words that occur ${minCount} times or more, got none among ${table.size} distinct words; ` +
          "lower minCount (--min-count), or check that the text parts words by blanks",
      );
    }
    const kept = new Uint32Array(numKept);
    for (let i = 0, at = 0; i < table.size; i++) if (counts[i] >= minCount) kept[at++] = i;
    const { arena, offsets } = table.parts;
    kept.sort(
      (a, b) => counts[b] - counts[a] || compareBytes(arena, offsets[a], offsets[a + 1], offsets[b], offsets[b + 1]),
    );
    const chosen = kept.subarray(0, Math.min(maxWords, numKept));
    const words = new ByteTable();
    for (const id of chosen) words.intern(arena, offsets[id], offsets[id + 1]);
    return new Vocabulary(
      words,
      Float64Array.from(chosen, (id) => counts[id]),
    );
  }

  /** The same vocabulary in another thread. */
  static fromParts({ arena, offsets, counts }: VocabularyParts): Vocabulary {
    return new Vocabulary(new ByteTable({ arena, offsets }), counts);
  }

  /**
   * Reads lines `word count`; they may stand in any order. A line of the C tool for `</s>` is passed over.
   * @throws {FormatError} naming `file` and the line.
   */
  static parse(bytes: Uint8Array, file: string): Vocabulary {
    const table = new ByteTable();
    const counts: number[] = [];
    for (let start = 0, line = 1; start < bytes.length; line++) {
      let end = bytes.indexOf(0x0a, start);
      if (end < 0) end = bytes.length;
      parseLine(bytes, start, end, { file, line }, table, counts);
      start = end + 1;
    }
    if (counts.length === 0) throw new FormatError({ file }, "expected lines of a word and its count, got none");
    return Vocabulary.fromCounts(table, counts, { minCount: 0 });
  }

  /** V */
  get size(): number {
    return this.table.size;
  }

  /** What `fromParts` takes: views of this vocabulary's memory. */
  get parts(): VocabularyParts {
    return { ...this.table.parts, counts: this.counts };
  }

  /** All words in the order of ids, decoded at the first use. */
  get words(): readonly string[] {
    this.decoded ??= Array.from({ length: this.size }, (_, id) => this.table.nameOf(id));
    return this.decoded;
  }

  /** The word as text; "" for an id ≥ V. */
  wordOf(id: number): string {
    return id < this.size ? this.table.nameOf(id) : "";
  }

  /** The word's id, or −1. */
  idOf(word: string): number {
    const bytes = encoder.encode(word);
    return this.table.find(bytes, 0, bytes.length);
  }

  /** The id of the word bytes[start, end), or −1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    return this.table.find(bytes, start, end);
  }

  /** As text, in pieces, for a file. */
  *toBytes(): Generator<Uint8Array> {
    for (let from = 0; from < this.size; from += 4096) {
      const pieces: Uint8Array[] = [];
      for (let id = from; id < Math.min(this.size, from + 4096); id++) {
        pieces.push(this.table.bytesOf(id), encoder.encode(` ${this.counts[id]}\n`));
      }
      const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
      let at = 0;
      for (const piece of pieces) {
        joined.set(piece, at);
        at += piece.length;
      }
      yield joined;
    }
  }
}

function compareBytes(bytes: Uint8Array, a: number, aEnd: number, b: number, bEnd: number): number {
  const length = Math.min(aEnd - a, bEnd - b);
  for (let i = 0; i < length; i++) {
    const difference = bytes[a + i] - bytes[b + i];
    if (difference !== 0) return difference;
  }
  return aEnd - a - (bEnd - b);
}

function parseLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  location: { readonly file: string; readonly line: number },
  table: ByteTable,
  counts: number[],
): void {
  const text = new TextDecoder().decode(bytes.subarray(start, end));
  const match = /^([^\s]+)[ \t]+(\d+)\s*$/.exec(text);
  if (match === null) {
    throw new FormatError(
      location,
      `expected a word and its count, such as \`the 1061396\`, got \`${text.slice(0, 60)}\``,
    );
  }
  if (match[1] === "</s>") return;
  const separator = findSeparator(bytes, start, end);
  if (table.find(bytes, start, separator) !== ABSENT) {
    throw new FormatError(location, `expected each word once, got \`${match[1]}\` again; remove one of the lines`);
  }
  table.intern(bytes, start, separator);
  counts.push(Number(match[2]));
}
