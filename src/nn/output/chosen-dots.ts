/**
 * @file z[e] = x[row(e)]·W[col(e)] + b[col(e)]: a linear layer computed only where somebody asks.
 *
 *   pattern [N rows; L columns]   row i ──▶ columns of W that row i needs        (a cluster's labels, a path's nodes)
 *
 *   forward    z one number an entry                          csrDots
 *   backward   dx [N, H] = dz·W                               csrGemm: dz are the values of a sparse matrix
 *              dW [U, H], db [U]: the U columns that occur    csrCompactTranspose, csrGradRows
 *
 * Work and memory follow the entries and not L. Gradients are row-sparse: replaced by each backward.
 */
import type { Csr, CsrPattern, Kernels } from "../../kernels/contract.js";
import { type InitOptions, initialWeights, type SeedSource } from "../init.js";
import { Parameter, type RowSparseGradient } from "../parameter.js";
import { atLeastF32, atLeastU32 } from "../tensor-buffer.js";

/** Weights [L, H] and biases [L] with products at the places of a pattern. */
export class ChosenDots {
  /** [L, H], row-sparse gradient. */
  readonly weight: Parameter;
  /** [L], row-sparse gradient. */
  readonly bias: Parameter;

  private readonly kernels: Kernels;
  private readonly weightGrad: RowSparseGradient;
  private readonly biasGrad: RowSparseGradient;
  private readonly dims: { rows: number; cols: number };
  private values: Float32Array;
  private ones: Float32Array;
  private slotOf: Uint32Array;
  private readonly transposed: { columns: Uint32Array; offsets: Uint32Array; rows: Uint32Array; values: Float32Array };

  /** Draws one seed from `rng`. `where` names the owner in errors. */
  constructor(
    where: string,
    kernels: Kernels,
    numInputs: number,
    numOutputs: number,
    rng: SeedSource,
    options: Partial<InitOptions>,
  ) {
    const { weight, bias } = initialWeights(where, kernels, rng, numInputs, numOutputs, options);
    this.kernels = kernels;
    this.weightGrad = { kind: "rows", ids: new Uint32Array(0), count: 0, values: new Float32Array(0) };
    this.biasGrad = { kind: "rows", ids: new Uint32Array(0), count: 0, values: new Float32Array(0) };
    this.weight = new Parameter("weight", [numOutputs, numInputs], weight, this.weightGrad);
    this.bias = new Parameter("bias", [numOutputs], bias, this.biasGrad);
    this.dims = { rows: 0, cols: numInputs };
    this.values = new Float32Array(0);
    this.ones = new Float32Array(0);
    this.slotOf = new Uint32Array(0);
    this.transposed = {
      columns: new Uint32Array(0),
      offsets: new Uint32Array(0),
      rows: new Uint32Array(0),
      values: new Float32Array(0),
    };
  }

  /**
   * `x` [rows, H] and `pattern`, whose offsets start at 0, read. @returns z beside the pattern's columns, this layer's
   * own array: the caller turns it into the gradient dz in place before `backward`.
   */
  forward(rows: number, x: Float32Array, pattern: CsrPattern): Float32Array {
    this.values = atLeastF32(this.kernels, this.values, pattern.offsets[rows]);
    this.dims.rows = rows;
    this.kernels.csrDots(this.dims, pattern, x, this.weight.value, this.bias.value, this.values);
    return this.values;
  }

  /** Takes dz from the array that `forward` gave out. `gradX` [rows, H] written. Replaces dW and db. */
  backward(rows: number, x: Float32Array, pattern: CsrPattern, gradX: Float32Array): void {
    const { kernels, transposed, weightGrad, biasGrad } = this;
    const cols = this.dims.cols;
    const gradients: Csr = { offsets: pattern.offsets, columns: pattern.columns, values: this.values };
    this.dims.rows = rows;
    kernels.csrGemm(this.dims, gradients, this.weight.value, gradX, "overwrite");

    this.reserve(rows, pattern.offsets[rows]);
    const count = kernels.csrCompactTranspose(rows, gradients, this.slotOf, transposed);
    weightGrad.values = atLeastF32(kernels, weightGrad.values, count * cols);
    biasGrad.values = atLeastF32(kernels, biasGrad.values, count);
    kernels.csrGradRows(count, cols, transposed, x, weightGrad.values);
    kernels.csrGradRows(count, 1, transposed, this.ones, biasGrad.values);
    weightGrad.ids = transposed.columns;
    weightGrad.count = count;
    biasGrad.ids = transposed.columns;
    biasGrad.count = count;
  }

  private reserve(rows: number, numEntries: number): void {
    const { kernels, transposed } = this;
    const numOutputs = this.bias.size;
    const maxColumns = Math.min(numEntries, numOutputs);
    if (this.slotOf.length === 0) this.slotOf = kernels.u32(numOutputs);
    if (this.ones.length < rows) this.ones = atLeastF32(kernels, this.ones, rows).fill(1);
    transposed.columns = atLeastU32(kernels, transposed.columns, maxColumns);
    transposed.offsets = atLeastU32(kernels, transposed.offsets, maxColumns + 1);
    transposed.rows = atLeastU32(kernels, transposed.rows, numEntries);
    transposed.values = atLeastF32(kernels, transposed.values, numEntries);
  }
}
