import fc from "fast-check";
import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { HashParameters, LabelPrior, RetrievalInput, RetrievalStats } from "../../src/kernels/index.js";
import { nextPrime } from "../../src/mach/modular.js";
import { describeBackends, reference } from "./backends.js";

/** Nanoseconds a label and world: so that lists are walked where a scan would do. */
const DEAR_SCAN = 1000;

/** a and c of `numWorlds` hashes modulo p. */
function hashesOf(rng: Rng, numWorlds: number, p: number, numBuckets: number): HashParameters[] {
  return Array.from({ length: numWorlds }, () => ({
    a: 1 + rng.nextBelow(p - 1),
    c: rng.nextBelow(p),
    p,
    numBuckets,
  }));
}

/** Scores in [0, 1], the nearer to 0 the larger `power`; multiples of 1/`steps`, so that few steps make many ties. */
function scoresOf(rng: Rng, length: number, power: number, steps: number): Float32Array {
  return Float32Array.from({ length }, () => Math.round(rng.nextFloat() ** power * steps) / steps);
}

function priorOf(rng: Rng, numLabels: number, excluded: number): LabelPrior {
  const bias = Float32Array.from({ length: 256 }, () => -rng.nextFloat() / 4);
  bias.fill(Number.NEGATIVE_INFINITY, 0, excluded);
  return { codes: Uint8Array.from({ length: numLabels }, () => rng.nextBelow(256)), bias };
}

function bitsOf(rng: Rng, numLabels: number, share: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(numLabels / 8));
  for (let l = 0; l < numLabels; l++) if (rng.nextFloat() < share) bits[l >> 3] |= 1 << (l & 7);
  return bits;
}

