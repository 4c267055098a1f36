/**
 * @file Scores as probabilities, along the last dimension: positive, and their sum is 1.
 *
 * In front of a cross-entropy take SoftMaxCrossEntropyCriterion on the scores instead: it needs one pass less.
 */
import type { Kernels } from "../../kernels/contract.js";
import { RowSoftMax } from "./row-soft-max.js";

/** Softmax, [N, …, C]. A row with NaN becomes NaN. */
export class SoftMax extends RowSoftMax {
  constructor(kernels: Kernels) {
    super(kernels, "softmax");
  }
}
