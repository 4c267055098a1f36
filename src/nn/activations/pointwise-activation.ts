/**
 * @file What do functions of one number have in common as modules? Everything but the function.
 *
 * forward keeps its output; backward has input and output at hand, so that each derivative is made of what is cheaper.
 * The functions and their derivatives are in src/kernels/contract/pointwise.ts.
 */
import type { Kernels, PointwiseFunction } from "../../kernels/contract.js";
import { Module, type Tensor } from "../module.js";
import { checkGradOutput, checkLength } from "../shape-check.js";
import { TensorBuffer } from "../tensor-buffer.js";

/** y = f(x), number by number, any shape. NaN stays NaN, and nothing overflows. */
export abstract class PointwiseActivation extends Module {
  private readonly kernels: Kernels;
  private readonly f: PointwiseFunction;
  private readonly alpha: number;
  private readonly beta: number;
  private readonly output: TensorBuffer;
  private readonly gradInput: TensorBuffer;

  /** `alpha` and `beta` are the function's constants; 0 where it has none. */
  protected constructor(kernels: Kernels, f: PointwiseFunction, alpha = 0, beta = 0) {
    super();
    this.kernels = kernels;
    this.f = f;
    this.alpha = alpha;
    this.beta = beta;
    this.output = new TensorBuffer(kernels);
    this.gradInput = new TensorBuffer(kernels);
  }

  /** @returns a tensor of the shape of `input`, which is read. */
  forward(input: Tensor): Tensor {
    checkLength(`${this.constructor.name}.forward`, input);
    const length = this.output.resizeLike(input);
    this.kernels.pointwise(this.f, length, this.alpha, this.beta, input.data, this.output.data);
    return this.output;
  }

  backward(input: Tensor, gradOutput: Tensor): Tensor {
    checkGradOutput(`${this.constructor.name}.backward`, gradOutput, this.output);
    const { kernels, f, alpha, beta, output, gradInput } = this;
    const length = gradInput.resizeLike(gradOutput);
    kernels.pointwiseGrad(f, length, alpha, beta, input.data, output.data, gradOutput.data, gradInput.data);
    return gradInput;
  }
}
