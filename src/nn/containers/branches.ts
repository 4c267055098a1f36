/**
 * @file Modules side by side on one input: what ConcatTable and Concat share.
 *
 *   input ─┬─ module 0 ─▶ output 0         gradInput = Σᵢ gradInput of module i
 *          └─ module 1 ─▶ output 1
 *
 * The input may itself be a table: then each of its tensors gets the sum of its gradients.
 */
import type { Kernels } from "../../kernels/contract.js";
import { checkKernels } from "../kernels-check.js";
import type { Module, Table, Tensor } from "../module.js";
import { TableBuffer } from "../table-buffer.js";
import { Container } from "./container.js";

/** A container whose modules all see its input. */
export abstract class Branches<I, O> extends Container<I, O> {
  private readonly kernels: Kernels;
  private readonly outputs: Tensor[];
  private readonly sums: TableBuffer;

  /** Takes the modules over, see Container. */
  protected constructor(kernels: Kernels, modules: readonly Module<I, Tensor>[]) {
    checkKernels(new.target.name, kernels);
    super(modules);
    this.kernels = kernels;
    this.outputs = [];
    this.sums = new TableBuffer(kernels);
  }

  /** @returns every module's output, in order. */
  protected forwardAll(input: I): Table {
    for (let i = 0; i < this.modules.length; i++) this.outputs[i] = this.forwardOf(i, input) as Tensor;
    return this.outputs;
  }

  /** @returns the gradient of the input; null if one of the modules has none, as for sparse batches and ids. */
  protected backwardAll(input: I, gradOutputs: Table): I | null {
    let sum: unknown = null;
    let isDefined = true;
    for (let i = 0; i < this.modules.length; i++) {
      const grad = this.backwardOf(i, input, gradOutputs[i]);
      if (grad === null) isDefined = false;
      if (!isDefined) continue;
      // A single module's gradient needs no copy.
      if (this.modules.length === 1) return grad as I;
      sum = this.add(grad as Tensor | Table, i === 0);
    }
    return isDefined ? (sum as I) : null;
  }

  /** Adds to the sum, or starts it anew. @returns the sum. */
  private add(grad: Tensor | Table, isFirst: boolean): Tensor | Table {
    const { sums } = this;
    sums.resize(isTable(grad) ? grad.length : 1);
    if (!isTable(grad)) return this.addTo(0, grad, isFirst);
    for (let t = 0; t < grad.length; t++) this.addTo(t, grad[t], isFirst);
    return sums.tensors;
  }

  private addTo(t: number, grad: Tensor, isFirst: boolean): Tensor {
    const sum = this.sums.tensors[t];
    const length = sum.resizeLike(grad);
    this.kernels.axpby(length, 1, grad.data, isFirst ? 0 : 1, sum.data);
    return sum;
  }
}

function isTable(grad: Tensor | Table): grad is Table {
  return Array.isArray(grad);
}
