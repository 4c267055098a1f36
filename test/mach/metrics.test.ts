import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ShapeError } from "../../src/core/index.js";
import { inversePropensities, Metrics, type TrueLabels } from "../../src/mach/metrics.js";
import type { Predictions } from "../../src/mach/predictions.js";

function predictionsOf(rows: readonly (readonly number[])[], k: number): Predictions {
  const labels = new Uint32Array(rows.length * k);
  rows.forEach((row, q) => {
    labels.set(row, q * k);
  });
  const counts = Uint32Array.from(rows, (row) => row.length);
  return { numQueries: rows.length, k, labels, scores: new Float32Array(labels.length), counts };
}

function truthOf(rows: readonly (readonly number[])[], numUnknown?: readonly number[]): TrueLabels {
  const offsets = new Uint32Array(rows.length + 1);
  rows.forEach((row, i) => {
    offsets[i + 1] = offsets[i] + row.length;
  });
  const ids = Uint32Array.from(rows.flat());
  return numUnknown === undefined ? { offsets, ids } : { offsets, ids, numUnknown: Uint32Array.from(numUnknown) };
}

/** The definitions, written out row by row. */
function straightforward(
  results: number[][],
  truth: number[][],
  labelCounts: number[],
  numTrainingRows: number,
): Record<string, number> {
  const N = truth.length;
  const [A, B] = [0.55, 1.5];
  const C = (Math.log(numTrainingRows) - 1) * (B + 1) ** A;
  const inverse = (l: number): number => 1 + C * Math.exp(-A * Math.log((labelCounts[l] ?? 0) + B));
  const mean = (xs: number[]): number => (xs.length === 0 ? 0 : xs.reduce((x, y) => x + y, 0) / xs.length);
  const sum = (xs: number[]): number => xs.reduce((x, y) => x + y, 0);
  const out: Record<string, number> = {};
  const hitsAt = (i: number, k: number): number[] => results[i].slice(0, k).filter((l) => truth[i].includes(l));
  const rows = Array.from({ length: N }, (_, i) => i);
  for (const k of [1, 3, 5]) {
    out[`p@${k}`] = mean(rows.map((i) => hitsAt(i, k).length / k));
    out[`ndcg@${k}`] = mean(
      rows.map((i) => {
        if (truth[i].length === 0) return 0;
        const gain = sum(results[i].slice(0, k).map((l, j) => (truth[i].includes(l) ? 1 / Math.log2(j + 2) : 0)));
        return gain / sum(truth[i].slice(0, k).map((_, j) => 1 / Math.log2(j + 2)));
      }),
    );
    const got = sum(rows.map((i) => sum(hitsAt(i, k).map(inverse))));
    const best = sum(
      rows.map((i) =>
        sum(
          truth[i]
            .map(inverse)
            .sort((x, y) => y - x)
            .slice(0, k),
        ),
      ),
    );
    out[`psp@${k}`] = best === 0 ? 0 : got / best;
  }
  const rated = rows.filter((i) => truth[i].length > 0);
  for (const k of [10, 100]) out[`r@${k}`] = mean(rated.map((i) => hitsAt(i, k).length / truth[i].length));
  return out;
}

const subset = (max: number): fc.Arbitrary<number[]> =>
  fc.uniqueArray(fc.integer({ min: 0, max: 29 }), { maxLength: max });

