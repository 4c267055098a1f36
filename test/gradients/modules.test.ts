/**
 * @file Finite differences for the modules that worlds are made of, on every backend; the other files here have the rest.
 * Bounds of sums are spelt out beside each case.
 */
import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import {
  Dropout,
  type InitOptions,
  Linear,
  Module,
  ReLU,
  SampledLinear,
  Sequential,
  SparseLinear,
  type Tensor,
} from "../../src/nn/index.js";
import { describeBackends } from "./backends.js";
import { checkModule, sparseBatch, testTensor } from "./check-gradients.js";

/** Weights in [−1, 1) and biases of ½: a sum of K products of such numbers is at most K. */
const WIDE: InitOptions = { init: "uniform", gain: 1, bias: 0.5 };

describeBackends("gradients of modules", (kernels) => {
  const rng = (): Rng => Rng.derive(5, "gradients");
  /** Rows share columns, one is empty, columns are unsorted, and columns 1 and 6 never occur. */
  const sparse = sparseBatch(kernels, 7, [
    [
      [4, 0.5],
      [0, -0.75],
      [2, 1],
    ],
    [],
    [
      [2, -0.5],
      [5, 0.25],
    ],
    [
      [3, 1],
      [4, -1],
    ],
  ]);

  it.each([
    [4, 5, 3],
    [1, 1, 1],
    [3, 17, 33],
  ])("Linear, [%i, %i] → %i", (rows, inputs, outputs) => {
    const module = new Linear(kernels, inputs, outputs, rng(), WIDE);
    const input = testTensor(kernels, [rows, inputs], 1);
    checkModule(kernels, { module, input, terms: inputs + 1, magnitude: inputs + 1 });
  });

  it("Linear adds the gradients of two backwards", () => {
    const module = new Linear(kernels, 3, 2, rng(), WIDE);
    const input = testTensor(kernels, [4, 3], 1);
    const gradOutput = testTensor(kernels, [4, 2], 2);
    module.zeroGradParameters();
    module.forward(input);
    module.backward(input, gradOutput);
    const once = [...(module.weight.grad.values as Float32Array)];
    module.backward(input, gradOutput);
    // One sum of eight products below 4, half of them twice: each rounding is at most 8·4·2⁻²⁴.
    const twice = [...module.weight.grad.values];
    for (const [i, g] of once.entries()) expect(Math.abs(twice[i] - 2 * g)).toBeLessThan(8 * 8 * 4 * 2 ** -24);
  });

  it("Linear without the gradient of its input", () => {
    const module = new Linear(kernels, 3, 2, rng(), { ...WIDE, gradInput: false });
    checkModule(kernels, { module, input: testTensor(kernels, [4, 3], 1), terms: 4, magnitude: 4 });
  });

  it("SparseLinear: rows of absent columns have no gradient", () => {
    const module = new SparseLinear(kernels, 7, 5, rng(), WIDE);
    checkModule(kernels, { module, input: sparse, terms: 4, magnitude: 4 });
    const { grad } = module.weight;
    if (grad.kind !== "rows") throw new Error("expected a row-sparse gradient");
    expect([...grad.ids.subarray(0, grad.count)].sort()).toEqual([0, 2, 3, 4, 5]);
  });

  it("SparseLinear replaces the gradient of the batch before", () => {
    const module = new SparseLinear(kernels, 7, 5, rng(), WIDE);
    const gradOutput = testTensor(kernels, [4, 5], 3);
    module.forward(sparse);
    module.backward(sparse, gradOutput);
    const small = sparseBatch(kernels, 7, [[[6, 1]]]);
    checkModule(kernels, { module, input: small, terms: 2, magnitude: 2 });
    expect(module.weight.grad.kind === "rows" && module.weight.grad.count).toBe(1);
  });

  it("SampledLinear on some columns", () => {
    const module = new SampledLinear(kernels, 5, 9, rng(), WIDE);
    module.setActive(Uint32Array.of(7, 0, 4, 99), 3);
    const input = testTensor(kernels, [4, 5], 4);
    expect(module.forward(input).shape).toEqual([4, 3]);
    checkModule(kernels, { module, input, terms: 6, magnitude: 6 });
  });

  it("SampledLinear on all columns", () => {
    const module = new SampledLinear(kernels, 5, 9, rng(), WIDE);
    checkModule(kernels, { module, input: testTensor(kernels, [4, 5], 4), terms: 6, magnitude: 6 });
  });

  it("ReLU", () => {
    // Numbers are at least 1/8 from the kink, h is 1/16.
    checkModule(kernels, { module: new ReLU(kernels), input: testTensor(kernels, [5, 7], 6), terms: 1, magnitude: 2 });
  });

  it("Dropout, with the mask held", () => {
    const module = new Dropout(kernels, 0.4, { nextUint32: () => 12345 });
    checkModule(kernels, { module, input: testTensor(kernels, [5, 7], 6), terms: 1, magnitude: 2 });
  });

  it("Dropout in evaluate mode", () => {
    const module = new Dropout(kernels, 0.4, rng());
    module.setMode("evaluate");
    checkModule(kernels, { module, input: testTensor(kernels, [5, 7], 6), terms: 1, magnitude: 1 });
  });

  it("a world: SparseLinear → ReLU → Dropout → SampledLinear", () => {
    const first = new SparseLinear(kernels, 7, 6, rng(), { init: "uniform", gain: 0.25, bias: 0 });
    // Sums stay within 3·0.25 = ¾, so these biases keep units on and off, and a step of h stays clear of the kink.
    first.bias.value.set([1, -1, 1, 1, -1, 1]);
    const last = new SampledLinear(kernels, 6, 8, rng(), WIDE);
    last.setActive(Uint32Array.of(1, 2, 5, 7));
    const module = new Sequential(first, new ReLU(kernels), new Dropout(kernels, 0.3, { nextUint32: () => 4 }), last);
    // Hidden numbers are below 1.75 / 0.7 = 2.5, six of them and a bias to an output, each a sum of four terms.
    checkModule(kernels, { module, input: sparse, terms: 4 + 7, magnitude: 6 * 2.5 + 1 });
  });

  it("nested containers, dense", () => {
    const inner = new Sequential(new Linear(kernels, 4, 3, rng(), WIDE), new Dropout(kernels, 0, rng()));
    const module = new Sequential(inner, new Linear(kernels, 3, 2, rng(), WIDE));
    // Hidden numbers are below 4.5.
    const input = testTensor(kernels, [3, 4], 8);
    checkModule(kernels, { module, input, terms: 5 + 4, magnitude: 3 * 4.5 + 1 });
  });

  it("the check itself finds a gradient that is wrong by 1 %", () => {
    class Wrong extends Module {
      readonly inner = new Linear(kernels, 4, 3, rng(), WIDE);
      forward(input: Tensor): Tensor {
        return this.inner.forward(input);
      }
      backward(input: Tensor, gradOutput: Tensor): Tensor | null {
        const grad = this.inner.backward(input, gradOutput);
        if (grad !== null) for (let i = 0; i < 12; i++) grad.data[i] *= 1.01;
        return grad;
      }
    }
    const input = testTensor(kernels, [3, 4], 8);
    expect(() => checkModule(kernels, { module: new Wrong(), input, terms: 5, magnitude: 5 })).toThrow(/backward/);
  });
});
