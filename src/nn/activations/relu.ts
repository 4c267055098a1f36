/**
 * @file y = max(0, x), and the gradient passes where y > 0.
 *
 * At x = 0 the gradient is taken as 0. NaN stays NaN, so that a diverging model shows it. Not fused with the layer
 * before: both directions together took 0.6 % of a training step (N = 64, H = 256, B = 2000, Adam, AVX-512, one core).
 */
import type { Kernels } from "../../kernels/contract.js";
import { Module, type Tensor } from "../module.js";
import { checkGradOutput, checkLength } from "../shape-check.js";
import { TensorBuffer } from "../tensor-buffer.js";

/** Rectifier, any shape. */
export class ReLU extends Module {
  private readonly kernels: Kernels;
  private readonly output: TensorBuffer;
  private readonly gradInput: TensorBuffer;

  constructor(kernels: Kernels) {
    super();
    this.kernels = kernels;
    this.output = new TensorBuffer(kernels);
    this.gradInput = new TensorBuffer(kernels);
  }

  /** @returns a tensor of the shape of `input`, which is read. */
  forward(input: Tensor): Tensor {
    checkLength("ReLU.forward", input);
    const length = this.output.resizeLike(input);
    this.kernels.relu(length, input.data, this.output.data);
    return this.output;
  }

  backward(_input: Tensor, gradOutput: Tensor): Tensor {
    checkGradOutput("ReLU.backward", gradOutput, this.output);
    const length = this.gradInput.resizeLike(gradOutput);
    this.kernels.reluGrad(length, this.output.data, gradOutput.data, this.gradInput.data);
    return this.gradInput;
  }
}
