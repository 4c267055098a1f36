/**
 * @file What is a layer? Torch7's contract, typed: forward keeps its output, backward adds parameter gradients.
 *
 *   forward(input)               → output, kept until the next forward
 *   backward(input, gradOutput)  → gradInput; parameter gradients are ADDED to (dense) or REPLACED (row-sparse, see
 *                                  RowSparseGradient), `input` must be the one last given to forward
 *   zeroGradParameters()         → call before each batch
 *
 * Modules own their output and gradient buffers and reuse them; buffers grow when a batch is larger than any before.
 *
 * Source: Collobert, Kavukcuoglu, Farabet, "Torch7: A Matlab-like Environment for Machine Learning", BigLearn 2011.
 * Differs from Torch7: no `type()` conversions, no `updateParameters` (optim/ does that), sparse inputs are CSR batches.
 */
import type { Csr } from "../kernels/contract.js";
import type { Parameter } from "./parameter.js";

/** A dense row-major f32 array. `data` may be longer than the product of `shape`. */
export interface Tensor {
  readonly data: Float32Array;
  /** Batches are [N, …]. */
  readonly shape: readonly number[];
}

/** A batch of sparse rows, [numRows, numCols]. */
export interface SparseBatch extends Csr {
  readonly numRows: number;
  readonly numCols: number;
}

/** Whole numbers, such as classes [N] or tokens [N, T]. `data` may be longer than the product of `shape`. */
export interface IdTensor {
  readonly data: Uint32Array;
  readonly shape: readonly number[];
}

/** Several tensors at once: what containers such as ParallelTable take and give. */
export type Table = readonly Tensor[];

/** `train` draws dropout masks and noise, and gathers batch statistics; `evaluate` does not. */
export type Mode = "train" | "evaluate";

/** A layer from I to O; it owns the buffers of its output and gradients and uses them again for the next batch. */
export abstract class Module<I = Tensor, O = Tensor> {
  /** Computes and keeps the output, valid until the next `forward`. @throws {ShapeError} naming expectation and input. */
  abstract forward(input: I): O;
  /** Returns the gradient of `input` (null where it is not defined, as for sparse batches). */
  abstract backward(input: I, gradOutput: O): I | null;
  /**
   * Makes ready for the backward of an `input` that went forward before others did, as if it were the last: what a backward
   * needs of a forward is there again, its output need not be. Random draws are those of a forward. Default: a forward.
   */
  recall(input: I): void {
    this.forward(input);
  }
  /** This module's own parameters and its children's, in a fixed order. */
  parameters(): Parameter[] {
    return [];
  }
  /** Containers pass the mode on. Default "train". */
  setMode(_mode: Mode): void {}
  /**
   * The inputs to come are the rows from `row` on of a larger batch, whose other rows other threads or other calls work
   * on: masks continue where those rows' end, so that the parts draw what the whole would. Containers pass it on. Default 0.
   */
  setFirstRow(_row: number): void {}
  /** Zeroes the gradients of all `parameters`: before each batch, unless gradients are to add up over several. */
  zeroGradParameters(): void {
    for (const p of this.parameters()) p.zeroGrad();
  }
}

/**
 * A loss: forward gives the mean over the batch, backward its gradient with respect to the input. One that has weights
 * of its own (HierarchicalSoftMax) names them in `parameters`, and its backward adds their gradients as a module's does.
 */
export abstract class Criterion<I = Tensor, T = Tensor> {
  /** @returns the loss, averaged over rows. NaN when an input is NaN. */
  abstract forward(input: I, target: T): number;
  /** The gradient of the last `forward`, valid until the next one. */
  abstract backward(input: I, target: T): I;
  /** The weights that the loss itself learns, in a fixed order. */
  parameters(): Parameter[] {
    return [];
  }
  /** For a loss that draws in training (SampledSoftMax); in evaluate mode it computes all. Default "train". */
  setMode(_mode: Mode): void {}
  /** Zeroes the gradients of all `parameters`, as a module's. */
  zeroGradParameters(): void {
    for (const p of this.parameters()) p.zeroGrad();
  }
}
