/**
 * @file What the losses on sparse targets share: one fused kernel call gives the loss and its gradient.
 *
 *   forward(logits [N, B], targets [N, B] sparse)   loss = 1/N · Σ rows;  gradient kept
 *   backward                                        returns the gradient kept
 *
 * Targets are a few (column, value) pairs a row; the kernel passes over the logits once and a dense target never
 * exists. The division by N is folded into the gradient's scale. In place, the gradient takes the logits' place: [N, B]
 * numbers less to hold and to move through the caches.
 */
import { ShapeError } from "../../core/index.js";
import type { Csr, Kernels, MatrixDims } from "../../kernels/contract.js";
import { Criterion, type SparseBatch, type Tensor } from "../module.js";
import { checkLength, checkSameRows, checkSparse, formatShape } from "../shape-check.js";
import { TensorBuffer } from "../tensor-buffer.js";

/** Where the gradient stands. */
export interface SparseTargetOptions {
  /** `forward` writes the gradient over the logits, which nobody may need afterwards. Default false. */
  readonly inPlace: boolean;
}

/** What the losses on sparse targets take where an option is left out. */
export const SPARSE_TARGET_DEFAULTS: SparseTargetOptions = { inPlace: false };

/** A loss of logits [N, B] against sparse targets [N, B], averaged over rows. */
export abstract class SparseTargetCriterion extends Criterion<Tensor, SparseBatch> {
  protected readonly kernels: Kernels;
  private readonly where: string;
  /** null: in place. */
  private readonly buffer: TensorBuffer | null;
  private gradInput: Tensor;
  private readonly dims: { rows: number; cols: number };

  protected constructor(kernels: Kernels, where: string, options: Partial<SparseTargetOptions>) {
    super();
    const { inPlace } = { ...SPARSE_TARGET_DEFAULTS, ...options };
    this.kernels = kernels;
    this.where = where;
    const buffer = new TensorBuffer(kernels);
    this.buffer = inPlace ? null : buffer;
    this.gradInput = buffer;
    this.dims = { rows: 0, cols: 0 };
  }

  /** The kernel: writes `gradScale` times the gradient of the summed loss to `grad`, which may be x, and returns that sum. */
  protected abstract lossAndGradient(
    dims: MatrixDims,
    x: Float32Array,
    targets: Csr,
    gradScale: number,
    grad: Float32Array,
  ): number;

  /**
   * `input` [N, B] and `target` [N, B] read; in place, `input` becomes its gradient. @returns the mean loss of a row; 0
   * for no rows. @throws {ShapeError}
   */
  forward(input: Tensor, target: SparseBatch): number {
    this.check(input, target);
    const rows = input.shape[0];
    this.buffer?.resize(rows, input.shape[1]);
    this.gradInput = this.buffer ?? input;
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
