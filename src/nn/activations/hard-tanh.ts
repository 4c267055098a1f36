/**
 * @file y = x limited to [min, max]; the gradient passes where min < x < max.
 *
 * Source: Collobert, "Large Scale Machine Learning", thesis, 2004, §4.2.1 (a tanh that costs two comparisons).
 */
import { ConfigError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import { PointwiseActivation } from "./pointwise-activation.js";

/** Limits of a `HardTanh`, min below max. */
export interface HardTanhOptions {
  /** Least output. Default −1. */
  readonly min: number;
  /** Greatest output. Default 1. */
  readonly max: number;
}

/** What `HardTanh` takes where an option is left out. */
export const HARD_TANH_DEFAULTS: HardTanhOptions = { min: -1, max: 1 };

/** Limiter, any shape. NaN stays NaN. */
export class HardTanh extends PointwiseActivation {
  /** @throws {ConfigError} unless min < max. */
  constructor(kernels: Kernels, options: Partial<HardTanhOptions> = {}) {
    const { min, max } = { ...HARD_TANH_DEFAULTS, ...options };
    if (!(min < max))
      throw new ConfigError(`HardTanh: expected min below max, got ${min} and ${max}; -1 and 1 are usual`);
    super(kernels, "hardTanh", min, max);
  }
}
