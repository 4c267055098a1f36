/**
 * @file How do word vectors come from a file and get into one? Streamed, so that only the numbers stay in memory.
 *
 *   text    "V D" line, then a line a word       word2vec -binary 0, gensim
 *   glove   the same without the first line       GloVe
 *   binary  "V D" line, then word, blank, D f32   word2vec -binary 1
 *
 * Reading tells them apart by the bytes, plain or gzipped (text-vector-parser.ts, binary-vector-parser.ts); writing
 * replaces a file at once when the new one is whole.
 */
import { type WrittenFile, writeFileAtomic } from "../checkpoint/atomic-write.node.js";
import { ConfigError, FormatError, InterruptedError } from "../core/errors.js";
import { fileSize, readBytes } from "../data/byte-source.node.js";
import { BinaryVectorParser } from "./binary-vector-parser.js";
import { formatDecimal, MOST_DECIMAL_BYTES } from "./decimal.js";
import { TextVectorParser } from "./text-vector-parser.js";
import { VectorTarget } from "./vector-target.js";
import type { WordVectors } from "./word-vectors.js";

/** Layouts of a file of vectors: `text` and `binary` are word2vec's, `glove` is text without the first line. */
export const VECTOR_FORMATS = ["text", "glove", "binary"] as const;
/** In which layout word vectors are written; reading finds it out by itself. */
export type VectorFormat = (typeof VECTOR_FORMATS)[number];

/** How much of a file is read, and who hears of it. */
export interface ReadVectorsOptions {
  /** Only the first so many words; files are in order of frequency. Default all. */
  readonly maxWords?: number;
  /** Bytes of the file, as it lies on the disk. */
  readonly onProgress?: (progress: { readonly bytesRead: number; readonly bytesTotal: number }) => void;
  /** Aborting it ends the reading with an InterruptedError. */
  readonly signal?: AbortSignal;
}

/** A word with more bytes of numbers than this is no word vector (two million numbers). */
const MOST_RECORD_BYTES = 2 ** 25;

/**
 * Reads word vectors of any of the formats, plain or .gz. Peak memory: 1.1 times the vectors.
 * @throws {FormatError} naming the line (text) or the byte (binary). @throws {InterruptedError} when `signal` aborts.
 */
export async function readWordVectors(path: string, options: ReadVectorsOptions = {}): Promise<WordVectors> {
  const { maxWords = Number.POSITIVE_INFINITY, onProgress, signal } = options;
  const target = new VectorTarget(path, maxWords);
  const bytesTotal = await fileSize(path);
  let bytesRead = 0;
  let pending: Uint8Array = new Uint8Array(0);
  let parser: TextVectorParser | BinaryVectorParser | null = null;
  const chunks = readBytes(path, (raw) => {
    bytesRead += raw.length;
  });
  for await (const chunk of chunks) {
    if (signal?.aborted) throw new InterruptedError(`${path}: reading was interrupted`);
    const bytes = joined(pending, chunk);
    // A file shorter than this is looked at when all of it is there.
    if (parser === null && bytes.length >= HEAD_BYTES) parser = chooseParser(bytes, target);
    const done: number = parser?.parse(bytes, bytes.length, false) ?? 0;
    pending = bytes.subarray(done);
    if (pending.length > MOST_RECORD_BYTES) {
      throw new FormatError(
        { file: path },
        `expected a word's vector, got ${pending.length} bytes without an end; is it a file of vectors?`,
      );
    }
    onProgress?.({ bytesRead, bytesTotal });
    if (target.isFull) break;
  }
  if (!target.isFull) {
    parser ??= chooseParser(pending, target);
    parser.parse(pending, pending.length, true);
  }
  return target.finish();
}

/** `a` followed by `b`, always a copy: `b` belongs to the reader. */
function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

/** Enough to hold the header and the first numbers of a row. */
const HEAD_BYTES = 65_536;

/**
 * Binary: a header, and behind it a word whose "numbers" are not spelled in characters of numbers. Numbers of few digits
 * take less room than as many f32, and behind them stand the words of the next lines, in any script: so a first line of
 * just the numbers announced is text, whatever follows.
 */
