import { describe, expect, it } from "vitest";
import { ConfigError, Rng, ShapeError } from "../../src/core/index.js";
import type { LabelPrior } from "../../src/kernels/contract.js";
import { Ensemble, type EnsembleOptions } from "../../src/mach/ensemble.js";
import { createLabelPrior, logCountOf, priorCode, priorCodes } from "../../src/mach/label-prior.js";
import { MERGE_KINDS } from "../../src/mach/merge.js";
import type { Predictions } from "../../src/mach/predictions.js";
import { activationOf, type WorldOptions } from "../../src/mach/world.js";
import { ScorerScratch } from "../../src/mach/world-scorer.js";
import { describeBackends } from "../gradients/backends.js";
import { type RandomModel, randomBatch, randomModel, scoresOf } from "./random-model.js";

/** f32 activations are within 4 ulp, logits within some 20·2⁻²⁴ of their terms' size; scores are below 1. */
const TOLERANCE = 2e-5;

const shape = (over: Partial<WorldOptions> = {}): WorldOptions => ({
  numFeatures: 13,
  hidden: [6],
  numBuckets: 7,
  activation: "relu",
  dropout: 0.5,
  loss: "softmax",
  output: "full",
  ...over,
});

/** Checks a ranking against scores computed independently: right scores, nothing better left out, order and ties. */
function checkRanking(got: Predictions, row: number, expected: readonly number[]): void {
  const count = got.counts[row];
  const eligible = expected.filter((s) => s !== -Infinity).length;
  expect(count).toBe(Math.min(got.k, eligible));
  const labels = [...got.labels.subarray(row * got.k, row * got.k + count)];
  const scores = [...got.scores.subarray(row * got.k, row * got.k + count)];
  expect(new Set(labels).size).toBe(count);
  // One expectation a row: there are thousands of labels.
  const wrong = labels.filter((label, j) => {
    const ordered = j === 0 || scores[j - 1] >= scores[j];
    return !(ordered && Math.abs(scores[j] - expected[label]) < TOLERANCE);
  });
  const worst = count === 0 ? Infinity : expected[labels[count - 1]];
  const chosen = new Set(labels);
  const leftOut = expected.flatMap((score, label) => (!chosen.has(label) && score >= worst + TOLERANCE ? [label] : []));
  expect({ wrong, leftOut }, `row ${row}`).toEqual({ wrong: [], leftOut: [] });
}

