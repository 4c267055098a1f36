/**
 * @file Many small counts in few bytes: LEB128, seven bits a byte, lowest first, 0x80 = more follows.
 *
 * As data/varint.ts, but as bytes: these stand in files, those in JSON.
 */

/** Counts below 2³². */
export function encodeByteCounts(counts: ArrayLike<number>): Uint8Array {
  let bytes = new Uint8Array(2 * counts.length + 8);
  let used = 0;
  for (let i = 0; i < counts.length; i++) {
    if (used + 5 > bytes.length) {
      const grown = new Uint8Array(2 * bytes.length);
      grown.set(bytes);
      bytes = grown;
    }
    let n = counts[i];
    for (; n > 127; n >>>= 7) bytes[used++] = (n & 127) | 128;
    bytes[used++] = n;
  }
  return bytes.subarray(0, used);
}

/** The inverse: `length` counts from `start` on, and where they end. @throws {RangeError} if `bytes` ends before. */
export function decodeByteCounts(
  bytes: Uint8Array,
  start: number,
  length: number,
): { readonly counts: Uint32Array; readonly end: number } {
  const counts = new Uint32Array(length);
  let at = start;
  for (let i = 0; i < length; i++) {
    let n = 0;
    for (let scale = 1; ; scale *= 128) {
      if (at >= bytes.length || scale > 2 ** 28) throw new RangeError(`expected ${length} counts, got fewer`);
      const byte = bytes[at++];
      n += (byte & 127) * scale;
      if (byte < 128) break;
    }
    counts[i] = n;
  }
  return { counts, end: at };
}
