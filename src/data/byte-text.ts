/**
 * @file Small questions about bytes that should be text: are they UTF-8, and how do they look in a message?
 */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder();
const SHOWN_BYTES = 40;

/** True when all of bytes[start, end) are below 0x80. */
export function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] > 127) return false;
  return true;
}

/** The text of bytes[start, end), or null when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | null {
  try {
    // TextDecoder refuses shared memory, and file chunks never are; a copy is made only if they should be.
    return strict.decode(bytes.subarray(start, end));
  } catch {
    return null;
  }
}

/** The bytes in double quotes for an error message: 40 at most, control characters escaped. */
export function describeBytes(bytes: Uint8Array, start: number, end: number): string {
  const shown = lenient.decode(bytes.subarray(start, Math.min(end, start + SHOWN_BYTES)));
  return JSON.stringify(end - start > SHOWN_BYTES ? `${shown}…` : shown);
}

/** The first few whole lines of the head of a file, without line ends; the last counts only if it is complete. */
export function headLines(head: Uint8Array, maxLines: number): string[] {
  const lines = lenient.decode(head.subarray(0, 65_536)).split("\n");
  if (lines.length > 1) lines.pop();
  return lines.slice(0, maxLines).map((line) => line.replace(/\r$/, ""));
}
