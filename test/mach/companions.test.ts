import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { companionsOf } from "../../src/mach/companions.js";
import { LabelHash } from "../../src/mach/label-hash.js";

/** As the definition says, by looking at every label. */
function companionsByScan(hash: LabelHash, worlds: readonly number[], label: number, counts: Uint32Array | null) {
  const shared = (other: number): number[] =>
    worlds.filter((world) => hash.bucket(other, world) === hash.bucket(label, world));
  return Array.from({ length: hash.numLabels }, (_, id) => ({ label: id, worlds: shared(id) }))
    .filter(({ label: id, worlds: common }) => id !== label && common.length > 0)
    .sort(
      (x, y) =>
        y.worlds.length - x.worlds.length || (counts?.[y.label] ?? 0) - (counts?.[x.label] ?? 0) || x.label - y.label,
    );
}

describe("companions of a label", () => {
  it("are those that share most buckets, found without looking at every label", () => {
    const shape = fc.record({
      numLabels: fc.integer({ min: 1, max: 300 }),
      numBuckets: fc.integer({ min: 2, max: 40 }),
      numWorlds: fc.integer({ min: 1, max: 6 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(shape, fc.nat(), fc.integer({ min: 1, max: 8 }), fc.boolean(), (options, pick, limit, counted) => {
        fc.pre(options.numBuckets <= options.numLabels);
        const hash = new LabelHash(options);
        const label = pick % options.numLabels;
        const counts = counted ? Uint32Array.from({ length: options.numLabels }, (_, i) => (i * 7) % 5) : null;
        const worlds = Array.from({ length: options.numWorlds }, (_, r) => r).filter((r) => r !== 1);
        expect(companionsOf(hash, worlds, label, counts, limit)).toEqual(
          companionsByScan(hash, worlds, label, counts).slice(0, limit),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("of a label that does not exist are an error", () => {
    const hash = new LabelHash({ numLabels: 10, numBuckets: 4, numWorlds: 2, seed: 1 });
    expect(() => companionsOf(hash, [0, 1], 10, null)).toThrow("LabelHash.bucket: expected a label below 10, got 10");
  });
});
