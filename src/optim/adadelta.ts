/**
 * @file Adadelta: steps in the units of the parameters, without a learning rate to choose.
 *
 *   g ← g + weightDecay·w            (matrices only)
 *   s ← ρ·s + (1 − ρ)·g²             decaying mean of squared gradients
 *   Δ = √(u + ε)/√(s + ε)·g
 *   u ← ρ·u + (1 − ρ)·Δ²             and of squared moves
 *   w ← w − learningRate·Δ
 *
 * ε sets the first steps, since u starts at 0: √ε/√((1 − ρ)g² + ε)·g, about √(ε/(1 − ρ)) each.
 *
 * Source: Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, Algorithm 1 (learningRate 1).
 * Differs from the paper: rows of row-sparse gradients are lazy. While a row is absent its s and u do not decay.
 */
import type { AdadeltaOptions as KernelOptions, Kernels } from "../kernels/contract.js";
import { checkOption, ParameterWiseOptimizer, type Slot } from "./parameter-wise-optimizer.js";

/** How `Adadelta` steps; see {@link ADADELTA_DEFAULTS}. */
export interface AdadeltaOptions {
  /** Factor on the paper's step. Default 1. */
  readonly learningRate: number;
  /** Memory of both means, in [0, 1). Default 0.9. */
  readonly rho: number;
  /** ε under both roots, above 0: sets the size of the first steps. Default 1e-6. */
  readonly epsilon: number;
  /** L2 on matrices, coupled to the gradient. Default 0. */
  readonly weightDecay: number;
}

/** What `Adadelta` takes where an option is left out. */
export const ADADELTA_DEFAULTS: AdadeltaOptions = { learningRate: 1, rho: 0.9, epsilon: 1e-6, weightDecay: 0 };

/** Adadelta (Zeiler, 2012): no learning rate to choose. State: `squaredGradients` and `squaredMoves`. */
export class Adadelta extends ParameterWiseOptimizer {
  private readonly kernelOptions: { -readonly [K in keyof KernelOptions]: KernelOptions[K] };

  /** @throws {ConfigError} for options out of range. */
  constructor(kernels: Kernels, options: Partial<AdadeltaOptions> = {}) {
    const all = { ...ADADELTA_DEFAULTS, ...options };
    checkOption("Adadelta", "learningRate", all.learningRate, "positive", Infinity);
    checkOption("Adadelta", "rho", all.rho, 0, 1);
    checkOption("Adadelta", "epsilon", all.epsilon, "positive", Infinity);
    checkOption("Adadelta", "weightDecay", all.weightDecay, 0, Infinity);
    super(kernels, all, ["squaredGradients", "squaredMoves"], 0);
    this.kernelOptions = { ...all };
  }

  protected update({ parameter, dims, state: [s, u] }: Slot, learningRate: number, weightDecay: number): void {
    this.kernelOptions.learningRate = learningRate;
    this.kernelOptions.weightDecay = weightDecay;
    this.kernels.adadeltaStep(dims, parameter.value, parameter.grad.values, s, u, this.kernelOptions);
  }
}
