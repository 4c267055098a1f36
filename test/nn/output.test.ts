/** @file Output layers as predictors: probabilities that sum to 1, exact best labels, errors that say what was expected. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { Kernels } from "../../src/kernels/contract.js";
import {
  clustersByCount,
  clustersOfAssignment,
  FullSoftMax,
  HierarchicalSoftMax,
  HuffmanSoftMax,
  OneVsAll,
  type OutputCriterion,
  type Tensor,
} from "../../src/nn/index.js";
import { describeBackends } from "../gradients/backends.js";
import { sparseBatch, testTensor } from "../gradients/check-gradients.js";

const H = 4;

/** Multiples of ¼: logits are exact in any order of summation, and many labels are equally likely. */
function makeExact(criterion: OutputCriterion, rng: Rng, steps: number): void {
  for (const { value } of criterion.parameters()) {
    for (let i = 0; i < value.length; i++) value[i] = (rng.nextBelow(2 * steps + 1) - steps) / 4;
  }
}

function exactTensor(kernels: Kernels, rows: number, rng: Rng): Tensor {
  const data = kernels.f32(rows * H);
  for (let i = 0; i < data.length; i++) data[i] = (rng.nextBelow(9) - 4) / 4;
  return { data, shape: [rows, H] };
}

const LAYERS: Record<string, (kernels: Kernels, numLabels: number, rng: Rng) => OutputCriterion> = {
  FullSoftMax: (kernels, numLabels, rng) => new FullSoftMax(kernels, H, numLabels, rng),
  OneVsAll: (kernels, numLabels, rng) => new OneVsAll(kernels, H, numLabels, rng),
  "HierarchicalSoftMax, default": (kernels, numLabels, rng) => new HierarchicalSoftMax(kernels, H, numLabels, rng),
  "HierarchicalSoftMax, by counts": (kernels, numLabels, rng) => {
    const counts = Float64Array.from({ length: numLabels }, (_, label) => 1000 / (1 + ((label * 7) % numLabels)));
    return new HierarchicalSoftMax(kernels, H, numLabels, rng, { counts, numClusters: Math.ceil(numLabels / 9) });
  },
  "HuffmanSoftMax, balanced": (kernels, numLabels, rng) => new HuffmanSoftMax(kernels, H, numLabels, rng),
  "HuffmanSoftMax, by counts": (kernels, numLabels, rng) => {
    const counts = Float64Array.from({ length: numLabels }, (_, label) => 2 ** (-label / 2));
    return new HuffmanSoftMax(kernels, H, numLabels, rng, { counts });
  },
};

