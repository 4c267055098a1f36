/**
 * @file Slices of one tensor through modules of their own, and their outputs joined.
 *
 *   x [N, 2, D] ─┬ x[:, 0, :] ─ module 0 ─▶ [N, 3] ─┐
 *                └ x[:, 1, :] ─ module 1 ─▶ [N, 5] ─┴▶ [N, 8]
 *
 * Source: Torch7's nn.Parallel(inputDimension, outputDimension).
 */
import { ConfigError, ShapeError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import { checkKernels } from "../kernels-check.js";
import type { Module, Table, Tensor } from "../module.js";
import { Container } from "./container.js";
import { TensorJoin } from "./tensor-join.js";
import { TensorSlices } from "./tensor-slices.js";

/** Which dimensions `Parallel` cuts and joins along; both are to be given. */
export interface ParallelOptions {
  /** Dimension of the input that is sliced, as long as there are modules; it disappears. Counts from 0, or from −1. */
  readonly inputDimension: number;
  /** Dimension along which the outputs are joined. Counts likewise. */
  readonly outputDimension: number;
}

/** Module i sees slice i of the input. */
export class Parallel extends Container<Tensor, Tensor> {
  private readonly slicing: TensorSlices;
  private readonly joining: TensorJoin;
  private readonly outputs: Tensor[];
  private readonly grads: Tensor[];
  private slices: Table;

  /** Takes the modules over, see Container. @throws {ConfigError} unless the dimensions are whole numbers. */
  constructor(kernels: Kernels, options: ParallelOptions, ...modules: Module[]) {
    checkKernels(new.target.name, kernels);
    super(modules);
    this.slicing = new TensorSlices("Parallel", kernels, options.inputDimension);
    this.joining = new TensorJoin("Parallel", kernels, options.outputDimension);
    this.outputs = [];
    this.grads = [];
    this.slices = [];
  }

  /** @throws {ShapeError} unless the input has as many slices as there are modules. */
  forward(input: Tensor): Tensor {
    this.slices = this.slicing.slice(input);
    if (this.slices.length !== this.modules.length) {
      throw new ShapeError(
        `Parallel.forward: expected ${this.modules.length} slices, one for each module, got ${this.slices.length}; ` +
          "is it the right dimension?",
      );
    }
    for (let i = 0; i < this.modules.length; i++) this.outputs[i] = this.forwardOf(i, this.slices[i]) as Tensor;
    return this.joining.join(this.outputs);
  }

  /** @throws {ConfigError} if some modules have a gradient of their input and some have not. @returns null if none has. */
  backward(_input: Tensor, gradOutput: Tensor): Tensor | null {
    const pieces = this.joining.cut(gradOutput);
    let missing = 0;
    for (let i = 0; i < this.modules.length; i++) {
      const grad = this.backwardOf(i, this.slices[i], pieces[i]) as Tensor | null;
      if (grad === null) missing++;
      else this.grads[i] = grad;
    }
    if (missing === 0) return this.slicing.stack(this.grads);
    if (missing === this.modules.length) return null;
    throw new ConfigError(
      `Parallel.backward: expected a gradient of every slice, got ${this.modules.length - missing} of ` +
        `${this.modules.length}; build all modules with gradInput, or none`,
    );
  }
}
