/**
 * @file Which number has this name? Millions of distinct byte strings, numbered 0, 1, 2 … in the order they came.
 *
 *   arena    name 0 │ name 1 │ name 2 │ …        UTF-8 bytes, one after the other
 *   offsets  [size + 1]                          name i is arena[offsets[i], offsets[i + 1])
 *   slots    [2ᵏ ≥ 2·size]                       open addressing, linear probing: id + 1, or 0 for free
 *   hashes   [size]                              murmur3 of each name: compared before the bytes, reused when slots grow
 *
 * About 17 bytes a name beside the name itself, against 100 and more in a JS Map of strings. The index (slots, hashes)
 * is built on the first lookup, so that a table that only translates ids to names never pays for it.
 */
import { murmur3 } from "./murmur3.js";

const decoder = new TextDecoder();

/** What `ByteTable.find` returns for an absent name. */
export const ABSENT = -1;

/** An append-only set of byte strings with dense ids. */
export class ByteTable {
  private arena: Uint8Array;
  private starts: Uint32Array;
  private slots: Uint32Array | null = null;
  private hashes: Uint32Array = new Uint32Array(0);
  private count: number;

  /** Empty, or over existing parts (kept, not copied): see `parts`. */
  constructor(parts?: { readonly arena: Uint8Array; readonly offsets: Uint32Array }) {
    this.arena = parts?.arena ?? new Uint8Array(1024);
    this.starts = parts?.offsets ?? new Uint32Array(64);
    this.count = parts === undefined ? 0 : parts.offsets.length - 1;
  }

  get size(): number {
    return this.count;
  }

  /** Bytes of all names together. */
  get arenaBytes(): number {
    return this.starts[this.count];
  }

  /** The names one after the other and where each starts; views of this table's memory, for writing to a file. */
  get parts(): { readonly arena: Uint8Array; readonly offsets: Uint32Array } {
    return { arena: this.arena.subarray(0, this.arenaBytes), offsets: this.starts.subarray(0, this.count + 1) };
  }

  /** The id of bytes[start, end), or ABSENT. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const slots = this.slots ?? this.buildIndex();
    const hash = murmur3(bytes, start, end);
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = slots[slot] - 1;
      if (id < 0) return ABSENT;
      if (this.hashes[id] === hash && this.equals(id, bytes, start, end)) return id;
    }
  }

  /** The id of bytes[start, end), added if new. @throws {RangeError} beyond 4 GiB of names. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    let slots = this.slots ?? this.buildIndex();
    const hash = murmur3(bytes, start, end);
    let mask = slots.length - 1;
    let slot = hash & mask;
    for (; ; slot = (slot + 1) & mask) {
      const id = slots[slot] - 1;
      if (id < 0) break;
      if (this.hashes[id] === hash && this.equals(id, bytes, start, end)) return id;
    }
    if (2 * (this.count + 1) > slots.length) {
      slots = this.growIndex();
      mask = slots.length - 1;
      slot = hash & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
    }
    const id = this.append(bytes, start, end);
    this.hashes[id] = hash;
    slots[slot] = id + 1;
    return id;
  }

  /** The bytes of name `id`: a view, valid until the next `intern`. */
  bytesOf(id: number): Uint8Array {
    return this.arena.subarray(this.starts[id], this.starts[id + 1]);
  }

  /** Name `id`, decoded from UTF-8. */
  nameOf(id: number): string {
    return decoder.decode(this.bytesOf(id));
  }

  private equals(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    let at = this.starts[id];
    if (this.starts[id + 1] - at !== end - start) return false;
    const arena = this.arena;
    for (let i = start; i < end; i++) if (arena[at++] !== bytes[i]) return false;
    return true;
  }

  private append(bytes: Uint8Array, start: number, end: number): number {
    const id = this.count;
    const at = this.starts[id];
    const next = at + (end - start);
    if (next > 0xffffffff) throw new RangeError("ByteTable.intern: expected at most 4 GiB of names, got more");
    if (next > this.arena.length) {
      const grown = new Uint8Array(Math.min(2 ** 32, Math.max(next, this.arena.length * 2)));
      grown.set(this.arena.subarray(0, at));
      this.arena = grown;
    }
    if (id + 2 > this.starts.length) this.starts = grow(this.starts, id + 2);
    if (id >= this.hashes.length) this.hashes = grow(this.hashes, id + 1);
    for (let i = start, to = at; i < end; i++) this.arena[to++] = bytes[i];
    this.starts[id + 1] = next;
    this.count = id + 1;
    return id;
  }

  private buildIndex(): Uint32Array {
    this.hashes = new Uint32Array(Math.max(64, this.count));
    for (let id = 0; id < this.count; id++) this.hashes[id] = murmur3(this.arena, this.starts[id], this.starts[id + 1]);
    return this.growIndex();
  }

  private growIndex(): Uint32Array {
    let length = 128;
    while (length < 4 * this.count) length *= 2;
    const slots = new Uint32Array(length);
    const mask = length - 1;
    for (let id = 0; id < this.count; id++) {
      let slot = this.hashes[id] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.slots = slots;
    return slots;
  }
}

function grow(array: Uint32Array, atLeast: number): Uint32Array {
  const grown = new Uint32Array(Math.max(atLeast, array.length * 2));
  grown.set(array);
  return grown;
}
