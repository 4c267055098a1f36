/**
 * @file Which 32-bit number stands for these bytes? MurmurHash3_x86_32 with seed 0: the same on every machine.
 *
 * Hash tables of names (byte-table.ts) and hashed features (text-vectorizer.ts) use it; a model that was trained with
 * hashed features depends on these very numbers, so they must never change.
 *
 * Source: Appleby, MurmurHash3.cpp, 2011 (public domain).
 */

/** MurmurHash3_x86_32 of bytes[start, end), seed 0, unsigned. */
export function murmur3(bytes: Uint8Array, start: number, end: number): number {
  let h = 0;
  let i = start;
  for (const last = end - 3; i < last; i += 4) {
    let k = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    k = Math.imul(k, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  const rest = end - i;
  if (rest > 0) {
    let k = bytes[i];
    if (rest > 1) k |= bytes[i + 1] << 8;
    if (rest > 2) k |= bytes[i + 2] << 16;
    k = Math.imul(k, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
  }
  h ^= end - start;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h >>> 0;
}
