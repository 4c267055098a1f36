/**
 * @file What does training read? Features and labels as two CSR structures over shared memory.
 *
 *   features  offsets [N + 1] · columns [nnz] · values [nnz]      L2-normalised by the vectorizer, if text
 *   labels    offsets [N + 1] · ids [total]                       distinct and ascending within a row
 *
 * All arrays stand on SharedArrayBuffers: worker threads receive the same memory, never a copy. Read-only once built.
 */
import type { Csr } from "../kernels/contract.js";

/** Sparse feature rows, [numRows, numCols]; columns ascend within a row and are distinct. */
export interface FeatureMatrix extends Csr {
  /** N. */
  readonly numRows: number;
  /** D. */
  readonly numCols: number;
}

/** Label ids of each row, distinct and ascending: row i has ids[offsets[i] … offsets[i + 1]). */
export interface LabelLists {
  /** N. */
  readonly numRows: number;
  /** L: ids are below it. */
  readonly numLabels: number;
  /** [N + 1] */
  readonly offsets: Uint32Array;
  /** [≥ offsets[N]] */
  readonly ids: Uint32Array;
}

/** Features and labels of the same rows, in the same order. */
export interface Dataset {
  readonly features: FeatureMatrix;
  readonly labels: LabelLists;
}
