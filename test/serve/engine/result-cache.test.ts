/** @file Does the cache keep what was used last, within its two limits? Against a plain list. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resultBytes } from "../../../src/serve/engine/result-bytes.js";
import { ResultCache } from "../../../src/serve/engine/result-cache.js";

/** Bytes that the cache adds to a value of a key of one character. */
const OVERHEAD = 102;

describe("ResultCache", () => {
  it("drops the least recently used beyond its entries, and counts", () => {
    const cache = new ResultCache<{ n: number }>(2, 1e6, () => 1);
    cache.set("a", { n: 1 });
    cache.set("b", { n: 2 });
    expect(cache.get("a")).toEqual({ n: 1 });
    cache.set("c", { n: 3 });
    expect([cache.get("b"), cache.get("a"), cache.get("c")]).toEqual([undefined, { n: 1 }, { n: 3 }]);
    expect([cache.hits, cache.misses, cache.size]).toEqual([3, 1, 2]);
    cache.clear();
    expect([cache.get("a"), cache.size, cache.bytes, cache.hits]).toEqual([undefined, 0, 0, 3]);
  });

  it.each([
    [0, 100],
    [100, 0],
  ])("keeps nothing with %i entries and %i bytes", (entries, bytes) => {
    const cache = new ResultCache<object>(entries, bytes, () => 1);
    expect(cache.isOn).toBe(false);
    cache.set("a", {});
    expect([cache.get("a"), cache.bytes]).toEqual([undefined, 0]);
  });

  it("behaves as a list in order of use, whatever is done to it", () => {
    const step = fc.record({ key: fc.constantFrom(..."abcdef"), size: fc.option(fc.integer({ min: 0, max: 300 })) });
    fc.assert(
      fc.property(
        fc.array(step),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 1200 }),
        (steps, n, max) => {
          const cache = new ResultCache<{ size: number }>(n, max, ({ size }) => size);
          let list: { key: string; size: number }[] = [];
          const bytes = (): number => list.reduce((sum, { size }) => sum + size + OVERHEAD, 0);
          for (const { key, size } of steps) {
            const found = list.find((entry) => entry.key === key);
            if (size === null) {
              expect(cache.get(key)?.size).toBe(found?.size);
              if (found !== undefined) list = [...list.filter((entry) => entry !== found), found];
            } else {
              cache.set(key, { size });
              list = list.filter((entry) => entry !== found);
              if (size + OVERHEAD <= max) list.push({ key, size });
              while (list.length > n || bytes() > max) list.shift();
            }
            expect([cache.size, cache.bytes]).toEqual([list.length, bytes()]);
          }
        },
      ),
    );
  });
});

describe("resultBytes", () => {
  it("grows with what an answer holds", () => {
    const label = { id: 1, label: "a:b", probability: 0.5 };
    const plain = { query: "q", unknown: false, labels: [label] };
    const shared = { count: 9, labels: ["c:d", "e:f"] };
    const votes = [{ world: 0, bucket: 1, probability: 0.5, rank: 1, shared }];
    const explained = {
      ...plain,
      labels: [{ ...label, votes, companions: [{ label: "c:d", worlds: [0] }] }],
      worlds: [{ world: 0, buckets: [{ bucket: 1, probability: 0.5 }] }],
    };
    const sold = { ...plain, labels: [{ ...label, item: { title: "x".repeat(1000) } }] };
    expect(resultBytes(plain)).toBeGreaterThan(100);
    expect(resultBytes(explained)).toBeGreaterThan(resultBytes(plain) + 300);
    expect(resultBytes(sold)).toBeGreaterThan(resultBytes(plain) + 2000);
  });
});
