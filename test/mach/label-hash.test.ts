import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core/index.js";
import { LabelHash } from "../../src/mach/label-hash.js";
import { inverseMod, isPrime, LARGEST_PRIME, mulMod, nextPrime } from "../../src/mach/modular.js";

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe("modular arithmetic", () => {
  it("mulMod equals BigInt for all 32-bit factors and moduli", () => {
    fc.assert(
      fc.property(uint32, uint32, fc.integer({ min: 1, max: 2 ** 32 }), (x, y, m) => {
        const [a, b] = [x % m, y % m];
        expect(mulMod(a, b, m)).toBe(Number((BigInt(a) * BigInt(b)) % BigInt(m)));
      }),
      { numRuns: 2000 },
    );
    const top = LARGEST_PRIME - 1;
    expect(mulMod(top, top, LARGEST_PRIME)).toBe(1);
  });

  it("inverseMod inverts", () => {
    fc.assert(
      fc.property(uint32, uint32, (x, y) => {
        const p = nextPrime(Math.min(x, LARGEST_PRIME));
        const a = p === 2 ? 1 : 1 + (y % (p - 1));
        const inverse = inverseMod(a, p);
        expect(inverse).toBeGreaterThan(0);
        expect(inverse).toBeLessThan(p);
        expect(mulMod(a, inverse, p)).toBe(1);
      }),
    );
  });

  it("knows primes", () => {
    const small = Array.from({ length: 60 }, (_, n) => n).filter(isPrime);
    expect(small).toEqual([2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59]);
    // Squares of primes and Carmichael numbers, which weaker tests let pass.
    for (const composite of [25, 561, 41041, 65521 ** 2, 3215031751]) expect(isPrime(composite)).toBe(false);
    expect(isPrime(LARGEST_PRIME)).toBe(true);
    for (let n = LARGEST_PRIME + 1; n < 2 ** 32; n++) expect(isPrime(n)).toBe(false);
    expect([0, 1, 2, 3, 4, 88747, 50_000_000].map(nextPrime)).toEqual([2, 2, 2, 3, 5, 88747, 50_000_017]);
  });
});

const hashOptions = fc.record({
  numLabels: fc.integer({ min: 1, max: 400 }),
  numBuckets: fc.integer({ min: 1, max: 60 }),
  numWorlds: fc.integer({ min: 1, max: 3 }),
  seed: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
});

