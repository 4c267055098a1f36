/** @file Scores as logarithms of probabilities, along the last dimension, exact where a probability would round to 0. */
import type { Kernels } from "../../kernels/contract.js";
import { RowSoftmax } from "./row-softmax.js";

/** Logarithm of softmax, [N, …, C]. A row with NaN becomes NaN. */
export class LogSoftMax extends RowSoftmax {
  constructor(kernels: Kernels) {
    super(kernels, "logSoftmax");
  }
}
