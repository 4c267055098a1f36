/**
 * @file y = x for x > 0, else negativeSlope·x: a ReLU whose units never die.
 *
 * At x = 0 the gradient is that of x < 0.
 *
 * Source: Maas, Hannun, Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models", ICML 2013, §2.
 */
import { ConfigError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import { PointwiseActivation } from "./pointwise-activation.js";

/** Shape of a `LeakyReLU`. */
export interface LeakyReLUOptions {
  /** Slope below 0, finite. Default 0.01. */
  readonly negativeSlope: number;
}

/** What `LeakyReLU` takes where an option is left out. */
export const LEAKY_RELU_DEFAULTS: LeakyReLUOptions = { negativeSlope: 0.01 };

/** Leaky rectifier, any shape. */
export class LeakyReLU extends PointwiseActivation {
  /** @throws {ConfigError} unless the slope is finite. */
  constructor(kernels: Kernels, options: Partial<LeakyReLUOptions> = {}) {
    const { negativeSlope } = { ...LEAKY_RELU_DEFAULTS, ...options };
    if (!Number.isFinite(negativeSlope)) {
      throw new ConfigError(`LeakyReLU: expected a finite negativeSlope, got ${negativeSlope}; 0.01 is usual`);
    }
    super(kernels, "leakyRelu", negativeSlope);
  }
}