describeBackends("retrieveLabels", (kernels) => {
  const scratchOf = (numWorlds: number, numBuckets: number) =>
    new Uint8Array(kernels.retrievalScratchBytes(numWorlds, numBuckets)).fill(0xa5);

  /** Bit for bit what `judge` finds. */
  function check(input: Omit<RetrievalInput, "scratch">, judge: "brute force" | "scan"): RetrievalStats {
    const { k, hashes } = input;
    const [labels, expectedLabels] = [new Uint32Array(k).fill(9), new Uint32Array(k).fill(9)];
    const [scores, expectedScores] = [new Float32Array(k).fill(NaN), new Float32Array(k).fill(NaN)];
    const scratch = scratchOf(hashes.length, hashes[0].numBuckets);
    const stats = kernels.retrieveLabels({ ...input, scratch }, labels, scores);
    if (stats.method === "declined") {
      expect(input.scanCost).toBe(DEAR_SCAN);
      expect(stats.count).toBe(0);
      return stats;
    }
    const count =
      judge === "scan"
        ? kernels.topLabels({ ...input, numQueries: 1, merge: "sum" }, expectedLabels, expectedScores)[0]
        : reference.retrieveLabels({ ...input, scratch }, expectedLabels, expectedScores).count;
    expect(stats.count).toBe(count);
    expect(labels.subarray(0, count)).toEqual(expectedLabels.subarray(0, count));
    expect(scores.subarray(0, count)).toEqual(expectedScores.subarray(0, count));
    return stats;
  }

  it("equals the scan: any sizes, primes, peaks, ties, priors and filters", () => {
    const methods = new Map<string, number>();
    const cases = fc.record({
      seed: fc.integer({ min: 0, max: 2 ** 31 }),
      numWorlds: fc.constantFrom(1, 3, 8, 16, 16, 33),
      p: fc.constantFrom("next", "far", "2³¹ − 1", "2³² − 5"),
      numBuckets: fc.constantFrom(1, 2, 13, 300, 300, 1500, 5000),
      numLabels: fc.constantFrom(1, 700, 20_000, 100_000, 200_000, 200_000),
      k: fc.constantFrom(0, 1, 2, 10, 100, 1000),
      power: fc.constantFrom(1, 20, 80, 80),
      steps: fc.constantFrom(2, 30, 1_000_003),
      prior: fc.constantFrom("none", "none", "some", "mostlyExcluded"),
      allowed: fc.constantFrom(null, null, 0, 0.01, 0.7),
      // Against a dear scan lists pay even for so few labels.
      scanCost: fc.constantFrom(undefined, DEAR_SCAN, DEAR_SCAN, DEAR_SCAN),
    });
    fc.assert(
      fc.property(cases, (x) => {
        const rng = new Rng(x.seed);
        const least = Math.max(x.numLabels, x.numBuckets);
        const primes = {
          next: nextPrime(least),
          far: nextPrime(3 * least),
          "2³¹ − 1": 2147483647,
          "2³² − 5": 4294967291,
        };
        const stats = check(
          {
            scores: scoresOf(rng, x.numWorlds * x.numBuckets, x.power, x.steps),
            hashes: hashesOf(rng, x.numWorlds, primes[x.p as keyof typeof primes], x.numBuckets),
            numLabels: x.numLabels,
            prior: x.prior === "none" ? null : priorOf(rng, x.numLabels, x.prior === "some" ? 3 : 250),
            allowed: x.allowed === null ? null : bitsOf(rng, x.numLabels, x.allowed),
            k: x.k,
            ...(x.scanCost === undefined ? {} : { scanCost: x.scanCost }),
          },
          "scan",
        );
        methods.set(stats.method, (methods.get(stats.method) ?? 0) + 1);
      }),
      { numRuns: 400, seed: 7 },
    );
    for (const method of ["lists", "labels", "scan"]) expect(methods.get(method) ?? 0, method).toBeGreaterThan(15);
  });

  it("equals the brute force where it walks lists, beyond 2³² in a·l", () => {
    const rng = new Rng(3);
    for (const p of [nextPrime(60_000), 2147483647]) {
      const stats = check(
        {
          scores: scoresOf(rng, 16 * 500, 40, 1_000_003),
          hashes: hashesOf(rng, 16, p, 500),
          numLabels: 60_000,
          prior: null,
          k: 10,
          scanCost: DEAR_SCAN,
        },
        "brute force",
      );
      expect(stats.method).toBe("lists");
      expect(stats.numCompleted).toBeLessThan(60_000 / 4);
    }
  });

  it("finds a label once however far it stands out", () => {
    const rng = new Rng(5);
    const hashes = hashesOf(rng, 33, nextPrime(50_000), 700);
    const scores = scoresOf(rng, 33 * 700, 60, 1_000_003);
    for (const label of [17, 49_999]) {
      hashes.forEach((hash, r) => {
        const bucket = Number(((BigInt(hash.a) * BigInt(label) + BigInt(hash.c)) % BigInt(hash.p)) % 700n);
        scores[r * 700 + bucket] = 5;
      });
    }
    for (const k of [1, 2, 5, 50]) {
      const stats = check({ scores, hashes, numLabels: 50_000, prior: null, k, scanCost: DEAR_SCAN }, "scan");
      expect(stats.method).toBe("lists");
    }
  });

  it("keeps to its budget: labels met in enough worlds' best buckets", () => {
    const cases = fc.record({
      seed: fc.integer({ min: 0, max: 2 ** 31 }),
      numWorlds: fc.constantFrom(1, 2, 3, 9, 20),
      p: fc.constantFrom(2, 3, 61, 257, 1009, 65537, 2147483647),
      numBuckets: fc.constantFrom(1, 2, 13, 64, 300),
      numLabels: fc.constantFrom(1, 3, 31, 33, 64, 257, 700),
      bucketsPerWorld: fc.constantFrom(1, 2, 7, 300),
      minWorlds: fc.constantFrom(1, 2, 3, 20),
      k: fc.constantFrom(0, 1, 10, 1000),
      steps: fc.constantFrom(2, 1_000_003),
      prior: fc.constantFrom("none", "some"),
      allowed: fc.constantFrom(null, 0.5),
    });
    fc.assert(
      fc.property(cases, (x) => {
        const rng = new Rng(x.seed);
        const numLabels = Math.min(x.numLabels, x.p);
        const numBuckets = Math.min(x.numBuckets, x.p);
        check(
          {
            scores: scoresOf(rng, x.numWorlds * numBuckets, 3, x.steps),
            hashes: hashesOf(rng, x.numWorlds, x.p, numBuckets),
            numLabels,
            prior: x.prior === "none" ? null : priorOf(rng, numLabels, 40),
            allowed: x.allowed === null ? null : bitsOf(rng, numLabels, x.allowed),
            k: x.k,
            budget: { bucketsPerWorld: x.bucketsPerWorld, minWorlds: x.minWorlds },
          },
          "brute force",
        );
      }),
      { numRuns: 200, seed: 11 },
    );
  });

  it("scans scores that are not finite, negative scores it retrieves", () => {
    const rng = new Rng(9);
    const hashes = hashesOf(rng, 8, nextPrime(90_000), 400);
    const scores = scoresOf(rng, 8 * 400, 30, 1_000_003).map((x) => 10 * x - 20);
    const input = { scores, hashes, numLabels: 90_000, prior: null, k: 20 };
    expect(check({ ...input, scanCost: DEAR_SCAN }, "scan").method).toBe("lists");
    for (const odd of [NaN, Infinity, -Infinity]) {
      const spoilt = scores.slice();
      spoilt[777] = odd;
      expect(check({ ...input, scores: spoilt }, "scan").method).toBe("scan");
    }
  });

  it("declines where the caller scans more cheaply", () => {
    const rng = new Rng(2);
    const input = {
      scores: scoresOf(rng, 8 * 400, 1, 1_000_003),
      hashes: hashesOf(rng, 8, nextPrime(20_000), 400),
      numLabels: 20_000,
      prior: null,
      k: 5,
      scratch: scratchOf(8, 400),
    };
    const [labels, scores] = [new Uint32Array(5).fill(7), new Float32Array(5)];
    expect(kernels.retrieveLabels({ ...input, scanCost: 1e-6 }, labels, scores)).toMatchObject({
      method: "declined",
      count: 0,
      numCompleted: 0,
    });
    expect(labels).toEqual(new Uint32Array(5).fill(7));
  });

  it("needs less than 5 MB of scratch at the published shape", () => {
    const bytes = kernels.retrievalScratchBytes(32, 10_000);
    expect(bytes).toBeGreaterThan(2 ** 18);
    expect(bytes).toBeLessThan(5e6);
  });

  it("refuses what it cannot do", () => {
    const rng = new Rng(1);
    const hashes = hashesOf(rng, 2, 101, 10);
    const base = { scores: new Float32Array(20), hashes, numLabels: 100, prior: null, k: 3, scratch: scratchOf(2, 10) };
    const run = (change: Partial<RetrievalInput>) => () =>
      kernels.retrieveLabels({ ...base, ...change }, new Uint32Array(3), new Float32Array(3));
    expect(run({})).not.toThrow();
    expect(run({ numLabels: 102 })).toThrow(/at most p = 101 labels, got 102/);
    expect(run({ budget: { bucketsPerWorld: 0, minWorlds: 1 } })).toThrow(/buckets a world, got 0/);
    expect(run({ budget: { bucketsPerWorld: 40_000, minWorlds: 1 } })).toThrow(/1 to 32768 buckets a world/);
    expect(run({ budget: { bucketsPerWorld: 1, minWorlds: 256 } })).toThrow(/minWorlds from 1 to 255/);
    expect(run({ scratch: new Uint8Array(100) })).toThrow(/scratch/);
    expect(run({ allowed: new Uint8Array(12) })).toThrow(/allowed/);
    expect(run({ scores: new Float32Array(19) })).toThrow(/scores/);
    expect(run({ hashes: [hashes[0], { ...hashes[1], p: 103 }] })).toThrow(/equal p/);
  });
});
