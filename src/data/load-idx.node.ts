/**
 * @file Reading an idx file, plain or gzipped, as a whole: its arrays are of a size that memory holds.
 */
import { readBytes } from "./byte-source.node.js";
import { type IdxArray, parseIdx } from "./idx.js";

/**
 * The array in the idx file at `path`; gzip is told by its first bytes.
 * @throws {FormatError} when the file is absent, a directory, in another compression, no idx file, cut off, or longer
 * than its header says.
 */
export async function loadIdx(path: string): Promise<IdxArray> {
  // A chunk's memory is reused for the next one.
  const chunks: Uint8Array[] = [];
  for await (const chunk of readBytes(path)) chunks.push(chunk.slice());
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return parseIdx(bytes, path);
}
