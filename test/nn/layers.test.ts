/** @file Values, shapes, reuse of buffers, initial weights and error texts of the layers. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { Kernels } from "../../src/kernels/contract.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { initBound, Linear, ReLU, SampledLinear, SparseLinear } from "../../src/nn/index.js";
import { elements, sparseBatch, testTensor } from "../gradients/check-gradients.js";

const kernels: Kernels = createReferenceKernels();

const rng = (): Rng => Rng.derive(9, "layers");
const numbers = (tensor: { data: Float32Array; shape: readonly number[] }): number[] => [
  ...tensor.data.subarray(0, elements(tensor)),
];

describe("Linear", () => {
  it("computes x·Wᵀ + b", () => {
    const layer = new Linear(kernels, 2, 3, rng());
    layer.weight.value.set([1, 2, 3, 4, 5, 6]);
    layer.bias.value.set([10, 20, 30]);
    const output = layer.forward({ data: Float32Array.of(1, -1, 0, 2), shape: [2, 2] });
    expect(output.shape).toEqual([2, 3]);
    expect(numbers(output)).toEqual([9, 19, 29, 14, 28, 42]);
  });

  it("names expectation, input and remedy", () => {
    const layer = new Linear(kernels, 4096, 3, rng());
    expect(() => layer.forward(testTensor(kernels, [64, 4000], 1))).toThrow(
      "Linear.forward: expected input [N, 4096], got [64, 4000]; was the model built with another number of inputs?",
    );
    expect(() => layer.forward(testTensor(kernels, [4096], 1))).toThrow("got [4096]");
    expect(() => layer.forward({ data: new Float32Array(5), shape: [2, 4096] })).toThrow("expected 8192 numbers");
    expect(() => new Linear(kernels, 4, 0, rng())).toThrow(
      "Linear: expected a positive whole number of outputs, got 0",
    );
  });

  it("refuses a gradient that is not of the last forward", () => {
    const layer = new Linear(kernels, 2, 3, rng());
    const input = testTensor(kernels, [4, 2], 1);
    layer.forward(input);
    expect(() => layer.backward(input, testTensor(kernels, [4, 2], 1))).toThrow(
      "expected gradOutput [4, 3], got [4, 2]",
    );
    expect(() => layer.backward(testTensor(kernels, [5, 2], 1), testTensor(kernels, [4, 3], 1))).toThrow(
      "expected input of 4 rows, got 5",
    );
  });

  it("reuses its buffers for smaller batches", () => {
    const layer = new Linear(kernels, 2, 3, rng());
    const first = layer.forward(testTensor(kernels, [8, 2], 1));
    const { data } = first;
    const second = layer.forward(testTensor(kernels, [5, 2], 2));
    expect(second).toBe(first);
    expect(second.data).toBe(data);
    expect(second.shape).toEqual([5, 3]);
    expect(layer.forward(testTensor(kernels, [9, 2], 2)).data.length).toBe(2 * data.length);
  });

  it("takes a batch of no rows", () => {
    const layer = new Linear(kernels, 2, 3, rng());
    const empty = { data: new Float32Array(0), shape: [0, 2] };
    layer.zeroGradParameters();
    expect(layer.forward(empty).shape).toEqual([0, 3]);
    expect(layer.backward(empty, { data: new Float32Array(0), shape: [0, 3] })?.shape).toEqual([0, 2]);
    expect([...layer.weight.grad.values].every((g) => g === 0)).toBe(true);
  });
});

describe("initial weights", () => {
  it("follow from the generator alone", () => {
    const a = new Linear(kernels, 6, 5, Rng.derive(1, "a"));
    const same = new Linear(kernels, 6, 5, Rng.derive(1, "a"));
    const other = new Linear(kernels, 6, 5, Rng.derive(1, "b"));
    expect([...same.weight.value]).toEqual([...a.weight.value]);
    expect([...other.weight.value]).not.toEqual([...a.weight.value]);
  });

  it.each(["glorot", "he", "uniform"] as const)("%s fills its range, centred", (init) => {
    const options = { init, gain: 0.5, bias: -3 };
    const layer = new SparseLinear(kernels, 200, 50, rng(), options);
    const bound = initBound(200, 50, options);
    const weights = layer.weight.value;
    const n = weights.length;
    const mean = weights.reduce((a, b) => a + b, 0) / n;
    expect(Math.max(...weights.map(Math.abs))).toBeLessThanOrEqual(Math.fround(bound));
    // Largest of n uniform numbers: misses the bound by more than 1 % with chance 0.99ⁿ = 10⁻⁴⁴.
    expect(Math.max(...weights.map(Math.abs))).toBeGreaterThan(0.99 * bound);
    // Standard error of the mean: bound/√(3n); five of them.
    expect(Math.abs(mean)).toBeLessThan((5 * bound) / Math.sqrt(3 * n));
    expect([...layer.bias.value].every((b) => b === -3)).toBe(true);
  });

  it("have the papers' bounds", () => {
    expect(initBound(100, 50, { init: "glorot", gain: 1, bias: 0 })).toBeCloseTo(0.2, 12);
    expect(initBound(600, 50, { init: "he", gain: 1, bias: 0 })).toBeCloseTo(0.1, 12);
  });
});

describe("SparseLinear", () => {
  it("equals Linear on the dense batch", () => {
    const sparse = new SparseLinear(kernels, 4, 3, rng());
    const dense = new Linear(kernels, 4, 3, rng());
    for (let d = 0; d < 4; d++) {
      for (let h = 0; h < 3; h++) dense.weight.value[h * 4 + d] = sparse.weight.value[d * 3 + h];
    }
    const batch = sparseBatch(kernels, 4, [
      [
        [3, 0.5],
        [1, 2],
      ],
      [],
    ]);
    const expected = numbers(dense.forward({ data: Float32Array.of(0, 2, 0, 0.5, 0, 0, 0, 0), shape: [2, 4] }));
    numbers(sparse.forward(batch)).forEach((y, i) => {
      expect(y).toBeCloseTo(expected[i], 6);
    });
  });

  it("reads rows whose offsets do not start at 0", () => {
    const layer = new SparseLinear(kernels, 4, 3, rng());
    const whole = sparseBatch(kernels, 4, [[[0, 1]], [[2, 0.5]], [[1, -1]]]);
    const part = { ...whole, offsets: whole.offsets.subarray(1), numRows: 2 };
    const expected = numbers(layer.forward(whole)).slice(3);
    expect(numbers(layer.forward(part))).toEqual(expected);
    layer.backward(part, testTensor(kernels, [2, 3], 1));
    const { grad } = layer.weight;
    expect(grad.kind === "rows" && [...grad.ids.subarray(0, grad.count)]).toEqual([2, 1]);
  });

  it("names what does not fit", () => {
    const layer = new SparseLinear(kernels, 4, 3, rng());
    const batch = sparseBatch(kernels, 5, [[[0, 1]]]);
    expect(() => layer.forward(batch)).toThrow(
      "SparseLinear.forward: expected input [N, 4], got [1, 5]; was the model trained with another number of features?",
    );
    expect(() => layer.forward({ ...batch, numCols: 4, numRows: 2 })).toThrow("expected 3 offsets for 2 rows, got 2");
    expect(() => layer.forward({ ...batch, numCols: 4, values: new Float32Array(0) })).toThrow("got 1 and 0");
  });

  it("forgets its rows on zeroGradParameters", () => {
    const layer = new SparseLinear(kernels, 4, 3, rng());
    const batch = sparseBatch(kernels, 4, [[[0, 1]]]);
    layer.forward(batch);
    layer.backward(batch, testTensor(kernels, [1, 3], 1));
    layer.zeroGradParameters();
    expect(layer.weight.grad.kind === "rows" && layer.weight.grad.count).toBe(0);
  });
});

describe("SampledLinear", () => {
  it("gives the chosen columns of the full layer, in the order asked", () => {
    const layer = new SampledLinear(kernels, 4, 6, rng());
    layer.bias.value.set([0, 10, 20, 30, 40, 50]);
    const input = testTensor(kernels, [3, 4], 2);
    const full = numbers(layer.forward(input));
    const ids = Uint32Array.of(5, 0, 3);
    layer.setActive(ids);
    ids.fill(1);
    const some = layer.forward(input);
    expect(some.shape).toEqual([3, 3]);
    expect(numbers(some)).toEqual([0, 1, 2].flatMap((i) => [5, 0, 3].map((j) => full[i * 6 + j])));
    layer.setActive(null);
    expect(numbers(layer.forward(input))).toEqual(full);
  });

  it("shares initial weights with Linear", () => {
    const sampled = new SampledLinear(kernels, 4, 6, rng());
    expect([...sampled.weight.value]).toEqual([...new Linear(kernels, 4, 6, rng()).weight.value]);
  });

  it("refuses ids out of range", () => {
    const layer = new SampledLinear(kernels, 4, 6, rng());
    expect(() => layer.setActive(Uint32Array.of(1, 6))).toThrow("expected ids below 6, got 6 at 1");
    expect(() => layer.setActive(Uint32Array.of(1), 2)).toThrow("expected 2 ids, got 1");
  });
});

describe("ReLU", () => {
  it("keeps the shape and lets NaN through", () => {
    const layer = new ReLU(kernels);
    const output = layer.forward({ data: Float32Array.of(-1, 0, 2, Number.NaN), shape: [1, 2, 2] });
    expect(output.shape).toEqual([1, 2, 2]);
    expect(numbers(output)).toEqual([0, 0, 2, Number.NaN]);
    const grad = layer.backward(output, { data: Float32Array.of(5, 6, 7, 8), shape: [1, 2, 2] });
    expect(numbers(grad).slice(0, 3)).toEqual([0, 0, 7]);
  });
});
