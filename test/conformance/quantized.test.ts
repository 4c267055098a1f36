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

const BITS: readonly CodeBits[] = [8, 4];

/** Bytes whose codes are all 1. */
function ones(length: number, bits: CodeBits): Uint8Array {
  return new Uint8Array(length).fill(bits === 8 ? 1 : 0x99);
}

/** The largest absolute code. */
function largest(bits: CodeBits): number {
  return bits === 8 ? 128 : 8;
}

describeBackends("quantized", (kernels) => {
  for (const bits of BITS) {
    it(`quantizedGemm of ${bits} bits`, () => {
      for (const m of [0, 1, 2, 3, 5, 17]) {
        for (const n of [0, 1, 3, 8, 9, 33]) {
          for (const k of [...SIZES, 16, 64]) {
            const rng = new Rng(m * 10_000 + n * 1000 + k);
            const a = numbers(rng, m * k);
            const codes = randomCodes(rng, n * groupBytes(k, bits));
            const scales = randomScales(rng, n);
            const dims = { m, n, k, bits };
            const [actual, expected, magnitude] = [unwritten(m * n), unwritten(m * n), unwritten(m * n)];
            kernels.quantizedGemm(dims, a, codes, scales, actual);
            reference.quantizedGemm(dims, a, codes, scales, expected);
            // Σ|a|·scale times the largest code is above Σ|a||w|.
            reference.quantizedGemm(dims, absolutes(a), ones(codes.length, bits), scales, magnitude);
            // K products and sums, one scale, and the reference's own rounding to f32.
            expectClose(actual, expected, (i) => (k + 2) * EPSILON * largest(bits) * magnitude[i]);
          }
        }
      }
    });
  }

  it("quantizedGemm lets NaN through and refuses codes that are too short", () => {
    const c = unwritten(3);
    const [a, scales] = [Float32Array.of(1, Number.NaN), Float32Array.of(1, 1)];
    for (const bits of BITS) {
      c.fill(0);
      kernels.quantizedGemm({ m: 1, n: 2, k: 2, bits }, a, Uint8Array.of(1, 0, 0, 0), scales, c);
      expect(c).toEqual(Float32Array.of(Number.NaN, Number.NaN, 0));
      const short = new Uint8Array(bits === 8 ? 5 : 3);
      expect(() => kernels.quantizedGemm({ m: 1, n: 2, k: 3, bits }, numbers(new Rng(1), 3), short, scales, c)).toThrow(
        /codes: expected at least/,
      );
    }
  });

  for (const bits of BITS) {
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
            const weights = ones(codes.length, bits);
            reference.quantizedCsrGemm(dims, { ...x, values: absolutes(x.values) }, weights, scales, magnitude);
            expectClose(actual, expected, (i) => (6 + 3) * EPSILON * largest(bits) * magnitude[i]);
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