describe("Metrics", () => {
  it("agrees with a case worked by hand", () => {
    const metrics = new Metrics();
    // Row 0: hits at ranks 1 and 3 of two true labels. Row 1: a miss. Row 2: no true label. Row 3: one of four, at 2.
    const results = [
      [4, 1, 7, 2, 3],
      [1, 2, 3, 4, 5],
      [1, 2, 3, 4, 5],
      [0, 9, 1, 2, 3],
    ];
    metrics.add(predictionsOf(results, 5), truthOf([[4, 7], [8], [], [9, 20, 21, 22]]));
    const values = metrics.values();
    expect(values["p@1"]).toBeCloseTo(1 / 4, 12);
    expect(values["p@3"]).toBeCloseTo((2 + 1) / (3 * 4), 12);
    expect(values["p@5"]).toBeCloseTo((2 + 1) / (5 * 4), 12);
    const half = 1 / Math.log2(3);
    expect(values["ndcg@1"]).toBeCloseTo(1 / 4, 12);
    expect(values["ndcg@3"]).toBeCloseTo((1.5 / (1 + half) + half / (1 + half + 0.5)) / 4, 12);
    // k = 5 does not reach 10 or 100, and without training counts there are no propensities.
    expect(Object.keys(values).sort()).toEqual(["ndcg@1", "ndcg@3", "ndcg@5", "p@1", "p@3", "p@5"]);
    expect(metrics.counts()).toEqual({ rows: 4, rated: 3 });
  });

  it("divides recall by rated rows and all true labels", () => {
    const metrics = new Metrics();
    const ten = Array.from({ length: 10 }, (_, i) => i);
    metrics.add(predictionsOf([ten, ten, ten], 100), truthOf([[0, 9, 50, 51], [], [3]]));
    expect(metrics.values()["r@10"]).toBeCloseTo((2 / 4 + 1) / 2, 12);
    expect(metrics.values()["r@100"]).toBeCloseTo((2 / 4 + 1) / 2, 12);
  });

  it("computes the propensities of Jain et al.", () => {
    // N = 1000, A = 0.55, B = 1.5: C = (ln 1000 − 1)·2.5^0.55 = 9.7788…; 1/π(8) = 1 + C·9.5^−0.55.
    const { byLabel, unseen } = inversePropensities({ labelCounts: Uint32Array.of(8, 0), numTrainingRows: 1000 });
    const c = (Math.log(1000) - 1) * 2.5 ** 0.55;
    expect(c).toBeCloseTo(9.7788, 3);
    expect(byLabel[0]).toBeCloseTo(1 + c * 9.5 ** -0.55, 12);
    expect(byLabel[1]).toBe(unseen);
    expect(unseen).toBeCloseTo(1 + c * 1.5 ** -0.55, 12);
  });

  it("gives 1 to perfect rankings in psp and ndcg", () => {
    const labelCounts = Uint32Array.of(100, 50, 3, 1);
    const metrics = new Metrics({ labelCounts, numTrainingRows: 200 });
    metrics.add(predictionsOf([[3, 2, 1, 0], [2]], 5), truthOf([[0, 1, 2, 3], [2]]));
    const values = metrics.values();
    for (const name of ["psp@1", "psp@3", "psp@5", "ndcg@1", "ndcg@3", "ndcg@5"] as const) {
      expect(values[name], name).toBeCloseTo(1, 12);
    }
  });

  it("agrees with the definitions on random rankings, however they are cut into batches", () => {
    const rows = fc.array(fc.record({ results: subset(12), truth: subset(8) }), { minLength: 1, maxLength: 12 });
    const counts = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 25, maxLength: 25 });
    fc.assert(
      fc.property(rows, counts, fc.nat(), (cases, labelCounts, cut) => {
        // Ids 25 … 29 are labels that the model's table does not know.
        const results = cases.map((row) => row.results.filter((l) => l < 25));
        const truth = cases.map((row) => row.truth);
        const propensity = { labelCounts: Uint32Array.from(labelCounts), numTrainingRows: 60 };
        const expected = straightforward(results, truth, labelCounts, 60);
        const first = cut % results.length;

        const metrics = new Metrics(propensity);
        metrics.add(predictionsOf(results.slice(0, first), 100), truthOf(truth));
        metrics.add(predictionsOf(results.slice(first), 100), truthOf(truth), first);
        const values = metrics.values() as Record<string, number>;
        expect(Object.keys(values).sort()).toEqual(Object.keys(expected).sort());
        for (const name of Object.keys(expected)) expect(values[name], name).toBeCloseTo(expected[name], 10);

        const unnamed = new Metrics(propensity);
        const known = truth.map((row) => row.filter((l) => l < 25));
        const unknown = truth.map((row) => row.filter((l) => l >= 25).length);
        unnamed.add(predictionsOf(results, 100), truthOf(known, unknown));
        const same = unnamed.values() as Record<string, number>;
        for (const name of Object.keys(expected)) expect(same[name], name).toBeCloseTo(expected[name], 10);
      }),
    );
  });

  it("is 0 over nothing, and says when truth is short", () => {
    expect(new Metrics().values()["p@1"]).toBe(0);
    expect(() => new Metrics().add(predictionsOf([[1], [2]], 1), truthOf([[1]]))).toThrow(ShapeError);
  });
});
