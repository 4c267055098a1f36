/**
 * @file RMSprop: the gradient divided by the size that it has had lately.
 *
 *   g ← g + weightDecay·w                    (matrices only)
 *   s ← α·s + (1 − α)·g²
 *   m ← α·m + (1 − α)·g                      if centred; else m = 0
 *   v ← momentum·v + g/(√(s − m²) + ε)
 *   w ← w − learningRate·v
 *
 * Centred, a gradient is measured against its spread instead of its size, so that steady ones take longer steps.
 *
 * Sources: Tieleman, Hinton, "Lecture 6.5: rmsprop", COURSERA, 2012; Graves, "Generating Sequences With Recurrent Neural
 * Networks", 2013, eq. 38-45 (centred, with momentum).
 * Differs from them: ε stands outside the root, as in Torch7's optim; rows of row-sparse gradients are lazy. While a row
 * is absent its s, m and v neither decay nor move it.
 */
import type { RmspropOptions as KernelOptions, Kernels } from "../kernels/contract.js";
import { checkOption, ParameterWiseOptimizer, type Slot } from "./parameter-wise-optimizer.js";

/** How `RMSprop` steps; see {@link RMSPROP_DEFAULTS}. */
export interface RMSpropOptions {
  /** Default 0.01. */
  readonly learningRate: number;
  /** Memory of the means, in [0, 1). Default 0.99. */
  readonly alpha: number;
  /** Divide by the spread of the gradients instead of their size. Default false. */
  readonly centered: boolean;
  /** In [0, 1). Default 0: no velocity is kept. */
  readonly momentum: number;
  /** ε, added to the root. Above 0. Default 1e-8. */
  readonly epsilon: number;
  /** L2 on matrices, coupled to the gradient. Default 0. */
  readonly weightDecay: number;
}

/** What `RMSprop` takes where an option is left out. */
export const RMSPROP_DEFAULTS: RMSpropOptions = {
  learningRate: 0.01,
  alpha: 0.99,
  centered: false,
  momentum: 0,
  epsilon: 1e-8,
  weightDecay: 0,
};

/**
 * RMSprop (Tieleman, Hinton, 2012). State: `squaredGradients`, `meanGradients` if centred, `velocity` if there is
 * momentum.
 */
export class RMSprop extends ParameterWiseOptimizer {
  private readonly kernelOptions: { -readonly [K in keyof KernelOptions]: KernelOptions[K] };
  private readonly centered: boolean;

  /** @throws {ConfigError} for options out of range. */
  constructor(kernels: Kernels, options: Partial<RMSpropOptions> = {}) {
    const all = { ...RMSPROP_DEFAULTS, ...options };
    checkOption("RMSprop", "learningRate", all.learningRate, "positive", Infinity);
    checkOption("RMSprop", "alpha", all.alpha, 0, 1);
    checkOption("RMSprop", "momentum", all.momentum, 0, 1);
    checkOption("RMSprop", "epsilon", all.epsilon, "positive", Infinity);
    checkOption("RMSprop", "weightDecay", all.weightDecay, 0, Infinity);
    const names = ["squaredGradients"];
    if (all.centered) names.push("meanGradients");
    if (all.momentum > 0) names.push("velocity");
    super(kernels, all, names, 0);
    this.kernelOptions = { ...all };
    this.centered = all.centered;
  }

  protected update({ parameter, dims, state }: Slot, learningRate: number, weightDecay: number): void {
    const { kernels, kernelOptions, centered } = this;
    kernelOptions.learningRate = learningRate;
    kernelOptions.weightDecay = weightDecay;
    const mean = centered ? state[1] : null;
    const velocity = kernelOptions.momentum > 0 ? state[centered ? 2 : 1] : null;
    kernels.rmspropStep(dims, parameter.value, parameter.grad.values, state[0], mean, velocity, kernelOptions);
  }
}
