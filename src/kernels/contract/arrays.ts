/** @file Shapes and sparse matrices: the arguments that groups of operations share. */

/** Sparse rows: row i holds columns[offsets[i] … offsets[i+1]) with the values beside them. Columns may be unsorted. */
export interface Csr {
  /** [N + 1], offsets in elements; offsets[0] need not be 0. */
  readonly offsets: Uint32Array;
  /** [≥ offsets[N]] column of each entry, all rows one behind another. */
  readonly columns: Uint32Array;
  /** [≥ offsets[N]] value of each entry. */
  readonly values: Float32Array;
}

/** The transpose of a batch, holding only columns that occur: column i of the list is original column `columns[i]`. */
export interface CompactTranspose {
  /** [≥ U] the distinct columns, in the order of their first appearance. */
  readonly columns: Uint32Array;
  /** [≥ U + 1] where each column's entries start in `rows` and `values`; offsets[0] = 0. */
  readonly offsets: Uint32Array;
  /** [≥ nnz] batch row of each entry, ascending within a column. */
  readonly rows: Uint32Array;
  /** [≥ nnz] value of each entry. */
  readonly values: Float32Array;
}

/** Shape of a dense, row-major matrix [rows, cols]. */
export interface MatrixDims {
  readonly rows: number;
  readonly cols: number;
}

/** Does a result replace what the array held, or is it added to that? */
export type WriteMode = "overwrite" | "accumulate";
