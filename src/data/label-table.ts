/**
 * @file What is label 4711 called, and which label is "hp:hp-ux"? Names and numbers of up to 2³² labels.
 *
 * Two forms: `integers` (label i is called "i": nothing is stored) and `named` (names in one arena, byte-table.ts).
 * With each label goes its number of training rows, which priors and propensities need.
 *
 * File `labels.bin`, little-endian:
 *
 *   offset  size     what
 *   0       8        "MWLABELS"
 *   8       4        version, 1
 *   12      4        flags: bit 0 named, bit 1 counts present
 *   16      4        L, number of labels
 *   20      4        0
 *   24      8        A, bytes of all names (0 for integers)
 *   32      4·L      training rows of each label      (only with bit 1)
 *   …       4·(L+1)  where each name starts; last = A (only with bit 0)
 *   …       A        names, UTF-8, no separators      (only with bit 0)
 *
 * To read name i: two numbers at the offsets, then a slice. Loading copies nothing and builds no index before the first
 * lookup by name.
 */
import { FormatError } from "../core/errors.js";
import { ABSENT, ByteTable } from "./byte-table.js";
import type { LabelLists } from "./dataset.js";

const MAGIC = "MWLABELS";
const VERSION = 1;
const HEADER_BYTES = 32;
const NAMED = 1;
const COUNTED = 2;

const encoder = new TextEncoder();

/** Label ids ↔ external names, and training rows of each label. */
export class LabelTable {
  private readonly names: ByteTable | null;
  private numIntegers: number;
  private counts: Uint32Array | null = null;

  private constructor(names: ByteTable | null, numIntegers: number) {
    this.names = names;
    this.numIntegers = numIntegers;
  }

  /** Labels 0 … numLabels − 1, called by their decimal form. */
  static integers(numLabels: number): LabelTable {
    return new LabelTable(null, numLabels);
  }

  /** Labels 0, 1, … called by these names, each once; `intern` adds more. */
  static named(names: Iterable<string> = []): LabelTable {
    const table = new LabelTable(new ByteTable(), 0);
    for (const name of names) {
      const bytes = encoder.encode(name);
      table.intern(bytes, 0, bytes.length);
    }
    return table;
  }

  /** integers: labels are called by their decimal form; named: by names that are stored. */
  get form(): "integers" | "named" {
    return this.names === null ? "integers" : "named";
  }

  /** L. */
  get numLabels(): number {
    return this.names?.size ?? this.numIntegers;
  }

  /** [L] training rows of each label, or null before `countLabels`. */
  get labelCounts(): Uint32Array | null {
    return this.counts;
  }

  /** The external name of label `id`. @throws {RangeError} if id ≥ L. */
  nameOf(id: number): string {
    if (!(id >= 0 && id < this.numLabels)) {
      throw new RangeError(`LabelTable.nameOf: expected an id from 0 to ${this.numLabels - 1}, got ${id}`);
    }
    return this.names === null ? String(id) : this.names.nameOf(id);
  }

  /** The label of that name, or −1. */
  idOf(name: string): number {
    const bytes = encoder.encode(name);
    return this.find(bytes, 0, bytes.length);
  }

  /** The label whose name is bytes[start, end), or −1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (this.names !== null) return this.names.find(bytes, start, end);
    // Ten digits hold 2³² − 1; leading zeros are not the decimal form.
    if (end - start > 10 || end === start || (bytes[start] === 48 && end - start > 1)) return ABSENT;
    let id = 0;
    for (let i = start; i < end; i++) {
      const digit = bytes[i] - 48;
      if (digit < 0 || digit > 9) return ABSENT;
      id = id * 10 + digit;
    }
    return id < this.numIntegers ? id : ABSENT;
  }

  /** Like `find`, but adds an unknown name; −1 only in a table of integers. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    return this.names === null ? this.find(bytes, start, end) : this.names.intern(bytes, start, end);
  }

  /** Raises L of a table of integers. */
  extendTo(numLabels: number): void {
    if (this.names === null) this.numIntegers = Math.max(this.numIntegers, numLabels);
  }

  /** Sets `labelCounts` from the training rows. */
  countLabels(labels: LabelLists): Uint32Array {
    const counts = new Uint32Array(this.numLabels);
    for (let i = labels.offsets[0]; i < labels.offsets[labels.numRows]; i++) counts[labels.ids[i]]++;
    this.counts = counts;
    return counts;
  }

