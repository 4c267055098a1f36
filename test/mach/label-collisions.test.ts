import { describe, expect, it } from "vitest";
import { createKernels } from "../../src/kernels/index.js";
import {
  anyConfusionChance,
  collisionChance,
  countSharedLabels,
  distinguishingWorlds,
  expectedSharedPairs,
  LabelHash,
  labelConfusionChance,
  labelPairs,
} from "../../src/mach/index.js";

describe("collisions of labels", () => {
  it("the chance of a collision is that over all a and c of a small field", () => {
    for (const [p, numBuckets] of [
      [11, 3],
      [13, 13],
      [17, 5],
      [7, 1],
    ]) {
      let hits = 0;
      for (let a = 1; a < p; a++) {
        for (let c = 0; c < p; c++) {
          if ((c % p) % numBuckets === ((3 * a + c) % p) % numBuckets) hits++;
        }
      }
      expect(collisionChance(p, numBuckets)).toBeCloseTo(hits / (p * (p - 1)), 12);
      expect(collisionChance(p, numBuckets)).toBeLessThanOrEqual(1 / numBuckets);
    }
  });

  it("expected pairs: sums of the binomial distribution, without loss where they are tiny", () => {
    const q = 1e-4;
    expect(expectedSharedPairs(1000, q, 3, 0)).toBe(labelPairs(1000));
    expect(expectedSharedPairs(1000, q, 3, 1)).toBeCloseTo(labelPairs(1000) * (1 - (1 - q) ** 3), 9);
    expect(expectedSharedPairs(1000, q, 3, 3) / (labelPairs(1000) * q ** 3)).toBeCloseTo(1, 12);
    expect(expectedSharedPairs(49_460_000, q, 32, 32)).toBeGreaterThan(0);
    expect(expectedSharedPairs(1000, 1, 4, 4)).toBe(labelPairs(1000));
    expect(expectedSharedPairs(1000, q, 2, 3)).toBe(0);
    expect(labelConfusionChance(1001, 1e-3, 2)).toBeCloseTo(1e-3, 12);
  });

  it("the paper's bound, and the one by distances", () => {
    // R ≥ log(L(L − 1)/2δ)/log B for the paper's L and B.
    expect(distinguishingWorlds(49_460_000, 10_000, 1e-3)).toBeCloseTo(4.52, 2);
    expect(distinguishingWorlds(1, 10)).toBe(0);
    expect(distinguishingWorlds(10, 1)).toBe(Number.POSITIVE_INFINITY);
    expect(() => distinguishingWorlds(10, 10, 0)).toThrow(/expected delta between 0 and 1/);
    expect(anyConfusionChance(1, 7, 3, 2)).toBe(0);
    expect(anyConfusionChance(49_460_000, 49_460_023, 10_000, 1)).toBe(1);
    expect(anyConfusionChance(49_460_000, 49_460_023, 10_000, 3)).toBeLessThan(1e-3);
  });

  it("counts of many draws: their mean is the expectation, and few draws have any", async () => {
    const kernels = createKernels();
    const [numLabels, numBuckets, numWorlds, draws] = [600, 60, 2, 3000];
    let total = 0;
    let drawsWithPairs = 0;
    let squares = 0;
    let expected: readonly number[] = [];
    let p = 0;
    for (let seed = 0; seed < draws; seed++) {
      const hash = new LabelHash({ numLabels, numBuckets, numWorlds, seed });
      const shared = await countSharedLabels(kernels, hash);
      ({ expected } = shared);
      ({ p } = hash);
      total += shared.pairs[1];
      squares += shared.pairs[1] ** 2;
      if (shared.pairs[1] > 0) drawsWithPairs++;
    }
    const mean = total / draws;
    const standardError = Math.sqrt((squares / draws - mean * mean) / draws);
    expect(Math.abs(mean - expected[1])).toBeLessThan(4 * standardError);
    // At least a draw in three has none, though a hundred are expected: pairs come in families.
    const any = anyConfusionChance(numLabels, p, numBuckets, numWorlds);
    expect(any).toBeLessThan(0.7);
    expect(drawsWithPairs / draws).toBeLessThan(any + 4 * Math.sqrt(0.25 / draws));
    expect(expected[1]).toBeGreaterThan(40);
  });

  it("reports progress and stops when asked to", async () => {
    const kernels = createKernels();
    const hash = new LabelHash({ numLabels: 2 ** 24, numBuckets: 64, numWorlds: 2, seed: 1 });
    const fractions: number[] = [];
    const onProgress = (fraction: number): void => void fractions.push(fraction);
    await expect(
      countSharedLabels(kernels, hash, { onProgress, shouldStop: () => fractions.length === 2 }),
    ).rejects.toThrow(/interrupted/);
    expect(fractions).toEqual([15 / 64, 30 / 64]);
  });
});
