/** @file Finite differences for the sampled softmax, its sample held, on every backend. */
import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { type NegativeDistribution, SampledSoftMax } from "../../src/nn/index.js";
import { describeBackends } from "./backends.js";
import { sparseBatch, testTensor } from "./check-gradients.js";
import { checkOutput } from "./check-output.js";

const L = 12;
const WIDE = { init: "uniform", gain: 0.5, bias: 0.25 } as const;

describeBackends("gradients of SampledSoftMax", (kernels) => {
  const target = sparseBatch(kernels, L, [
    [
      [3, 0.5],
      [0, 0.5],
    ],
    [],
    [[11, 2]],
  ]);

  it.each<NegativeDistribution>(["uniform", "logUniform", [1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1, 2]])("%s", (negatives) => {
    const criterion = new SampledSoftMax(kernels, 5, L, new Rng(3), { ...WIDE, numNegatives: 4, negatives });
    criterion.rng = { nextUint32: () => 12345 };
    const input = testTensor(kernels, [3, 5], 21);
    checkOutput({ criterion, input, target, mass: 2, largest: 0.5, levels: 1 });
    const { grad } = criterion.linear.weight;
    const count = grad.kind === "rows" ? grad.count : L;
    // The targets 0, 3 and 11, and some of the others, but not all.
    expect(count).toBeGreaterThan(3);
    expect(count).toBeLessThan(L);
    expect([...target.columns]).toEqual([3, 0, 11]);
  });

  it("in evaluate mode, over all labels", () => {
    const criterion = new SampledSoftMax(kernels, 5, L, new Rng(3), { ...WIDE, numNegatives: 4 });
    criterion.setMode("evaluate");
    const input = testTensor(kernels, [3, 5], 21);
    checkOutput({ criterion, input, target, mass: 2, largest: 0.5, levels: 1 });
  });
});
