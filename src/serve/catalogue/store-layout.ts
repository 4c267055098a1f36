/**
 * @file Which bytes are a catalogue's store? A hash table in a file: written once, then only read.
 *
 *   offset                size     what
 *   0                     8        "mwcatlg1"
 *   8                     …        records, grouped by bucket, buckets in order
 *   directory             8·(M+1)  f64: where bucket 0 … M−1 starts in the file, then where the last ends
 *   directory + 8·(M+1)   H        JSON: StoreHeader
 *   size − 20             4        u32: H
 *   size − 16             4        u32: M
 *   size − 12             4        u32: CRC-32 of directory and JSON
 *   size − 8              8        "mwcatlg1"
 *
 *   a record   u16 bytes of the record · then for label, title, url, image, price: u16 bytes, UTF-8
 *              (65535 instead of a length: the row does not say)
 *
 * A label is in bucket ⌊h·M/2³²⌋, h its murmur3. With M some eighth of the labels a bucket is about a kilobyte, and the
 * directory, which is all that a reader keeps in memory, about a byte a label: a lookup is one read of the file.
 * u16 and u32 are little-endian; the directory is in the machine's order: a store is a cache, never sent anywhere.
 */
import type { CatalogueItem } from "../../mach/search-contract.js";
import type { CatalogueReport } from "./catalogue.js";
import type { CatalogueColumns } from "./catalogue-columns.js";

export const MAGIC = "mwcatlg1";
export const MAGIC_BYTES = 8;
export const TRAILER_BYTES = 20;
/** Longest value, in bytes: a record of five fits 65,534 bytes. */
export const MAX_VALUE_BYTES = 8192;
/** Labels a bucket, on average. */
export const LABELS_PER_BUCKET = 8;
const ABSENT = 0xffff;
const NUM_FIELDS = 5;
/** Longest record. */
export const MAX_RECORD_BYTES: number = 2 + NUM_FIELDS * (2 + MAX_VALUE_BYTES);

/** What a store says of itself. */
export interface StoreHeader {
  readonly source: { readonly sizeBytes: number; readonly mtimeMs: number; readonly sha256: string };
  readonly columns: CatalogueColumns;
  readonly numItems: number;
  readonly report: CatalogueReport;
}

/** Bucket of a label with hash `hash` (unsigned 32 bits) among `numBuckets`. */
export function bucketOf(hash: number, numBuckets: number): number {
  return Math.floor((hash * numBuckets) / 2 ** 32);
}

/** Writes a record at `out[at…]`; there are MAX_RECORD_BYTES of room. @returns where it ends. */
export function writeRecord(out: Buffer, at: number, label: string, item: CatalogueItem): number {
  let end = writeValue(out, at + 2, label);
  end = writeValue(out, end, item.title);
  end = writeValue(out, end, item.url);
  end = writeValue(out, end, item.image);
  end = writeValue(out, end, item.price);
  out.writeUInt16LE(end - at, at);
  return end;
}

function writeValue(out: Buffer, at: number, value: string | undefined): number {
  if (value === undefined) {
    out.writeUInt16LE(ABSENT, at);
    return at + 2;
  }
  const bytes = out.write(value, at + 2);
  out.writeUInt16LE(bytes, at);
  return at + 2 + bytes;
}

/** True if the record at `at` is of the label whose UTF-8 is label[0, labelBytes). */
export function isRecordOf(records: Buffer, at: number, label: Buffer, labelBytes: number): boolean {
  if (records.readUInt16LE(at + 2) !== labelBytes) return false;
  return records.compare(label, 0, labelBytes, at + 4, at + 4 + labelBytes) === 0;
}

/**
 * Finds a label's item among the whole records of `records[0, end)`; undefined if it is not there.
 * @throws {RangeError} when the bytes are no records.
 */
export function findRecord(records: Buffer, end: number, label: Buffer, labelBytes: number): CatalogueItem | undefined {
  for (let at = 0; at < end; ) {
    const bytes = records.readUInt16LE(at);
    if (bytes < 4 || at + bytes > end) throw new RangeError(`expected a record, got ${bytes} bytes`);
    if (isRecordOf(records, at, label, labelBytes)) return readItem(records, at + 4 + labelBytes, at + bytes);
    at += bytes;
  }
  return undefined;
}

function readItem(records: Buffer, start: number, end: number): CatalogueItem {
  let at = start;
  const next = (): string | undefined => {
    const bytes = records.readUInt16LE(at);
    at += 2;
    if (bytes === ABSENT) return undefined;
    if (at + bytes > end) throw new RangeError(`expected a value, got ${bytes} bytes`);
    at += bytes;
    return records.toString("utf8", at - bytes, at);
  };
  const item: { title?: string; url?: string; image?: string; price?: string } = {};
  const [title, url, image, price] = [next(), next(), next(), next()];
  if (title !== undefined) item.title = title;
  if (url !== undefined) item.url = url;
  if (image !== undefined) item.image = image;
  if (price !== undefined) item.price = price;
  return item;
}
