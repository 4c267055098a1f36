/**
 * @file The gradient of a matrix of which a batch touches some rows: dW = xᵀ·dy for sparse x, only the rows that occur.
 *
 *   x  [N, D] ──csrCompactTranspose──▶ columns [U], their (row, value) lists
 *   dW [U, H]: dW[u, :] = Σ value · dy[row, :]          (csrGradRows)
 *
 * What SparseLinear, EmbeddingBag and LookupTable have in common. A feature that occurs several times in the batch is
 * one row of the gradient, the sum over its occurrences. A second [D, H] never exists.
 *
 * With `grad.mayWait` the sums are made by whoever reads them, or row by row by an optimiser, which then stores no
 * gradient at all: of 2,400 rows of 256 numbers a step, that saves writing and reading 2.4 MB.
 */
import type { CompactTranspose, Csr, Kernels } from "../../kernels/contract.js";
import type { RowSparseGradient, WaitingSums } from "../parameter.js";
import { atLeastF32, atLeastU32 } from "../tensor-buffer.js";

/** The gradient, whose sums may wait. */
class SummedRows implements RowSparseGradient {
  readonly kind = "rows";
  ids: Uint32Array;
  count: number;
  mayWait: boolean;
  waiting: WaitingSums | null;
  /** Holds the sums, those that do not wait; of those that do, one row at a time. */
  private array: Float32Array;
  private readonly kernels: Kernels;
  private readonly cols: number;

  constructor(kernels: Kernels, cols: number) {
    this.ids = new Uint32Array(0);
    this.count = 0;
    this.mayWait = false;
    this.waiting = null;
    this.array = new Float32Array(0);
    this.kernels = kernels;
    this.cols = cols;
  }

  get values(): Float32Array {
    if (this.waiting !== null) {
      const { x, dy } = this.waiting;
      this.sum(x, dy);
    }
    return this.array;
  }

  set values(values: Float32Array) {
    this.array = values;
    this.waiting = null;
  }

  /** Becomes the sums of `count` columns of `x` over rows of `dy`, now or later. */
  replace(count: number, x: CompactTranspose, dy: Float32Array): void {
    this.ids = x.columns;
    this.count = count;
    if (this.mayWait) {
      this.array = atLeastF32(this.kernels, this.array, this.cols);
      this.waiting = { x, dy, row: this.array };
    } else this.sum(x, dy);
  }

  private sum(x: CompactTranspose, dy: Float32Array): void {
    this.values = atLeastF32(this.kernels, this.array, this.count * this.cols);
    this.kernels.csrGradRows(this.count, this.cols, x, dy, this.array);
  }
}

/** Makes the gradient of a matrix [D, H] from sparse inputs and the gradient of their products. */
export class RowSparseSums {
  private readonly rows: SummedRows;
  private readonly kernels: Kernels;
  private readonly numRows: number;
  /** [D] scratch of the transposition, all zero between calls. Made by the first `compute`: evaluation needs none. */
  private slotOf: Uint32Array;
  private readonly transposed: { columns: Uint32Array; offsets: Uint32Array; rows: Uint32Array; values: Float32Array };

  /** For a parameter [numRows, cols], D and H. */
  constructor(kernels: Kernels, numRows: number, cols: number) {
    this.rows = new SummedRows(kernels, cols);
    this.kernels = kernels;
    this.numRows = numRows;
    this.slotOf = new Uint32Array(0);
    this.transposed = {
      columns: new Uint32Array(0),
      offsets: new Uint32Array(0),
      rows: new Uint32Array(0),
      values: new Float32Array(0),
    };
  }

  /** Replaced by each `compute`. */
  get grad(): RowSparseGradient {
    return this.rows;
  }

  /** `grad` ← xᵀ·dy. x [batchSize, D] read; dy [batchSize, H] read, once `grad.mayWait` until the sums are made. */
  compute(batchSize: number, x: Csr, dy: Float32Array): void {
    this.reserve(x.offsets[batchSize] - x.offsets[0]);
    const count = this.kernels.csrCompactTranspose(batchSize, x, this.slotOf, this.transposed);
    this.rows.replace(count, this.transposed, dy);
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
