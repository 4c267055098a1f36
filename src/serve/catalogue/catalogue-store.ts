/**
 * @file The item of a label from a store (store-layout.ts), in one read of some kilobyte; items asked for lately, and
 * labels that have none, are kept in memory. Nothing is written: any number of processes may have the same store open.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { LRUCache } from "lru-cache";
import { crc32 } from "../../checkpoint/crc32.js";
import { FormatError } from "../../core/errors.js";
import { murmur3 } from "../../data/murmur3.js";
import type { CatalogueItem } from "../../mach/search-contract.js";
import type { Catalogue, CatalogueReport } from "./catalogue.js";
import {
  bucketOf,
  findRecord,
  MAGIC,
  MAGIC_BYTES,
  MAX_VALUE_BYTES,
  type StoreHeader,
  TRAILER_BYTES,
} from "./store-layout.js";

/** In the cache, for a label that has no item. */
const ABSENT = Symbol("no item");

/** A store that is open. */
export class CatalogueStore implements Catalogue {
  readonly path: string;
  readonly header: StoreHeader;
  private readonly fd: number;
  private readonly starts: Float64Array;
  private readonly recent: LRUCache<string, CatalogueItem | typeof ABSENT>;
  private readonly label = Buffer.allocUnsafeSlow(MAX_VALUE_BYTES);
  private records = Buffer.allocUnsafeSlow(1 << 14);
  private isOpen = true;

  private constructor(path: string, fd: number, header: StoreHeader, starts: Float64Array, cacheItems: number) {
    this.path = path;
    this.fd = fd;
    this.header = header;
    this.starts = starts;
    this.recent = new LRUCache({ max: cacheItems });
  }

  /** @throws {FormatError} when the file is no store, or damaged; system errors as they are. */
  static open(path: string, cacheItems: number): CatalogueStore {
    const fd = openSync(path, "r");
    try {
      const { header, starts } = readTail(path, fd);
      return new CatalogueStore(path, fd, header, starts, cacheItems);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  get size(): number {
    return this.header.numItems;
  }

  get report(): CatalogueReport {
    return this.header.report;
  }

  /** @throws {FormatError} if the store was damaged since it was opened. */
  itemOf(label: string): CatalogueItem | undefined {
    const known = this.recent.get(label);
    if (known !== undefined) return known === ABSENT ? undefined : known;
    const item = this.read(label);
    this.recent.set(label, item ?? ABSENT);
    return item;
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    closeSync(this.fd);
    this.recent.clear();
  }

  private read(label: string): CatalogueItem | undefined {
    if (!this.isOpen) throw new Error(`${this.path}: asked for an item after it was closed`);
    // A label that does not fit was cut, and is in no row: rows with such labels are refused.
    if (label.length > MAX_VALUE_BYTES || Buffer.byteLength(label) > MAX_VALUE_BYTES) return undefined;
    const labelBytes = this.label.write(label);
    const bucket = bucketOf(murmur3(this.label, 0, labelBytes), this.starts.length - 1);
    const start = this.starts[bucket];
    const bytes = this.starts[bucket + 1] - start;
    if (bytes === 0) return undefined;
    if (bytes > this.records.length) this.records = Buffer.allocUnsafeSlow(2 * bytes);
    readFully(this.path, this.fd, this.records, bytes, start);
    try {
      return findRecord(this.records, bytes, this.label, labelBytes);
    } catch (error) {
      throw damaged(this.path, `unreadable records at byte ${start}`, error);
    }
  }
}

function readTail(path: string, fd: number): { header: StoreHeader; starts: Float64Array } {
  const { size } = fstatSync(fd);
  if (size < MAGIC_BYTES + TRAILER_BYTES) throw damaged(path, `${size} bytes`);
  const trailer = Buffer.alloc(TRAILER_BYTES);
  readFully(path, fd, trailer, TRAILER_BYTES, size - TRAILER_BYTES);
  if (trailer.toString("latin1", TRAILER_BYTES - MAGIC_BYTES) !== MAGIC) throw damaged(path, "another end");
  const headerBytes = trailer.readUInt32LE(0);
  const directoryBytes = 8 * (trailer.readUInt32LE(4) + 1);
  const tailStart = size - TRAILER_BYTES - headerBytes - directoryBytes;
  if (tailStart < MAGIC_BYTES) throw damaged(path, "too few bytes");
  const tail = Buffer.allocUnsafeSlow(directoryBytes + headerBytes);
  readFully(path, fd, tail, tail.length, tailStart);
  if (crc32(tail) !== trailer.readUInt32LE(8)) throw damaged(path, "another checksum");
  const starts = new Float64Array(tail.buffer.slice(0, directoryBytes));
  return { header: JSON.parse(tail.toString("utf8", directoryBytes)) as StoreHeader, starts };
}

function readFully(path: string, fd: number, into: Buffer, bytes: number, position: number): void {
  for (let done = 0; done < bytes; ) {
    const read = readSync(fd, into, done, bytes - done, position + done);
    if (read === 0) throw damaged(path, `its end before byte ${position + bytes}`);
    done += read;
  }
}

function damaged(path: string, got: string, cause?: unknown): FormatError {
  const problem = `expected a whole catalogue store, got ${got}; remove the file, it will be made again`;
  return new FormatError({ file: path }, problem, cause === undefined ? undefined : { cause });
}

/** True if the file begins as a store does, whole or not: it may be replaced. @throws system errors. */
export function beginsAsStore(path: string): boolean {
  const fd = openSync(path, "r");
  try {
    const head = Buffer.alloc(MAGIC_BYTES);
    return readSync(fd, head, 0, MAGIC_BYTES, 0) === MAGIC_BYTES && head.toString("latin1") === MAGIC;
  } finally {
    closeSync(fd);
  }
}
