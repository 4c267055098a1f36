/**
 * @file Adagrad: each number has its own learning rate, which falls with the squares of the gradients it has seen.
 *
 *   g ← g + weightDecay·w            (matrices only)
 *   s ← s + g²
 *   w ← w − learningRate·g / (√s + ε)
 *
 * Rare features keep large steps, which suits bags of words; and a row that does not occur loses nothing by waiting, so
 * that row-sparse steps equal dense ones exactly (without decay).
 *
 * Source: Duchi, Hazan, Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization",
 * JMLR 2011, Figure 1 (diagonal).
 */
import type { AdagradOptions as KernelOptions, Kernels } from "../kernels/contract.js";
import { checkOption, ParameterWiseOptimizer, type Slot } from "./parameter-wise-optimizer.js";

/** How `Adagrad` steps; see {@link ADAGRAD_DEFAULTS}. */
export interface AdagradOptions {
  /** The most that a number moves in a step. Above 0. Default 0.05. */
  readonly learningRate: number;
  /** ε, added to the root: keeps the first division finite. Above 0. Default 1e-10. */
  readonly epsilon: number;
  /** Where s starts; larger values tame the first steps. At least 0. Default 0. */
  readonly initialAccumulator: number;
  /** L2 on matrices, coupled to the gradient. Default 0. */
  readonly weightDecay: number;
}

/** What `Adagrad` takes where an option is left out. */
export const ADAGRAD_DEFAULTS: AdagradOptions = {
  learningRate: 0.05,
  epsilon: 1e-10,
  initialAccumulator: 0,
  weightDecay: 0,
};

/** Adagrad (Duchi, Hazan, Singer, 2011), diagonal. State: `sumOfSquares`. */
export class Adagrad extends ParameterWiseOptimizer {
  private readonly kernelOptions: { -readonly [K in keyof KernelOptions]: KernelOptions[K] };

  /** @throws {ConfigError} for options out of range. */
  constructor(kernels: Kernels, options: Partial<AdagradOptions> = {}) {
    const all = { ...ADAGRAD_DEFAULTS, ...options };
    checkOption("Adagrad", "learningRate", all.learningRate, "positive", Infinity);
    checkOption("Adagrad", "epsilon", all.epsilon, "positive", Infinity);
    checkOption("Adagrad", "initialAccumulator", all.initialAccumulator, 0, Infinity);
    checkOption("Adagrad", "weightDecay", all.weightDecay, 0, Infinity);
    super(kernels, all, ["sumOfSquares"], all.initialAccumulator);
    this.kernelOptions = { learningRate: all.learningRate, epsilon: all.epsilon, weightDecay: all.weightDecay };
  }

  protected update({ parameter, dims, state }: Slot, learningRate: number, weightDecay: number): void {
    this.kernelOptions.learningRate = learningRate;
    this.kernelOptions.weightDecay = weightDecay;
    this.kernels.adagradStep(dims, parameter.value, parameter.grad.values, state[0], this.kernelOptions);
  }
}
