/**
 * @file What the losses share that compare prediction and target number by number: one fused kernel call.
 *
 *   forward(input [N, …], target [N, …])   loss = 1/n · Σ w·f(x, t) over all n numbers;  gradient kept
 *   backward                               returns the gradient kept
 *
 * The mean runs over all n numbers of the batch, not only over its N rows, as in Torch7 (`sizeAverage`): a row's loss is
 * the mean of its numbers' losses. `sizeAverage: false` gives the plain sum over the batch.
 *
 * Source: Collobert, Kavukcuoglu, Farabet, "Torch7: A Matlab-like Environment for Machine Learning", BigLearn 2011.
 */
import { ConfigError, ShapeError } from "../../core/index.js";
import type { ElementLoss, Kernels } from "../../kernels/contract.js";
import { Criterion, type Tensor } from "../module.js";
import { checkGradOutput, checkLength, formatShape } from "../shape-check.js";
import { TensorBuffer } from "../tensor-buffer.js";

/** How the losses that compare number by number are averaged. */
export interface ElementCriterionOptions {
  /** Mean over all numbers of the batch; false: their sum. Default true. */
  readonly sizeAverage: boolean;
}

/** What those losses take where an option is left out. */
export const ELEMENT_CRITERION_DEFAULTS: ElementCriterionOptions = { sizeAverage: true };

/** What a subclass says about its loss. */
export interface ElementLossSpec {
  readonly kind: ElementLoss;
  /** See `ElementLoss`; 0 for kinds that have none. */
  readonly delta: number;
  readonly sizeAverage: boolean;
  /** A weight for each number of a row, or null for ones. */
  readonly weights: ArrayLike<number> | null;
}

/** A loss of a prediction and a target of the same shape, mean over all their numbers or their sum. */
export abstract class ElementCriterion extends Criterion {
  private readonly kernels: Kernels;
  private readonly where: string;
  private readonly kind: ElementLoss;
  private readonly delta: number;
  private readonly sizeAverage: boolean;
  private readonly weights: Float32Array | null;
  private readonly gradInput: TensorBuffer;
  private readonly dims: { rows: number; cols: number };

  /** @throws {ConfigError} for weights that are not finite numbers from 0. */
  protected constructor(kernels: Kernels, where: string, { kind, delta, sizeAverage, weights }: ElementLossSpec) {
    super();
    this.kernels = kernels;
    this.where = where;
    this.kind = kind;
    this.delta = delta;
    this.sizeAverage = sizeAverage;
    this.weights = weights === null ? null : weightArray(where, kernels, weights);
    this.gradInput = new TensorBuffer(kernels);
    this.dims = { rows: 0, cols: 0 };
  }

  /** `input` and `target` of one shape read. @returns the loss; 0 for no numbers. @throws {ShapeError} */
  forward(input: Tensor, target: Tensor): number {
    const length = this.check(input, target);
    this.gradInput.resizeLike(input);
    if (length === 0) return 0;
    this.dims.rows = this.weights === null ? 1 : length / this.weights.length;
    this.dims.cols = this.weights === null ? length : this.weights.length;
    const share = this.sizeAverage ? 1 / length : 1;
    const { kind, dims, delta, weights, gradInput } = this;
    return share * this.kernels.elementLoss(kind, dims, delta, input.data, target.data, weights, share, gradInput.data);
  }

  /** @returns the gradient of the loss with respect to `input`, as the last forward computed it. */
  backward(input: Tensor, _target: Tensor): Tensor {
    checkGradOutput(`${this.where}.backward`, input, this.gradInput);
    return this.gradInput;
  }

  /** @returns how many numbers there are. */
  private check(input: Tensor, target: Tensor): number {
    const where = `${this.where}.forward`;
    let same = input.shape.length === target.shape.length;
    let length = 1;
    for (let i = 0; i < input.shape.length; i++) {
      same &&= input.shape[i] === target.shape[i];
      length *= input.shape[i];
    }
    if (!same) {
      throw new ShapeError(
        `${where}: expected a target ${formatShape(input.shape)} like the input, got ${formatShape(target.shape)}`,
      );
    }
    checkLength(where, input);
    checkLength(where, target);
    if (this.weights !== null && length !== input.shape[0] * this.weights.length) {
      throw new ShapeError(
        `${where}: expected ${this.weights.length} numbers a row, one for each weight, got input ` +
          `${formatShape(input.shape)}; give as many weights as the model has outputs`,
      );
    }
    return length;
  }
}

/** Weights in the kernels' memory. @throws {ConfigError} unless there is one and all are finite and at least 0. */
export function weightArray(where: string, kernels: Kernels, weights: ArrayLike<number>): Float32Array {
  const array = kernels.f32(weights.length);
  array.set(weights);
  const bad = array.findIndex((w) => !(w >= 0 && w < Infinity));
  if (array.length > 0 && bad < 0) return array;
  const got = bad < 0 ? "none" : `${array[bad]} at ${bad}`;
  throw new ConfigError(`${where}: expected weights that are finite and at least 0, got ${got}; omit them for ones`);
}
