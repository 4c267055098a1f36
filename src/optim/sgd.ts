/**
 * @file Stochastic gradient descent, with momentum if asked.
 *
 *   g ← g + weightDecay·w            (matrices only)
 *   v ← momentum·v + g
 *   w ← w − learningRate·v           Nesterov: w ← w − learningRate·(g + momentum·v)
 *
 * Sources: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964; Sutskever, Martens, Dahl,
 * Hinton, "On the importance of initialization and momentum in deep learning", ICML 2013, §2 (Nesterov's form).
 * Differs from the papers: the velocity is a sum of gradients, scaled by today's learning rate, as in Torch7's optim.
 */
import { ConfigError } from "../core/index.js";
import type { SgdOptions as KernelOptions, Kernels } from "../kernels/contract.js";
import { checkOption, ParameterWiseOptimizer, type Slot } from "./parameter-wise-optimizer.js";

/** How `Sgd` steps; see {@link SGD_DEFAULTS}. */
export interface SgdOptions {
  /** Default 0.1. */
  readonly learningRate: number;
  /** In [0, 1). Default 0: no velocity is kept. */
  readonly momentum: number;
  /** Look ahead by one momentum step; needs momentum. Default false. */
  readonly nesterov: boolean;
  /** L2 on matrices, coupled to the gradient. Default 0. */
  readonly weightDecay: number;
}

/** What `Sgd` takes where an option is left out. */
export const SGD_DEFAULTS: SgdOptions = { learningRate: 0.1, momentum: 0, nesterov: false, weightDecay: 0 };

/** Stochastic gradient descent. State: `velocity`, if there is momentum. */
export class Sgd extends ParameterWiseOptimizer {
  private readonly kernelOptions: { -readonly [K in keyof KernelOptions]: KernelOptions[K] };

  /** @throws {ConfigError} for options out of range, or Nesterov without momentum. */
  constructor(kernels: Kernels, options: Partial<SgdOptions> = {}) {
    const all = { ...SGD_DEFAULTS, ...options };
    checkOption("Sgd", "learningRate", all.learningRate, "positive", Infinity);
    checkOption("Sgd", "momentum", all.momentum, 0, 1);
    checkOption("Sgd", "weightDecay", all.weightDecay, 0, Infinity);
    if (all.nesterov && all.momentum === 0) {
      throw new ConfigError("Sgd: expected momentum above 0 with nesterov, got 0; try momentum 0.9");
    }
    super(kernels, all, all.momentum > 0 ? ["velocity"] : [], 0);
    this.kernelOptions = { ...all };
  }

  protected update({ parameter, dims, state }: Slot, learningRate: number, weightDecay: number): void {
    this.kernelOptions.learningRate = learningRate;
    this.kernelOptions.weightDecay = weightDecay;
    const velocity = state.length > 0 ? state[0] : null;
    this.kernels.sgdStep(dims, parameter.value, parameter.grad.values, velocity, this.kernelOptions);
  }
}
