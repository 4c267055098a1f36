/**
 * @file y = x for x > 0, else alpha·(eˣ − 1): smooth, and its mean is nearer to 0 than a ReLU's.
 *
 * Source: Clevert, Unterthiner, Hochreiter, "Fast and Accurate Deep Network Learning by Exponential Linear Units",
 * ICLR 2016, eq. 15.
 */
import { ConfigError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import { PointwiseActivation } from "./pointwise-activation.js";

/** Shape of an `ELU`. */
export interface ELUOptions {
  /** The output far below 0 is −alpha. Finite, above 0. Default 1. */
  readonly alpha: number;
}

/** What `ELU` takes where an option is left out. */
export const ELU_DEFAULTS: ELUOptions = { alpha: 1 };

/** Exponential linear unit, any shape. */
export class ELU extends PointwiseActivation {
  /** @throws {ConfigError} unless alpha is finite and above 0. */
  constructor(kernels: Kernels, options: Partial<ELUOptions> = {}) {
    const { alpha } = { ...ELU_DEFAULTS, ...options };
    if (!(alpha > 0 && alpha < Infinity)) {
      throw new ConfigError(`ELU: expected a finite alpha above 0, got ${alpha}; 1 is usual`);
    }
    super(kernels, "elu", alpha);
  }
}
