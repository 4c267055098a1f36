import fc from "fast-check";
import { expect, it } from "vitest";
import { type HashParameters, type Kernels, sharedLabelsScratch } from "../../src/kernels/index.js";
import { LabelHash } from "../../src/mach/label-hash.js";
import { describeBackends, reference } from "./backends.js";

/** All buckets of world 0, in chunks of `chunk`. */
function countAll(kernels: Kernels, hashes: readonly HashParameters[], numLabels: number, chunk: number): Float64Array {
  const pairs = new Float64Array(hashes.length);
  const scratch = new Uint32Array(sharedLabelsScratch(hashes[0])).fill(0xdeadbeef);
  const { numBuckets } = hashes[0];
  for (let firstBucket = 0; firstBucket < numBuckets; firstBucket += chunk) {
    const count = Math.min(chunk, numBuckets - firstBucket);
    kernels.countSharedLabels({ hashes, numLabels, firstBucket, count }, scratch, pairs);
  }
  return pairs;
}

describeBackends("collisions", (kernels) => {
  it("countSharedLabels counts the pairs that a look at every pair finds", () => {
    const shapes = fc.record({
      numLabels: fc.integer({ min: 1, max: 400 }),
      numBuckets: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 500 })),
      numWorlds: fc.integer({ min: 1, max: 5 }),
      seed: fc.integer({ min: 0, max: 1e9 }),
      spare: fc.integer({ min: 0, max: 300 }),
      chunk: fc.integer({ min: 1, max: 40 }),
    });
    let withPairs = 0;
    fc.assert(
      fc.property(shapes, ({ spare, chunk, ...shape }) => {
        const hash = new LabelHash({ ...shape, capacity: shape.numLabels + spare });
        const hashes = Array.from({ length: shape.numWorlds }, (_, r) => hash.parameters(r));
        const expected = countAll(reference, hashes, shape.numLabels, shape.numBuckets);
        expect(countAll(kernels, hashes, shape.numLabels, chunk)).toEqual(expected);
        if (shape.numWorlds > 2 && expected[2] > 0) withPairs++;
      }),
      { numRuns: 300 },
    );
    expect(withPairs).toBeGreaterThan(5);
  });

  it("countSharedLabels: runs long enough for every pass of the sort", () => {
    // Few buckets, many labels: runs of hundreds in the second and third world.
    for (const [numLabels, numBuckets, capacity] of [
      [3000, 3, 3000],
      [5000, 60, 5000],
      [1500, 2, 4093],
      [2000, 1, 2000],
    ]) {
      const hash = new LabelHash({ numLabels, numBuckets, numWorlds: 4, seed: 3, capacity });
      const hashes = [0, 1, 2, 3].map((r) => hash.parameters(r));
      const expected = countAll(reference, hashes, numLabels, numBuckets);
      expect(expected[1]).toBeGreaterThan(0);
      expect(countAll(kernels, hashes, numLabels, numBuckets)).toEqual(expected);
    }
  });

  it("countSharedLabels is exact where sums and products pass 2³²", () => {
    const numBuckets = 2 ** 15;
    const hash = new LabelHash({ numLabels: 4_294_967_291, numBuckets, numWorlds: 2, seed: 5 });
    const hashes = [0, 1].map((r) => hash.parameters(r));
    const pairs = new Float64Array(2);
    const scratch = new Uint32Array(sharedLabelsScratch(hashes[0]));
    const buckets = [0, numBuckets - 1];
    const expected = [0, 0];
    for (const firstBucket of buckets) {
      kernels.countSharedLabels({ hashes, numLabels: hash.numLabels, firstBucket, count: 1 }, scratch, pairs);
      const sizes = new Map<number, number>();
      for (const label of hash.members(0, firstBucket)) {
        const bucket = hash.bucket(label, 1);
        sizes.set(bucket, (sizes.get(bucket) ?? 0) + 1);
      }
      const numMembers = [...sizes.values()].reduce((a, b) => a + b);
      expected[0] += (numMembers * (numMembers - 1)) / 2;
      for (const size of sizes.values()) expected[1] += (size * (size - 1)) / 2;
    }
    expect([...pairs]).toEqual(expected);
    expect(expected[1]).toBeGreaterThan(0);
  });

  it("countSharedLabels adds to what is there, and refuses buckets that are not", () => {
    const hash = new LabelHash({ numLabels: 100, numBuckets: 10, numWorlds: 1, seed: 1 });
    const hashes = [hash.parameters(0)];
    const pairs = Float64Array.of(2 ** 40);
    const scratch = new Uint32Array(sharedLabelsScratch(hashes[0]));
    kernels.countSharedLabels({ hashes, numLabels: 100, firstBucket: 0, count: 10 }, scratch, pairs);
    expect(pairs[0] - 2 ** 40).toBe(countAll(reference, hashes, 100, 10)[0]);
    expect(() =>
      kernels.countSharedLabels({ hashes, numLabels: 100, firstBucket: 5, count: 6 }, scratch, pairs),
    ).toThrow(/buckets below 10/);
  });
});