describe("LabelHash", () => {
  it("enumerates each bucket's labels exactly once: the hash is its own index", () => {
    fc.assert(
      fc.property(hashOptions, (options) => {
        const hash = new LabelHash(options);
        for (let world = 0; world < options.numWorlds; world++) {
          const brute: number[][] = Array.from({ length: options.numBuckets }, () => []);
          for (let label = 0; label < options.numLabels; label++) brute[hash.bucket(label, world)].push(label);
          brute.forEach((labels, bucket) => {
            const members = [...hash.members(world, bucket)] as number[];
            expect(members.sort((x, y) => x - y)).toEqual(labels);
          });
        }
      }),
    );
  });

  it("permutes Z_p, so that bucket sizes over Z_p differ by at most 1", () => {
    fc.assert(
      fc.property(hashOptions, ({ numLabels, numBuckets, numWorlds, seed }) => {
        const p = nextPrime(Math.max(numLabels, numBuckets));
        const hash = new LabelHash({ numLabels: p, numBuckets, numWorlds, seed });
        const { a, c } = hash.parameters(0);
        const images = new Set(Array.from({ length: p }, (_, x) => (mulMod(x, a, p) + c) % p));
        expect(images.size).toBe(p);
        const sizes = new Array<number>(numBuckets).fill(0);
        for (let label = 0; label < p; label++) sizes[hash.bucket(label, 0)]++;
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("is exact beyond 2^22 labels, up to nearly 2^32", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(2 ** 22 + 1, 50_000_000, 2 ** 31 + 11, LARGEST_PRIME),
        fc.integer({ min: 0, max: 2 ** 50 }),
        uint32,
        (numLabels, seed, x) => {
          const numBuckets = Math.ceil(numLabels / 40);
          const hash = new LabelHash({ numLabels, numBuckets, numWorlds: 1, seed });
          const { a, c, p } = hash.parameters(0);
          const label = x % numLabels;
          const exact = (BigInt(a) * BigInt(label) + BigInt(c)) % BigInt(p);
          const bucket = hash.bucket(label, 0);
          expect(bucket).toBe(Number(exact % BigInt(numBuckets)));
          const members = [...hash.members(0, bucket)] as number[];
          expect(members).toContain(label);
          expect(new Set(members).size).toBe(members.length);
          for (const member of members) expect(hash.bucket(member, 0)).toBe(bucket);
          // ⌊p/B⌋ or ⌈p/B⌉ of Z_p, less what lies beyond L.
          expect(members.length).toBeLessThanOrEqual(Math.ceil(p / numBuckets));
          expect(members.length).toBeGreaterThanOrEqual(Math.floor(p / numBuckets) - (p - numLabels));
        },
      ),
      { numRuns: 40 },
    );
  });

  it("lets two labels collide with chance at most 1/B", () => {
    const [numLabels, numBuckets, numDraws] = [1009, 16, 40_000];
    // p = 1009, so that the bound is nearly reached: a pair collides with chance in (1/B − 1/p, 1/B].
    for (const [x, y] of [
      [0, 1],
      [3, 1000],
      [17, 33],
    ]) {
      let collisions = 0;
      const hash = new LabelHash({ numLabels, numBuckets, numWorlds: numDraws, seed: 5 });
      for (let world = 0; world < numDraws; world++) {
        if (hash.bucket(x, world) === hash.bucket(y, world)) collisions++;
      }
      const sigma = Math.sqrt((1 / numBuckets) * (1 - 1 / numBuckets) * numDraws);
      expect(collisions).toBeLessThan(numDraws / numBuckets + 4 * sigma);
      expect(collisions).toBeGreaterThan(numDraws * (1 / numBuckets - 1 / numLabels) - 4 * sigma);
    }
  });

  it("keeps worlds when worlds are added, and labels when labels are added within the capacity", () => {
    const options = { numLabels: 500, numBuckets: 20, numWorlds: 4, seed: 9, capacity: 2000 };
    const hash = new LabelHash(options);
    const more = hash.withWorlds(9);
    const larger = new LabelHash({ ...options, numLabels: 1999 });
    for (let world = 0; world < 4; world++) {
      expect(more.parameters(world)).toEqual(hash.parameters(world));
      for (let label = 0; label < 500; label++) expect(larger.bucket(label, world)).toBe(hash.bucket(label, world));
    }
    const out = new Uint32Array(4);
    hash.bucketsInto(123, out);
    expect([...out]).toEqual([0, 1, 2, 3].map((world) => hash.bucket(123, world)));
  });

  it("survives JSON, and refuses JSON that its seed does not give", () => {
    const hash = new LabelHash({ numLabels: 88_747, numBuckets: 2000, numWorlds: 16, seed: 2 ** 40 + 3 });
    const json = JSON.parse(JSON.stringify(hash));
    expect(LabelHash.fromJSON(json).toJSON()).toEqual(hash.toJSON());
    expect(() => LabelHash.fromJSON({ ...json, p: json.p + 2 })).toThrow(ConfigError);
    expect(() => LabelHash.fromJSON({ ...json, a: [1, ...json.a.slice(1)] })).toThrow(/edited or damaged/);
    expect(() => LabelHash.fromJSON({ ...json, c: json.c.slice(1) })).toThrow(ConfigError);
    expect(() => LabelHash.fromJSON({ ...json, seed: 1 })).toThrow(ConfigError);
  });

  it("names the option or argument that makes no sense", () => {
    const good = { numLabels: 10, numBuckets: 3, numWorlds: 2, seed: 1 };
    for (const [name, value] of [
      ["numLabels", 0],
      ["numLabels", 2 ** 32],
      ["numBuckets", 0],
      ["numBuckets", 1.5],
      ["numWorlds", 0],
      ["capacity", 9],
      ["seed", -1],
    ] as const) {
      expect(() => new LabelHash({ ...good, [name]: value }), name).toThrow(new RegExp(`expected ${name} `));
    }
    const hash = new LabelHash(good);
    expect(() => hash.bucketsInto(10, new Uint32Array(2))).toThrow(RangeError);
    expect(() => hash.parameters(2)).toThrow(RangeError);
    expect(() => [...hash.members(0, 3)]).toThrow(RangeError);
  });
});
