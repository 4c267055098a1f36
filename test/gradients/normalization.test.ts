/**
 * @file Finite differences for batch and layer normalisation, in both modes, on every backend.
 *
 * As a function of one of the n numbers x̂ is u·v^−½, u = x − mean, v the variance: u″ = 0, v‴ = 0, so that
 *
 *   x̂‴ = 3u′(¾v^−5/2·v′² − ½v^−3/2·v″) + u(−15/8·v^−7/2·v′³ + 9/4·v^−5/2·v′v″)
 *
 * With |u| ≤ 1.5, v ≥ ¼, n ≥ 5: |v′| ≤ 0.6, |v″| ≤ 0.32, |x̂‴| ≤ 3·8.7 + 1.5·66 < 130. So the step is small, 2⁻⁹, which
 * leaves 130·2⁻¹⁸/6 = 8e-5 for each output.
 */
import { it } from "vitest";
import { BatchNormalization, LayerNormalization, type Tensor } from "../../src/nn/index.js";
import { describeBackends } from "./backends.js";
import { checkModule, testNumbers, testTensor } from "./check-gradients.js";

const STEP = 2 ** -9;

describeBackends("gradients of normalization", (kernels) => {
  /** Weights and biases other than 1 and 0, so that their part in the gradient is seen. */
  function setAffine(module: BatchNormalization | LayerNormalization, length: number): void {
    module.weight?.value.set(testNumbers(length, 3));
    module.bias?.value.set(testNumbers(length, 4));
  }

  /** Numbers of size 0.71 to 1.2 whose sign changes every `run` numbers: any five or more in turn have v ≥ ¼. */
  function alternating(shape: readonly number[], run: number): Tensor {
    const tensor = testTensor(kernels, shape, 24);
    tensor.data.forEach((x, i) => {
      tensor.data[i] = (0.65 + Math.abs(x) / 2) * (Math.floor(i / run) % 2 === 0 ? 1 : -1);
    });
    return tensor;
  }

  for (const [name, shape] of [
    ["[N, C]", [7, 3]],
    ["[N, C, H, W]", [2, 3, 2, 3]],
  ] as const) {
    const input = alternating(shape, shape.length === 2 ? 3 : 1);

    for (const affine of [true, false]) {
      it(`BatchNormalization of ${name}, ${affine ? "with" : "without"} weights`, () => {
        const module = new BatchNormalization(kernels, 3, { affine });
        setAffine(module, 3);
        checkModule(kernels, { module, input, terms: 8, magnitude: 4, step: STEP, thirdDerivative: 130 });
      });
    }

    it(`BatchNormalization of ${name} in evaluate mode`, () => {
      const module = new BatchNormalization(kernels, 3);
      setAffine(module, 3);
      module.runningMean.value.set([0.2, -0.1, 0]);
      module.runningVariance.value.set([0.5, 1, 2]);
      module.setMode("evaluate");
      checkModule(kernels, { module, input, terms: 4, magnitude: 3 });
    });
  }

  it.each([[[3, 6]], [[2, 2, 5]]])("LayerNormalization of %j", (shape) => {
    const last = shape[shape.length - 1];
    const input = alternating(shape, 1);
    for (const affine of [true, false]) {
      const module = new LayerNormalization(kernels, last, { affine });
      setAffine(module, last);
      checkModule(kernels, { module, input, terms: 8, magnitude: 4, step: STEP, thirdDerivative: 130 });
    }
  });
});
