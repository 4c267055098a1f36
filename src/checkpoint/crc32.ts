/**
 * @file CRC-32 as in zip and PNG: reflected polynomial 0xEDB88320, initial and final complement. Finds accidents: all
 * bursts up to 32 bits. Source: ISO 3309 and the table-driven form in RFC 1952, §8.
 */
const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let c = byte;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

/** CRC-32 of `bytes`, unsigned. */
export function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) c = TABLE[(c ^ bytes[i]) & 0xff] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}