  /** The contents of `labels.bin`. */
  toBytes(): Uint8Array {
    const { numLabels, counts, names } = this;
    const arenaBytes = names?.arenaBytes ?? 0;
    const countBytes = counts === null ? 0 : 4 * numLabels;
    const offsetBytes = names === null ? 0 : 4 * (numLabels + 1);
    const bytes = new Uint8Array(HEADER_BYTES + countBytes + offsetBytes + arenaBytes);
    const view = new DataView(bytes.buffer);
    encoder.encodeInto(MAGIC, bytes);
    view.setUint32(8, VERSION, true);
    view.setUint32(12, (names === null ? 0 : NAMED) | (counts === null ? 0 : COUNTED), true);
    view.setUint32(16, numLabels, true);
    view.setBigUint64(24, BigInt(arenaBytes), true);
    if (counts !== null) bytes.set(asBytes(counts), HEADER_BYTES);
    if (names !== null) {
      const { arena, offsets } = names.parts;
      bytes.set(asBytes(offsets), HEADER_BYTES + countBytes);
      bytes.set(arena, HEADER_BYTES + countBytes + offsetBytes);
    }
    return bytes;
  }

  /**
   * What finding labels by name looks up, filled if it was not; null for integers. A table of the same bytes given it
   * need not fill it, so that another thread can.
   */
  get index(): Uint32Array | null {
    return this.names?.index ?? null;
  }

  /**
   * The table of a `labels.bin`, over views of `bytes`, which may be shared. `index`: what another table of the same bytes
   * has. @throws {FormatError} naming `file` and what is wrong.
   */
  static fromBytes(bytes: Uint8Array, file: string, index: Uint32Array | null = null): LabelTable {
    const fail = (problem: string): never => {
      throw new FormatError({ file }, `${problem}; restore the file or train again`);
    };
    if (bytes.length < HEADER_BYTES) fail(`expected a label table of at least 32 bytes, got ${bytes.length}`);
    // Number arrays need addresses that are multiples of 4.
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
    const view = new DataView(aligned.buffer, aligned.byteOffset, aligned.length);
    const magic = String.fromCharCode(...aligned.subarray(0, 8));
    if (magic !== MAGIC) fail(`expected a label table ("${MAGIC}" first), got ${JSON.stringify(magic)}`);
    const version = view.getUint32(8, true);
    if (version !== VERSION) {
      throw new FormatError({ file }, `expected label table version ${VERSION}, got ${version}; update manyworlds`);
    }
    const flags = view.getUint32(12, true);
    const numLabels = view.getUint32(16, true);
    const arenaBytes = Number(view.getBigUint64(24, true));
    const isNamed = (flags & NAMED) !== 0;
    const offsetsAt = HEADER_BYTES + ((flags & COUNTED) !== 0 ? 4 * numLabels : 0);
    const arenaAt = offsetsAt + (isNamed ? 4 * (numLabels + 1) : 0);
    const expected = arenaAt + arenaBytes;
    if (aligned.length !== expected) fail(`expected ${expected} bytes for ${numLabels} labels, got ${aligned.length}`);
    const numbers = (at: number, length: number): Uint32Array =>
      new Uint32Array(aligned.buffer, aligned.byteOffset + at, length);
    let names: ByteTable | null = null;
    if (isNamed) {
      const offsets = numbers(offsetsAt, numLabels + 1);
      for (let i = 0; i < numLabels; i++) {
        if (offsets[i + 1] < offsets[i])
          fail(`expected ascending name offsets, got ${offsets[i + 1]} after ${offsets[i]}`);
      }
      if (offsets[0] !== 0 || offsets[numLabels] !== arenaBytes) fail("expected names to fill the arena, got a gap");
      const parts = { arena: aligned.subarray(arenaAt, expected), offsets };
      names = new ByteTable(index === null ? parts : { ...parts, slots: index });
    }
    const table = new LabelTable(names, isNamed ? 0 : numLabels);
    if ((flags & COUNTED) !== 0) table.counts = numbers(HEADER_BYTES, numLabels);
    return table;
  }
}

function asBytes(numbers: Uint32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
