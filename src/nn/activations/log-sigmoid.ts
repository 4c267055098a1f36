/**
 * @file y = log(1/(1 + e⁻ˣ)), exact where the sigmoid itself would round to 0 or 1.
 */
import type { Kernels } from "../../kernels/contract.js";
import { PointwiseActivation } from "./pointwise-activation.js";

/** Logarithm of the logistic function, any shape. */
export class LogSigmoid extends PointwiseActivation {
  constructor(kernels: Kernels) {
    super(kernels, "logSigmoid");
  }
}
