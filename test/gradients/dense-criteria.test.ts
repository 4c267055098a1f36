/**
 * @file Finite differences for the losses of dense predictions and of classes, on every backend.
 *
 * Inputs keep more than a step's distance from kinks. Tolerance as in check-gradients.ts: h²/6 · |third derivative| of
 * truncation (0 for losses that are linear or quadratic in one number), and rounding of the loss, at most
 * terms · magnitude · 2⁻²⁴, over h.
 */
import { expect, it } from "vitest";
import {
  AbsCriterion,
  BCECriterion,
  ClassNLLCriterion,
  CosineEmbeddingCriterion,
  type Criterion,
  CrossEntropyCriterion,
  type IdTensor,
  KLDivergenceCriterion,
  MarginRankingCriterion,
  MSECriterion,
  MultiLabelSoftMarginCriterion,
  MultiMarginCriterion,
  SmoothL1Criterion,
  type Table,
  type Tensor,
} from "../../src/nn/index.js";
import { describeBackends } from "./backends.js";
import { checkCriterion, compareWithDifferences, elements, sparseBatch, testNumbers } from "./check-gradients.js";

interface Check {
  readonly thirdDerivative?: number;
  /** Longest chain of roundings that leads to the loss. */
  readonly terms: number;
  /** Bound of the loss, and of what it is the mean of. */
  readonly magnitude: number;
  readonly step?: number;
}

/** Checks the gradient of each tensor of the input. */
function check<I extends Tensor | Table, T>(criterion: Criterion<I, T>, input: I, target: T, options: Check): void {
  const { thirdDerivative = 0, terms, magnitude, step = 2 ** -4 } = options;
  const tensorsOf = (x: Tensor | Table): readonly Tensor[] => ("data" in x ? [x] : x);
  criterion.forward(input, target);
  const gradients = tensorsOf(criterion.backward(input, target)).map((g) =>
    Float64Array.from(g.data.subarray(0, elements(g))),
  );
  const rounding = terms * magnitude * 2 ** -24;
  const tolerance = ((step * step) / 6) * thirdDerivative + rounding * (1 / step + 1);
  for (const [i, tensor] of tensorsOf(input).entries()) {
    const objective = (): number => criterion.forward(input, target);
    compareWithDifferences(`input ${i}`, objective, tensor.data, gradients[i], step, tolerance);
    expect(gradients[i].some((g) => Math.abs(g) > 5 * tolerance)).toBe(true);
  }
}

/** Third derivative in one logit of ln Σ exp, see criteria.test.ts. */
const STEEPEST = 1 / (6 * Math.sqrt(3));

