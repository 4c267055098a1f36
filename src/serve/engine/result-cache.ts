/**
 * @file Which answers were given lately? The least recently used go first, when entries or bytes are more than allowed.
 *
 * Keys name the model's version (search-engine.ts), hence an answer is never stale.
 */
import { LRUCache } from "lru-cache";

/** Bytes of an entry beside its value and its key, about: its slots in the cache's tables. */
const ENTRY_BYTES = 100;

export class ResultCache<V extends object> {
  hits = 0;
  misses = 0;
  /** Null where nothing is to be kept. */
  private readonly entries: LRUCache<string, V> | null;

  /** `sizeOf`: bytes of a value, about. Either limit may be 0: then nothing is kept. */
  constructor(maxEntries: number, maxBytes: number, sizeOf: (value: V) => number) {
    if (maxEntries === 0 || maxBytes === 0) {
      this.entries = null;
      return;
    }
    this.entries = new LRUCache<string, V>({
      max: maxEntries,
      maxSize: maxBytes,
      sizeCalculation: (value, key) => sizeOf(value) + 2 * key.length + ENTRY_BYTES,
    });
  }

  get size(): number {
    return this.entries?.size ?? 0;
  }

  get bytes(): number {
    return this.entries?.calculatedSize ?? 0;
  }

  /** False where nothing would ever be kept, so that no key need be made. */
  get isOn(): boolean {
    return this.entries !== null;
  }

  /** The value of `key`, now the most recently used; counted as a hit or a miss. */
  get(key: string): V | undefined {
    const value = this.entries?.get(key);
    if (value === undefined) this.misses++;
    else this.hits++;
    return value;
  }

  /** Keeps `value`, unless it alone is larger than the cache; an earlier value of `key` goes in any case. */
  set(key: string, value: V): void {
    this.entries?.set(key, value);
  }

  /** Drops everything; the counts stay. */
  clear(): void {
    this.entries?.clear();
  }
}