describeBackends("output layers", (kernels) => {
  describe.each(Object.keys(LAYERS))("%s", (name) => {
    it.each([2, 3, 40, 257])("%i labels: probabilities sum to 1, top k equals the brute force", (numLabels) => {
      for (const steps of [0, 1, 8]) {
        const rng = new Rng(100 * numLabels + steps);
        const criterion = LAYERS[name](kernels, numLabels, rng);
        makeExact(criterion, rng, steps);
        const rows = 18; // more than one block of queries
        const input = exactTensor(kernels, rows, rng);
        const scores = kernels.f32(rows * numLabels).fill(Number.NaN);
        criterion.logProbabilitiesInto(input, scores);
        for (const k of [1, 5, numLabels + 3]) {
          const [labels, best] = [kernels.u32(rows * k), kernels.f32(rows * k)];
          const counts = criterion.topK(input, k, labels, best);
          for (let i = 0; i < rows; i++) {
            const row = scores.subarray(i * numLabels, (i + 1) * numLabels);
            const order = Array.from(row, (_, label) => label).sort((a, b) => row[b] - row[a] || a - b);
            expect(counts[i]).toBe(Math.min(k, numLabels));
            expect([...labels.subarray(i * k, i * k + counts[i])]).toEqual(order.slice(0, k));
            expect([...best.subarray(i * k, i * k + counts[i])]).toEqual(order.slice(0, k).map((l) => row[l]));
          }
        }
        if (name === "OneVsAll") continue;
        // Each of L log-probabilities is off by some 4 ulp of at most 60.
        for (let i = 0; i < rows; i++) {
          const row = scores.subarray(i * numLabels, (i + 1) * numLabels);
          const sum = row.reduce((total, x) => total + Math.exp(x), 0);
          expect(Math.abs(sum - 1)).toBeLessThan(60 * 40 * 2 ** -24);
        }
      }
    });

    it("the loss is the mean of −t·log-probability", () => {
      const numLabels = 30;
      const criterion = LAYERS[name](kernels, numLabels, new Rng(5));
      const input = testTensor(kernels, [3, H], 8);
      const rows = [
        [
          [3, 0.5],
          [17, 0.5],
        ],
        [[0, 1]],
        [
          [29, 0.25],
          [28, 0.5],
          [2, 0.25],
        ],
      ] as const;
      const target = sparseBatch(kernels, numLabels, rows as never);
      const scores = kernels.f32(3 * numLabels);
      criterion.logProbabilitiesInto(input, scores);
      let expected = 0;
      rows.forEach((row, i) => {
        for (const [label, t] of row) expected -= t * scores[i * numLabels + label];
        if (name !== "OneVsAll") return;
        for (let label = 0; label < numLabels; label++) {
          const t = row.find(([l]) => l === label)?.[1] ?? 0;
          expected -= (1 - t) * Math.log1p(-Math.exp(scores[i * numLabels + label]));
        }
      });
      expect(criterion.forward(input, target)).toBeCloseTo(expected / 3, 4);
    });

    it("NaN weights show: a NaN loss, no labels found", () => {
      const criterion = LAYERS[name](kernels, 6, new Rng(5));
      for (const { value } of criterion.parameters()) value.fill(Number.NaN);
      const input = testTensor(kernels, [1, H], 8);
      expect(criterion.forward(input, sparseBatch(kernels, 6, [[[2, 1]]]))).toBeNaN();
      expect(criterion.topK(input, 2, kernels.u32(2), kernels.f32(2))[0]).toBe(0);
    });

    it("refuses what does not fit", () => {
      const criterion = LAYERS[name](kernels, 6, new Rng(5));
      const input = testTensor(kernels, [2, H], 8);
      const wide = testTensor(kernels, [2, H + 1], 8);
      const target = sparseBatch(kernels, 6, [[[1, 1]], [[2, 1]]]);
      expect(() => criterion.forward(wide, target)).toThrow(/expected input \[N, 4\], got \[2, 5\]/);
      expect(() => criterion.forward(input, { ...target, numCols: 7 })).toThrow(
        /expected targets \[2, 6\], got \[2, 7\]/,
      );
      expect(() => criterion.forward(input, sparseBatch(kernels, 6, [[[6, 1]], []]))).toThrow(/below 6/);
      expect(() => criterion.topK(input, 0, kernels.u32(2), kernels.f32(2))).toThrow(/positive whole number k, got 0/);
      expect(() => criterion.topK(input, 2, kernels.u32(3), kernels.f32(4))).toThrow(/expected outputs \[2, 2\]/);
      expect(() => criterion.logProbabilitiesInto(input, kernels.f32(11))).toThrow(/expected outputs \[2, 6\]/);
    });
  });

  it("one label has the probability 1 in two levels; a tree needs two", () => {
    const criterion = new HierarchicalSoftMax(kernels, H, 1, new Rng(1));
    const input = testTensor(kernels, [1, H], 8);
    expect(criterion.forward(input, sparseBatch(kernels, 1, [[[0, 1]]]))).toBe(0);
    expect(() => new HuffmanSoftMax(kernels, H, 1, new Rng(1))).toThrow(/two labels or more/);
  });

  it("refuses clusters and counts of other labels", () => {
    const clusters = clustersByCount([1, 1, 1], 2);
    expect(() => new HierarchicalSoftMax(kernels, H, 4, new Rng(1), { clusters })).toThrow(/each of 4 labels once/);
    expect(() => new HierarchicalSoftMax(kernels, H, 3, new Rng(1), { clusters, numClusters: 2 })).toThrow(/got both/);
    expect(() => new HierarchicalSoftMax(kernels, H, 4, new Rng(1), { counts: [1] })).toThrow(/counts of 4 labels/);
    expect(() => new HuffmanSoftMax(kernels, H, 4, new Rng(1), { counts: [1] })).toThrow(/counts of 4 labels/);
    expect(() => new FullSoftMax(kernels, H, 0, new Rng(1))).toThrow(/positive whole number of labels, got 0/);
  });
});

describe("label clusters", () => {
  it("equal counts give clusters of equal size in the order of the labels", () => {
    const { offsets, order } = clustersByCount(new Float64Array(10).fill(3), 4);
    expect([...offsets]).toEqual([0, 3, 5, 8, 10]);
    expect([...order]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("hold every label once, whatever the counts", () => {
    for (const numClusters of [1, 2, 7, 19, 20]) {
      const counts = Array.from({ length: 20 }, (_, i) => (i % 3 === 0 ? 0 : 10 ** (i % 5)));
      const { offsets, order } = clustersByCount(counts, numClusters);
      expect(offsets.length).toBe(numClusters + 1);
      expect(offsets.every((start, c) => c === 0 || start > offsets[c - 1])).toBe(true);
      expect([...order].sort((a, b) => a - b)).toEqual(counts.map((_, i) => i));
    }
  });

  it("refuses impossible numbers and assignments", () => {
    expect(() => clustersByCount([1, 2], 3)).toThrow(/1 to 2 clusters/);
    expect(() => clustersByCount([1, Number.NaN], 1)).toThrow(/finite counts/);
    expect(() => clustersOfAssignment([0, 2], 2)).toThrow(/below 2, got 2 for label 1/);
    expect(() => clustersOfAssignment([0, 2, 2], 3)).toThrow(/none in 1/);
  });
});
