import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LabelTable } from "../../src/data/label-table.js";

const names = fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }), { maxLength: 300 });

describe("LabelTable", () => {
  it("finds each name under its number, before and after a round trip through bytes", () => {
    fc.assert(
      fc.property(names, fc.string(), fc.nat(3), (list, other, shift) => {
        const table = LabelTable.named(list);
        const bytes = table.toBytes();
        // Files are read into buffers at any address.
        const shifted = new Uint8Array(bytes.length + shift).fill(255);
        shifted.set(bytes, shift);
        for (const candidate of [table, LabelTable.fromBytes(shifted.subarray(shift), "labels.bin")]) {
          expect(candidate.numLabels).toBe(list.length);
          expect(list.map((_, id) => candidate.nameOf(id))).toEqual(list);
          expect(list.map((name) => candidate.idOf(name))).toEqual(list.map((_, id) => id));
          expect(candidate.idOf(other)).toBe(list.indexOf(other));
        }
      }),
    );
  });

  it("keeps counts, and stores nothing for integers", () => {
    const table = LabelTable.integers(1000);
    table.countLabels({ numRows: 2, numLabels: 1000, offsets: Uint32Array.of(0, 2, 3), ids: Uint32Array.of(3, 7, 7) });
    const read = LabelTable.fromBytes(table.toBytes(), "labels.bin");
    expect(read.form).toBe("integers");
    expect(read.labelCounts?.[7]).toBe(2);
    expect(read.toBytes()).toEqual(table.toBytes());
    expect(LabelTable.integers(5_000_000).toBytes().length).toBe(32);
    expect([
      read.nameOf(999),
      read.idOf("999"),
      read.idOf("1000"),
      read.idOf("007"),
      read.idOf("-1"),
      read.idOf(""),
    ]).toEqual(["999", 999, -1, -1, -1, -1]);
  });

  it("goes on from a table that was read", () => {
    const read = LabelTable.fromBytes(LabelTable.named(["a", "b"]).toBytes(), "labels.bin");
    const bytes = new TextEncoder().encode("c");
    expect(read.intern(bytes, 0, 1)).toBe(2);
    expect([read.nameOf(0), read.nameOf(2), read.idOf("b")]).toEqual(["a", "c", 1]);
  });

  it("refuses damaged files by name", () => {
    const bytes = LabelTable.named(["alpha", "beta"]).toBytes();
    const changed = (at: number, value: number): Uint8Array => {
      const copy = bytes.slice();
      copy[at] = value;
      return copy;
    };
    const read = (data: Uint8Array) => () => LabelTable.fromBytes(data, "m/labels.bin");
    expect(read(bytes.subarray(0, 10))).toThrow("m/labels.bin: expected a label table of at least 32 bytes, got 10");
    expect(read(changed(0, 65))).toThrow('expected a label table ("MWLABELS" first), got "AWLABELS"');
    expect(read(changed(8, 2))).toThrow("expected label table version 1, got 2; update manyworlds");
    expect(read(bytes.subarray(0, bytes.length - 1))).toThrow(`expected ${bytes.length} bytes for 2 labels`);
    expect(read(changed(36, 200))).toThrow("expected ascending name offsets");
    expect(() => LabelTable.integers(3).nameOf(3)).toThrow("LabelTable.nameOf: expected an id from 0 to 2, got 3");
  });
});
