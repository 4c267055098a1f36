/** @file Does the ranker hand a budget on? Labels in enough worlds' best buckets, those alone, ranked by all worlds. */
import { expect, it } from "vitest";
import { Rng } from "../../src/core/index.js";
import { LabelHash } from "../../src/mach/label-hash.js";
import { LabelRanker } from "../../src/mach/label-ranker.js";
import { describeBackends } from "../conformance/backends.js";

const [LABELS, BUCKETS, WORLDS, ROWS, K] = [5000, 60, 6, 3, 25];

describeBackends("LabelRanker with a budget", (kernels) => {
  const hash = new LabelHash({ numLabels: LABELS, numBuckets: BUCKETS, numWorlds: WORLDS, seed: 4 });
  const hashes = Array.from({ length: WORLDS }, (_, world) => hash.parameters(world));
  const rng = new Rng(6);
  const logits = hashes.map(() => Float32Array.from({ length: ROWS * BUCKETS }, () => rng.nextFloat()));

  /** By looking at every label. */
  function expected(row: number, bucketsPerWorld: number, minWorlds: number): number[] {
    const heads = logits.map((all) => {
      const scores = [...all.subarray(row * BUCKETS, (row + 1) * BUCKETS)];
      const best = scores.map((_, b) => b).sort((a, b) => scores[b] - scores[a]);
      return { scores, best: new Set(best.slice(0, bucketsPerWorld)) };
    });
    const met = Array.from({ length: LABELS }, (_, label) => label).filter(
      (label) => heads.filter(({ best }, r) => best.has(hash.bucket(label, r))).length >= minWorlds,
    );
    const score = (label: number): number =>
      heads.reduce((sum, { scores }, r) => Math.fround(sum + scores[hash.bucket(label, r)]), 0);
    return met.sort((a, b) => score(b) - score(a) || a - b).slice(0, K);
  }

  it.each([
    [3, 1],
    [6, 2],
    [10, 4],
    [2, 6],
    [60, 6],
  ])("%i buckets of %i worlds", (bucketsPerWorld, minWorlds) => {
    const ranker = new LabelRanker(kernels, hashes, LABELS);
    const budget = { bucketsPerWorld, minWorlds };
    const ranking = { merge: "sum", prior: null, allowed: null, budget, k: K } as const;
    for (const rows of [ROWS, 1]) {
      ranker.begin(rows, [ranking]);
      logits.forEach((all, r) => void ranker.pack(r, all));
      const found: number[][] = [];
      ranker.rank(ranking, (row, count, labels, _, offset) => {
        found[row] = [...labels.subarray(offset, offset + count)];
      });
      expect(found).toEqual(Array.from({ length: rows }, (_, row) => expected(row, bucketsPerWorld, minWorlds)));
    }
  });
});
