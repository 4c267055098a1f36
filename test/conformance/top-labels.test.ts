import fc from "fast-check";
import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { HashParameters, MergeMode, TopLabelsInput } from "../../src/kernels/index.js";
import { integers } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

const PRIMES = [2, 3, 61, 257, 1009, 65537, 2147483647, 4294967291];

/** Scores that are multiples of 1/`steps`: few steps make many ties. */
function scoresOf(rng: Rng, length: number, steps: number): Float32Array {
  return Float32Array.from({ length }, () => rng.nextBelow(steps + 1) / steps);
}

function hashesOf(rng: Rng, numWorlds: number, p: number, numBuckets: number): HashParameters[] {
  return Array.from({ length: numWorlds }, () => ({
    a: 1 + rng.nextBelow(p - 1),
    c: rng.nextBelow(p),
    p,
    numBuckets,
  }));
}

describeBackends("topLabels", (kernels) => {
  /** Bit-for-bit the brute force: same labels, same scores, same counts. */
  function check(input: TopLabelsInput): void {
    const size = input.numQueries * input.k;
    const [labels, expectedLabels] = [new Uint32Array(size).fill(9), new Uint32Array(size).fill(9)];
    const [scores, expectedScores] = [new Float32Array(size), new Float32Array(size)];
    const counts = kernels.topLabels(input, labels, scores);
    expect(counts).toEqual(reference.topLabels(input, expectedLabels, expectedScores));
    counts.forEach((count, q) => {
      const [from, to] = [q * input.k, q * input.k + count];
      expect(labels.subarray(from, to)).toEqual(expectedLabels.subarray(from, to));
      expect(scores.subarray(from, to)).toEqual(expectedScores.subarray(from, to));
    });
  }

  it("equals the brute force: any sizes, primes, ties, merges and priors", () => {
    const cases = fc.record({
      seed: fc.integer({ min: 0, max: 2 ** 31 }),
      numQueries: fc.constantFrom(1, 2, 7, 16),
      numWorlds: fc.constantFrom(1, 2, 3, 4, 9, 16),
      p: fc.constantFrom(...PRIMES),
      numBuckets: fc.constantFrom(1, 2, 13, 64, 300),
      numLabels: fc.constantFrom(0, 1, 3, 31, 33, 63, 64, 65, 257, 700),
      k: fc.constantFrom(0, 1, 2, 10, 100, 1000),
      merge: fc.constantFrom<MergeMode>("sum", "min", "median"),
      steps: fc.constantFrom(1, 4, 1000003),
      prior: fc.constantFrom("none", "some", "mostlyExcluded"),
    });
    fc.assert(
      fc.property(cases, (x) => {
        const rng = new Rng(x.seed);
        const lanes = x.numQueries === 1 ? 1 : 16;
        const bias = scoresOf(rng, 256, x.steps);
        bias.fill(Number.NEGATIVE_INFINITY, x.prior === "mostlyExcluded" ? 4 : 200);
        check({
          scores: scoresOf(rng, x.numWorlds * x.numBuckets * lanes, x.steps),
          numQueries: x.numQueries,
          hashes: hashesOf(rng, x.numWorlds, x.p, x.numBuckets),
          numLabels: x.numLabels,
          merge: x.merge,
          prior: x.prior === "none" ? null : { codes: Uint8Array.from(integers(rng, x.numLabels, 256)), bias },
          k: x.k,
        });
      }),
      { numRuns: 150 },
    );
  });

  it("stays exact over many steps of the hash", () => {
    for (const numQueries of [1, 16]) {
      const rng = new Rng(numQueries);
      const [numWorlds, numBuckets] = [3, 9973];
      check({
        scores: scoresOf(rng, numWorlds * numBuckets * (numQueries === 1 ? 1 : 16), 2 ** 20),
        numQueries,
        hashes: hashesOf(rng, numWorlds, 4294967291, numBuckets),
        numLabels: 30011,
        merge: "sum",
        prior: null,
        k: 5,
      });
    }
  });

  it("leaves out −Infinity and NaN", () => {
    for (const numQueries of [1, 3]) {
      const lanes = numQueries === 1 ? 1 : 16;
      const scores = new Float32Array(4 * lanes).fill(1);
      scores.fill(Number.NEGATIVE_INFINITY, lanes, 2 * lanes);
      scores.fill(Number.NaN, 2 * lanes, 3 * lanes);
      const hashes = [{ a: 1, c: 0, p: 101, numBuckets: 4 }];
      const [labels, out] = [new Uint32Array(numQueries * 20), new Float32Array(numQueries * 20)];
      const counts = kernels.topLabels(
        { scores, numQueries, hashes, numLabels: 12, merge: "sum", prior: null, k: 20 },
        labels,
        out,
      );
      expect([...counts]).toEqual(new Array(numQueries).fill(6));
      expect([...labels.subarray(0, 6)]).toEqual([0, 3, 4, 7, 8, 11]);
    }
  });

  it("refuses worlds that differ, and too many queries", () => {
    const hashes = [
      { a: 1, c: 0, p: 101, numBuckets: 4 },
      { a: 1, c: 0, p: 103, numBuckets: 4 },
    ];
    const base = { scores: new Float32Array(999), numLabels: 9, merge: "sum", prior: null, k: 1 } as const;
    const [labels, out] = [new Uint32Array(99), new Float32Array(99)];
    expect(() => kernels.topLabels({ ...base, numQueries: 1, hashes }, labels, out)).toThrow(RangeError);
    expect(() => kernels.topLabels({ ...base, numQueries: 17, hashes: [hashes[0]] }, labels, out)).toThrow(RangeError);
  });
});
