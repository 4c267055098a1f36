/**
 * @file Averaged SGD: plain steps at a rate that falls slowly, and beside them the mean of all points passed.
 *
 *   η ← learningRate·(1 + lambda·η₀·(t − 1))^−power      t = 1, 2, …; η₀ the learning rate at construction
 *   g ← g + weightDecay·w                                (matrices only)
 *   w ← w − η·g
 *   a ← a + (w − a)/max(1, t − averagingStart)           the mean of w over the steps after `averagingStart`
 *
 * The average is what to use: it wanders less than w, and in theory is as good as second-order SGD. `swapAveraged` puts
 * it in the parameters' place and back again, `averagedInto` copies it.
 *
 * Sources: Polyak, Juditsky, "Acceleration of Stochastic Approximation by Averaging", SIAM J. Control Optim. 30, 1992;
 * Xu, "Towards Optimal One Pass Large Scale Learning with Averaged SGD", 2011, §3 (the rate; power ¾); Bottou, "Stochastic
 * Gradient Descent Tricks", 2012, §5.
 * Differs from the papers: there lambda is also the weight decay; here `weightDecay` is apart, since it spares biases.
 * Rows of row-sparse gradients are lazy, but their average is not approximate: while a row stands still its mean moves
 * towards it by (T − start)/(t − start) in all, which is made up for when it is next touched or read.
 */
import { ConfigError } from "../core/index.js";
import type { AsgdOptions as KernelOptions, Kernels } from "../kernels/contract.js";
import type { FlatParameters, Parameter } from "../nn/parameter.js";
import { checkOption, ParameterWiseOptimizer, type Slot } from "./parameter-wise-optimizer.js";

/** How `Asgd` steps and averages; see {@link ASGD_DEFAULTS}. */
export interface AsgdOptions {
  /** η₀, the rate before it falls. Above 0. Default 0.05. */
  readonly learningRate: number;
  /** How fast the rate falls, at least 0; 0: not at all. Default 1e-4. */
  readonly lambda: number;
  /** Exponent of the rate's fall, in [0, 1). Default 0.75. */
  readonly power: number;
  /** Steps before averaging begins, such as those of the first epoch. Default 0. */
  readonly averagingStart: number;
  /** L2 on matrices, coupled to the gradient. Default 0. */
  readonly weightDecay: number;
}

/** What `Asgd` takes where an option is left out. */
export const ASGD_DEFAULTS: AsgdOptions = {
  learningRate: 0.05,
  lambda: 1e-4,
  power: 0.75,
  averagingStart: 0,
  weightDecay: 0,
};

/** Numbers exchanged at a time. */
const SWAP_BLOCK = 65536;

/**
 * Averaged SGD (Polyak, Juditsky, 1992): evaluate and keep the average (`useAverage`). State: `average`, and for
 * row-sparse parameters `averagedStep`, the step that each row's average is of.
 */
export class Asgd extends ParameterWiseOptimizer {
  private readonly kernelOptions: { -readonly [K in keyof KernelOptions]: KernelOptions[K] };
  private readonly fall: number;
  private readonly power: number;
  private factor = 1;
  private swapped = false;
  private rowFactors: Float32Array = new Float32Array(0);

  /** @throws {ConfigError} for options out of range. */
  constructor(kernels: Kernels, options: Partial<AsgdOptions> = {}) {
    const all = { ...ASGD_DEFAULTS, ...options };
    checkOption("Asgd", "learningRate", all.learningRate, "positive", Infinity);
    checkOption("Asgd", "lambda", all.lambda, 0, Infinity);
    checkOption("Asgd", "power", all.power, 0, 1);
    checkOption("Asgd", "averagingStart", all.averagingStart, 0, Infinity);
    checkOption("Asgd", "weightDecay", all.weightDecay, 0, Infinity);
    super(kernels, all, ["average", "averagedStep"], 0);
    this.fall = all.lambda * all.learningRate;
    this.power = all.power;
    this.kernelOptions = {
      learningRate: all.learningRate,
      weightDecay: all.weightDecay,
      step: 0,
      averagingStart: all.averagingStart,
    };
  }