describeBackends("gradients of dense criteria", (kernels) => {
  const tensor = (shape: readonly number[], values: ArrayLike<number>): Tensor => {
    const data = kernels.f32(values.length);
    data.set(values);
    return { data, shape };
  };
  const classes = (...values: number[]): IdTensor => {
    const data = kernels.u32(values.length);
    data.set(values);
    return { data, shape: [values.length] };
  };
  const SHAPE = [3, 7];
  const n = 21;
  // Targets are off by 1/8 to 9/8, a step of 1/16 from none of which reaches 0.
  const target = tensor(SHAPE, testNumbers(n, 1));
  const off = testNumbers(n, 2);
  const x = (): Tensor =>
    tensor(
      SHAPE,
      target.data.map((t, i) => t + off[i]),
    );

  it.each([true, false])("MSECriterion, AbsCriterion, sizeAverage %s", (sizeAverage) => {
    const scale = sizeAverage ? 1 : n;
    check(new MSECriterion(kernels, { sizeAverage }), x(), target, { terms: n + 4, magnitude: 2 * scale });
    check(new AbsCriterion(kernels, { sizeAverage }), x(), target, { terms: n + 4, magnitude: 2 * scale });
  });

  it("SmoothL1Criterion on both sides of beta", () => {
    // Distances from 1/8 to 9/8: those within a step of beta = 1/2 are moved away.
    const far = x();
    for (let i = 0; i < n; i++) {
      const d = far.data[i] - target.data[i];
      if (Math.abs(Math.abs(d) - 0.5) < 0.1) far.data[i] += Math.sign(d) * 0.25;
    }
    check(new SmoothL1Criterion(kernels, { beta: 0.5 }), far, target, { terms: n + 4, magnitude: 2 });
  });

  it("BCECriterion, with and without weights", () => {
    const p = tensor(
      SHAPE,
      testNumbers(n, 3).map((v) => 0.5 + v / 5),
    ); // in [0.275, 0.725]
    const t = tensor(
      SHAPE,
      testNumbers(n, 4).map((v) => (v > 0.5 ? 1 : v < -0.5 ? 0 : 0.5 + v / 4)),
    );
    const step = 2 ** -6;
    const thirdDerivative = (2 / (0.275 - step) ** 3) * (2 / n);
    for (const weights of [null, [0.5, 1, 2, 0, 1, 1.5, 1]]) {
      check(new BCECriterion(kernels, { weights }), p, t, { terms: n + 8, magnitude: 3, thirdDerivative, step });
    }
  });

  it("KLDivergenceCriterion", () => {
    const t = tensor(
      SHAPE,
      testNumbers(n, 5).map((v) => Math.max(0, v)),
    );
    const logs = tensor(
      SHAPE,
      testNumbers(n, 6).map((v) => v - 1.5),
    );
    check(new KLDivergenceCriterion(kernels), logs, t, { terms: n + 8, magnitude: 4 });
  });

  const weights = [1, 0.5, 2, 0.25, 1];

  it("ClassNLLCriterion, with and without weights", () => {
    const logs = tensor([4, 5], testNumbers(20, 7));
    for (const options of [{}, { weights }]) {
      check(new ClassNLLCriterion(kernels, options), logs, classes(3, 0, 0, 4), { terms: 8, magnitude: 2 });
    }
  });

  it("CrossEntropyCriterion, with and without weights", () => {
    const logits = tensor([4, 5], testNumbers(20, 8));
    for (const options of [{}, { weights }]) {
      // A row's share of the weighted mean is at most 2/(0.5 + 2 + …) < 1.
      const loss = { terms: 12 * 4, magnitude: 1 + Math.log(5), thirdDerivative: STEEPEST };
      check(new CrossEntropyCriterion(kernels, options), logits, classes(2, 1, 4, 1), loss);
    }
  });

  it("MultiLabelSoftMarginCriterion", () => {
    const targets = sparseBatch(kernels, 5, [
      [
        [3, 1],
        [1, 1],
      ],
      [[0, 1]],
      [],
    ]);
    const logits = tensor([3, 5], testNumbers(15, 9));
    checkCriterion(new MultiLabelSoftMarginCriterion(kernels), logits, targets, STEEPEST / 15);
  });

  it.each([1, 2] as const)("MultiMarginCriterion, p = %i, with and without weights", (p) => {
    // Multiples of 1/4 against a margin of 1/8 past one: violations are odd multiples of 1/8, two steps of 2⁻⁵ inside.
    const scores = tensor(
      [4, 5],
      testNumbers(20, 10).map((v) => Math.round(4 * v) / 4),
    );
    for (const options of [{}, { weights }]) {
      const criterion = new MultiMarginCriterion(kernels, { p, margin: 0.625, ...options });
      check(criterion, scores, classes(3, 0, 2, 4), { terms: 5 + 8, magnitude: 2 * 7, step: 2 ** -5 });
    }
  });

  it("CosineEmbeddingCriterion", () => {
    const [rows, cols] = [4, 5];
    const a = tensor([rows, cols], testNumbers(rows * cols, 11));
    const b = tensor([rows, cols], testNumbers(rows * cols, 12));
    const labels = tensor([rows], [1, -1, 1, -1]);
    // As one number runs, a direction (cos θ, sin θ) turns with tan θ = t/r, r the norm of the others: its third
    // derivative is at most (2 + 3·0.65 + 1)/r³ < 5/r³. |b| = 1 times that; a row's share is 1/4.
    let r = Infinity;
    for (const { data } of [a, b]) {
      for (let i = 0; i < rows * cols; i++) {
        const row = [...data.subarray(i - (i % cols), i - (i % cols) + cols)];
        row.splice(i % cols, 1);
        r = Math.min(r, Math.hypot(...row));
      }
    }
    const step = 2 ** -6;
    const thirdDerivative = 5 / r ** 3 / rows;
    const margin = -1; // no kink: a cosine is not below
    const criterion = new CosineEmbeddingCriterion(kernels, { margin });
    check(criterion, [a, b], labels, { terms: 3 * (cols + 4), magnitude: 2, thirdDerivative, step });
  });

  it("MarginRankingCriterion", () => {
    const a = tensor([6], [0.5, 0.25, -1, 1, 0.75, -0.5]);
    const b = tensor([6], [0, 0.75, 1, 0.5, 0.25, 0.5]);
    const labels = tensor([6, 1], [1, 1, -1, -1, -1, 1]);
    check(new MarginRankingCriterion(kernels, { margin: 0.625 }), [a, b], labels, { terms: 10, magnitude: 3 });
  });
});
