/**
 * @file Adam: steps of about the learning rate, whatever the gradient's scale.
 *
 *   w ← w − learningRate·weightDecay·w               (matrices only)
 *   m ← β₁·m + (1 − β₁)·g        v ← β₂·v + (1 − β₂)·g²
 *   w ← w − learningRate·m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)
 *
 * Sources: Kingma, Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, Algorithm 1; Loshchilov, Hutter,
 * "Decoupled Weight Decay Regularization", ICLR 2019, Algorithm 2 (AdamW).
 * A parameter with `momentsByRow` has one second moment a row, the mean of its numbers' g², and no first moment: state of
 * D numbers for a [D, H] input layer instead of 2·D·H, and a row that is seldom touched still takes a large first step.
 * As row-wise AdaGrad for embeddings (Naumov et al., "Deep Learning Recommendation Model", 2019, §4), with a decaying mean.
 * Differs from the papers: rows of row-sparse gradients are lazy. While a row is absent its m and v neither decay nor
 * move it, though t goes on: otherwise each step would cost the whole [D, H].
 */
import type { AdamOptions as KernelOptions, Kernels } from "../kernels/contract.js";
import type { Parameter } from "../nn/parameter.js";
import { checkOption, ParameterWiseOptimizer, type Slot } from "./parameter-wise-optimizer.js";

/** How `Adam` steps; see {@link ADAM_DEFAULTS}. */
export interface AdamOptions {
  /** About how far a number moves in a step, whatever its gradient's scale. Above 0. Default 0.001. */
  readonly learningRate: number;
  /** Memory of the mean of gradients, in [0, 1). Default 0.9. */
  readonly beta1: number;
  /** Memory of their squares, in [0, 1). Default 0.999. */
  readonly beta2: number;
  /** ε, added to the root. Above 0. Default 1e-8. */
  readonly epsilon: number;
  /** Decoupled (AdamW), on matrices: a step shrinks them by the share learningRate·weightDecay. Default 0. */
  readonly weightDecay: number;
}

/** What `Adam` takes where an option is left out. */
export const ADAM_DEFAULTS: AdamOptions = {
  learningRate: 0.001,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
};

/**
 * Adam (Kingma, Ba, 2015), with AdamW's decay. State: `firstMoment` and `secondMoment`, of a parameter with
 * `momentsByRow` nothing and a number a row.
 */
export class Adam extends ParameterWiseOptimizer {
  private readonly kernelOptions: { -readonly [K in keyof KernelOptions]: KernelOptions[K] };

  /** @throws {ConfigError} for options out of range. */
  constructor(kernels: Kernels, options: Partial<AdamOptions> = {}) {
    const all = { ...ADAM_DEFAULTS, ...options };
    checkOption("Adam", "learningRate", all.learningRate, "positive", Infinity);
    checkOption("Adam", "beta1", all.beta1, 0, 1);
    checkOption("Adam", "beta2", all.beta2, 0, 1);
    checkOption("Adam", "epsilon", all.epsilon, "positive", Infinity);
    checkOption("Adam", "weightDecay", all.weightDecay, 0, Infinity);
    super(kernels, all, ["firstMoment", "secondMoment"], 0);
    this.kernelOptions = { ...all, step: 0 };
  }

  protected override beginStep(): void {
    this.kernelOptions.step = this.stepCount;
  }

  protected override stateLength(name: string, parameter: Parameter): number {
    if (!isByRow(parameter)) return parameter.size;
    return name === "secondMoment" ? parameter.shape[0] : 0;
  }

  protected update({ parameter, dims, state: [m, v] }: Slot, learningRate: number, weightDecay: number): void {
    const { kernels, kernelOptions } = this;
    kernelOptions.learningRate = learningRate;
    kernelOptions.weightDecay = weightDecay;
    const { value, grad } = parameter;
    const byRow = isByRow(parameter);
    if (grad.kind === "rows" && grad.waiting) {
      const { x, dy, row } = grad.waiting;
      if (byRow) kernels.csrRowRmsStep(grad.count, dims.cols, x, dy, row, value, v, kernelOptions);
      else kernels.csrAdamStep(grad.count, dims.cols, x, dy, row, value, m, v, kernelOptions);
    } else if (byRow) kernels.rowRmsStep(dims, value, grad.values, v, kernelOptions);
    else kernels.adamStep(dims, value, grad.values, m, v, kernelOptions);
  }
}

function isByRow(parameter: Parameter): boolean {
  return parameter.momentsByRow && parameter.grad.kind === "rows";
}
