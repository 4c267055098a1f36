/**
 * @file Each channel to mean 0 and variance 1 over the batch, then scaled and shifted as learnt.
 *
 *   train      x̂ = (x − mean)/√(variance + ε), mean and variance over the n numbers of the channel in the batch
 *              running ← (1 − momentum)·running + momentum·batch        variance there times n/(n − 1), unbiased
 *   evaluate   x̂ with the running mean and variance: an output depends on no other row
 *   y = weight[c]·x̂ + bias[c]
 *
 * [N, C] has one number of a channel in a row, n = N; [N, C, H, W] has H·W of them, n = N·H·W. The running statistics
 * are parameters that no optimiser moves (`trainable` false), so they stand in the flat vector and in checkpoints, and
 * averaging or sending parameters takes them along. A batch with n < 2 leaves them as they are.
 *
 * Source: Ioffe, Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate
 * Shift", ICML 2015, Algorithms 1 and 2. Differs from the paper: the running statistics are exponential averages made
 * while training, as in Torch7.
 */
import { ConfigError, ShapeError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import { type Mode, Module, type Tensor } from "../module.js";
import { DenseGradient, Parameter } from "../parameter.js";
import { checkGradOutput, checkLength, formatShape } from "../shape-check.js";
import { TensorBuffer } from "../tensor-buffer.js";

/** How `BatchNormalization` measures, remembers and scales. */
export interface BatchNormalizationOptions {
  /** ε, added to the variance. Above 0. Default 1e-5. */
  readonly epsilon: number;
  /** Share of the newest batch in the running statistics, in (0, 1]. Default 0.1. */
  readonly momentum: number;
  /** Whether weight and bias are learnt; without them y = x̂. Default true. */
  readonly affine: boolean;
}

/** What `BatchNormalization` takes where an option is left out. */
export const BATCH_NORMALIZATION_DEFAULTS: BatchNormalizationOptions = { epsilon: 1e-5, momentum: 0.1, affine: true };

/** Batch normalisation of [N, C, …], the same shape out. */
export class BatchNormalization extends Module {
  /** C. */
  readonly numChannels: number;
  /** [C], dense gradient; null without `affine`. */
  readonly weight: Parameter | null;
  /** [C], dense gradient; null without `affine`. */
  readonly bias: Parameter | null;
  /** [C], not trainable. Starts at 0. */
  readonly runningMean: Parameter;
  /** [C], not trainable. Starts at 1. */
  readonly runningVariance: Parameter;

  private readonly kernels: Kernels;
  private readonly epsilon: number;
  private readonly momentum: number;
  private mode: Mode;
  /** Whether the last forward used the statistics of its batch; its backward must do the same. */
  private usedBatch: boolean;
  private readonly batchMean: Float32Array;
  private readonly batchVariance: Float32Array;
  private readonly sums: { readonly dyX: Float32Array; readonly dy: Float32Array };
  private readonly dims: { rows: number; channels: number; size: number };
  private readonly output: TensorBuffer;
  private readonly gradInput: TensorBuffer;
  private readonly parameterList: Parameter[];

  /** @throws {ConfigError} for a number of channels that is no positive integer, or options out of range. */
  constructor(kernels: Kernels, numChannels: number, options: Partial<BatchNormalizationOptions> = {}) {
    super();
    const { epsilon, momentum, affine } = { ...BATCH_NORMALIZATION_DEFAULTS, ...options };
    if (!(Number.isInteger(numChannels) && numChannels > 0)) {
      throw new ConfigError(
        `BatchNormalization: expected a positive whole number of channels, got ${numChannels}; it is the input's second size`,
      );
    }
    if (!(epsilon > 0 && epsilon < Infinity)) {
      throw new ConfigError(`BatchNormalization: expected an epsilon above 0, got ${epsilon}; 1e-5 is usual`);
    }
    if (!(momentum > 0 && momentum <= 1)) {
      throw new ConfigError(`BatchNormalization: expected a momentum in (0, 1], got ${momentum}; 0.1 is usual`);
    }
    this.kernels = kernels;
    this.numChannels = numChannels;
    this.epsilon = epsilon;
    this.momentum = momentum;
    this.mode = "train";
    this.usedBatch = false;
    const channels = (name: string, start: number): Parameter =>
      new Parameter(
        name,
        [numChannels],
        new Float32Array(numChannels).fill(start),
        new DenseGradient(kernels.f32(numChannels)),
      );
    this.weight = affine ? channels("weight", 1) : null;
    this.bias = affine ? channels("bias", 0) : null;
    this.runningMean = channels("runningMean", 0);
    this.runningVariance = channels("runningVariance", 1);
    this.runningMean.trainable = false;
    this.runningVariance.trainable = false;
    this.batchMean = kernels.f32(numChannels);
    this.batchVariance = kernels.f32(numChannels);
    this.sums = { dyX: kernels.f32(numChannels), dy: kernels.f32(numChannels) };
    this.dims = { rows: 0, channels: numChannels, size: 0 };
    this.output = new TensorBuffer(kernels);
    this.gradInput = new TensorBuffer(kernels);
    const learnt = this.weight && this.bias ? [this.weight, this.bias] : [];
    this.parameterList = [...learnt, this.runningMean, this.runningVariance];
  }

  override setMode(mode: Mode): void {
    this.mode = mode;
  }

  /** `input` [N, C, …] read. @returns the same shape. @throws {ShapeError} for other numbers of channels. */
  forward(input: Tensor): Tensor {
    const { shape } = input;
    if (shape.length < 2 || shape[1] !== this.numChannels) {
      throw new ShapeError(
        `BatchNormalization.forward: expected input [N, ${this.numChannels}, …], got ${formatShape(shape)}; ` +
          "channels are the second dimension",
      );
    }
    checkLength("BatchNormalization.forward", input);
    const { kernels, dims, output } = this;
    dims.rows = shape[0];
    dims.size = 1;
    for (let i = 2; i < shape.length; i++) dims.size *= shape[i];
    output.resizeLike(input);
    const count = dims.rows * dims.size;
    this.usedBatch = this.mode === "train";
    if (count === 0) return output;
    if (this.usedBatch) {
      kernels.channelMoments(dims, input.data, this.batchMean, this.batchVariance);
      if (count > 1) this.updateRunning(count);
    }
    kernels.normalizeChannels(
      dims,
      this.epsilon,
      input.data,
      this.mean,
      this.variance,
      this.weight?.value ?? null,
      this.bias?.value ?? null,
      output.data,
    );
    return output;
  }

  /** @returns the gradient of `input`. Accumulates those of weight and bias. */
  backward(input: Tensor, gradOutput: Tensor): Tensor {
    checkGradOutput("BatchNormalization.backward", gradOutput, this.output);
    const { kernels, dims, epsilon, sums, mean, variance, gradInput, weight } = this;
    gradInput.resizeLike(gradOutput);
    if (dims.rows * dims.size === 0) return gradInput;
    if (weight || this.usedBatch) {
      kernels.channelGradSums(dims, epsilon, input.data, mean, variance, gradOutput.data, sums.dyX, sums.dy);
    }
    if (weight) this.addGradient(weight, sums.dyX);
    if (this.bias) this.addGradient(this.bias, sums.dy);
    kernels.normalizeChannelsGrad(
      dims,
      epsilon,
      input.data,
      mean,
      variance,
      weight?.value ?? null,
      gradOutput.data,
      this.usedBatch ? sums : null,
      gradInput.data,
    );
    return gradInput;
  }

  override parameters(): Parameter[] {
    return this.parameterList;
  }

  private get mean(): Float32Array {
    return this.usedBatch ? this.batchMean : this.runningMean.value;
  }

  private get variance(): Float32Array {
    return this.usedBatch ? this.batchVariance : this.runningVariance.value;
  }

  private updateRunning(count: number): void {
    const { kernels, momentum, numChannels } = this;
    kernels.axpby(numChannels, momentum, this.batchMean, 1 - momentum, this.runningMean.value);
    const unbiased = (momentum * count) / (count - 1);
    kernels.axpby(numChannels, unbiased, this.batchVariance, 1 - momentum, this.runningVariance.value);
  }

  private addGradient(parameter: Parameter, sum: Float32Array): void {
    const grad = parameter.grad as DenseGradient;
    const mode = grad.beginAccumulate();
    this.kernels.axpby(this.numChannels, 1, sum, mode === "accumulate" ? 1 : 0, grad.values);
  }
}
