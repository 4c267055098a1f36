/**
 * @file Each row to mean 0 and variance 1 over its last dimension, then scaled and shifted as learnt.
 *
 *   x̂[i, j] = (x[i, j] − meanᵢ)/√(varianceᵢ + ε),   y = weight[j]·x̂ + bias[j]
 *
 * Unlike batch normalisation, rows do not see each other: training and evaluation are the same, and a batch may have
 * one row. Inputs [N, …, D]: every run of D numbers is a row.
 *
 * Source: Ba, Kiros, Hinton, "Layer Normalization", 2016, §3 and eq. 4.
 */
import { ConfigError, ShapeError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import { Module, type Tensor } from "../module.js";
import { DenseGradient, Parameter } from "../parameter.js";
import { checkGradOutput, checkLength, formatShape } from "../shape-check.js";
import { atLeastF32, TensorBuffer } from "../tensor-buffer.js";

/** How `LayerNormalization` measures and scales. */
export interface LayerNormalizationOptions {
  /** ε, added to the variance. Above 0. Default 1e-5. */
  readonly epsilon: number;
  /** Whether weight and bias are learnt; without them y = x̂. Default true. */
  readonly affine: boolean;
}

/** What `LayerNormalization` takes where an option is left out. */
export const LAYER_NORMALIZATION_DEFAULTS: LayerNormalizationOptions = { epsilon: 1e-5, affine: true };

/** Layer normalisation of [N, …, D], the same shape out. */
export class LayerNormalization extends Module {
  /** D. */
  readonly numInputs: number;
  /** [D], dense gradient; null without `affine`. */
  readonly weight: Parameter | null;
  /** [D], dense gradient; null without `affine`. */
  readonly bias: Parameter | null;

  private readonly kernels: Kernels;
  private readonly epsilon: number;
  private readonly dims: { rows: number; cols: number };
  /** [≥ rows] of the last forward. */
  private mean: Float32Array;
  private inverseStd: Float32Array;
  private readonly output: TensorBuffer;
  private readonly gradInput: TensorBuffer;
  private readonly parameterList: Parameter[];

  /** @throws {ConfigError} for a size that is no positive integer, or an epsilon out of range. */
  constructor(kernels: Kernels, numInputs: number, options: Partial<LayerNormalizationOptions> = {}) {
    super();
    const { epsilon, affine } = { ...LAYER_NORMALIZATION_DEFAULTS, ...options };
    if (!(Number.isInteger(numInputs) && numInputs > 0)) {
      throw new ConfigError(
        `LayerNormalization: expected a positive whole number of inputs, got ${numInputs}; it is the input's last size`,
      );
    }
    if (!(epsilon > 0 && epsilon < Infinity)) {
      throw new ConfigError(`LayerNormalization: expected an epsilon above 0, got ${epsilon}; 1e-5 is usual`);
    }
    this.kernels = kernels;
    this.numInputs = numInputs;
    this.epsilon = epsilon;
    const parameter = (name: string, start: number): Parameter =>
      new Parameter(
        name,
        [numInputs],
        new Float32Array(numInputs).fill(start),
        new DenseGradient(kernels.f32(numInputs)),
      );
    this.weight = affine ? parameter("weight", 1) : null;
    this.bias = affine ? parameter("bias", 0) : null;
    this.dims = { rows: 0, cols: numInputs };
    this.mean = new Float32Array(0);
    this.inverseStd = new Float32Array(0);
    this.output = new TensorBuffer(kernels);
    this.gradInput = new TensorBuffer(kernels);
    this.parameterList = this.weight && this.bias ? [this.weight, this.bias] : [];
  }

  /** `input` [N, …, D] read. @returns the same shape. @throws {ShapeError} for another last size. */
  forward(input: Tensor): Tensor {
    const { shape } = input;
    if (shape.length < 2 || shape[shape.length - 1] !== this.numInputs) {
      throw new ShapeError(
        `LayerNormalization.forward: expected input [N, …, ${this.numInputs}], got ${formatShape(shape)}; ` +
          "the last dimension is normalised",
      );
    }
    checkLength("LayerNormalization.forward", input);
    const { kernels, dims, output } = this;
    dims.rows = output.resizeLike(input) / this.numInputs;
    this.mean = atLeastF32(kernels, this.mean, dims.rows);
    this.inverseStd = atLeastF32(kernels, this.inverseStd, dims.rows);
    kernels.normalizeRows(
      dims,
      this.epsilon,
      input.data,
      this.weight?.value ?? null,
      this.bias?.value ?? null,
      output.data,
      this.mean,
      this.inverseStd,
    );
    return output;
  }

  /** @returns the gradient of `input`. Accumulates those of weight and bias. */
  backward(input: Tensor, gradOutput: Tensor): Tensor {
    checkGradOutput("LayerNormalization.backward", gradOutput, this.output);
    const { kernels, dims, mean, inverseStd, weight, bias, gradInput } = this;
    gradInput.resizeLike(gradOutput);
    if (weight && bias) {
      const dWeight = weight.grad as DenseGradient;
      const dBias = bias.grad as DenseGradient;
      const weightMode = dWeight.beginAccumulate();
      const biasMode = dBias.beginAccumulate();
      kernels.normalizeRowsWeightGrad(dims, input.data, mean, inverseStd, gradOutput.data, dWeight.values, weightMode);
      kernels.sumRows(dims, gradOutput.data, dBias.values, biasMode);
    }
    const scale = weight?.value ?? null;
    kernels.normalizeRowsGrad(dims, input.data, mean, inverseStd, scale, gradOutput.data, gradInput.data);
    return gradInput;
  }

  override parameters(): Parameter[] {
    return this.parameterList;
  }
}