  /** The parameters hold the average, since an odd number of `swapAveraged`. */
  get holdsAverage(): boolean {
    return this.swapped;
  }

  override prepare(parameters: FlatParameters): void {
    const fresh = this.state().average === undefined;
    super.prepare(parameters);
    if (!fresh) return;
    for (const { parameter, state } of this.slots) state[0].set(parameter.value.subarray(0, state[0].length));
  }

  /**
   * Writes the average of each number to `out` [n], at its place in `parameters.value`; before any step, and for
   * parameters that are not trained, the value. The state stays as it is.
   */
  averagedInto(parameters: FlatParameters, out: Float32Array): void {
    this.prepare(parameters);
    out.set(parameters.value);
    if (this.swapped) return;
    for (const slot of this.slots) {
      const start = parameters.offsets[parameters.parameters.indexOf(slot.parameter)];
      const to = out.subarray(start, start + slot.parameter.size);
      to.set(slot.state[0]);
      this.makeUp(slot, to);
    }
  }

  /**
   * Exchanges the parameters and their averages: before evaluating, and again before going on. Do not checkpoint in
   * between: state and parameters have changed places.
   */
  swapAveraged(parameters: FlatParameters): void {
    this.prepare(parameters);
    const kept = new Float32Array(Math.min(SWAP_BLOCK, parameters.value.length));
    for (const slot of this.slots) {
      const [average, last] = slot.state;
      if (!this.swapped) this.makeUp(slot, average);
      last.fill(this.stepCount);
      exchange(slot.parameter.value, average, kept);
    }
    this.swapped = !this.swapped;
  }

  override useAverage(parameters: FlatParameters, use: boolean): void {
    if (use !== this.swapped) this.swapAveraged(parameters);
  }

  override step(parameters: FlatParameters): void {
    if (this.swapped) {
      throw new ConfigError("Asgd.step: expected parameters, got their average; call swapAveraged again to go on");
    }
    super.step(parameters);
  }

  protected override beginStep(): void {
    this.factor = (1 + this.fall * (this.stepCount - 1)) ** -this.power;
    this.kernelOptions.step = this.stepCount;
  }

  protected override stateLength(name: string, parameter: Parameter): number {
    if (name === "average") return parameter.size;
    return parameter.grad.kind === "rows" ? parameter.shape[0] : 0;
  }

  protected update({ parameter, dims, state: [average, last] }: Slot, learningRate: number, weightDecay: number): void {
    const { kernelOptions } = this;
    kernelOptions.learningRate = learningRate * this.factor;
    kernelOptions.weightDecay = weightDecay;
    const { value, grad } = parameter;
    this.kernels.asgdStep(dims, value, grad.values, average, dims.rows === null ? null : last, kernelOptions);
  }

  /** Brings `average`, a copy of the slot's or itself, up to the last step: rows that stood still since their own. */
  private makeUp({ parameter, dims, state: [, last] }: Slot, average: Float32Array): void {
    if (dims.rows === null) return;
    const { kernels, stepCount } = this;
    const rows = parameter.shape[0];
    const passed = stepCount - this.kernelOptions.averagingStart;
    if (this.rowFactors.length < rows) this.rowFactors = kernels.f32(rows);
    for (let row = 0; row < rows; row++) {
      const then = last[row] - this.kernelOptions.averagingStart;
      this.rowFactors[row] = last[row] >= stepCount ? 1 : then < 1 ? 0 : then / passed;
    }
    const shape = { rows, cols: dims.cols };
    kernels.axpby(parameter.size, -1, parameter.value, 1, average);
    kernels.scaleRows(shape, this.rowFactors, average, average, "overwrite");
    kernels.axpby(parameter.size, 1, parameter.value, 1, average);
  }
}

function exchange(a: Float32Array, b: Float32Array, kept: Float32Array): void {
  for (let i = 0; i < a.length; i += kept.length) {
    const end = Math.min(a.length, i + kept.length);
    kept.set(a.subarray(i, end));
    a.set(b.subarray(i, end), i);
    b.set(kept.subarray(0, end - i), i);
  }
}
