/**
 * @file How does text become word vectors? One line a word: the word, then its numbers, separated by blanks.
 *
 *   71291 100                       first line of word2vec's format; GloVe's files begin with the rows
 *   the 0.418 0.24968 −0.41242 …
 *
 * Without the first line, the first row says how many numbers each has. A word may hold blanks (glove.840B has ". . .");
 * then the numbers are counted from the end. Bytes that are no UTF-8 become U+FFFD: the C tools cut long words anywhere.
 */
import { FormatError } from "../core/errors.js";
import { parseDecimal } from "./decimal.js";
import { VectorTarget } from "./vector-target.js";

const [TAB, LINE_FEED, CARRIAGE_RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
const SHOWN = 40;

const isBlank = (byte: number): boolean => byte === SPACE || byte === TAB;

export class TextVectorParser {
  readonly #target: VectorTarget;
  readonly #decoder = new TextDecoder();
  #row: Float32Array = new Float32Array(0);
  #line = 0;

  constructor(target: VectorTarget) {
    this.#target = target;
  }

  /** Reads whole lines of bytes[0, end); `isLast`: what follows the last line end is a line too. @returns bytes read. */
  parse(bytes: Uint8Array, end: number, isLast: boolean): number {
    let start = 0;
    while (start < end && !this.#target.isFull) {
      let stop = bytes.indexOf(LINE_FEED, start);
      if (stop < 0 || stop >= end) {
        if (!isLast) break;
        stop = end;
      }
      this.#line++;
      this.#parseLine(bytes, start, trimEnd(bytes, start, stop));
      start = stop + 1;
    }
    return Math.min(start, end);
  }

  #parseLine(bytes: Uint8Array, start: number, end: number): void {
    if (this.#line === 1) {
      const header = VectorTarget.header(this.#text(bytes, start, Math.min(end, start + 64)));
      if (header !== null && end - start <= 64) {
        this.#target.announced = header.numWords;
        this.#begin(header.dimension);
        return;
      }
      this.#begin(countFields(bytes, start, end) - 1);
    }
    const { announced, numWords } = this.#target;
    if (start === end) this.#fail("expected a word and its numbers, got an empty line; remove it");
    if (announced !== null && numWords >= announced) {
      this.#fail(`expected ${announced} words as the first line says, got more; is that count right?`);
    }
    let at = start;
    while (at < end && !isBlank(bytes[at])) at++;
    const word = this.#text(bytes, start, at);
    const row = this.#row;
    let count = 0;
    while (at < end) {
      while (isBlank(bytes[at])) at++;
      const from = at;
      while (at < end && !isBlank(bytes[at])) at++;
      const value = Math.fround(parseDecimal(bytes, from, at));
      if (!Number.isFinite(value) && count === 0 && countFields(bytes, start, end) > row.length + 1) {
        this.#parseBlankWord(bytes, start, end);
        return;
      }
      if (!Number.isFinite(value)) this.#failNumber(bytes, from, at, word, count);
      if (count < row.length) row[count] = value;
      count++;
    }
    if (count !== row.length) this.#failCount(word, count);
    this.#target.add(word);
  }

  /** A row whose word holds blanks: its last fields are the numbers. */
  #parseBlankWord(bytes: Uint8Array, start: number, end: number): void {
    const row = this.#row;
    let at = end;
    for (let i = row.length - 1; i >= 0; i--) {
      const stop = at;
      while (!isBlank(bytes[at - 1])) at--;
      row[i] = parseDecimal(bytes, at, stop);
      if (!Number.isFinite(row[i])) this.#failNumber(bytes, at, stop, this.#text(bytes, start, start + SHOWN), i);
      at = trimEnd(bytes, start, at);
    }
    const word = this.#text(bytes, start, at);
    const tail = word.slice(word.search(/[^ \t]*$/));
    // "cat x 0.1 0.2 0.3" with rows of two: more likely a damaged row than a word "cat x 0.1".
    if (tail !== "" && Number.isFinite(Number(tail))) this.#failCount(word, countFields(bytes, start, end) - 1);
    this.#target.add(word);
  }

  #begin(dimension: number): void {
    if (dimension < 1)
      this.#fail(
        "expected a word and its numbers, or their counts, got a line without numbers; is it a file of vectors?",
      );
    this.#row = this.#target.begin(dimension);
  }

  #text(bytes: Uint8Array, start: number, end: number): string {
    return this.#decoder.decode(bytes.subarray(start, end));
  }

  #failNumber(bytes: Uint8Array, start: number, end: number, word: string, index: number): never {
    const got = JSON.stringify(this.#text(bytes, start, Math.min(end, start + SHOWN)));
    this.#fail(
      `expected number ${index + 1} of the word ${JSON.stringify(word)}, finite, got ${got}; mend the line or remove it`,
    );
  }

  #failCount(word: string, count: number): never {
    const shown = JSON.stringify(word.slice(0, SHOWN));
    const source = this.#target.announced === null ? "the first line has" : "the first line says";
    this.#fail(
      `expected ${this.#row.length} numbers for the word ${shown}, as ${source}, got ${count}; mend the line or remove it`,
    );
  }

  #fail(problem: string): never {
    throw new FormatError({ file: this.#target.file, line: this.#line }, problem);
  }
}

function trimEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && (isBlank(bytes[at - 1]) || bytes[at - 1] === CARRIAGE_RETURN)) at--;
  return at;
}

function countFields(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i++) {
    if (!isBlank(bytes[i]) && (i === start || isBlank(bytes[i - 1]))) count++;
  }
  return count;
}