function chooseParser(head: Uint8Array, target: VectorTarget): TextVectorParser | BinaryVectorParser {
  const lineEnd = head.indexOf(0x0a);
  const first = new TextDecoder().decode(head.subarray(0, Math.max(0, Math.min(lineEnd, 64))));
  const header = lineEnd < 0 ? null : VectorTarget.header(first);
  if (header === null || header.numWords === 0) return new TextVectorParser(target);
  let start = lineEnd + 1;
  while (head[start] === 0x0a) start++;
  const blank = head.indexOf(0x20, start);
  if (blank < 0) return new TextVectorParser(target);
  const rowEnd = head.indexOf(0x0a, blank);
  const fields = new TextDecoder()
    .decode(head.subarray(blank + 1, Math.max(blank + 1, rowEnd)))
    .trim()
    .split(/[ \t]+/);
  if (fields.length === header.dimension && fields.every((field) => field !== "" && Number.isFinite(Number(field)))) {
    return new TextVectorParser(target);
  }
  const numbers = head.subarray(blank + 1, Math.min(head.length, blank + 1 + 4 * header.dimension));
  const isSpelled = (byte: number): boolean =>
    byte === 0x09 || byte === 0x0a || byte === 0x0d || (byte >= 0x20 && byte < 0x7f);
  return numbers.every(isSpelled) ? new TextVectorParser(target) : new BinaryVectorParser(target);
}

/** The format that a file's name asks for: binary for .bin, else text. */
export function vectorFormatOf(path: string): VectorFormat {
  return /\.bin$/i.test(path) ? "binary" : "text";
}

/**
 * Writes word vectors; default format: that of the name. Text gives the same f32 back when it is read.
 * @throws {ConfigError} for words that the formats cannot hold, and for a name that promises compression.
 * @throws {StorageError} when the system refuses; an earlier file then stands.
 */
export function writeWordVectors(
  path: string,
  vectors: WordVectors,
  format: VectorFormat = vectorFormatOf(path),
): WrittenFile {
  if (/\.gz$/i.test(path)) {
    throw new ConfigError(`writeWordVectors: expected a name without .gz, got ${path}; compress the file afterwards`);
  }
  const bad = vectors.words.find((word) => word === "" || /[ \t\n\r]/.test(word));
  if (bad !== undefined) {
    throw new ConfigError(
      `writeWordVectors: expected words without blanks, got ${JSON.stringify(bad)}; join its parts by _ first`,
    );
  }
  return writeFileAtomic(path, format === "binary" ? binaryChunks(vectors) : textChunks(vectors, format === "text"));
}

const CHUNK_BYTES = 1 << 20;

function* textChunks({ words, vectors, dimension }: WordVectors, hasHeader: boolean): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  if (hasHeader) yield encoder.encode(`${words.length} ${dimension}\n`);
  const rowBytes = 1 + dimension * (MOST_DECIMAL_BYTES + 1);
  let chunk = new Uint8Array(CHUNK_BYTES + rowBytes);
  let used = 0;
  for (let i = 0; i < words.length; i++) {
    const word = encoder.encode(words[i]);
    if (used + word.length + rowBytes > chunk.length) {
      yield chunk.subarray(0, used);
      used = 0;
      if (word.length + rowBytes > chunk.length) chunk = new Uint8Array(word.length + rowBytes);
    }
    chunk.set(word, used);
    used += word.length;
    for (let j = i * dimension; j < (i + 1) * dimension; j++) {
      chunk[used++] = 0x20;
      used = formatDecimal(vectors[j], chunk, used);
    }
    chunk[used++] = 0x0a;
  }
  yield chunk.subarray(0, used);
}

function* binaryChunks({ words, vectors, dimension }: WordVectors): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(`${words.length} ${dimension}\n`);
  const numbers = new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength);
  const rowBytes = 4 * dimension;
  let chunk = new Uint8Array(CHUNK_BYTES + rowBytes);
  let used = 0;
  for (let i = 0; i < words.length; i++) {
    const word = encoder.encode(words[i]);
    const needed = word.length + rowBytes + 2;
    if (used + needed > chunk.length) {
      yield chunk.subarray(0, used);
      used = 0;
      if (needed > chunk.length) chunk = new Uint8Array(needed);
    }
    chunk.set(word, used);
    chunk[used + word.length] = 0x20;
    chunk.set(numbers.subarray(i * rowBytes, (i + 1) * rowBytes), used + word.length + 1);
    used += needed;
    chunk[used - 1] = 0x0a;
  }
  yield chunk.subarray(0, used);
}
