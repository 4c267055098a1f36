/** @file Scores as logarithms of probabilities, along the last dimension, exact where a probability would round to 0. */
import type { Kernels } from "../../kernels/contract.js";
import { RowSoftMax } from "./row-soft-max.js";

/** Logarithm of softmax, [N, …, C]. A row with NaN becomes NaN. */
export class LogSoftMax extends RowSoftMax {
  constructor(kernels: Kernels) {
    super(kernels, "logSoftmax");
  }
}
