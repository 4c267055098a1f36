/** @file Losses of dense predictions, classes and pairs: numbers worked out by hand, kinks, ends, error texts. */
import { describe, expect, it } from "vitest";
import { createReferenceKernels } from "../../src/kernels/index.js";
import {
  AbsCriterion,
  BCECriterion,
  ClassNLLCriterion,
  CosineEmbeddingCriterion,
  CrossEntropyCriterion,
  type IdTensor,
  KLDivergenceCriterion,
  MarginRankingCriterion,
  MSECriterion,
  MultiLabelSoftMarginCriterion,
  MultiMarginCriterion,
  SigmoidCrossEntropyCriterion,
  SmoothL1Criterion,
  SoftMaxCrossEntropyCriterion,
  type Table,
  type Tensor,
} from "../../src/nn/index.js";
import { describeBackends } from "../gradients/backends.js";
import { sparseBatch, testTensor } from "../gradients/check-gradients.js";

const matrix = (...rows: number[][]): Tensor => ({
  data: Float32Array.from(rows.flat()),
  shape: [rows.length, rows[0].length],
});
const vector = (...values: number[]): Tensor => ({ data: Float32Array.from(values), shape: [values.length] });
const classes = (...values: number[]): IdTensor => ({ data: Uint32Array.from(values), shape: [values.length] });
const numbersOf = (x: Tensor | Table): number[] =>
  ("data" in x ? [x] : [...x]).flatMap(({ data, shape }) => [
    ...data.subarray(
      0,
      shape.reduce((a, b) => a * b, 1),
    ),
  ]);

function expectNumbers(actual: Tensor | Table, expected: readonly number[]): void {
  const got = numbersOf(actual);
  expect(got).toHaveLength(expected.length);
  expected.forEach((g, i) => {
    expect(got[i], `number ${i}`).toBeCloseTo(g, 5);
  });
}

