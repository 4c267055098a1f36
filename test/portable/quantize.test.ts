import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LabelTable } from "../../src/data/label-table.js";
import { decodeByteCounts, encodeByteCounts } from "../../src/portable/byte-counts.js";
import { decodeLabels, encodeLabels } from "../../src/portable/portable-labels.js";
import { dequantizeGroup, largestCode, quantizeGroup, weightBytes } from "../../src/portable/quantize.js";
import { sha256, sha256Plain } from "../../src/portable/sha256.js";

/** Not so large that the largest code times its scale, rounded up, is beyond f32. */
const weights = fc.float32Array({ noNaN: true, min: -(2 ** 100), max: 2 ** 100, minLength: 1, maxLength: 70 });

describe("quantizeGroup", () => {
  it("keeps every weight to half a scale, and the largest as it is", () => {
    for (const bits of [8, 4] as const) {
      fc.assert(
        fc.property(weights, (x) => {
          const codes = new Uint8Array(weightBytes(x.length, bits)).fill(0xa5);
          const scale = quantizeGroup(x, bits, codes);
          const back = new Float32Array(x.length).fill(Number.NaN);
          dequantizeGroup(codes, scale, bits, back);
          const largest = Math.max(...x.map(Math.abs));
          // Half a step, the rounding of scale and product to f32, and sums of subnormal numbers, which stay 0.
          const bound = Math.max(scale * (0.5 + largestCode(bits) * 2 ** -22), 2 ** -120);
          for (let i = 0; i < x.length; i++) expect(Math.abs(back[i] - x[i])).toBeLessThanOrEqual(bound);
          expect(scale).toBeLessThanOrEqual((largest / largestCode(bits)) * (1 + 2 ** -23) + 2 ** -149);
        }),
      );
    }
  });

  it("is exact on its own weights, and 0 for zeros", () => {
    for (const bits of [8, 4] as const) {
      const most = largestCode(bits);
      const x = Float32Array.from({ length: 2 * most + 1 }, (_, i) => 0.25 * (i - most));
      const codes = new Uint8Array(weightBytes(x.length, bits));
      expect(quantizeGroup(x, bits, codes)).toBe(0.25);
      const back = new Float32Array(x.length);
      dequantizeGroup(codes, 0.25, bits, back);
      expect(back).toEqual(x);
      expect(quantizeGroup(new Float32Array(3), bits, codes)).toBe(0);
      expect(Array.from(codes.subarray(0, weightBytes(3, bits)))).toEqual(bits === 8 ? [0, 0, 0] : [0x88, 0x88]);
    }
  });

  it("refuses weights that are not finite", () => {
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      expect(() => quantizeGroup(Float32Array.of(1, bad, 2), 8, new Uint8Array(3))).toThrow(/did the training diverge/);
    }
  });
});

describe("files without addresses", () => {
  it("counts come back, and end where they end", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffffffff })), fc.nat(5), (counts, skip) => {
        const bytes = new Uint8Array([...new Array<number>(skip).fill(255), ...encodeByteCounts(counts), 7]);
        const { counts: back, end } = decodeByteCounts(bytes, skip, counts.length);
        expect(Array.from(back)).toEqual(counts);
        expect(end).toBe(bytes.length - 1);
      }),
    );
    expect(() => decodeByteCounts(Uint8Array.of(1, 128), 0, 2)).toThrow(/expected 2 counts/);
    expect(() => decodeByteCounts(new Uint8Array(9).fill(255), 0, 1)).toThrow(/expected 1 counts/);
  });

  it("labels come back: names of any text, counts, integers", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: "grapheme" }), { minLength: 1 }), fc.boolean(), (names, counted) => {
        const table = LabelTable.named(names);
        const ids = names.map((_, i) => (i * i) % names.length);
        const lists = {
          numRows: 1,
          numLabels: names.length,
          offsets: Uint32Array.of(0, ids.length),
          ids: Uint32Array.from(ids),
        };
        if (counted) table.countLabels(lists);
        const back = decodeLabels(encodeLabels(table), names.length, { named: true, counted }, "labels.bin");
        expect(names.map((_, id) => back.nameOf(id))).toEqual(names.map((_, id) => table.nameOf(id)));
        expect(back.labelCounts).toEqual(table.labelCounts);
        expect(back.idOf(names[0])).toBe(0);
      }),
    );
    // More names than a call takes arguments.
    const many = LabelTable.named(Array.from({ length: 200_000 }, (_, id) => `label ${id}`));
    const again = decodeLabels(encodeLabels(many), 200_000, { named: true, counted: false }, "labels.bin");
    expect([again.nameOf(199_999), again.numLabels]).toEqual(["label 199999", 200_000]);
    const integers = decodeLabels(new Uint8Array(0), 12, { named: false, counted: false }, "labels.bin");
    expect([integers.nameOf(11), integers.labelCounts]).toEqual(["11", null]);
    expect(() => decodeLabels(Uint8Array.of(1, 2), 1, { named: false, counted: true }, "labels.bin")).toThrow(
      /labels.bin: expected 1 bytes for 1 labels, got 2/,
    );
  });
});

describe("sha256", () => {
  it("is that of the platform, of all lengths around a block", async () => {
    for (let length = 0; length < 200; length++) {
      const bytes = Uint8Array.from({ length: length + 3 }, (_, i) => (i * 37) & 255).subarray(3);
      expect(sha256Plain(bytes)).toEqual(await sha256(bytes));
    }
    const hex = Buffer.from(sha256Plain(new TextEncoder().encode("abc"))).toString("hex");
    expect(hex).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});
