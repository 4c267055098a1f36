/** @file Do the votes say what the worlds said? Against brute force over all buckets and labels. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/index.js";
import { Ensemble } from "../../src/mach/ensemble.js";
import { LabelHash } from "../../src/mach/label-hash.js";
import { MERGE_KINDS } from "../../src/mach/merge.js";
import { EXPLAINED_BUCKETS, SHARED_LABELS_NAMED } from "../../src/mach/search-contract.js";
import { type QueryVotes, VoteCounter, votesOf, worldViewsOf } from "../../src/mach/votes.js";
import { activationOf, type WorldOptions } from "../../src/mach/world.js";
import { ScorerScratch } from "../../src/mach/world-scorer.js";
import { describeBackends } from "../gradients/backends.js";
import { randomBatch, randomModel } from "./random-model.js";

const nameOf = (label: number): string => `label ${label}`;

/** Checks the votes for `labels` against scores [R][B], by sorting everything. */
function checkVotes(
  got: QueryVotes,
  labels: readonly number[],
  hash: LabelHash,
  scores: readonly Float32Array[],
  logarithmic: boolean,
  counts: Uint32Array | null,
): void {
  const order = scores.map((row) => [...row.keys()].sort((x, y) => row[y] - row[x] || x - y));
  const probability = (r: number, b: number): number =>
    Math.fround(logarithmic ? Math.exp(scores[r][b]) : scores[r][b]);
  const expected = labels.map((label) =>
    got.worlds.map((world, r) => {
      const bucket = hash.bucket(label, world);
      const others: number[] = [];
      for (let l = 0; l < hash.numLabels; l++) if (l !== label && hash.bucket(l, world) === bucket) others.push(l);
      others.sort((x, y) => (counts === null ? 0 : counts[y] - counts[x]) || x - y);
      return {
        world,
        bucket,
        probability: probability(r, bucket),
        rank: order[r].indexOf(bucket) + 1,
        shared: { count: others.length, labels: others.slice(0, SHARED_LABELS_NAMED).map(nameOf) },
      };
    }),
  );
  expect(labels.map((_, j) => votesOf(got, j, nameOf))).toEqual(expected);
  expect(worldViewsOf(got)).toEqual(
    got.worlds.map((world, r) => ({
      world,
      buckets: order[r].slice(0, EXPLAINED_BUCKETS).map((bucket) => ({ bucket, probability: probability(r, bucket) })),
    })),
  );
}

describe("VoteCounter", () => {
  it("agrees with brute force, ties included", () => {
    const sizes = fc.record({
      numLabels: fc.integer({ min: 1, max: 90 }),
      numBuckets: fc.integer({ min: 1, max: 30 }),
      numWorlds: fc.integer({ min: 1, max: 4 }),
      seed: fc.nat(1e6),
      // Few distinct scores: ties everywhere.
      numScores: fc.integer({ min: 1, max: 20 }),
      withCounts: fc.boolean(),
      logarithmic: fc.boolean(),
    });
    fc.assert(
      fc.property(sizes, ({ numScores, withCounts, logarithmic, ...options }) => {
        const rng = new Rng(options.seed);
        const hash = new LabelHash(options);
        const worlds = Array.from({ length: options.numWorlds }, (_, world) => world).filter(
          () => rng.nextBelow(3) > 0,
        );
        const scores = worlds.map(() =>
          Float32Array.from({ length: options.numBuckets }, () => {
            const x = rng.nextBelow(numScores) / numScores;
            return logarithmic ? Math.log(x) : x;
          }),
        );
        const counts = withCounts ? Uint32Array.from({ length: options.numLabels }, () => rng.nextBelow(4)) : null;
        const labels = Array.from({ length: rng.nextBelow(8) }, () => rng.nextBelow(options.numLabels));
        const got = new VoteCounter(hash, worlds, counts).count(labels, logarithmic, (r) => scores[r]);
        checkVotes(got, labels, hash, scores, logarithmic, counts);
      }),
      { numRuns: 300 },
    );
  });

  it("costs what a bucket holds, not what there are labels", () => {
    const hash = new LabelHash({ numLabels: 4e9, numBuckets: 2e7, numWorlds: 2, seed: 5 });
    const scores = new Float32Array(2e7);
    const { sharedCounts, buckets } = new VoteCounter(hash, [1], null).count([7, 3_999_999_999], false, () => scores);
    // ⌈p/B⌉ places a bucket, of which few lie at or above L.
    for (const count of sharedCounts) expect(count).toBeGreaterThanOrEqual(190);
    for (const count of sharedCounts) expect(count).toBeLessThanOrEqual(200);
    expect(buckets[0]).toBe(hash.bucket(7, 1));
  });

  it("refuses a label that there is not", () => {
    const hash = new LabelHash({ numLabels: 5, numBuckets: 3, numWorlds: 1, seed: 1 });
    expect(() => new VoteCounter(hash, [0], null).count([5], false, () => new Float32Array(3))).toThrow(RangeError);
  });
});