describeBackends("losses by hand", (kernels) => {
  it("MSECriterion: mean over numbers, or their sum", () => {
    const [x, t] = [matrix([1, 2], [3, 4]), matrix([1, 0], [0, 5])];
    const mean = new MSECriterion(kernels);
    expect(mean.forward(x, t)).toBeCloseTo((0 + 4 + 9 + 1) / 4, 6);
    expectNumbers(mean.backward(x, t), [0, 1, 1.5, -0.5]);
    const sum = new MSECriterion(kernels, { sizeAverage: false });
    expect(sum.forward(x, t)).toBeCloseTo(14, 5);
    expectNumbers(sum.backward(x, t), [0, 4, 6, -2]);
  });

  it("AbsCriterion: 0 at the kink", () => {
    const [x, t] = [matrix([1, 2], [3, 4]), matrix([1, 0], [0, 5])];
    const criterion = new AbsCriterion(kernels);
    expect(criterion.forward(x, t)).toBeCloseTo((0 + 2 + 3 + 1) / 4, 6);
    expect(numbersOf(criterion.backward(x, t))).toEqual([0, 0.25, 0.25, -0.25]);
  });

  it("SmoothL1Criterion: squared within beta, absolute beyond, one slope where they meet", () => {
    const [x, t] = [vector(0.5, 2, -3, 1), vector(0, 0, 0, 1)];
    const criterion = new SmoothL1Criterion(kernels, { beta: 2 });
    expect(criterion.forward(x, t)).toBeCloseTo((0.0625 + 1 + 2 + 0) / 4, 6);
    expectNumbers(criterion.backward(x, t), [0.25 / 4, 1 / 4, -1 / 4, 0]);
  });

  it("BCECriterion: by hand, with weights, and held at the ends", () => {
    const [p, t] = [matrix([0.25, 0.5], [0.5, 0.75]), matrix([0, 1], [0.5, 1])];
    const plain = new BCECriterion(kernels);
    expect(plain.forward(p, t)).toBeCloseTo((-2 * Math.log(0.75) + 2 * Math.LN2) / 4, 6);
    expectNumbers(plain.backward(p, t), [1 / 3, -0.5, 0, -1 / 3]);
    const weighted = new BCECriterion(kernels, { weights: [2, 0] });
    expect(weighted.forward(p, t)).toBeCloseTo((-2 * Math.log(0.75) + 2 * Math.LN2) / 4, 6);
    expectNumbers(weighted.backward(p, t), [2 / 3, 0, 0, 0]);
    const [ends, wrong] = [vector(0, 1, 0, 1), vector(1, 0, 0, 1)];
    expect(plain.forward(ends, wrong)).toBeCloseTo((23 * Math.LN2) / 2, 4);
    const grad = numbersOf(plain.backward(ends, wrong));
    expect(grad[0] / (-(2 ** 23) / 4)).toBeCloseTo(1, 5);
    expect(grad[1] / (2 ** 23 / 4)).toBeCloseTo(1, 5);
    // Right at the ends: p − t is 2⁻²³, over p(1 − p) about 2⁻²³.
    expect(grad[2]).toBeCloseTo(0.25, 5);
    expect(grad[3]).toBeCloseTo(-0.25, 5);
  });

  it("KLDivergenceCriterion: 0 for equal distributions; targets of 0 take no part", () => {
    const t = matrix([0.5, 0.25, 0.25, 0]);
    const equal = matrix([Math.log(0.5), Math.log(0.25), Math.log(0.25), -Infinity]);
    const criterion = new KLDivergenceCriterion(kernels);
    expect(criterion.forward(equal, t)).toBeCloseTo(0, 6);
    const even = matrix([Math.log(0.25), Math.log(0.25), Math.log(0.25), Math.log(0.25)]);
    expect(criterion.forward(even, t)).toBeCloseTo((0.5 * Math.LN2) / 4, 6);
    expectNumbers(criterion.backward(even, t), [-0.125, -0.0625, -0.0625, 0]);
  });

  it("ClassNLLCriterion: weighted mean over rows", () => {
    const x = matrix([-1, -2, -3], [-4, -5, -6]);
    const plain = new ClassNLLCriterion(kernels);
    expect(plain.forward(x, classes(1, 2))).toBeCloseTo(4, 6);
    expectNumbers(plain.backward(x, classes(1, 2)), [0, -0.5, 0, 0, 0, -0.5]);
    const weighted = new ClassNLLCriterion(kernels, { weights: [1, 3, 1] });
    expect(weighted.forward(x, classes(1, 2))).toBeCloseTo((3 * 2 + 6) / 4, 6);
    expectNumbers(weighted.backward(x, classes(1, 2)), [0, -0.75, 0, 0, 0, -0.25]);
    const none = new ClassNLLCriterion(kernels, { weights: [1, 0, 0] });
    expect(none.forward(x, classes(1, 2))).toBe(0);
    expect(numbersOf(none.backward(x, classes(1, 2))).every((g) => g === 0)).toBe(true);
  });

  it("CrossEntropyCriterion: as softmax cross-entropy of one-hot rows; weighted mean", () => {
    const logits = testTensor(kernels, [3, 4], 5);
    const hot = sparseBatch(kernels, 4, [[[2, 1]], [[0, 1]], [[2, 1]]]);
    const softmax = new SoftMaxCrossEntropyCriterion(kernels);
    const criterion = new CrossEntropyCriterion(kernels);
    expect(criterion.forward(logits, classes(2, 0, 2))).toBeCloseTo(softmax.forward(logits, hot), 12);
    expect(numbersOf(criterion.backward(logits, classes(2, 0, 2)))).toEqual(numbersOf(softmax.backward(logits, hot)));
    const flat = matrix([0, 0], [0, Math.log(3)]);
    const weighted = new CrossEntropyCriterion(kernels, { weights: [3, 1] });
    expect(weighted.forward(flat, classes(0, 1))).toBeCloseTo((3 * Math.LN2 + Math.log(4 / 3)) / 4, 6);
    expectNumbers(weighted.backward(flat, classes(0, 1)), [-0.375, 0.375, 1 / 16, -1 / 16]);
    const none = new CrossEntropyCriterion(kernels, { weights: [0, 1] });
    expect(none.forward(flat, classes(0, 0))).toBe(0);
    expect(numbersOf(none.backward(flat, classes(0, 0))).every((g) => g === 0)).toBe(true);
    // More rows than before, then fewer.
    const many = testTensor(kernels, [9, 4], 6);
    const ids = classes(0, 1, 2, 3, 0, 1, 2, 3, 0);
    expect(criterion.forward(many, ids)).toBeCloseTo(new CrossEntropyCriterion(kernels).forward(many, ids), 12);
    expect(criterion.forward(logits, classes(2, 0, 2))).toBeCloseTo(softmax.forward(logits, hot), 12);
  });

  it("MultiLabelSoftMarginCriterion: a C-th of the summed cross-entropy", () => {
    const logits = testTensor(kernels, [3, 4], 5);
    const targets = sparseBatch(kernels, 4, [[[2, 1]], [], [[0, 1]]]);
    const mean = new MultiLabelSoftMarginCriterion(kernels);
    const sum = new SigmoidCrossEntropyCriterion(kernels);
    expect(mean.forward(logits, targets)).toBeCloseTo(sum.forward(logits, targets) / 4, 6);
    expectNumbers(
      mean.backward(logits, targets),
      numbersOf(sum.backward(logits, targets)).map((g) => g / 4),
    );
  });

  it("MultiMarginCriterion: p = 1 and 2, 0 at the kink", () => {
    const x = matrix([1, 0.5, 0, 2]);
    const first = new MultiMarginCriterion(kernels);
    // Violations of class 0: 1 − 1 + 0.5, 1 − 1 + 0 (the kink), 1 − 1 + 2.
    expect(first.forward(x, classes(0))).toBeCloseTo(2.5 / 4, 6);
    expectNumbers(first.backward(x, classes(0)), [-0.5, 0.25, 0, 0.25]);
    const second = new MultiMarginCriterion(kernels, { p: 2, weights: [2, 1, 1, 1] });
    expect(second.forward(x, classes(0))).toBeCloseTo((2 * 4.25) / 4, 6);
    expectNumbers(second.backward(x, classes(0)), [-2.5, 0.5, 0, 2]);
  });

  it("CosineEmbeddingCriterion: alike, apart, at the margin, zeros", () => {
    const criterion = new CosineEmbeddingCriterion(kernels);
    const a = matrix([1, 0], [1, 0], [1, 0], [0, 0]);
    const b = matrix([0, 2], [3, 3], [0, 1], [1, 1]);
    const labels = vector(1, -1, -1, 1);
    expect(criterion.forward([a, b], labels)).toBeCloseTo((1 + Math.SQRT1_2 + 0 + 1) / 4, 6);
    const across = Math.SQRT1_2;
    expectNumbers(
      criterion.backward([a, b], labels),
      [0, -1, 0, across, 0, 0, 0, 0, -0.5, 0, across / 6, -across / 6, 0, 0, 0, 0].map((g) => g / 4),
    );
  });

  it("CosineEmbeddingCriterion: squares beyond f32 show as NaN, not as vectors at right angles", () => {
    const criterion = new CosineEmbeddingCriterion(kernels);
    const loss = criterion.forward([matrix([1e25, 1e25]), matrix([1, 2])], vector(1));
    // The reference sums in f64 and knows the cosine, 3/√10.
    const isKnown = kernels.info.backend === "reference";
    if (isKnown) expect(loss).toBeCloseTo(1 - 3 / Math.sqrt(10), 6);
    else expect(loss).toBeNaN();
  });

  it("MarginRankingCriterion: either order, 0 at the kink", () => {
    const criterion = new MarginRankingCriterion(kernels, { margin: 0.5 });
    const [a, b] = [vector(1, 1, 0, 0.5), vector(0, 2, 1, 0)];
    const labels = vector(1, 1, -1, 1);
    // Violations: 0.5 − 1, 0.5 + 1, 0.5 − 1, 0.5 − 0.5.
    expect(criterion.forward([a, b], labels)).toBeCloseTo(1.5 / 4, 6);
    expectNumbers(criterion.backward([a, b], labels), [0, -0.25, 0, 0, 0, 0.25, 0, 0]);
  });
});