describeBackends("Ensemble", (kernels) => {
  const make = (model: RandomModel, over: Partial<EnsembleOptions> = {}): Ensemble =>
    new Ensemble(kernels, {
      hash: model.hash,
      worldOptions: model.options,
      worlds: model.loaded,
      merge: "probability",
      ...over,
    });

  const cases: [string, Partial<WorldOptions>, number, number][] = [
    ["one hidden layer", {}, 40, 3],
    ["two hidden layers, sigmoid", { hidden: [6, 5], loss: "sigmoid" }, 40, 4],
    ["a linear world", { hidden: [] }, 33, 2],
    ["linear bottlenecks", { hidden: [6, 5], activation: "none" }, 40, 3],
    ["sampled output, as trained", { output: "sampled" }, 40, 1],
    ["more buckets than labels", { numBuckets: 31 }, 5, 3],
    ["one bucket", { numBuckets: 1, loss: "sigmoid" }, 6, 2],
  ];
  it.each(cases)("merges as the definitions say: %s", (_, over, numLabels, numWorlds) => {
    const model = randomModel(kernels, shape(over), { numLabels, numWorlds, seed: 3 });
    const counts = Uint32Array.from({ length: numLabels }, (_, l) => (l % 5 === 0 ? 0 : l * l));
    const codes = priorCodes(kernels, counts);
    const largest = Math.max(...codes);
    const priors: { prior: LabelPrior | null; of: (label: number) => number }[] = [
      { prior: null, of: () => 0 },
      {
        prior: createLabelPrior(kernels, codes, { alpha: 0.02, seenOnly: true }),
        of: (l) => (codes[l] === 0 ? -Infinity : 0.02 * (logCountOf(codes[l]) - logCountOf(largest))),
      },
    ];
    for (const numRows of [1, 16, 17, 35]) {
      const batch = randomBatch(numRows, 13, numRows);
      const all = model.loaded.map(({ world }) => world);
      const rankings = MERGE_KINDS.flatMap((merge) => priors.map(({ prior }) => ({ merge, prior })));
      const results = make(model, { maxScoreBytes: 1 }).predictEach(batch, 9, rankings);
      rankings.forEach(({ merge, prior }, i) => {
        const of = priors.find((p) => p.prior === prior)?.of ?? (() => 0);
        const expected = scoresOf(model, all, batch, merge, of);
        expected.forEach((scores, row) => {
          // exp(−∞) is 0, but an excluded label has no score at all.
          checkRanking(
            results[i],
            row,
            scores.map((s, l) => (of(l) === -Infinity ? -Infinity : s)),
          );
        });
      });
    }
  });

  it("ranks exactly by the f32 scores, ties by smaller label", () => {
    // 3 buckets and 2 worlds leave 9 patterns for 60 labels: nearly every score is tied.
    const model = randomModel(kernels, shape({ numBuckets: 3 }), { numLabels: 60, numWorlds: 2, seed: 8 });
    const batch = randomBatch(18, 13, 5);
    const k = 25;
    for (const merge of MERGE_KINDS) {
      const got = make(model).predict(batch, { k, merge });
      const activated = model.loaded.map(({ scorer }) => {
        const logits = scorer.logitsInto(batch, new ScorerScratch());
        kernels.activate(activationOf("softmax", merge === "log-score"), { rows: 18, cols: 3 }, logits);
        return logits.slice(0, 18 * 3);
      });
      for (let row = 0; row < 18; row++) {
        const scoreOf = (label: number): number => {
          const [x, y] = activated.map((p, r) => p[row * 3 + model.hash.bucket(label, r)]);
          if (merge === "min") return Math.min(x, y);
          return merge === "median" ? Math.fround(Math.fround(x + y) / 2) : Math.fround(x + y);
        };
        const order = Array.from({ length: 60 }, (_, l) => l).sort((l, m) => scoreOf(m) - scoreOf(l) || l - m);
        expect([...got.labels.subarray(row * k, (row + 1) * k)], `${merge}, row ${row}`).toEqual(order.slice(0, k));
      }
    }
  });

  it("answers the same whatever the batch, the budget and the calls before", () => {
    const model = randomModel(kernels, shape(), { numLabels: 50, numWorlds: 3, seed: 1 });
    const batch = randomBatch(300, 13, 77);
    const whole = make(model).predict(batch, { k: 5, merge: "log-score" });
    const small = make(model, { maxScoreBytes: 1 });
    for (const rows of [300, 1, 33, 300]) {
      const slice = { ...batch, offsets: batch.offsets.subarray(0, rows + 1), numRows: rows };
      const got = small.predict(slice, { k: 5, merge: "log-score" });
      expect(got.labels).toEqual(whole.labels.subarray(0, rows * 5));
      got.scores.forEach((score, i) => {
        expect(Math.abs(score - whole.scores[i])).toBeLessThan(TOLERANCE);
      });
    }
    expect(make(model).predict({ ...batch, numRows: 0 }, { k: 5 }).counts.length).toBe(0);
  });

  it("answers with any subset of worlds, by their own hashes, on the same scale", () => {
    const model = randomModel(kernels, shape(), { numLabels: 50, numWorlds: 5, seed: 2 });
    const batch = randomBatch(4, 13, 3);
    for (const merge of MERGE_KINDS) {
      const ensemble = make(model, { worlds: [model.loaded[4], model.loaded[1]], merge });
      expect(ensemble.worldNumbers).toEqual([1, 4]);
      const got = ensemble.predict(batch, { k: 8 });
      scoresOf(model, [1, 4], batch, merge, () => 0).forEach((scores, row) => {
        checkRanking(got, row, scores);
      });
    }
  });

  it("scores as the training modules do in evaluate mode", () => {
    const overs: Partial<WorldOptions>[] = [
      {},
      { hidden: [] },
      { hidden: [4, 9], output: "sampled" },
      { activation: "none" },
      { hidden: [9, 4], activation: "none", loss: "sigmoid" },
    ];
    for (const over of overs) {
      const model = randomModel(kernels, shape(over), { numLabels: 9, numWorlds: 1, seed: 4 });
      const batch = randomBatch(20, 13, 6);
      const expected = model.worlds[0].model.forward(batch);
      const got = model.loaded[0].scorer.logitsInto(batch, new ScorerScratch());
      for (let i = 0; i < 20 * 7; i++) expect(Math.abs(got[i] - expected.data[i])).toBeLessThan(1e-4);
    }
  });

  it("reports the paper's unbiased probability where asked", () => {
    const model = randomModel(kernels, shape(), { numLabels: 20, numWorlds: 3, seed: 5 });
    const batch = randomBatch(2, 13, 9);
    const prior = createLabelPrior(kernels, priorCodes(kernels, new Uint32Array(20).fill(3)), {
      alpha: 1,
      seenOnly: true,
    });
    const plain = make(model).predict(batch, { k: 4 });
    for (const options of [{ k: 4 }, { k: 4, prior }]) {
      const got = make(model).predict(batch, { ...options, unbiased: true });
      got.scores.forEach((score, i) => {
        expect(score).toBeCloseTo((7 / 6) * (plain.scores[i] - 1 / 7), 5);
      });
    }
    expect(() => make(model).predict(batch, { k: 1, merge: "min", unbiased: true })).toThrow(ConfigError);
  });

  it("refuses what does not fit before a kernel reads it", () => {
    const model = randomModel(kernels, shape(), { numLabels: 20, numWorlds: 2, seed: 5 });
    const ensemble = make(model);
    const batch = randomBatch(3, 13, 1);
    expect(() => ensemble.predict({ ...batch, numCols: 12 }, { k: 1 })).toThrow(/expected rows of 13 features, got 12/);
    expect(() => ensemble.predict({ ...batch, columns: batch.columns.map(() => 13) }, { k: 1 })).toThrow(
      /features below 13/,
    );
    expect(() => ensemble.predict({ ...batch, values: batch.values.subarray(1) }, { k: 1 })).toThrow(ShapeError);
    expect(() => ensemble.predict({ ...batch, numRows: 4 }, { k: 1 })).toThrow(ShapeError);
    expect(() => ensemble.predict(batch, { k: 0 })).toThrow(ConfigError);
    const short = { codes: new Uint8Array(19), bias: new Float32Array(256) };
    expect(() => ensemble.predict(batch, { k: 1, prior: short })).toThrow(ShapeError);
    expect(() => make(model, { worlds: [] })).toThrow(/at least one world/);
    const many = Array.from({ length: 1025 }, (_, world) => ({ ...model.loaded[0], world }));
    expect(() => make(model, { worlds: many })).toThrow(/expected at most 1024 worlds, got 1025/);
    expect(() => make(model, { worlds: [model.loaded[0], model.loaded[0]] })).toThrow(/world 0 twice/);
  });
});

