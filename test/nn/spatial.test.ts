/** @file Shapes, values, options and error texts of the layers on images. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import {
  SpatialAveragePooling,
  SpatialConvolution,
  SpatialConvolutionLocal,
  SpatialCrossMapNormalization,
  SpatialMaxPooling,
  type Tensor,
} from "../../src/nn/index.js";
import { elements, testTensor } from "../gradients/check-gradients.js";

const kernels = createReferenceKernels();
const rng = (): Rng => Rng.derive(9, "spatial");
const numbers = (tensor: Tensor): number[] => [...tensor.data.subarray(0, elements(tensor))];
const image = (values: number[], shape: number[]): Tensor => ({ data: Float32Array.from(values), shape });

const counting = image([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 3, 3]);

describe("SpatialConvolution", () => {
  it("correlates, adds the bias and keeps planes apart", () => {
    const layer = new SpatialConvolution(kernels, 1, 2, 2, rng());
    layer.weight.value.set([1, 0, 0, -1, 0, 1, 0, 0]);
    layer.bias?.value.set([10, 20]);
    const output = layer.forward(counting);
    expect(output.shape).toEqual([1, 2, 2, 2]);
    expect(numbers(output)).toEqual([6, 6, 6, 6, 22, 23, 25, 26]);
  });

  it("strides and pads each side on its own", () => {
    const layer = new SpatialConvolution(kernels, 3, 4, [3, 5], rng(), { stride: [2, 1], padding: [1, 2] });
    expect(layer.forward(testTensor(kernels, [2, 3, 7, 9], 1)).shape).toEqual([2, 4, 4, 9]);
    expect(layer.weight.shape).toEqual([4, 3, 3, 5]);
  });

  it("without bias has one parameter, without gradInput no gradient of the input", () => {
    const layer = new SpatialConvolution(kernels, 1, 2, 2, rng(), { hasBias: false, gradInput: false });
    expect(layer.parameters().map((p) => p.name)).toEqual(["weight"]);
    expect(layer.backward(counting, testTensor(kernels, [...layer.forward(counting).shape], 2))).toBe(null);
  });

  it("draws weights by fan-in: planes times cells", () => {
    const spread = (init: "he" | "glorot"): number =>
      new SpatialConvolution(kernels, 8, 16, 5, rng(), { init }).weight.value.reduce(
        (a, b) => Math.max(a, Math.abs(b)),
        0,
      );
    // 3,200 uniform numbers come within 1 % of the bound all but surely: 0.99^3200 is 1e-14.
    const he = Math.sqrt(6 / (8 * 25));
    const glorot = Math.sqrt(6 / ((8 + 16) * 25));
    expect(spread("he") / he).toBeGreaterThan(0.99);
    expect(spread("he") / he).toBeLessThanOrEqual(1 + 1e-6);
    expect(spread("glorot") / glorot).toBeGreaterThan(0.99);
    expect(spread("glorot") / glorot).toBeLessThanOrEqual(1 + 1e-6);
  });

  it("adds the gradients of two backwards", () => {
    const layer = new SpatialConvolution(kernels, 2, 3, 3, rng(), { padding: 1 });
    const input = testTensor(kernels, [2, 2, 4, 4], 1);
    const gradOutput = testTensor(kernels, [2, 3, 4, 4], 2);
    layer.zeroGradParameters();
    layer.forward(input);
    layer.backward(input, gradOutput);
    const once = layer.parameters().map((p) => p.grad.values.slice());
    layer.backward(input, gradOutput);
    layer.parameters().forEach((p, i) => {
      p.grad.values.forEach((g, j) => {
        expect(g).toBeCloseTo(2 * once[i][j], 5);
      });
    });
  });

  it("reuses its buffers for smaller batches", () => {
    const layer = new SpatialConvolution(kernels, 1, 2, 3, rng());
    const { data } = layer.forward(testTensor(kernels, [4, 1, 5, 5], 1));
    const second = layer.forward(testTensor(kernels, [2, 1, 4, 6], 1));
    expect(second.data).toBe(data);
    expect(second.shape).toEqual([2, 2, 2, 4]);
  });

  it("names expectation, input and remedy", () => {
    const layer = new SpatialConvolution(kernels, 3, 4, 5, rng());
    expect(() => layer.forward(testTensor(kernels, [2, 1, 9, 9], 1))).toThrow(
      "SpatialConvolution.forward: expected input [N, 3, H, W], got [2, 1, 9, 9]; images are batches of planes of rows",
    );
    expect(() => layer.forward(testTensor(kernels, [2, 27], 1))).toThrow("got [2, 27]");
    expect(() => layer.forward(testTensor(kernels, [2, 3, 4, 9], 1))).toThrow(
      "expected images of at least the kernel's 5 × 5 with padding, got [2, 3, 4, 9]",
    );
    expect(() => layer.forward({ data: new Float32Array(3), shape: [1, 3, 9, 9] })).toThrow("expected 243 numbers");
    const input = testTensor(kernels, [2, 3, 9, 9], 1);
    const { shape } = layer.forward(input);
    expect(() => layer.backward(input, testTensor(kernels, [2, 4, 5, 4], 1))).toThrow(
      "expected gradOutput [2, 4, 5, 5]",
    );
    expect(() => layer.backward(testTensor(kernels, [3, 3, 9, 9], 1), testTensor(kernels, [...shape], 1))).toThrow(
      "SpatialConvolution.backward: expected input [2, 3, 9, 9], got [3, 3, 9, 9]",
    );
  });

  it.each([
    [[0, 1, 1, {}], "expected a positive whole number of input planes, got 0"],
    [[1, 2.5, 1, {}], "expected a positive whole number of output planes, got 2.5"],
    [[1, 1, 0, {}], "expected a kernel of whole numbers from 1, got 0 × 0"],
    [[1, 1, 129, {}], "expected a kernel of at most 16384 cells, got 16641"],
    [[1, 1, 3, { stride: 0 }], "expected a stride of whole numbers from 1, got 0 × 0"],
    [[1, 1, 3, { padding: -1 }], "expected a padding of whole numbers from 0, got -1 × -1"],
  ] as const)("refuses %j", ([inputs, outputs, kernel, options], message) => {
    expect(() => new SpatialConvolution(kernels, inputs, outputs, kernel, rng(), options)).toThrow(message);
  });
});

describe("SpatialConvolutionLocal", () => {
  it("has weights and biases of each place", () => {
    const layer = new SpatialConvolutionLocal(kernels, 1, 1, 3, 2, rng());
    expect(layer.weight.shape).toEqual([4, 1, 1, 2, 2]);
    layer.weight.value.set([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    layer.bias?.value.set([10, 20, 30, 40]);
    expect(numbers(layer.forward(counting))).toEqual([11, 23, 37, 49]);
  });

  it("with equal weights everywhere is a convolution", () => {
    const shared = new SpatialConvolution(kernels, 2, 3, [2, 3], rng(), { stride: [1, 2], padding: [1, 1] });
    const layer = new SpatialConvolutionLocal(kernels, 2, 3, [4, 5], [2, 3], rng(), {
      stride: [1, 2],
      padding: [1, 1],
    });
    for (let s = 0; s < layer.weight.shape[0]; s++) layer.weight.value.set(shared.weight.value, s * shared.weight.size);
    const input = testTensor(kernels, [2, 2, 4, 5], 3);
    expect(numbers(layer.forward(input))).toEqual(numbers(shared.forward(input)));
  });

  it("refuses images of another size and kernels that do not fit", () => {
    const layer = new SpatialConvolutionLocal(kernels, 1, 1, [3, 4], 2, rng());
    expect(() => layer.forward(counting)).toThrow(
      "SpatialConvolutionLocal.forward: expected input [N, 1, 3, 4], got [1, 1, 3, 3]; weights of each place",
    );
    expect(() => new SpatialConvolutionLocal(kernels, 1, 1, 3, 4, rng())).toThrow(
      "expected a kernel within the padded image and of at most 16384 cells, got 4 × 4 on 3 × 3",
    );
  });
});

describe("pooling", () => {
  it("SpatialMaxPooling: windows tile by default; the first of equal numbers gets the gradient", () => {
    const layer = new SpatialMaxPooling(kernels, 2);
    const input = image([1, 1, 5, 4, 1, 1, 3, 9], [1, 1, 2, 4]);
    const output = layer.forward(input);
    expect(output.shape).toEqual([1, 1, 1, 2]);
    expect(numbers(output)).toEqual([1, 9]);
    expect(numbers(layer.backward(input, image([2, 3], [1, 1, 1, 2])))).toEqual([2, 0, 0, 0, 0, 0, 0, 3]);
  });

  it("SpatialMaxPooling: overlapping windows add their gradients", () => {
    const layer = new SpatialMaxPooling(kernels, 2, { stride: 1 });
    const input = image([0, 0, 0, 0, 7, 0, 0, 0, 0], [1, 1, 3, 3]);
    expect(numbers(layer.forward(input))).toEqual([7, 7, 7, 7]);
    expect(numbers(layer.backward(input, image([1, 2, 3, 4], [1, 1, 2, 2])))[4]).toBe(10);
  });

  it("SpatialAveragePooling: padding counts, or not", () => {
    const options = { stride: 2, padding: 1 };
    const counts = new SpatialAveragePooling(kernels, 2, options);
    const inside = new SpatialAveragePooling(kernels, 2, { ...options, countPadding: false });
    expect(numbers(counts.forward(counting))).toEqual([0.25, 1.25, 2.75, 7]);
    expect(numbers(inside.forward(counting))).toEqual([1, 2.5, 5.5, 7]);
  });

  it("refuses windows of padding alone", () => {
    expect(() => new SpatialMaxPooling(kernels, 2, { padding: 2 })).toThrow(
      "SpatialMaxPooling: expected padding less than the kernel's 2 × 2, got 2 × 2; a window of nothing but padding",
    );
    expect(() => new SpatialAveragePooling(kernels, [2, 40_000])).toThrow("at most 32768 columns, got 40000");
    const layer = new SpatialAveragePooling(kernels, 2);
    layer.forward(counting);
    expect(() => layer.backward(counting, image([1], [1, 1]))).toThrow("expected gradOutput [1, 1, 1, 1], got [1, 1]");
  });
});

describe("SpatialCrossMapNormalization", () => {
  it("divides by the energy of the planes beside", () => {
    const layer = new SpatialCrossMapNormalization(kernels, { size: 3, alpha: 1, beta: 0.5, k: 4 });
    const output = layer.forward(image([1, 2, 4], [1, 3, 1, 1]));
    expect(numbers(output)).toEqual([1 / 3, 2 / 5, 4 / Math.sqrt(24)].map(Math.fround));
  });

  it("refuses even sizes and constants that lead to roots of negative numbers", () => {
    expect(() => new SpatialCrossMapNormalization(kernels, { size: 4 })).toThrow(
      "expected an odd size up to 1023, got 4",
    );
    expect(() => new SpatialCrossMapNormalization(kernels, { k: 0 })).toThrow("k above 0, got 0.0001, 0.75 and 0");
    expect(() => new SpatialCrossMapNormalization(kernels).forward(image([1], [1]))).toThrow(
      "expected input [N, planes, H, W], got [1]",
    );
  });
});
