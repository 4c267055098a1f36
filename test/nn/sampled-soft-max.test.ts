/** @file The sampled softmax is the full one when nothing is left out, and stands for it on average when much is. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { aliasTable, FullSoftMax, type NegativeDistribution, SampledSoftMax } from "../../src/nn/index.js";
import { describeBackends } from "../gradients/backends.js";
import { denseGradient, elements, sparseBatch, testTensor } from "../gradients/check-gradients.js";

const L = 20;
const ROWS = [
  [
    [3, 0.5],
    [0, 0.5],
  ],
  [[19, 1]],
  [],
] as never;
const WEIGHTS = Array.from({ length: L }, (_, j) => 1 + (j % 5));

describeBackends("SampledSoftMax", (kernels) => {
  const target = sparseBatch(kernels, L, ROWS);
  const input = testTensor(kernels, [3, 5], 4);

  it.each<NegativeDistribution>(["uniform", "logUniform", WEIGHTS])(
    "with all negatives equals FullSoftMax: %s",
    (negatives) => {
      const sampled = new SampledSoftMax(kernels, 5, L, new Rng(1), { numNegatives: L, negatives });
      const full = new FullSoftMax(kernels, 5, L, new Rng(1));
      expect([...full.linear.weight.value]).toEqual([...sampled.linear.weight.value]);
      full.zeroGradParameters();
      expect(sampled.forward(input, target)).toBeCloseTo(full.forward(input, target), 5);
      const [a, b] = [sampled.backward(input, target), full.backward(input, target)];
      for (let i = 0; i < elements(input); i++) expect(a.data[i]).toBeCloseTo(b.data[i], 6);
      const [dA, dB] = [denseGradient(sampled.linear.weight), denseGradient(full.linear.weight)];
      dA.forEach((g, i) => void expect(g).toBeCloseTo(dB[i], 6));
    },
  );

  it("evaluates and predicts as FullSoftMax, whatever the sample", () => {
    const sampled = new SampledSoftMax(kernels, 5, L, new Rng(1), { numNegatives: 2 });
    const full = new FullSoftMax(kernels, 5, L, new Rng(1));
    sampled.forward(input, target);
    sampled.setMode("evaluate");
    expect(sampled.forward(input, target)).toBeCloseTo(full.forward(input, target), 5);
    const [labels, scores] = [kernels.u32(9), kernels.f32(9)];
    const [expectedLabels, expectedScores] = [kernels.u32(9), kernels.f32(9)];
    sampled.topK(input, 3, labels, scores);
    full.topK(input, 3, expectedLabels, expectedScores);
    expect(labels).toEqual(expectedLabels);
    expect(scores).toEqual(expectedScores);
    const [all, expectedAll] = [kernels.f32(3 * L), kernels.f32(3 * L)];
    sampled.logProbabilitiesInto(input, all);
    full.logProbabilitiesInto(input, expectedAll);
    expect(all).toEqual(expectedAll);
  });

  it("learns to tell labels apart from few negatives a step", () => {
    const criterion = new SampledSoftMax(kernels, 5, L, new Rng(1), { numNegatives: 4, negatives: "logUniform" });
    for (let step = 0; step < 600; step++) {
      criterion.zeroGradParameters();
      criterion.forward(input, target);
      criterion.backward(input, target);
      for (const { value, grad, cols } of criterion.parameters()) {
        if (grad.kind !== "rows") throw new Error("expected a row-sparse gradient");
        const options = { learningRate: 0.5, momentum: 0, nesterov: false, weightDecay: 0 };
        kernels.sgdStep({ cols, rows: grad }, value, grad.values, null, options);
      }
    }
    const [labels, scores] = [kernels.u32(6), kernels.f32(6)];
    criterion.topK(input, 2, labels, scores);
    expect([...labels.subarray(0, 2)].sort()).toEqual([0, 3]);
    expect(labels[2]).toBe(19);
    expect(Math.exp(scores[2])).toBeGreaterThan(0.9);
  });

  it("refuses impossible options", () => {
    const make = (options: object): SampledSoftMax => new SampledSoftMax(kernels, 5, L, new Rng(1), options);
    expect(() => make({ numNegatives: 0 })).toThrow(/positive whole number of negatives, got 0/);
    expect(() => make({ negatives: [1, 2] })).toThrow(/expected 20 positive weights, got 2/);
    expect(() => make({ negatives: WEIGHTS.map((w) => w - 1) })).toThrow(/got 0 for column 0/);
  });
});

describe("aliasTable", () => {
  it("gives every column its share of the cells", () => {
    for (const weights of [[1], [1, 0, 3], WEIGHTS, Array.from({ length: 300 }, (_, i) => 1 / (i + 1) ** 2)]) {
      const { thresholds, aliases } = aliasTable(weights);
      const share = new Float64Array(weights.length);
      thresholds.forEach((cut, i) => {
        const own = cut === 2 ** 32 - 1 ? 1 : cut / 2 ** 32;
        share[i] += own;
        share[aliases[i]] += 1 - own;
      });
      const total = weights.reduce((a, b) => a + b);
      weights.forEach((w, i) => void expect(share[i] / weights.length).toBeCloseTo(w / total, 8));
    }
  });

  it("refuses weights that are none", () => {
    expect(() => aliasTable([1, -1])).toThrow(/got -1 at 1/);
    expect(() => aliasTable([0, 0])).toThrow(/positive finite sum/);
  });
});