describe("label prior", () => {
  it("keeps a count to within half a step of an eighth of an octave", () => {
    const rng = new Rng(1);
    for (let i = 0; i < 1000; i++) {
      const count = 1 + Math.floor(2 ** (31 * rng.nextFloat()));
      expect(Math.abs(logCountOf(priorCode(count)) - Math.log(count))).toBeLessThan(Math.LN2 / 16 + 1e-9);
    }
    expect([0, 1, 2, 2 ** 32 - 1].map(priorCode)).toEqual([0, 1, 9, 255]);
  });

  it("is null where it changes nothing, and otherwise at most 0", () => {
    const kernels = { f32: (n: number) => new Float32Array(n) };
    const codes = Uint8Array.of(0, 9, 17, 1);
    expect(createLabelPrior(kernels, codes, { alpha: 0, seenOnly: false })).toBeNull();
    const prior = createLabelPrior(kernels, codes, { alpha: 0.5, seenOnly: false });
    const bias = (code: number): number => prior?.bias[code] ?? Number.NaN;
    expect(codes.every((code) => bias(code) <= 0)).toBe(true);
    // Counts 4 and 2 are an octave apart, 1 and "unseen" as well.
    expect(bias(17)).toBe(0);
    expect(bias(9)).toBeCloseTo(-0.5 * Math.LN2, 6);
    expect(bias(0)).toBeCloseTo(-1.5 * Math.LN2, 6);
    expect(createLabelPrior(kernels, codes, { alpha: 0, seenOnly: true })?.bias[0]).toBe(-Infinity);
  });
});
