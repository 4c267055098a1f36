/**
 * @file What are the labels called? labels.bin of a model for browsers: a label table without its addresses.
 *
 *   counts   L numbers, LEB128, training rows of each label      (only if counted)
 *   lengths  L numbers, LEB128, bytes of each name               (only if named)
 *   names    UTF-8, no separators                                (only if named)
 *
 * Packed by gzip this is half of a packed labels.bin of a model directory, whose offsets are 4 bytes each.
 */
import { FormatError } from "../core/errors.js";
import { LabelTable } from "../data/label-table.js";
import { decodeByteCounts, encodeByteCounts } from "./byte-counts.js";
import type { PortableIndex } from "./portable-index.js";

const encoder = new TextEncoder();

/** The file of `table`, not packed. */
export function encodeLabels(table: LabelTable): Uint8Array {
  const parts: Uint8Array[] = [];
  if (table.labelCounts !== null) parts.push(encodeByteCounts(table.labelCounts));
  if (table.form === "named") {
    const names = Array.from({ length: table.numLabels }, (_, id) => encoder.encode(table.nameOf(id)));
    parts.push(encodeByteCounts(names.map((name) => name.length)), concatenate(names));
  }
  return concatenate(parts);
}

/** The table of `bytes`. @throws {FormatError} naming `file` if they are not those of L labels. */
export function decodeLabels(
  bytes: Uint8Array,
  numLabels: number,
  { named, counted }: PortableIndex["labels"],
  file: string,
): LabelTable {
  try {
    const counts = counted ? decodeByteCounts(bytes, 0, numLabels) : null;
    const lengths = named ? decodeByteCounts(bytes, counts?.end ?? 0, numLabels) : null;
    const start = lengths?.end ?? counts?.end ?? 0;
    const end = lengths?.counts.reduce((sum, length) => sum + length, start) ?? start;
    if (end !== bytes.length) {
      throw new RangeError(`expected ${end} bytes for ${numLabels} labels, got ${bytes.length}`);
    }
    const names = lengths && { lengths: lengths.counts, arena: bytes.subarray(start) };
    return tableOf(numLabels, counts?.counts ?? null, names, file);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new FormatError({ file }, `${error.message}; export the model again`);
  }
}

/** By way of the layout that LabelTable reads, label-table.ts. */
function tableOf(
  numLabels: number,
  counts: Uint32Array | null,
  names: { readonly lengths: Uint32Array; readonly arena: Uint8Array } | null,
  file: string,
): LabelTable {
  const header = new DataView(new ArrayBuffer(32));
  encoder.encodeInto("MWLABELS", new Uint8Array(header.buffer));
  header.setUint32(8, 1, true);
  header.setUint32(12, (names === null ? 0 : 1) | (counts === null ? 0 : 2), true);
  header.setUint32(16, numLabels, true);
  header.setBigUint64(24, BigInt(names?.arena.length ?? 0), true);
  const parts: Uint8Array[] = [new Uint8Array(header.buffer)];
  if (counts !== null) parts.push(new Uint8Array(counts.buffer, counts.byteOffset, counts.byteLength));
  if (names !== null) {
    const offsets = new Uint32Array(numLabels + 1);
    for (let id = 0; id < numLabels; id++) offsets[id + 1] = offsets[id] + names.lengths[id];
    parts.push(new Uint8Array(offsets.buffer), names.arena);
  }
  return LabelTable.fromBytes(concatenate(parts), file);
}

/** All `parts` one after another. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
