/**
 * @file The gradient of a matrix of which a batch touches some rows: dW = xᵀ·dy for sparse x, only the rows that occur.
 *
 *   x  [N, D] ──csrCompactTranspose──▶ columns [U], their (row, value) lists
 *   dW [U, H]: dW[u, :] = Σ value · dy[row, :]          (csrGradRows)
 *
 * What SparseLinear, EmbeddingBag and LookupTable have in common. A feature that occurs several times in the batch is
 * one row of the gradient, the sum over its occurrences. A second [D, H] never exists.
 */
import type { Csr, Kernels } from "../../kernels/contract.js";
import type { RowSparseGradient } from "../parameter.js";
import { atLeastF32, atLeastU32 } from "../tensor-buffer.js";

export class RowSparseSums {
  /** Replaced by each `compute`. */
  readonly grad: RowSparseGradient;

  private readonly kernels: Kernels;
  private readonly numRows: number;
  private readonly cols: number;
  /** [D] scratch of the transposition, all zero between calls. Made by the first `compute`: evaluation needs none. */
  private slotOf: Uint32Array;
  private readonly transposed: { columns: Uint32Array; offsets: Uint32Array; rows: Uint32Array; values: Float32Array };

  /** For a parameter [numRows, cols], D and H. */
  constructor(kernels: Kernels, numRows: number, cols: number) {
    this.grad = { kind: "rows", ids: new Uint32Array(0), count: 0, values: new Float32Array(0) };
    this.kernels = kernels;
    this.numRows = numRows;
    this.cols = cols;
    this.slotOf = new Uint32Array(0);
    this.transposed = {
      columns: new Uint32Array(0),
      offsets: new Uint32Array(0),
      rows: new Uint32Array(0),
      values: new Float32Array(0),
    };
  }

  /** `grad` ← xᵀ·dy. x [batchSize, D], dy [batchSize, H] read. */
  compute(batchSize: number, x: Csr, dy: Float32Array): void {
    const { kernels, transposed, grad } = this;
    this.reserve(x.offsets[batchSize] - x.offsets[0]);
    const count = kernels.csrCompactTranspose(batchSize, x, this.slotOf, transposed);
    grad.values = atLeastF32(kernels, grad.values, count * this.cols);
    kernels.csrGradRows(count, this.cols, transposed, dy, grad.values);
    grad.ids = transposed.columns;
    grad.count = count;
  }

  /** Makes room for the transpose of a batch with `numEntries` entries. */
  private reserve(numEntries: number): void {
    const { kernels, transposed } = this;
    const maxColumns = Math.min(numEntries, this.numRows);
    if (this.slotOf.length === 0) this.slotOf = kernels.u32(this.numRows);
    transposed.columns = atLeastU32(kernels, transposed.columns, maxColumns);
    transposed.offsets = atLeastU32(kernels, transposed.offsets, maxColumns + 1);
    transposed.rows = atLeastU32(kernels, transposed.rows, numEntries);
    transposed.values = atLeastF32(kernels, transposed.values, numEntries);
  }
}
