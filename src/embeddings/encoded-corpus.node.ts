/**
 * @file The corpus as numbers on disk: how is a text read again and again, from any place, without being parsed again?
 *
 *   part-000.ids   17 4 902 4294967295 3 3 51 …      u32 in the machine's byte order: ids of the words in the vocabulary,
 *   part-001.ids   8 1 …                             SENTENCE_END after each line; words outside it are left out
 *
 * One part a piece of text, in the order of the text; together they are one sequence of `numIds` numbers, which threads
 * read by ranges, a buffer at a time. 4 bytes a word beside the text's 6, so that gzipped corpora can be cut too, and no
 * epoch after the first pays for parsing.
 */
import { closeSync, openSync, readSync, rmSync } from "node:fs";
import { explainStorage } from "../checkpoint/storage-error.js";
import { ShapeError } from "../core/errors.js";

/** Stands where a line ends. No word has this id. */
export { SENTENCE_END } from "../kernels/contract/glove.js";

/** One file of ids. */
export interface EncodedPart {
  readonly path: string;
  readonly numIds: number;
}

/** Plain data, its members those of EncodedCorpus: a thread makes its own of it. */
export interface EncodedCorpusParts {
  readonly directory: string;
  readonly parts: readonly EncodedPart[];
  readonly numTokens: number;
  readonly numUnknown: number;
}

/** An encoded corpus on disk. Whoever made it calls `dispose`. */
export class EncodedCorpus {
  /** Holds the parts, and nothing else: `dispose` removes it whole. */
  readonly directory: string;
  /** In the order of the text. */
  readonly parts: readonly EncodedPart[];
  /** Words of the vocabulary in the text. */
  readonly numTokens: number;
  /** Words of the text that the vocabulary lacks. */
  readonly numUnknown: number;
  /** Numbers in all parts: `numTokens` and the sentence ends. */
  readonly numIds: number;

  constructor({ directory, parts, numTokens, numUnknown }: EncodedCorpusParts) {
    this.directory = directory;
    this.parts = parts;
    this.numTokens = numTokens;
    this.numUnknown = numUnknown;
    this.numIds = parts.reduce((sum, part) => sum + part.numIds, 0);
  }

  /** What `postMessage` can carry. */
  get data(): EncodedCorpusParts {
    const { directory, parts, numTokens, numUnknown } = this;
    return { directory, parts, numTokens, numUnknown };
  }

  /** The ids [from, to) of the sequence; close the reader. @throws {ShapeError} for a range outside of it. */
  open(from = 0, to: number = this.numIds): IdReader {
    if (!(0 <= from && from <= to && to <= this.numIds)) {
      throw new ShapeError(`EncodedCorpus.open: expected a range within 0 … ${this.numIds}, got ${from} … ${to}`);
    }
    return new IdReader(this.parts, from, to);
  }

  /** Removes the files. */
  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Reads a range of ids from its start to its end, synchronously: for a thread that does nothing else meanwhile. */
export class IdReader {
  private readonly parts: readonly EncodedPart[];
  private partIndex = 0;
  /** Within the part. */
  private at: number;
  private rest: number;
  private fd: number | null = null;

  constructor(parts: readonly EncodedPart[], from: number, to: number) {
    this.parts = parts;
    this.at = from;
    this.rest = to - from;
    while (this.partIndex < parts.length && this.at >= parts[this.partIndex].numIds) {
      this.at -= parts[this.partIndex++].numIds;
    }
  }

  /** Fills `out` from its beginning. @returns how many ids were written: 0 only at the end of the range. */
  readInto(out: Uint32Array): number {
    let filled = 0;
    while (filled < out.length && this.rest > 0) {
      const part = this.parts[this.partIndex];
      const count = Math.min(out.length - filled, this.rest, part.numIds - this.at);
      if (count > 0) this.readExactly(part, new Uint8Array(out.buffer, out.byteOffset + 4 * filled, 4 * count));
      filled += count;
      this.at += count;
      this.rest -= count;
      if (this.at < part.numIds) continue;
      this.close();
      this.partIndex++;
      this.at = 0;
    }
    return filled;
  }

  /** Closes the file in hand; may be called at any time, and more than once. */
  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }

  private readExactly({ path }: EncodedPart, bytes: Uint8Array): void {
    try {
      this.fd ??= openSync(path, "r");
      for (let done = 0; done < bytes.length; ) {
        const count = readSync(this.fd, bytes, done, bytes.length - done, 4 * this.at + done);
        if (count === 0) throw new Error("it is shorter than it was; was it changed?");
        done += count;
      }
    } catch (error) {
      throw explainStorage(path, "could not be read", error);
    }
  }
}
