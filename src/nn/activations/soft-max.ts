/**
 * @file Scores as probabilities, along the last dimension: positive, and their sum is 1.
 *
 * In front of a cross-entropy take SoftmaxCrossEntropyCriterion on the scores instead: it needs one pass less.
 */
import type { Kernels } from "../../kernels/contract.js";
import { RowSoftmax } from "./row-softmax.js";

/** Softmax, [N, …, C]. A row with NaN becomes NaN. */
export class SoftMax extends RowSoftmax {
  constructor(kernels: Kernels) {
    super(kernels, "softmax");
  }
}
