/** @file Is a text in another encoding than UTF-8? Its first bytes may say so. */

/**
 * What to do with a text that begins with `head` and, by its byte order mark, is UTF-16 or UTF-32; null for others.
 * UTF-16 that begins with a character of value 0 reads as UTF-32: no text does.
 */
export function describeOtherEncoding(head: Uint8Array): string | null {
  const [a, b, c, d] = head;
  const isLittle = a === 0xff && b === 0xfe;
  if (!isLittle && !(a === 0xfe && b === 0xff)) return null;
  const name = isLittle && c === 0 && d === 0 ? "UTF-32" : "UTF-16";
  return `expected UTF-8, got ${name} (its byte order mark); convert it: iconv -f ${name.toLowerCase()} -t utf-8`;
}
