/**
 * @file Sorted pairs on disk: 16 bytes each, (i, j, low, high) in the machine's byte order, each pair once, ascending.
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { explainStorage } from "../../checkpoint/storage-error.js";

export interface PairRun {
  readonly path: string;
  readonly numPairs: number;
}

/** Writes all of `words`; throws a StorageError when the disk is full. */
export function writeWords(fd: number, path: string, words: Uint32Array): void {
  try {
    const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    for (let done = 0; done < bytes.length; )
      done += writeSync(fd, bytes, done, Math.min(2 ** 30, bytes.length - done));
  } catch (error) {
    throw explainStorage(path, "could not be written", error);
  }
}

/** Fills `words` from the file's byte `position` on. @throws {StorageError} when that is not possible. */
export function readWords(fd: number, path: string, words: Uint32Array, position: number): void {
  try {
    const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    for (let done = 0; done < bytes.length; ) {
      const count = readSync(fd, bytes, done, Math.min(2 ** 30, bytes.length - done), position + done);
      if (count === 0) throw new Error(`${path} is shorter than it was; were temporary files removed?`);
      done += count;
    }
  } catch (error) {
    throw explainStorage(path, "could not be read", error);
  }
}

/** Writes a run piece by piece. */
export class PairRunWriter {
  readonly #path: string;
  readonly #fd: number;
  #numPairs = 0;

  constructor(path: string) {
    this.#path = path;
    try {
      this.#fd = openSync(path, "wx");
    } catch (error) {
      throw explainStorage(path, "could not be written", error);
    }
  }

  /** Appends the first `count` pairs of `list`. */
  write(list: Uint32Array, count: number): void {
    writeWords(this.#fd, this.#path, list.subarray(0, 4 * count));
    this.#numPairs += count;
  }

  /** Closes the file; to be called once, whatever happened. */
  close(): PairRun {
    closeSync(this.#fd);
    return { path: this.#path, numPairs: this.#numPairs };
  }
}

/** Reads a run from its start to its end, through a buffer. */
export class PairRunReader {
  readonly #run: PairRun;
  readonly #fd: number;
  readonly #buffer: Uint32Array;
  #numRead = 0;
  #at = 0;
  #end = 0;

  /** `buffer` [pairs, 4] is the reader's. */
  constructor(run: PairRun, buffer: Uint32Array) {
    this.#run = run;
    this.#buffer = buffer;
    try {
      this.#fd = openSync(run.path, "r");
    } catch (error) {
      throw explainStorage(run.path, "could not be read", error);
    }
  }

  /** Reads on if all that was read is taken. */
  refill(): void {
    if (this.#at < this.#end) return;
    const count = Math.min(Math.floor(this.#buffer.length / 4), this.#run.numPairs - this.#numRead);
    readWords(this.#fd, this.#run.path, this.#buffer.subarray(0, 4 * count), 16 * this.#numRead);
    this.#numRead += count;
    this.#at = 0;
    this.#end = count;
  }

  /** The last pair in the buffer; null when no pair follows it in the file. */
  get frontier(): PairKey | null {
    if (this.#numRead === this.#run.numPairs) return null;
    return { i: this.#buffer[4 * this.#end - 4], j: this.#buffer[4 * this.#end - 3] };
  }

  /** The buffered pairs up to `key` (all for null), which are then taken. */
  takeUpTo(key: PairKey | null): Uint32Array {
    const start = this.#at;
    let low = key === null ? this.#end : start;
    let high = this.#end;
    while (key !== null && low < high) {
      const middle = (low + high) >>> 1;
      if (isAfter(this.#buffer[4 * middle], this.#buffer[4 * middle + 1], key)) high = middle;
      else low = middle + 1;
    }
    this.#at = low;
    return this.#buffer.subarray(4 * start, 4 * low);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

export interface PairKey {
  readonly i: number;
  readonly j: number;
}

/** True if (i, j) stands behind `key`. */
export function isAfter(i: number, j: number, key: PairKey): boolean {
  return i > key.i || (i === key.i && j > key.j);
}
