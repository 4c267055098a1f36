/** @file What a parser of word vectors fills while a file streams by: words, rows, and the limits it was given. */
import { FormatError } from "../core/errors.js";
import { ChunkedArray } from "../data/chunked-array.js";
import { WordVectors } from "./word-vectors.js";

export class VectorTarget {
  readonly file: string;
  /** Rows after which the file need not be read further. */
  readonly maxWords: number;
  /** Of the header; null where there is none. */
  announced: number | null = null;
  readonly #words: string[] = [];
  readonly #numbers = new ChunkedArray(Float32Array);
  #row = new Float32Array(0);

  constructor(file: string, maxWords: number) {
    this.file = file;
    this.maxWords = maxWords;
  }

  get dimension(): number {
    return this.#row.length;
  }

  get numWords(): number {
    return this.#words.length;
  }

  get isFull(): boolean {
    return this.#words.length >= this.maxWords;
  }

  /** Says how long rows are. @returns the row to fill before each `add`. */
  begin(dimension: number): Float32Array {
    this.#row = new Float32Array(dimension);
    return this.#row;
  }

  add(word: string): void {
    this.#words.push(word);
    this.#numbers.pushAll(this.#row, this.#row.length);
  }

  /** A line that reads "V D" with nothing else, as numbers; null when it is no such line. */
  static header(line: string): { readonly numWords: number; readonly dimension: number } | null {
    const match = /^(\d{1,10})[ \t]+(\d{1,7})[ \t\r]*$/.exec(line);
    return match === null ? null : { numWords: Number(match[1]), dimension: Number(match[2]) };
  }

  /** What was read. @throws {FormatError} when it is not what the header announced. */
  finish(): WordVectors {
    const { file, announced, numWords } = this;
    if (numWords === 0 && announced !== 0) throw new FormatError({ file }, "expected word vectors, got an empty file");
    if (announced !== null && numWords < Math.min(announced, this.maxWords)) {
      throw new FormatError(
        { file },
        `expected ${announced} words as the first line says, got ${numWords}; is the file cut off?`,
      );
    }
    return new WordVectors(this.#words, this.#numbers.moveToShared(), Math.max(1, this.dimension));
  }
}
