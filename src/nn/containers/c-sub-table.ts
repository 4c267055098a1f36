/** @file y = x₀ − x₁, number by number. */
import type { Kernels } from "../../kernels/contract.js";
import { Module, type Table, type Tensor } from "../module.js";
import { checkGradOutput } from "../shape-check.js";
import { checkEqualShapes, checkTable } from "../table-check.js";
import { TensorBuffer } from "../tensor-buffer.js";

/** Table of two tensors of one shape → their difference. */
export class CSubTable extends Module<Table, Tensor> {
  private readonly kernels: Kernels;
  private readonly output: TensorBuffer;
  private readonly negative: TensorBuffer;
  private readonly grads: Tensor[];

  constructor(kernels: Kernels) {
    super();
    this.kernels = kernels;
    this.output = new TensorBuffer(kernels);
    this.negative = new TensorBuffer(kernels);
    this.grads = [];
  }

  /** @throws {ShapeError} unless there are two tensors of equal shape. */
  forward(input: Table): Tensor {
    checkTable("CSubTable.forward", input, 2, "a difference is of two");
    checkEqualShapes("CSubTable.forward", input);
    const length = this.output.resizeLike(input[0]);
    this.kernels.axpby(length, 1, input[0].data, 0, this.output.data);
    this.kernels.axpby(length, -1, input[1].data, 1, this.output.data);
    return this.output;
  }

  /** @returns `gradOutput` itself and its negative. */
  backward(_input: Table, gradOutput: Tensor): Table {
    checkGradOutput("CSubTable.backward", gradOutput, this.output);
    const length = this.negative.resizeLike(gradOutput);
    this.kernels.axpby(length, -1, gradOutput.data, 0, this.negative.data);
    this.grads[0] = gradOutput;
    this.grads[1] = this.negative;
    return this.grads;
  }
}
