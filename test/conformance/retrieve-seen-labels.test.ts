/** @file Where few labels were seen in training, all of those are completed: at any distance, in any number, filtered. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { nextPrime } from "../../src/mach/modular.js";
import { describeBackends } from "./backends.js";

const [WORLDS, BUCKETS] = [5, 90];

describeBackends("retrieveLabels of few labels seen", (kernels) => {
  it("finds what the scan finds", () => {
    const methods = new Map<string, number>();
    const cases = fc.record({
      seed: fc.integer({ min: 0, max: 2 ** 31 }),
      numLabels: fc.integer({ min: 20_000, max: 20_020 }),
      numSeen: fc.constantFrom(0, 1, 3, 40, 800),
      // Whether code 0 is excluded, or code 1 and with it the labels seen.
      excluded: fc.constantFrom(0, 0, 0, 1),
      share: fc.constantFrom(null, null, 0.02, 0.6),
      k: fc.constantFrom(1, 10, 100),
      steps: fc.constantFrom(3, 1_000_003),
    });
    fc.assert(
      fc.property(cases, ({ seed, numLabels, numSeen, excluded, share, k, steps }) => {
        const rng = new Rng(seed);
        const p = nextPrime(numLabels);
        const hashes = Array.from({ length: WORLDS }, () => ({
          ...{ a: 1 + rng.nextBelow(p - 1), c: rng.nextBelow(p) },
          ...{ p, numBuckets: BUCKETS },
        }));
        const scores = Float32Array.from({ length: WORLDS * BUCKETS }, () => rng.nextBelow(steps) / steps);
        const codes = new Uint8Array(numLabels);
        // The ends are where groups of labels are not whole.
        for (let i = 0; i < numSeen; i++) codes[i === 0 ? numLabels - 1 : rng.nextBelow(numLabels)] = 1 + (i % 2);
        const bias = new Float32Array(256);
        bias[excluded] = Number.NEGATIVE_INFINITY;
        bias[2] = -0.25;
        const allowed = share === null ? null : new Uint8Array(Math.ceil(numLabels / 8));
        for (let l = 0; l < numLabels; l++) {
          if (allowed !== null && rng.nextFloat() < (share as number)) allowed[l >> 3] |= 1 << (l & 7);
        }
        const scratch = new Uint8Array(kernels.retrievalScratchBytes(WORLDS, BUCKETS));
        const input = { scores, hashes, numLabels, prior: { codes, bias }, allowed, k };
        const [labels, expectedLabels] = [new Uint32Array(k), new Uint32Array(k)];
        const [found, expectedScores] = [new Float32Array(k), new Float32Array(k)];
        const stats = kernels.retrieveLabels({ ...input, scratch }, labels, found);
        const [count] = kernels.topLabels({ ...input, numQueries: 1, merge: "sum" }, expectedLabels, expectedScores);
        expect(stats.count).toBe(count);
        expect(labels.subarray(0, count)).toEqual(expectedLabels.subarray(0, count));
        expect(found.subarray(0, count)).toEqual(expectedScores.subarray(0, count));
        // Labels that are excluded are not completed.
        if (stats.method === "labels" && excluded === 0) expect(stats.numCompleted).toBeLessThanOrEqual(numSeen);
        methods.set(stats.method, (methods.get(stats.method) ?? 0) + 1);
      }),
      { numRuns: 120, seed: 3 },
    );
    expect(methods.get("labels") ?? 0).toBeGreaterThan(60);
  });
});
