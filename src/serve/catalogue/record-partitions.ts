/**
 * @file Records on their way from the source's order to that of their buckets, in bounded memory.
 *
 *   add ──by the hash's top 6 bits──▶ 64 buffers of at most 1 MiB ──when full──▶ one file beside the store
 *   take(p) ◀── what the file has of partition p, then what its buffer has: in the source's order
 *
 * Buckets are ranges of hashes, so a partition is a range of buckets: each is grouped alone, in memory, and the store is
 * written from its beginning to its end. A catalogue below some tens of megabytes never touches the file.
 */
import { closeSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { murmur3 } from "../../data/murmur3.js";
import type { CatalogueItem } from "../../mach/search-contract.js";
import { MAX_RECORD_BYTES, writeRecord } from "./store-layout.js";

export const NUM_PARTITIONS = 64;
const PARTITION_SHIFT = 26;
const FIRST_BYTES = 1 << 14;
const MOST_BYTES = 1 << 20;
/** Before each record: its label's hash, u32. */
export const HASH_BYTES = 4;
/** The label's length and bytes start here within a record. */
const LABEL_AT = 2;

interface Partition {
  buffer: Buffer;
  used: number;
  readonly spilled: { readonly offset: number; readonly bytes: number }[];
}

export class RecordPartitions {
  numRecords = 0;
  private readonly spillPath: string;
  private spill: number | null = null;
  private spilledBytes = 0;
  private readonly partitions: Partition[];

  /** `spillPath` is made when it is needed, and removed by `dispose`. */
  constructor(spillPath: string) {
    this.spillPath = spillPath;
    this.partitions = Array.from({ length: NUM_PARTITIONS }, () => ({
      buffer: Buffer.allocUnsafeSlow(FIRST_BYTES),
      used: 0,
      spilled: [],
    }));
  }

  /** Keeps one record; values are within MAX_VALUE_BYTES. */
  add(label: string, item: CatalogueItem): void {
    const end = writeRecord(scratch, HASH_BYTES, label, item);
    const labelStart = HASH_BYTES + LABEL_AT + 2;
    const hash = murmur3(scratch, labelStart, labelStart + scratch.readUInt16LE(HASH_BYTES + LABEL_AT));
    scratch.writeUInt32LE(hash, 0);
    const partition = this.partitions[hash >>> PARTITION_SHIFT];
    if (partition.used + end > partition.buffer.length) this.makeRoom(partition, end);
    scratch.copy(partition.buffer, partition.used, 0, end);
    partition.used += end;
    this.numRecords++;
  }

  /** Hashes and records of a partition, in the order they came; its memory is given up. */
  take(p: number): Buffer {
    const partition = this.partitions[p];
    const spilledBytes = partition.spilled.reduce((sum, { bytes }) => sum + bytes, 0);
    const all = Buffer.allocUnsafeSlow(spilledBytes + partition.used);
    let at = 0;
    for (const { offset, bytes } of partition.spilled) {
      for (const end = at + bytes; at < end; ) {
        const from = offset + bytes - (end - at);
        const read = readSync(this.spill as number, all, at, end - at, from);
        if (read === 0) throw new Error(`${this.spillPath}: ends before byte ${from}; is something else writing it?`);
        at += read;
      }
    }
    partition.buffer.copy(all, at, 0, partition.used);
    partition.buffer = Buffer.alloc(0);
    return all;
  }

  /** Closes and removes the file. */
  dispose(): void {
    if (this.spill === null) return;
    closeSync(this.spill);
    this.spill = null;
    rmSync(this.spillPath, { force: true });
  }

  private makeRoom(partition: Partition, needed: number): void {
    const { buffer, used } = partition;
    if (buffer.length < MOST_BYTES) {
      const grown = Buffer.allocUnsafeSlow(Math.min(MOST_BYTES, Math.max(4 * buffer.length, used + needed)));
      buffer.copy(grown, 0, 0, used);
      partition.buffer = grown;
      if (used + needed <= grown.length) return;
    }
    this.spill ??= openSync(this.spillPath, "wx+");
    for (let done = 0; done < used; )
      done += writeSync(this.spill, buffer, done, used - done, this.spilledBytes + done);
    partition.spilled.push({ offset: this.spilledBytes, bytes: used });
    this.spilledBytes += used;
    partition.used = 0;
  }
}

const scratch = Buffer.allocUnsafeSlow(HASH_BYTES + MAX_RECORD_BYTES);
