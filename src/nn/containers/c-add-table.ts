/** @file y = Σₜ xₜ: the sum of a table's tensors, number by number; each gets the whole gradient. */
import type { Kernels } from "../../kernels/contract.js";
import { Module, type Table, type Tensor } from "../module.js";
import { checkGradOutput } from "../shape-check.js";
import { checkEqualShapes } from "../table-check.js";
import { TensorBuffer } from "../tensor-buffer.js";

/** Table of tensors of one shape → their sum. */
export class CAddTable extends Module<Table, Tensor> {
  private readonly kernels: Kernels;
  private readonly output: TensorBuffer;
  private readonly grads: Tensor[];

  constructor(kernels: Kernels) {
    super();
    this.kernels = kernels;
    this.output = new TensorBuffer(kernels);
    this.grads = [];
  }

  /** @throws {ShapeError} unless the shapes are equal. */
  forward(input: Table): Tensor {
    checkEqualShapes("CAddTable.forward", input);
    const length = this.output.resizeLike(input[0]);
    for (let t = 0; t < input.length; t++) {
      this.kernels.axpby(length, 1, input[t].data, t === 0 ? 0 : 1, this.output.data);
    }
    return this.output;
  }

  /** @returns `gradOutput` itself, once for each tensor. */
  backward(input: Table, gradOutput: Tensor): Table {
    checkGradOutput("CAddTable.backward", gradOutput, this.output);
    this.grads.length = input.length;
    this.grads.fill(gradOutput);
    return this.grads;
  }
}
