import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { type CodeBits, groupBytes } from "../../src/kernels/index.js";
import { absolutes, EPSILON, expectClose, numbers, SIZES, sparseRows, unwritten } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

/** Any bytes are codes, −128 and −8 included, which no quantiser writes. */
function randomCodes(rng: Rng, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => rng.nextBelow(256));
}

/** Positive, so that magnitudes are those of the sums with absolute values. */
function randomScales(rng: Rng, length: number): Float32Array {
  return Float32Array.from({ length }, () => rng.nextFloat() + 0.01);
}

/** Codes of 8 bits with their signs dropped; −128 becomes 127, less by a part in 128. */
function absoluteCodes(codes: Uint8Array): Uint8Array {
  return codes.map((byte) => Math.min(127, Math.abs((byte << 24) >> 24)));
}

describeBackends("quantized", (kernels) => {
  it("quantizedGemm", () => {
    for (const m of [0, 1, 2, 3, 5, 17]) {
      for (const n of [0, 1, 3, 8, 9, 33]) {
        for (const k of [...SIZES, 16, 64]) {
          const rng = new Rng(m * 10_000 + n * 1000 + k);
          const a = numbers(rng, m * k);
          const codes = randomCodes(rng, n * k);
          const scales = randomScales(rng, n);
          const [actual, expected, magnitude] = [unwritten(m * n), unwritten(m * n), unwritten(m * n)];
          kernels.quantizedGemm({ m, n, k }, a, codes, scales, actual);
          reference.quantizedGemm({ m, n, k }, a, codes, scales, expected);
          reference.quantizedGemm({ m, n, k }, absolutes(a), absoluteCodes(codes), scales, magnitude);
          // K products and sums, one scale, and the reference's own rounding to f32.
          expectClose(actual, expected, (i) => (k + 2) * EPSILON * (128 / 127) * magnitude[i]);
        }
      }
    }
  });

  it("quantizedGemm lets NaN through and reads no further than it should", () => {
    const c = unwritten(3);
    const a = Float32Array.of(1, Number.NaN);
    kernels.quantizedGemm({ m: 1, n: 2, k: 2 }, a, Uint8Array.of(1, 0, 0, 0), Float32Array.of(1, 1), c);
    expect(c).toEqual(Float32Array.of(Number.NaN, Number.NaN, Number.NaN));
    expect(() =>
      kernels.quantizedGemm({ m: 1, n: 2, k: 3 }, numbers(new Rng(1), 3), new Uint8Array(5), new Float32Array(2), c),
    ).toThrow(/codes: expected at least 6/);
  });

  for (const bits of [8, 4] as const satisfies readonly CodeBits[]) {
    it(`quantizedCsrGemm of ${bits} bits`, () => {
      for (const rows of [0, 1, 3]) {
        for (const groups of [1, 2, 5]) {
          for (const groupSize of [...SIZES, 32, 64, 65]) {
            const rng = new Rng(rows * 10_000 + groups * 1000 + groupSize + bits);
            const cols = 7;
            const x = sparseRows(rng, { rows, cols, most: 6, skip: 2 });
            const codes = randomCodes(rng, cols * groups * groupBytes(groupSize, bits));
            const scales = randomScales(rng, cols * groups);
            const dims = { rows, groups, groupSize, bits };
            const size = rows * groups * groupSize;
            const [actual, expected, magnitude] = [unwritten(size), unwritten(size), unwritten(size)];
            kernels.quantizedCsrGemm(dims, x, codes, scales, actual);
            reference.quantizedCsrGemm(dims, x, codes, scales, expected);
            // Σ|x|·scale times the largest code is above Σ|x||w|.
            const ones = new Uint8Array(codes.length).fill(bits === 8 ? 1 : 0x99);
            reference.quantizedCsrGemm(dims, { ...x, values: absolutes(x.values) }, ones, scales, magnitude);
            const largest = bits === 8 ? 128 : 8;
            expectClose(actual, expected, (i) => (6 + 3) * EPSILON * largest * magnitude[i]);
          }
        }
      }
    });
  }

  it("quantizedCsrGemm: a small case by hand; columns that do not exist are refused", () => {
    const x = { offsets: Uint32Array.of(0, 2), columns: Uint32Array.of(1, 0), values: Float32Array.of(2, 1) };
    const scales = Float32Array.of(10, 0.5);
    const y = unwritten(3);
    // Three codes of 4 bits: 1, −2 | 7 and −7, 0 | 3; the last half is unused.
    const halves = Uint8Array.of(9 | (15 << 4), 6 | (8 << 4), 1 | (11 << 4), 8 | (8 << 4));
    kernels.quantizedCsrGemm({ rows: 1, groups: 1, groupSize: 3, bits: 4 }, x, halves, scales, y);
    expect(y).toEqual(Float32Array.of(10 - 7, -20, 70 + 3));
    const bytes = Uint8Array.of(1, 254, 7, 249, 0, 3);
    kernels.quantizedCsrGemm({ rows: 1, groups: 1, groupSize: 3, bits: 8 }, x, bytes, scales, y);
    expect(y).toEqual(Float32Array.of(10 - 7, -20, 70 + 3));
    for (const [short, shortScales] of [
      [bytes.subarray(0, 5), scales],
      [bytes, scales.subarray(0, 1)],
    ] as const) {
      expect(() =>
        kernels.quantizedCsrGemm({ rows: 1, groups: 1, groupSize: 3, bits: 8 }, x, short, shortScales, y),
      ).toThrow(/below 1/);
    }
  });
});
