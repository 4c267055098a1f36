import fc from "fast-check";
import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { HashParameters } from "../../src/kernels/index.js";
import { integers, numbers, SIZES, unwritten } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

/** The greatest prime below 2³². */
const GREATEST_PRIME = 4294967291;

function bucketByBigInt({ a, c, p, numBuckets }: HashParameters, label: number): number {
  return Number(((BigInt(a) * BigInt(label) + BigInt(c)) % BigInt(p)) % BigInt(numBuckets));
}

const hashes = fc.record({
  a: fc.integer({ min: 1, max: GREATEST_PRIME - 1 }),
  c: fc.integer({ min: 0, max: GREATEST_PRIME - 1 }),
  p: fc.constant(GREATEST_PRIME),
  numBuckets: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
});

describeBackends("labels", (kernels) => {
  it("hashLabels is exact where products pass 2⁵³", () => {
    fc.assert(
      fc.property(hashes, fc.uint32Array({ maxLength: 40 }), (hash, labels) => {
        const out = new Uint32Array(labels.length);
        kernels.hashLabels(hash, labels.length, labels, out);
        expect(out).toEqual(labels.map((label) => bucketByBigInt(hash, label)));
      }),
    );
    const extreme = { a: GREATEST_PRIME - 1, c: GREATEST_PRIME - 1, p: GREATEST_PRIME, numBuckets: 9999 };
    const out = new Uint32Array(1);
    kernels.hashLabels(extreme, 1, Uint32Array.of(2 ** 32 - 1), out);
    expect(out[0]).toBe(bucketByBigInt(extreme, 2 ** 32 - 1));
  });

  it("hashTargets: distinct buckets, ascending; long and empty rows", () => {
    const hash = { a: 123457, c: 98765, p: 1000003, numBuckets: 97 };
    const offsets = Uint32Array.of(2, 2, 3, 60, 360, 360, 370);
    const ids = integers(new Rng(5), 370, 1000000);
    for (const values of ["distribution", "binary"] as const) {
      const [actual, expected] = [0, 1].map(() => ({
        offsets: new Uint32Array(7),
        columns: new Uint32Array(400),
        values: new Float32Array(400),
      }));
      const written = kernels.hashTargets(hash, 6, offsets, ids, values, actual);
      expect(written).toBe(reference.hashTargets(hash, 6, offsets, ids, values, expected));
      expect(actual.offsets).toEqual(expected.offsets);
      expect(actual.columns.subarray(0, written)).toEqual(expected.columns.subarray(0, written));
      expect(actual.values.subarray(0, written)).toEqual(expected.values.subarray(0, written));
    }
  });

  it("packScores", () => {
    for (const numQueries of [1, 2, 5, 15, 16]) {
      for (const numBuckets of SIZES) {
        const x = numbers(new Rng(numBuckets), (numQueries + 2) * numBuckets);
        const length = 3 + numBuckets * (numQueries === 1 ? 1 : 16);
        const [actual, expected] = [unwritten(length), unwritten(length)];
        kernels.packScores(numQueries, numBuckets, 2, x, 3, actual);
        reference.packScores(numQueries, numBuckets, 2, x, 3, expected);
        expect(actual).toEqual(expected);
      }
    }
  });
});
