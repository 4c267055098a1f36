/**
 * @file What do SoftMax and LogSoftMax share? All but which of the two the kernels compute.
 *
 *   [N, …, C]: each run of C numbers, the last dimension, is a distribution of its own
 *   softmax     y = e^(x − max)/Σ          dx = y·(dy − Σ y·dy)
 *   logSoftmax  y = x − max − log Σ        dx = dy − eʸ·Σ dy
 */
import { ShapeError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import { Module, type Tensor } from "../module.js";
import { checkGradOutput, checkLength } from "../shape-check.js";
import { TensorBuffer } from "../tensor-buffer.js";

/** A distribution for each run of C numbers, [N, …, C] → the same. */
export abstract class RowSoftMax extends Module {
  private readonly kernels: Kernels;
  private readonly kind: "softmax" | "logSoftmax";
  private readonly output: TensorBuffer;
  private readonly gradInput: TensorBuffer;
  private readonly dims: { rows: number; cols: number };

  protected constructor(kernels: Kernels, kind: "softmax" | "logSoftmax") {
    super();
    this.kernels = kernels;
    this.kind = kind;
    this.output = new TensorBuffer(kernels);
    this.gradInput = new TensorBuffer(kernels);
    this.dims = { rows: 0, cols: 0 };
  }

  /** @returns a tensor of the shape of `input` [N, …, C]. @throws {ShapeError} for fewer than two dimensions. */
  forward(input: Tensor): Tensor {
    const where = `${this.constructor.name}.forward`;
    const { shape } = input;
    if (shape.length < 2) {
      throw new ShapeError(`${where}: expected input [N, …, C], got [${shape.join(", ")}]; is the batch missing?`);
    }
    checkLength(where, input);
    const length = this.output.resizeLike(input);
    this.dims.cols = shape[shape.length - 1];
    this.dims.rows = this.dims.cols === 0 ? 0 : length / this.dims.cols;
    this.kernels.axpby(length, 1, input.data, 0, this.output.data);
    this.kernels.activate(this.kind, this.dims, this.output.data);
    return this.output;
  }

  backward(_input: Tensor, gradOutput: Tensor): Tensor {
    checkGradOutput(`${this.constructor.name}.backward`, gradOutput, this.output);
    this.gradInput.resizeLike(gradOutput);
    this.kernels.softmaxGrad(this.kind, this.dims, this.output.data, gradOutput.data, this.gradInput.data);
    return this.gradInput;
  }
}