describeBackends("Ensemble.explain", (kernels) => {
  const shape: WorldOptions = {
    numFeatures: 13,
    hidden: [6],
    numBuckets: 17,
    activation: "relu",
    dropout: 0,
    loss: "softmax",
    output: "full",
  };
  const k = 4;

  // With a budget, each query's scores stand alone; without, those of sixteen are interleaved.
  it.each([null, { bucketsPerWorld: 17, minWorlds: 1 }])(
    "votes with the very scores that ranked, budget %o",
    (budget) => {
      const numLabels = 40;
      const model = randomModel(kernels, shape, { numLabels, numWorlds: 4, seed: 9 });
      const ensemble = new Ensemble(kernels, {
        hash: model.hash,
        worldOptions: shape,
        // World 1 is absent: positions and numbers differ.
        worlds: model.loaded.filter(({ world }) => world !== 1),
        merge: "probability",
        maxScoreBytes: 1,
      });
      const labelCounts = Uint32Array.from({ length: numLabels }, (_, l) => (l * 7919) % 101);
      for (const numRows of [1, 17, 35]) {
        const batch = randomBatch(numRows, 13, numRows);
        for (const merge of MERGE_KINDS.slice(0, budget === null ? 4 : 2)) {
          const logarithmic = merge === "log-score";
          const { votes, ...predictions } = ensemble.explain(batch, { k, merge, budget, labelCounts });
          expect(predictions).toEqual(ensemble.predict(batch, { k, merge, budget }));
          const activated = activatedScores(batch, logarithmic, ensemble.batchRows);
          for (const row of votes.keys()) {
            const labels = [...predictions.labels.subarray(row * k, row * k + predictions.counts[row])];
            const scores = activated.map((world) => world.subarray(row * 17, (row + 1) * 17));
            const got = votes[row];
            if (got === null) throw new Error(`row ${row} has no votes`);
            expect(got.worlds).toEqual([0, 2, 3]);
            checkVotes(got, labels, model.hash, scores, logarithmic, labelCounts);
          }
        }
      }

      /** [R][N, B]: what the worlds say, in the ensemble's batches, since sums of other batches round otherwise. */
      function activatedScores(
        batch: ReturnType<typeof randomBatch>,
        logarithmic: boolean,
        rows: number,
      ): Float32Array[] {
        return [0, 2, 3].map((world) => {
          const out = new Float32Array(batch.numRows * 17);
          for (let first = 0; first < batch.numRows; first += rows) {
            const numRows = Math.min(rows, batch.numRows - first);
            const part = { ...batch, numRows, offsets: batch.offsets.subarray(first) };
            const logits = model.loaded[world].scorer.logitsInto(part, new ScorerScratch());
            kernels.activate(activationOf("softmax", logarithmic), { rows: numRows, cols: 17 }, logits);
            out.set(logits.subarray(0, numRows * 17), first * 17);
          }
          return out;
        });
      }
    },
  );

  it("explains as many labels of a row as were asked for", () => {
    const model = randomModel(kernels, shape, { numLabels: 40, numWorlds: 2, seed: 4 });
    const options = { hash: model.hash, worldOptions: shape, worlds: model.loaded, merge: "probability" } as const;
    const ensemble = new Ensemble(kernels, options);
    const batch = randomBatch(3, 13, 2);
    const all = ensemble.explain(batch, { k });
    const some = ensemble.explain(batch, { k, explained: [2, 0, 9] });
    expect(some.votes.map((votes) => votes?.numLabels ?? null)).toEqual([2, null, 4]);
    expect(some.votes[2]).toEqual(all.votes[2]);
    expect(some.votes[0]?.ranks).toEqual(all.votes[0]?.ranks.subarray(0, 4));
    // A filter that lets nothing through leaves the worlds' views.
    const none = ensemble.explain(batch, { k, allowed: new Uint8Array(5) });
    expect(none.votes[0]?.numLabels).toBe(0);
    expect(none.votes[0]?.topBuckets).toEqual(all.votes[0]?.topBuckets);
  });
});
