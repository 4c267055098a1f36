/**
 * @file How do a text file's bytes become whole records? Chunks are gathered, a parser takes what is complete, the rest
 * waits for more; a record beyond the limit is refused and reading goes on after its first line.
 */
import { describeOtherEncoding } from "../../data/byte-order-mark.js";
import { readBytes } from "../../data/byte-source.node.js";
import { decodeUtf8, isAscii } from "../../data/byte-text.js";
import type { CatalogueRows } from "./catalogue-rows.js";

/** Far above five values of the longest kind, quoted: a longer record is a quote that was never closed. */
const MAX_RECORD_BYTES = 1 << 20;
const LF = 10;

/** Parses one file's records. */
export interface RecordParser {
  /** Lines wholly consumed so far. */
  line: number;
  /** Parses the records that end within bytes[0, end); bytes[end] is readable. @returns where the unfinished one starts. */
  parse(bytes: Buffer, end: number): number;
  /** Refuses what the file ended within: bytes[start, end). */
  refuseRest(bytes: Buffer, start: number, end: number): void;
}

/** Reads the text file `path`, plain or gzipped. `onRaw` sees its bytes as they are on the disk. */
export async function readText(
  path: string,
  parser: RecordParser,
  rows: CatalogueRows,
  onRaw: (chunk: Uint8Array) => void,
): Promise<void> {
  let buffer = Buffer.allocUnsafeSlow(1 << 19);
  let used = 0;
  let isFirst = true;
  let isDiscarding = false;
  const append = (chunk: Uint8Array): void => {
    if (used + chunk.length + 1 > buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(2 * buffer.length, used + chunk.length + 1));
      buffer.copy(grown, 0, 0, used);
      buffer = grown;
    }
    buffer.set(chunk, used);
    used += chunk.length;
  };
  const parse = (): void => {
    // Parsers look one byte ahead: it must not be what an earlier chunk left there.
    buffer[used] = 0;
    let start = parser.parse(buffer, used);
    if (used - start > MAX_RECORD_BYTES) {
      parser.line++;
      const problem = `expected rows of at most ${MAX_RECORD_BYTES} bytes, got a longer one; is a quote left open?`;
      rows.reject(parser.line, "line too long", problem);
      const lineEnd = buffer.subarray(start, used).indexOf(LF);
      isDiscarding = lineEnd < 0;
      start = lineEnd < 0 ? used : start + lineEnd + 1;
    }
    buffer.copyWithin(0, start, used);
    used -= start;
    if (used > MAX_RECORD_BYTES) parse();
  };
  for await (const bytes of readBytes(path, onRaw)) {
    let chunk = bytes;
    if (isFirst) {
      isFirst = false;
      refuseBinary(chunk, rows);
      if (chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) chunk = chunk.subarray(3);
    }
    if (isDiscarding) {
      const lineEnd = chunk.indexOf(LF);
      if (lineEnd < 0) continue;
      isDiscarding = false;
      chunk = chunk.subarray(lineEnd + 1);
    }
    append(chunk);
    parse();
  }
  if (used > 0 && buffer[used - 1] !== LF) append(Uint8Array.of(LF));
  if (used > 0) parse();
  if (used > 0) parser.refuseRest(buffer, 0, used);
}

function refuseBinary(head: Uint8Array, rows: CatalogueRows): void {
  const other = describeOtherEncoding(head);
  if (other !== null) rows.fail(undefined, other);
  if (head.indexOf(0) >= 0) {
    rows.fail(undefined, "expected CSV, JSON lines or Parquet, got bytes of value 0; is it a binary file?");
  }
}

/** The text of bytes[start, end), or null when they are not UTF-8. */
export function textOf(bytes: Uint8Array, start: number, end: number): string | null {
  if (!isAscii(bytes, start, end)) return decodeUtf8(bytes, start, end);
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}