const kernels = createReferenceKernels();

describe("batches of no rows", () => {
  it("have loss 0 and an empty gradient", () => {
    const none = { data: new Float32Array(0), shape: [0, 3] };
    for (const criterion of [new MSECriterion(kernels), new BCECriterion(kernels, { weights: [1, 2, 3] })]) {
      expect(criterion.forward(none, none)).toBe(0);
      expect(criterion.backward(none, none).shape).toEqual([0, 3]);
    }
    expect(new CrossEntropyCriterion(kernels).forward(none, classes())).toBe(0);
    expect(new MultiMarginCriterion(kernels).forward(none, classes())).toBe(0);
    expect(new CosineEmbeddingCriterion(kernels).forward([none, none], vector())).toBe(0);
  });
});

describe("what does not fit", () => {
  it("is named: shapes", () => {
    expect(() => new MSECriterion(kernels).forward(matrix([1, 2]), matrix([1], [2]))).toThrow(
      "MSECriterion.forward: expected a target [1, 2] like the input, got [2, 1]",
    );
    expect(() => new MSECriterion(kernels).backward(vector(1), vector(1))).toThrow("MSECriterion.backward: expected");
    expect(() => new BCECriterion(kernels, { weights: [1, 2] }).forward(vector(1, 2), vector(1, 2))).toThrow(
      "BCECriterion.forward: expected 2 numbers a row, one for each weight, got input [2]",
    );
    expect(() => new ClassNLLCriterion(kernels).forward(vector(1, 2), classes(1))).toThrow(
      "ClassNLLCriterion.forward: expected input [N, C], got [2]",
    );
    expect(() => new CrossEntropyCriterion(kernels).forward(matrix([1, 2]), classes(1, 0))).toThrow(
      "CrossEntropyCriterion.forward: expected a class for each of 1 rows, got target [2]",
    );
    expect(() => new CosineEmbeddingCriterion(kernels).forward([vector(1), vector(1)], vector(1))).toThrow(
      "CosineEmbeddingCriterion.forward: expected inputs [N, D], got [1]",
    );
    expect(() => new MarginRankingCriterion(kernels).forward([vector(1)], vector(1))).toThrow(
      "MarginRankingCriterion.forward: expected a table of two tensors, got 1",
    );
    expect(() => new MarginRankingCriterion(kernels).forward([vector(1), vector(1, 2)], vector(1))).toThrow(
      "expected two tensors of one shape, got [1] and [2]",
    );
    expect(() => new MarginRankingCriterion(kernels).forward([vector(1), vector(1)], vector(1, 1))).toThrow(
      "expected labels [1], one a row, got [2]",
    );
  });

  it("is named: values", () => {
    expect(() => new MultiMarginCriterion(kernels).forward(matrix([1, 2]), classes(2))).toThrow(
      "MultiMarginCriterion.forward: expected classes below 2, got 2 in row 0; classes count from 0",
    );
    expect(() => new MarginRankingCriterion(kernels).forward([vector(1), vector(1)], vector(0))).toThrow(
      "MarginRankingCriterion.forward: expected labels of 1 or -1, got 0 in row 0",
    );
    expect(() => new KLDivergenceCriterion(kernels).forward(vector(1, 2), vector(1, 2, 3))).toThrow(
      "expected a target",
    );
  });

  it("is named: options", () => {
    expect(() => new SmoothL1Criterion(kernels, { beta: 0 })).toThrow(
      "SmoothL1Criterion: expected beta above 0, got 0",
    );
    expect(() => new MultiMarginCriterion(kernels, { p: 3 as 1 })).toThrow("expected p to be 1 or 2, got 3");
    expect(() => new CosineEmbeddingCriterion(kernels, { margin: Number.NaN })).toThrow("expected a finite margin");
    expect(() => new ClassNLLCriterion(kernels, { weights: [1, -1] })).toThrow(
      "ClassNLLCriterion: expected weights that are finite and at least 0, got -1 at 1",
    );
    expect(() => new BCECriterion(kernels, { weights: [] })).toThrow("got none");
  });

  it("shows NaN", () => {
    const nan = matrix([Number.NaN, 0]);
    expect(new AbsCriterion(kernels).forward(nan, matrix([1, 1]))).toBeNaN();
    expect(new CrossEntropyCriterion(kernels).forward(nan, classes(1))).toBeNaN();
    expect(new CosineEmbeddingCriterion(kernels).forward([nan, matrix([1, 1])], vector(-1))).toBeNaN();
    expect(new MarginRankingCriterion(kernels).forward([vector(Number.NaN), vector(1)], vector(1))).toBeNaN();
  });
});
