/**
 * @file What the losses on sparse targets share: one fused kernel call gives the loss and its gradient.
 *
 *   forward(logits [N, B], targets [N, B] sparse)   loss = 1/N · Σ rows;  gradient kept
 *   backward                                        returns the gradient kept
 *
 * Targets are a few (column, value) pairs a row; the kernel passes over the logits once and a dense target never
 * exists. The division by N is folded into the gradient's scale.
 */
import { ShapeError } from "../../core/index.js";
import type { Csr, Kernels, MatrixDims } from "../../kernels/contract.js";
import { Criterion, type SparseBatch, type Tensor } from "../module.js";
import { checkLength, checkSameRows, checkSparse, formatShape } from "../shape-check.js";
import { TensorBuffer } from "../tensor-buffer.js";

/** A loss of logits [N, B] against sparse targets [N, B], averaged over rows. */
export abstract class SparseTargetCriterion extends Criterion<Tensor, SparseBatch> {
  protected readonly kernels: Kernels;
  private readonly where: string;
  private readonly gradInput: TensorBuffer;
  private readonly dims: { rows: number; cols: number };

  protected constructor(kernels: Kernels, where: string) {
    super();
    this.kernels = kernels;
    this.where = where;
    this.gradInput = new TensorBuffer(kernels);
    this.dims = { rows: 0, cols: 0 };
  }

  /** The kernel: writes `gradScale` times the gradient of the summed loss to `grad` and returns that sum. */
  protected abstract lossAndGradient(
    dims: MatrixDims,
    x: Float32Array,
    targets: Csr,
    gradScale: number,
    grad: Float32Array,
  ): number;

  /** `input` [N, B] and `target` [N, B] read. @returns the mean loss of a row; 0 for no rows. @throws {ShapeError} */
  forward(input: Tensor, target: SparseBatch): number {
    this.check(input, target);
    const rows = input.shape[0];
    this.gradInput.resize(rows, input.shape[1]);
    if (rows === 0) return 0;
    this.dims.rows = rows;
    this.dims.cols = input.shape[1];
    return this.lossAndGradient(this.dims, input.data, target, 1 / rows, this.gradInput.data) / rows;
  }

  /** @returns the gradient of the mean loss with respect to `input` [N, B], as the last forward computed it. */
  backward(input: Tensor, _target: SparseBatch): Tensor {
    checkSameRows(`${this.where}.backward`, input.shape[0], this.gradInput);
    return this.gradInput;
  }

  private check(input: Tensor, target: SparseBatch): void {
    const where = `${this.where}.forward`;
    if (input.shape.length !== 2 || target.numRows !== input.shape[0] || target.numCols !== input.shape[1]) {
      throw new ShapeError(
        `${where}: expected targets ${formatShape(input.shape)} like the input [N, B], ` +
          `got ${formatShape([target.numRows, target.numCols])}; are labels mapped to this layer's outputs?`,
      );
    }
    checkLength(where, input);
    checkSparse(where, target, target.numCols, "");
  }
}
