/**
 * @file y = Πₜ xₜ: the product of a table's tensors, number by number.
 *
 *   gradient of xₜ = dy · x₀ ⋯ xₜ₋₁ · xₜ₊₁ ⋯        prefix products on the way up, suffix products on the way down:
 *                                                   3 multiplications a tensor, and no division, so zeros do no harm
 *
 * Source: Torch7's nn.CMulTable, which divides y by xₜ.
 */
import type { Kernels } from "../../kernels/contract.js";
import { Module, type Table, type Tensor } from "../module.js";
import { checkGradOutput } from "../shape-check.js";
import { TableBuffer } from "../table-buffer.js";
import { checkEqualShapes } from "../table-check.js";
import { TensorBuffer } from "../tensor-buffer.js";

/** Table of tensors of one shape → their product. */
export class CMulTable extends Module<Table, Tensor> {
  private readonly kernels: Kernels;
  private readonly output: TensorBuffer;
  /** dy · xₜ₊₁ ⋯ */
  private readonly suffix: TensorBuffer;
  private readonly grads: TableBuffer;

  constructor(kernels: Kernels) {
    super();
    this.kernels = kernels;
    this.output = new TensorBuffer(kernels);
    this.suffix = new TensorBuffer(kernels);
    this.grads = new TableBuffer(kernels);
  }

  /** @throws {ShapeError} unless the shapes are equal. */
  forward(input: Table): Tensor {
    checkEqualShapes("CMulTable.forward", input);
    const { kernels, output } = this;
    const length = output.resizeLike(input[0]);
    if (input.length === 1) kernels.axpby(length, 1, input[0].data, 0, output.data);
    else kernels.multiply(length, input[0].data, input[1].data, output.data, "overwrite");
    for (let t = 2; t < input.length; t++) {
      kernels.multiply(length, output.data, input[t].data, output.data, "overwrite");
    }
    return output;
  }

  backward(input: Table, gradOutput: Tensor): Table {
    checkGradOutput("CMulTable.backward", gradOutput, this.output);
    const { kernels, suffix } = this;
    this.grads.resize(input.length);
    const { tensors: grads } = this.grads;
    const length = suffix.resizeLike(gradOutput);
    // grads[t] ← x₀ ⋯ xₜ₋₁ for t ≥ 1; that of the first is the last suffix.
    for (let t = 0; t < input.length; t++) {
      grads[t].resizeLike(gradOutput);
      if (t === 1) kernels.axpby(length, 1, input[0].data, 0, grads[1].data);
      if (t > 1) kernels.multiply(length, grads[t - 1].data, input[t - 1].data, grads[t].data, "overwrite");
    }
    kernels.axpby(length, 1, gradOutput.data, 0, suffix.data);
    for (let t = input.length - 1; t > 0; t--) {
      kernels.multiply(length, grads[t].data, suffix.data, grads[t].data, "overwrite");
      kernels.multiply(length, suffix.data, input[t].data, suffix.data, "overwrite");
    }
    kernels.axpby(length, 1, suffix.data, 0, grads[0].data);
    return grads;
  }
}
