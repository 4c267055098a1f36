/** @file Losses with known values, rows without targets, empty batches, error texts. */
import { describe, expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/contract.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { SigmoidCrossEntropyCriterion, SoftMaxCrossEntropyCriterion } from "../../src/nn/index.js";
import { sparseBatch, testTensor } from "../gradients/check-gradients.js";

const kernels: Kernels = createReferenceKernels();

describe("SoftMaxCrossEntropyCriterion", () => {
  it("is ln B for equal logits, averaged over rows", () => {
    const criterion = new SoftMaxCrossEntropyCriterion(kernels);
    const logits = { data: new Float32Array(16).fill(3), shape: [2, 8] };
    const targets = sparseBatch(kernels, 8, [[[5, 1]], []]);
    expect(criterion.forward(logits, targets)).toBeCloseTo(Math.log(8) / 2, 6);
    const grad = [...criterion.backward(logits, targets).data.subarray(0, 16)];
    expect(grad[5]).toBeCloseTo((1 / 8 - 1) / 2, 6);
    expect(grad[0]).toBeCloseTo(1 / 16, 6);
    expect(grad.slice(8).every((g) => g === 0)).toBe(true);
  });

  it("leaves the logits alone", () => {
    const logits = testTensor(kernels, [2, 3], 1);
    const before = [...logits.data];
    new SoftMaxCrossEntropyCriterion(kernels).forward(logits, sparseBatch(kernels, 3, [[[0, 1]], [[1, 1]]]));
    expect([...logits.data]).toEqual(before);
  });

  it("writes the gradient over the logits where it is told to", () => {
    const targets = sparseBatch(kernels, 3, [[[0, 1]], [[1, 1]]]);
    for (const Loss of [SoftMaxCrossEntropyCriterion, SigmoidCrossEntropyCriterion]) {
      const [apart, inPlace] = [new Loss(kernels), new Loss(kernels, { inPlace: true })];
      const [logits, lost] = [testTensor(kernels, [2, 3], 1), testTensor(kernels, [2, 3], 1)];
      expect(inPlace.forward(lost, targets)).toBe(apart.forward(logits, targets));
      expect(inPlace.backward(lost, targets)).toBe(lost);
      expect(lost.data).toEqual(apart.backward(logits, targets).data.subarray(0, 6));
    }
  });

  it("shows NaN", () => {
    const logits = { data: Float32Array.of(Number.NaN, 0), shape: [1, 2] };
    expect(new SoftMaxCrossEntropyCriterion(kernels).forward(logits, sparseBatch(kernels, 2, [[[0, 1]]]))).toBeNaN();
  });

  it("names what does not fit", () => {
    const criterion = new SoftMaxCrossEntropyCriterion(kernels);
    expect(() => criterion.forward(testTensor(kernels, [2, 3], 1), sparseBatch(kernels, 4, [[], []]))).toThrow(
      "SoftMaxCrossEntropyCriterion.forward: expected targets [2, 3] like the input [N, B], got [2, 4]; " +
        "are labels mapped to this layer's outputs?",
    );
  });
});

describe("SigmoidCrossEntropyCriterion", () => {
  it("is B·ln 2 a row for logits of zero", () => {
    const criterion = new SigmoidCrossEntropyCriterion(kernels);
    const logits = { data: new Float32Array(6), shape: [2, 3] };
    const targets = sparseBatch(kernels, 3, [
      [
        [2, 1],
        [0, 1],
      ],
      [],
    ]);
    expect(criterion.forward(logits, targets)).toBeCloseTo(3 * Math.LN2, 6);
    const grad = [...criterion.backward(logits, targets).data.subarray(0, 6)];
    expect(grad).toEqual([-0.25, 0.25, -0.25, 0.25, 0.25, 0.25]);
  });

  it("stays finite far out", () => {
    const logits = { data: Float32Array.of(500, -500), shape: [1, 2] };
    const loss = new SigmoidCrossEntropyCriterion(kernels).forward(logits, sparseBatch(kernels, 2, [[[1, 1]]]));
    expect(loss).toBeCloseTo(1000, 3);
  });

  it("is 0 for a batch of no rows", () => {
    const criterion = new SigmoidCrossEntropyCriterion(kernels);
    const logits = { data: new Float32Array(0), shape: [0, 3] };
    const targets = sparseBatch(kernels, 3, []);
    expect(criterion.forward(logits, targets)).toBe(0);
    expect(criterion.backward(logits, targets).shape).toEqual([0, 3]);
  });
});
