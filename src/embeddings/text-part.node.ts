/**
 * @file How do threads share a text on disk? By byte offsets, so that each token is scanned by exactly one of them.
 *
 *   bytes      the quick brown fox jumps
 *   parts     │         │         │            a token belongs to the part in which its first byte lies:
 *   tokens    │the quick brown│fox│jumps       whoever starts one finishes it, whoever starts within one passes it over
 *
 * A newline belongs to the part in which it lies. Gzipped files cannot be entered in the middle: they are one part.
 */
import { FormatError, InterruptedError } from "../core/errors.js";
import { fileSize, isCompressed, readBytes, readPlainBytes } from "../data/byte-source.node.js";
import { findSeparator, TokenScanner, type TokenSink } from "./token-scanner.js";

/** A piece of a text file. */
export interface TextPart {
  readonly path: string;
  /** Offset of the first byte. */
  readonly startBytes: number;
  /** Beyond the last byte; of a gzipped file its compressed size. */
  readonly endBytes: number;
  /** The whole file, perhaps gzipped. */
  readonly isWhole: boolean;
  /** No other part of the file comes after it. */
  readonly isLast: boolean;
}

/** Parts smaller than this are not worth a thread. */
const MIN_PART_BYTES = 1 << 20;

/**
 * Cuts each file into `numParts` parts, in their order.
 * @throws {FormatError} when a file cannot be read or has a compression that we do not know.
 */
export async function cutText(
  paths: readonly string[],
  numParts: number,
  minPartBytes: number = MIN_PART_BYTES,
): Promise<TextPart[]> {
  const parts: TextPart[] = [];
  for (const path of paths) {
    const size = await fileSize(path);
    const count = (await isCompressed(path)) ? 1 : Math.max(1, Math.min(numParts, Math.floor(size / minPartBytes)));
    for (let i = 0; i < count; i++) {
      parts.push({
        path,
        startBytes: Math.floor((size * i) / count),
        endBytes: Math.floor((size * (i + 1)) / count),
        isWhole: count === 1,
        isLast: i === count - 1,
      });
    }
  }
  return parts;
}

export interface ScanOptions {
  /** Polled at each chunk. */
  readonly shouldStop?: (() => boolean) | undefined;
  /** Bytes of the file (compressed ones, of a gzipped file) read since the last call. */
  readonly onBytes?: ((numBytes: number) => void) | undefined;
}

/**
 * Gives the tokens and line ends of a part to `sink`. Memory: one chunk.
 * @throws {FormatError} when the file cannot be read or holds a zero byte. @throws {InterruptedError} when told to stop.
 */
export async function scanText(part: TextPart, sink: TokenSink, options: ScanOptions = {}): Promise<void> {
  const scanner = new TokenScanner(sink);
  if (part.isWhole) {
    for await (const chunk of readBytes(part.path, (raw) => options.onBytes?.(raw.length))) {
      checkChunk(part, chunk, options);
      scanner.scan(chunk, 0, chunk.length);
    }
  } else await scanSlice(part, scanner, options);
  scanner.endToken();
}

async function scanSlice(part: TextPart, scanner: TokenScanner, options: ScanOptions): Promise<void> {
  const { path, startBytes, endBytes } = part;
  // From the byte before: whether it parts tokens says if a token begins at the start or goes on there.
  let at = Math.max(0, startBytes - 1);
  let isPassing = startBytes > 0;
  for await (const chunk of readPlainBytes(path, at)) {
    checkChunk(part, chunk, options);
    let from = 0;
    if (isPassing) {
      from = findSeparator(chunk, 0, chunk.length);
      isPassing = from === chunk.length;
      // The byte before the start is the last of the part before.
      if (at + from === startBytes - 1) from++;
    }
    const within = Math.min(chunk.length, Math.max(from, endBytes - at));
    const isOver = at + from >= endBytes && !scanner.isWithinToken;
    if (!isOver) {
      scanner.scan(chunk, from, within);
      options.onBytes?.(Math.max(0, Math.min(chunk.length, endBytes - at)));
      if (scanner.isWithinToken) scanner.scan(chunk, within, findSeparator(chunk, within, chunk.length));
    }
    const isEnded = within < chunk.length && findSeparator(chunk, within, chunk.length) < chunk.length;
    at += chunk.length;
    if (isOver || isEnded || (at >= endBytes && !scanner.isWithinToken)) return;
  }
}

function checkChunk(part: TextPart, chunk: Uint8Array, { shouldStop }: ScanOptions): void {
  if (shouldStop?.()) throw new InterruptedError(`interrupted while reading ${part.path}`);
  if (!chunk.includes(0)) return;
  const problem = "expected text of words parted by blanks, got binary data or UTF-16 (a zero byte)";
  throw new FormatError({ file: part.path }, `${problem}; if it is text, convert it: iconv -f utf-16 -t utf-8`);
}
