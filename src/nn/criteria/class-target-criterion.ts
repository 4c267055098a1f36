/**
 * @file What the losses share whose target is one class a row: checks, class weights, one fused kernel call.
 *
 *   forward(input [N, C], target [N] of numbers below C)   loss, a mean over rows;  gradient kept
 *   backward                                               returns the gradient kept
 *
 * Class numbers count from 0 (Torch7's from 1). Class weights let rare classes count more, or a class not at all.
 */
import { ShapeError } from "../../core/index.js";
import type { Kernels, MatrixDims } from "../../kernels/contract.js";
import { describeValue } from "../kernels-check.js";
import { Criterion, type IdTensor, type Tensor } from "../module.js";
import { checkLength, checkSameRows, formatShape } from "../shape-check.js";
import { TensorBuffer } from "../tensor-buffer.js";
import { weightArray } from "./element-criterion.js";

/** How much each class counts in a loss of one class a row. */
export interface ClassWeights {
  /** Weight of each class [C], at least 0. Default null: ones. */
  readonly weights: ArrayLike<number> | null;
}

/** What criteria of one class a row take where no weights are given. */
export const CLASS_WEIGHTS_DEFAULTS: ClassWeights = { weights: null };

/** A loss of scores [N, C] against one class a row. */
export abstract class ClassTargetCriterion extends Criterion<Tensor, IdTensor> {
  protected readonly kernels: Kernels;
  /** [C], or null. */
  protected readonly weights: Float32Array | null;
  private readonly where: string;
  private readonly gradInput: TensorBuffer;
  private readonly dims: { rows: number; cols: number };

  /** @throws {ConfigError} for weights that are not finite numbers from 0. */
  protected constructor(kernels: Kernels, where: string, weights: ArrayLike<number> | null) {
    super();
    this.kernels = kernels;
    this.where = where;
    this.weights = weights === null ? null : weightArray(where, kernels, weights);
    this.gradInput = new TensorBuffer(kernels);
    this.dims = { rows: 0, cols: 0 };
  }

  /** Writes the gradient of the mean loss to `grad` [rows, cols] and returns that mean; there is at least one row. */
  protected abstract lossAndGradient(
    dims: MatrixDims,
    x: Float32Array,
    classes: Uint32Array,
    grad: Float32Array,
  ): number;

  /** `input` [N, C] and `target` [N] read. @returns the mean loss; 0 for no rows. @throws {ShapeError} */
  forward(input: Tensor, target: IdTensor): number {
    this.check(input, target);
    const [rows, cols] = input.shape;
    this.gradInput.resize(rows, cols);
    if (rows === 0) return 0;
    this.dims.rows = rows;
    this.dims.cols = cols;
    return this.lossAndGradient(this.dims, input.data, target.data, this.gradInput.data);
  }

  /** @returns the gradient of the mean loss with respect to `input` [N, C], as the last forward computed it. */
  backward(input: Tensor, _target: IdTensor): Tensor {
    checkSameRows(`${this.where}.backward`, input.shape[0], this.gradInput);
    return this.gradInput;
  }

  private check(input: Tensor, target: IdTensor): void {
    const where = `${this.where}.forward`;
    const { shape } = input;
    const cols = this.weights === null ? shape[1] : this.weights.length;
    if (shape.length !== 2 || shape[1] !== cols) {
      throw new ShapeError(
        `${where}: expected input ${formatShape(["N", this.weights === null ? "C" : cols])}, got ` +
          `${formatShape(shape)}; scores of a batch are a matrix, and there is a weight for each class`,
      );
    }
    checkLength(where, input);
    if (target.shape.length !== 1 || target.shape[0] !== shape[0] || target.data.length < shape[0]) {
      throw new ShapeError(
        `${where}: expected a class for each of ${shape[0]} rows, got target ${formatShape(target.shape)} of ` +
          `${target.data.length} numbers; one row has one class`,
      );
    }
    if (!(target.data instanceof Uint32Array)) {
      throw new ShapeError(
        `${where}: expected whole numbers in a Uint32Array, got ${describeValue(target.data)}; convert the classes`,
      );
    }
    // Numbers come from data; a check costs N of the N·C numbers that the kernel reads.
    for (let i = 0; i < shape[0]; i++) {
      if (target.data[i] < cols) continue;
      throw new ShapeError(
        `${where}: expected classes below ${cols}, got ${target.data[i]} in row ${i}; classes count from 0`,
      );
    }
  }
}
