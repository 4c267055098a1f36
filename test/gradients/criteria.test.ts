/** @file Finite differences for the losses on sparse targets, on every backend. */
import { it } from "vitest";
import { SigmoidCrossEntropyCriterion, SoftMaxCrossEntropyCriterion } from "../../src/nn/index.js";
import { describeBackends } from "./backends.js";
import { checkCriterion, sparseBatch, testTensor } from "./check-gradients.js";

/**
 * Third derivative in one logit, of ln Σ exp as of ln(1 + exp): p(1 − p)(1 − 2p) for a probability p, whose largest
 * value is 1/(6√3) at p = ½ − 1/√12; times the row's target mass (softmax only) and its share of the mean.
 */
const STEEPEST = 1 / (6 * Math.sqrt(3));

describeBackends("gradients of criteria", (kernels) => {
  const targets = sparseBatch(kernels, 5, [
    [
      [3, 0.5],
      [1, 0.5],
    ],
    [[0, 1]],
    [],
    [
      [4, 1],
      [2, 1],
    ],
  ]);

  it("SoftMaxCrossEntropyCriterion, rows of mass 1, 0 and 2", () => {
    const logits = testTensor(kernels, [4, 5], 11);
    checkCriterion(new SoftMaxCrossEntropyCriterion(kernels), logits, targets, (2 * STEEPEST) / 4);
  });

  it("SigmoidCrossEntropyCriterion", () => {
    const logits = testTensor(kernels, [4, 5], 12);
    checkCriterion(new SigmoidCrossEntropyCriterion(kernels), logits, targets, STEEPEST / 4);
  });

  it.each([1, 17, 33])("one row of %i columns", (cols) => {
    const logits = testTensor(kernels, [1, cols], 13);
    const target = sparseBatch(kernels, cols, [[[cols >> 1, 0.75]]]);
    if (cols > 1) checkCriterion(new SoftMaxCrossEntropyCriterion(kernels), logits, target, STEEPEST);
    checkCriterion(new SigmoidCrossEntropyCriterion(kernels), logits, target, STEEPEST);
  });
});
