/** @file Finite differences for the layers on images, on every backend. Bounds of sums are spelt out beside each case. */
import { it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import {
  type InitOptions,
  Sequential,
  SpatialAveragePooling,
  SpatialConvolution,
  SpatialConvolutionLocal,
  SpatialCrossMapNormalization,
  SpatialMaxPooling,
  type Tensor,
} from "../../src/nn/index.js";
import { describeBackends } from "./backends.js";
import { checkModule, testTensor } from "./check-gradients.js";

/** Weights in [−1, 1) and biases of ½: a sum of K products of such numbers is at most K. */
const WIDE: InitOptions = { init: "uniform", gain: 1, bias: 0.5 };

describeBackends("gradients of layers on images", (kernels) => {
  const rng = (): Rng => Rng.derive(6, "spatial");

  it.each([
    ["3×3, padded", [2, 2, 4, 5], 3, 3, { padding: 1 }],
    ["2×3, strides 2 and 1", [3, 1, 5, 5], 2, [2, 3], { stride: [2, 1], padding: [0, 1] }],
    ["1×1", [2, 3, 2, 3], 4, 1, {}],
    ["without bias, stride wider than the kernel", [1, 2, 7, 8], 2, 2, { stride: 3, hasBias: false }],
    ["without the gradient of the input", [2, 2, 4, 4], 3, 2, { gradInput: false }],
  ] as const)("SpatialConvolution %s", (_, shape, outputs, kernel, options) => {
    const module = new SpatialConvolution(kernels, shape[1], outputs, kernel, rng(), { ...WIDE, ...options });
    const terms = module.weight.size / outputs + 1;
    checkModule(kernels, { module, input: testTensor(kernels, shape, 1), terms, magnitude: terms });
  });

  it.each([
    ["3×3, padded", [2, 2, 4, 3], 2, 3, { padding: 1 }],
    ["2×3, strides 2 and 1", [3, 1, 5, 5], 2, [2, 3], { stride: [2, 1], padding: [0, 1] }],
    ["without bias", [5, 2, 3, 3], 1, 2, { hasBias: false }],
    ["without the gradient of the input", [2, 2, 3, 3], 3, 2, { gradInput: false }],
  ] as const)("SpatialConvolutionLocal %s", (_, shape, outputs, kernel, options) => {
    const size = [shape[2], shape[3]] as const;
    const module = new SpatialConvolutionLocal(kernels, shape[1], outputs, size, kernel, rng(), {
      ...WIDE,
      ...options,
    });
    const terms = module.weight.size / (outputs * module.weight.shape[0]) + 1;
    checkModule(kernels, { module, input: testTensor(kernels, shape, 1), terms, magnitude: terms });
  });

  /** All numbers differ by at least 1/4, so that a step of 1/16 leaves every maximum where it is. */
  const spaced = (shape: readonly number[]): Tensor => {
    const length = shape.reduce((a, b) => a * b, 1);
    const data = kernels.f32(length);
    for (let i = 0; i < length; i++) data[i] = (((i * 17) % length) - length / 2) / 4;
    return { data, shape };
  };

  it.each([
    ["tiles", [2, 2, 5, 4], 2, {}],
    ["overlapping, padded", [1, 2, 5, 5], 3, { stride: 1, padding: 1 }],
    ["strides 1 and 3", [1, 1, 4, 9], [2, 3], { stride: [1, 3], padding: [1, 0] }],
  ] as const)("SpatialMaxPooling %s", (_, shape, kernel, options) => {
    const input = spaced(shape);
    // 17 is prime to 80, 50 and 36, so numbers are distinct; none exceeds 80/8.
    checkModule(kernels, { module: new SpatialMaxPooling(kernels, kernel, options), input, terms: 9, magnitude: 10 });
  });

  it.each([
    ["tiles", [2, 2, 5, 4], 2, {}],
    ["overlapping, padded", [1, 2, 5, 5], 3, { stride: 1, padding: 1 }],
    ["of what is inside", [1, 2, 5, 5], [3, 2], { stride: 2, padding: 1, countPadding: false }],
  ] as const)("SpatialAveragePooling %s", (_, shape, kernel, options) => {
    // A mean of numbers within ±1.2; nine terms and the roundings of the two shares.
    const module = new SpatialAveragePooling(kernels, kernel, options);
    checkModule(kernels, { module, input: testTensor(kernels, shape, 2), terms: 13, magnitude: 1.2 });
  });

  it.each([
    [5, 0.75],
    [3, 0.5],
    [3, 0.6],
    [1, 1],
  ])("SpatialCrossMapNormalization, size %i, beta %f", (size, beta) => {
    const [alpha, k, most] = [0.5, 2, 1.2];
    const module = new SpatialCrossMapNormalization(kernels, { size, alpha, beta, k });
    const input = testTensor(kernels, [1, 5, 1, 3], 4);
    // y_c = x_c·g(s), g = s^−β, s = k + αΣv². In one v: s' = 2αv, s'' = 2α, s ≥ k, |v| ≤ most.
    const power = (n: number): number => k ** (-beta - n);
    const first = beta * power(1);
    const second = beta * (beta + 1) * power(2);
    const third = beta * (beta + 1) * (beta + 2) * power(3);
    const slope = 2 * alpha * most;
    const ofG = third * slope ** 3 + 3 * second * slope * 2 * alpha;
    const thirdDerivative = most * ofG + 3 * (second * slope ** 2 + first * 2 * alpha);
    // Outputs are within most·k^−β < 1.2, each off by the contract's 16 + β·(size + 3 + 4·log s) roundings, s < 8.
    const terms = 16 + beta * (size + 3 + 4 * Math.log(8));
    checkModule(kernels, { module, input, terms, magnitude: most, step: 2 ** -6, thirdDerivative });
  });

  it("a small network: convolution, mean of windows, untied convolution", () => {
    const module = new Sequential(
      new SpatialConvolution(kernels, 1, 2, 3, rng(), WIDE),
      new SpatialAveragePooling(kernels, 2),
      new SpatialConvolutionLocal(kernels, 2, 2, 2, 2, rng(), WIDE),
    );
    // Outputs of the first are at most 9.5, as are their means; eight of them and a bias follow.
    const input = testTensor(kernels, [2, 1, 6, 6], 5);
    checkModule(kernels, { module, input, terms: 10 + 8 + 9, magnitude: 8 * 9.5 + 1 });
  });
});
