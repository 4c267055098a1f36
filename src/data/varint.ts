/**
 * @file Many small counts in little JSON: LEB128 (seven bits a byte, lowest first, 0x80 = more follows), then base64.
 */

/** Counts below 2³² as base64 text. */
export function encodeCounts(counts: Uint32Array): string {
  let text = "";
  // A multiple of 3 bytes a piece, so that the pieces' base64 joins without padding.
  const piece = new Uint8Array(3 * 8192);
  let used = 0;
  const put = (byte: number): void => {
    piece[used++] = byte;
    if (used === piece.length) {
      text += btoa(String.fromCharCode(...piece));
      used = 0;
    }
  };
  for (let i = 0; i < counts.length; i++) {
    let n = counts[i];
    for (; n > 127; n >>>= 7) put((n & 127) | 128);
    put(n);
  }
  return text + btoa(String.fromCharCode(...piece.subarray(0, used)));
}

/** The inverse. @throws {RangeError} unless `text` holds exactly `length` counts. */
export function decodeCounts(text: string, length: number): Uint32Array {
  const binary = atob(text);
  const counts = new Uint32Array(length);
  let at = 0;
  for (let i = 0; i < length; i++) {
    let n = 0;
    for (let scale = 1; ; scale *= 128) {
      if (at >= binary.length || scale > 2 ** 28) throw new RangeError(`expected ${length} counts, got fewer`);
      const byte = binary.charCodeAt(at++);
      n += (byte & 127) * scale;
      if (byte < 128) break;
    }
    counts[i] = n;
  }
  if (at !== binary.length) throw new RangeError(`expected ${length} counts, got more`);
  return counts;
}

/** How many counts `text` holds: for hashed features it must be 2^bits. */
export function numCounts(text: string): number {
  const binary = atob(text);
  let n = 0;
  for (let i = 0; i < binary.length; i++) if (binary.charCodeAt(i) < 128) n++;
  return n;
}
