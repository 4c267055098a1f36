/**
 * @file Which number has this name? Millions of distinct byte strings, numbered 0, 1, 2 … in the order they came.
 *
 *   arena    name 0 │ name 1 │ name 2 │ …        UTF-8 bytes, one after the other
 *   offsets  [size + 1]                          name i is arena[offsets[i], offsets[i + 1])
 *   slots    [2 × 2ᵏ]                            open addressing, linear probing, at most ⅔ full. Slot s is a pair:
 *                                                slots[2s] = id + 1, or 0 for free; slots[2s + 1] = murmur3 of the name
 *
 * The hash beside the id spares a cache miss for each name passed by, and the names when slots grow. 16 to 28 bytes a
 * name beside the name itself, against 100 and more in a JS Map of strings. The slots are filled on the first lookup, so
 * that a table that only translates ids to names never pays for them.
 */
import { murmur3 } from "./murmur3.js";

const decoder = new TextDecoder();

/** What `ByteTable.find` returns for an absent name. */
export const ABSENT = -1;

/** An append-only set of byte strings with dense ids. */
export class ByteTable {
  private arena: Uint8Array;
  private starts: Uint32Array;
  private slots: Uint32Array | null;
  private count: number;

  /** Empty, or over existing parts (kept, not copied): see `parts` and `index`. */
  constructor(parts?: { readonly arena: Uint8Array; readonly offsets: Uint32Array; readonly slots?: Uint32Array }) {
    this.arena = parts?.arena ?? new Uint8Array(1024);
    this.starts = parts?.offsets ?? new Uint32Array(64);
    this.count = parts === undefined ? 0 : parts.offsets.length - 1;
    this.slots = parts?.slots ?? null;
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

  /** The slots, filled if they were not: a table over the same parts and slots finds names at once. */
  get index(): Uint32Array {
    return this.slots ?? this.buildIndex();
  }

  /** The id of bytes[start, end), or ABSENT. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const slots = this.slots ?? this.buildIndex();
    const hash = murmur3(bytes, start, end);
    const mask = slots.length - 1;
    for (let at = (hash << 1) & mask; ; at = (at + 2) & mask) {
      const id = slots[at] - 1;
      if (id < 0) return ABSENT;
      if (slots[at + 1] === hash && this.equals(id, bytes, start, end)) return id;
    }
  }

  /** The id of bytes[start, end), added if new. @throws {RangeError} beyond 4 GiB of names. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    let slots = this.slots ?? this.buildIndex();
    const hash = murmur3(bytes, start, end);
    const mask = slots.length - 1;
    let at = (hash << 1) & mask;
    for (; ; at = (at + 2) & mask) {
      const id = slots[at] - 1;
      if (id < 0) break;
      if (slots[at + 1] === hash && this.equals(id, bytes, start, end)) return id;
    }
    const id = this.append(bytes, start, end);
    if (3 * this.count > slots.length) {
      slots = this.growIndex(slots);
      at = freeSlot(slots, hash);
    }
    slots[at] = id + 1;
    slots[at + 1] = hash;
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
    for (let i = start, to = at; i < end; i++) this.arena[to++] = bytes[i];
    this.starts[id + 1] = next;
    this.count = id + 1;
    return id;
  }

  private buildIndex(): Uint32Array {
    let length = 256;
    while (length < 3 * this.count + 3) length *= 2;
    const slots = new Uint32Array(length);
    for (let id = 0; id < this.count; id++) {
      const hash = murmur3(this.arena, this.starts[id], this.starts[id + 1]);
      const at = freeSlot(slots, hash);
      slots[at] = id + 1;
      slots[at + 1] = hash;
    }
    this.slots = slots;
    return slots;
  }

  private growIndex(old: Uint32Array): Uint32Array {
    const slots = new Uint32Array(2 * old.length);
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] === 0) continue;
      const at = freeSlot(slots, old[i + 1]);
      slots[at] = old[i];
      slots[at + 1] = old[i + 1];
    }
    this.slots = slots;
    return slots;
  }
}

/** Where the pair of a new name with this hash goes. */
function freeSlot(slots: Uint32Array, hash: number): number {
  const mask = slots.length - 1;
  let at = (hash << 1) & mask;
  while (slots[at] !== 0) at = (at + 2) & mask;
  return at;
}

function grow(array: Uint32Array, atLeast: number): Uint32Array {
  const grown = new Uint32Array(Math.max(atLeast, array.length * 2));
  grown.set(array);
  return grown;
}
