/**
 * @file y = tanh x: a sigmoid around 0, from −1 to 1.
 *
 * Source: LeCun, Bottou, Orr, Müller, "Efficient BackProp", 1998, §4.4 (why a symmetric one). There scaled to
 * 1.7159·tanh(2x/3); here not.
 */
import type { Kernels } from "../../kernels/contract.js";
import { PointwiseActivation } from "./pointwise-activation.js";

/** Hyperbolic tangent, any shape. */
export class Tanh extends PointwiseActivation {
  constructor(kernels: Kernels) {
    super(kernels, "tanh");
  }
}
