/**
 * @file Which answers were given lately? The least recently used go first, when entries or bytes are more than allowed.
 *
 * A Map keeps its keys in the order of insertion: what is read is taken out and put in again, so that the first key is the
 * one to drop. Keys name the model's version (search-engine.ts), hence an answer is never stale.
 */

/** Bytes of an entry beside its value and its key: the Map's slot and ours, about. */
const ENTRY_BYTES = 100;

interface Slot<V> {
  readonly value: V;
  readonly bytes: number;
}

export class ResultCache<V> {
  hits = 0;
  misses = 0;
  private readonly slots = new Map<string, Slot<V>>();
  private readonly maxEntries: number;
  private readonly maxBytes: number;
  private readonly sizeOf: (value: V) => number;
  private usedBytes = 0;

  /** `sizeOf`: bytes of a value, about. Either limit may be 0: then nothing is kept. */
  constructor(maxEntries: number, maxBytes: number, sizeOf: (value: V) => number) {
    this.maxEntries = maxEntries;
    this.maxBytes = maxBytes;
    this.sizeOf = sizeOf;
  }

  get size(): number {
    return this.slots.size;
  }

  get bytes(): number {
    return this.usedBytes;
  }

  /** False where nothing would ever be kept, so that no key need be made. */
  get isOn(): boolean {
    return this.maxEntries > 0 && this.maxBytes > 0;
  }

  /** The value of `key`, now the most recently used; counted as a hit or a miss. */
  get(key: string): V | undefined {
    const slot = this.slots.get(key);
    if (slot === undefined) {
      this.misses++;
      return undefined;
    }
    this.hits++;
    this.slots.delete(key);
    this.slots.set(key, slot);
    return slot.value;
  }

  /** Keeps `value`, unless it alone is larger than the cache. */
  set(key: string, value: V): void {
    const bytes = this.sizeOf(value) + 2 * key.length + ENTRY_BYTES;
    this.drop(key);
    if (this.maxEntries === 0 || bytes > this.maxBytes) return;
    this.slots.set(key, { value, bytes });
    this.usedBytes += bytes;
    while (this.slots.size > this.maxEntries || this.usedBytes > this.maxBytes) {
      const oldest = this.slots.keys().next();
      if (oldest.done === true) break;
      this.drop(oldest.value);
    }
  }

  /** Drops everything; the counts stay. */
  clear(): void {
    this.slots.clear();
    this.usedBytes = 0;
  }

  private drop(key: string): void {
    const slot = this.slots.get(key);
    if (slot === undefined) return;
    this.usedBytes -= slot.bytes;
    this.slots.delete(key);
  }
}
