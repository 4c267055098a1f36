/**
 * @file y = 1/(1 + e⁻ˣ): from 0 to 1, for gates and probabilities.
 *
 * In front of a binary cross-entropy take SigmoidCrossEntropyCriterion instead, which is exact where this saturates.
 */
import type { Kernels } from "../../kernels/contract.js";
import { PointwiseActivation } from "./pointwise-activation.js";

/** Logistic function, any shape. */
export class Sigmoid extends PointwiseActivation {
  constructor(kernels: Kernels) {
    super(kernels, "sigmoid");
  }
}
