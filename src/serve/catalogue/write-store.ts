/**
 * @file From records in the source's order to a store: each partition's duplicates are dropped, its buckets counted and
 * filled, and the file appears whole, under its own name, or not at all (atomic-write.node.ts says how).
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { setImmediate } from "node:timers/promises";
import { syncDirectory } from "../../checkpoint/atomic-write.node.js";
import { crc32 } from "../../checkpoint/crc32.js";
import { HASH_BYTES, NUM_PARTITIONS, type RecordPartitions } from "./record-partitions.js";
import {
  bucketOf,
  isRecordOf,
  LABELS_PER_BUCKET,
  MAGIC,
  MAGIC_BYTES,
  type StoreHeader,
  TRAILER_BYTES,
} from "./store-layout.js";

/** Called after each partition, with the share that is done; may throw to give up. */
export type WriteProgress = (fraction: number) => void;

/**
 * Writes the store `path` by way of `temporary`, which is gone afterwards. `describe` makes the header from the counts.
 * The event loop gets a turn after each of the 64 partitions.
 */
export async function writeStore(
  path: string,
  temporary: string,
  records: RecordPartitions,
  describe: (numItems: number, numDuplicates: number) => StoreHeader,
  onProgress: WriteProgress,
): Promise<void> {
  const perPartition = Math.max(1, Math.ceil(records.numRecords / (LABELS_PER_BUCKET * NUM_PARTITIONS)));
  const numBuckets = perPartition * NUM_PARTITIONS;
  const starts = new Float64Array(numBuckets + 1);
  let numItems = 0;
  let fd: number | null = openSync(temporary, "wx");
  try {
    let offset = write(fd, Buffer.from(MAGIC));
    for (let p = 0; p < NUM_PARTITIONS; p++) {
      const grouped = groupByBucket(records.take(p), p * perPartition, perPartition, numBuckets);
      numItems += grouped.numRecords;
      for (let b = 0; b < perPartition; b++) starts[p * perPartition + b] = offset + grouped.starts[b];
      offset += write(fd, grouped.records);
      onProgress((p + 1) / NUM_PARTITIONS);
      await setImmediate();
    }
    starts[numBuckets] = offset;
    const header = Buffer.from(JSON.stringify(describe(numItems, records.numRecords - numItems)));
    const tail = Buffer.concat([Buffer.from(starts.buffer), header]);
    const trailer = Buffer.alloc(TRAILER_BYTES);
    trailer.writeUInt32LE(header.length, 0);
    trailer.writeUInt32LE(numBuckets, 4);
    trailer.writeUInt32LE(crc32(tail), 8);
    trailer.write(MAGIC, TRAILER_BYTES - MAGIC_BYTES, "latin1");
    write(fd, tail);
    write(fd, trailer);
    fsyncSync(fd);
    closeSync(fd);
    fd = null;
    renameSync(temporary, path);
  } catch (error) {
    if (fd !== null) closeSync(fd);
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}

function write(fd: number, bytes: Uint8Array): number {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done);
  return bytes.length;
}

interface Grouped {
  readonly records: Buffer;
  /** Where each bucket starts in `records`. */
  readonly starts: Float64Array;
  readonly numRecords: number;
}

/** Orders a partition's records by bucket; of several with one label the last stays. */
function groupByBucket(entries: Buffer, firstBucket: number, numBuckets: number, allBuckets: number): Grouped {
  const ats: number[] = [];
  const buckets: number[] = [];
  // Latest record of each hash, and for each record the one before it of the same hash and another label.
  const latest = new Map<number, number>();
  const previous: number[] = [];
  const isSuperseded: boolean[] = [];
  const bytesOf = new Float64Array(numBuckets);
  for (let at = 0; at < entries.length; ) {
    const hash = entries.readUInt32LE(at);
    const record = at + HASH_BYTES;
    const bytes = entries.readUInt16LE(record);
    const i = ats.length;
    ats.push(record);
    buckets.push(bucketOf(hash, allBuckets) - firstBucket);
    isSuperseded.push(false);
    bytesOf[buckets[i]] += bytes;
    previous.push(latest.get(hash) ?? -1);
    latest.set(hash, i);
    for (let j = previous[i], behind = i; j >= 0; behind = j, j = previous[j]) {
      if (!isSameLabel(entries, record, ats[j])) continue;
      isSuperseded[j] = true;
      bytesOf[buckets[j]] -= entries.readUInt16LE(ats[j]);
      previous[behind] = previous[j];
      break;
    }
    at = record + bytes;
  }
  const starts = new Float64Array(numBuckets);
  let total = 0;
  for (let b = 0; b < numBuckets; b++) {
    starts[b] = total;
    total += bytesOf[b];
  }
  const records = Buffer.allocUnsafeSlow(total);
  const ends = starts.slice();
  let numRecords = 0;
  for (let i = 0; i < ats.length; i++) {
    if (isSuperseded[i]) continue;
    const bytes = entries.readUInt16LE(ats[i]);
    entries.copy(records, ends[buckets[i]], ats[i], ats[i] + bytes);
    ends[buckets[i]] += bytes;
    numRecords++;
  }
  return { records, starts, numRecords };
}

function isSameLabel(entries: Buffer, a: number, b: number): boolean {
  const bytes = entries.readUInt16LE(a + 2);
  return isRecordOf(entries, b, entries.subarray(a + 4, a + 4 + bytes), bytes);
}
