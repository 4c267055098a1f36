/**
 * @file y = log(1 + e^(sharpness·x))/sharpness: a smooth ReLU, whose derivative is the sigmoid.
 *
 * No threshold beyond which y = x is taken, as Torch7's nn.SoftPlus has: max(z, 0) + log1p(e^−|z|) does not overflow.
 *
 * Source: Dugas, Bengio, Bélisle, Nadeau, Garcia, "Incorporating Second-Order Functional Knowledge for Better Option
 * Pricing", NIPS 2000, §3.
 */
import { ConfigError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import { PointwiseActivation } from "./pointwise-activation.js";

/** Shape of a `SoftPlus`. */
export interface SoftPlusOptions {
  /** The larger, the nearer to a ReLU (Torch's beta). Above 0. Default 1. */
  readonly sharpness: number;
}

/** What `SoftPlus` takes where an option is left out. */
export const SOFT_PLUS_DEFAULTS: SoftPlusOptions = { sharpness: 1 };

/** Smooth rectifier, any shape. */
export class SoftPlus extends PointwiseActivation {
  /** @throws {ConfigError} unless the sharpness is finite and above 0. */
  constructor(kernels: Kernels, options: Partial<SoftPlusOptions> = {}) {
    const { sharpness } = { ...SOFT_PLUS_DEFAULTS, ...options };
    if (!(sharpness > 0 && sharpness < Infinity)) {
      throw new ConfigError(`SoftPlus: expected a finite sharpness above 0, got ${sharpness}; 1 is usual`);
    }
    super(kernels, "softPlus", sharpness);
  }
}
