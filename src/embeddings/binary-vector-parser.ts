/**
 * @file How do bytes become word vectors? The binary format of the word2vec tool, which has no version and no marker.
 *
 *   "71291 100\n"                       V and D in decimal
 *   V times:  word  0x20                bytes of the word, no blank or line end among them; line ends before it are skipped
 *             D × f32, little-endian
 *             0x0a                      the tool writes it; some files (GoogleNews) have none
 */
import { FormatError } from "../core/errors.js";
import { VectorTarget } from "./vector-target.js";

const [LINE_FEED, SPACE] = [0x0a, 0x20];
/** Longer words than any tool writes (word2vec cuts at 100 bytes): past this, it is not the format we take it for. */
const MOST_WORD_BYTES = 4096;

export class BinaryVectorParser {
  readonly #target: VectorTarget;
  readonly #decoder = new TextDecoder();
  #row: Float32Array | null = null;
  #rowBytes: Uint8Array = new Uint8Array(0);
  /** Of the file, where `parse` begins. */
  #offset = 0;

  constructor(target: VectorTarget) {
    this.#target = target;
  }

  /** Reads whole records of bytes[0, end). `isLast`: no more bytes follow. @returns bytes read. */
  parse(bytes: Uint8Array, end: number, isLast: boolean): number {
    let at = 0;
    if (this.#row === null) {
      at = this.#parseHeader(bytes, end);
      if (at === 0) return 0;
    }
    const target = this.#target;
    while (!target.isFull && target.numWords < (target.announced ?? 0)) {
      const next = this.#parseRecord(bytes, at, end);
      if (next < 0) break;
      at = next;
    }
    const isDone = target.numWords === target.announced;
    if (isDone) while (at < end && bytes[at] === LINE_FEED) at++;
    if (isDone && at < end) this.#fail(at, `expected the end after ${target.announced} words, got more bytes`);
    if (isLast && !isDone && !target.isFull) {
      this.#fail(end, `expected ${target.announced} words, got the file's end in word ${target.numWords + 1}`);
    }
    this.#offset += at;
    return at;
  }

  #parseHeader(bytes: Uint8Array, end: number): number {
    const stop = bytes.subarray(0, Math.min(end, 64)).indexOf(LINE_FEED);
    const header = stop < 0 ? null : VectorTarget.header(this.#decoder.decode(bytes.subarray(0, stop)));
    if (header === null || header.dimension < 1)
      this.#fail(0, "expected a first line of two counts, words and numbers");
    this.#target.announced = header.numWords;
    this.#row = this.#target.begin(header.dimension);
    this.#rowBytes = new Uint8Array(this.#row.buffer);
    return stop + 1;
  }

  /** @returns the position behind the record, or −1 when it is not all there yet. */
  #parseRecord(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && bytes[at] === LINE_FEED) at++;
    const wordStart = at;
    while (at < end && bytes[at] !== SPACE) at++;
    if (at - wordStart > MOST_WORD_BYTES) {
      this.#fail(wordStart, `expected a word and a blank, got ${MOST_WORD_BYTES} bytes without one`);
    }
    const rowStart = at + 1;
    if (rowStart + this.#rowBytes.length > end) return -1;
    this.#rowBytes.set(bytes.subarray(rowStart, rowStart + this.#rowBytes.length));
    const word = this.#decoder.decode(bytes.subarray(wordStart, at));
    const fault = (this.#row as Float32Array).findIndex((value) => !Number.isFinite(value));
    if (fault >= 0) {
      this.#fail(
        rowStart + 4 * fault,
        `expected number ${fault + 1} of the word ${JSON.stringify(word)}, finite, got ${this.#row?.[fault]}`,
      );
    }
    this.#target.add(word);
    return rowStart + this.#rowBytes.length;
  }

  #fail(at: number, problem: string): never {
    throw new FormatError(
      { file: this.#target.file },
      `byte ${this.#offset + at}: ${problem}; is it word2vec's format?`,
    );
  }
}
