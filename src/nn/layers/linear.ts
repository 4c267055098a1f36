/**
 * @file y = x·Wᵀ + b: the dense layer, three gemms a step.
 *
 *   forward    y  [N, out] = x  [N, in] · Wᵀ          gemm NT, so that a row of W is one output's weights
 *   backward   dx [N, in]  = dy [N, out] · W          gemm NN
 *              dW [out, in] += dyᵀ · x                gemm TN
 *              db [out]     += Σ rows of dy
 *
 * Row-per-output storage keeps one bucket's weights together, which sampled output and row-wise sharding need.
 */
import type { Kernels } from "../../kernels/contract.js";
import { INIT_DEFAULTS, type InitOptions, initialWeights, type SeedSource } from "../init.js";
import { Module, type Tensor } from "../module.js";
import { DenseGradient, Parameter } from "../parameter.js";
import { checkGradOutput, checkMatrix, checkSameRows } from "../shape-check.js";
import { TensorBuffer } from "../tensor-buffer.js";

/** How a `Linear` starts and what its backward computes. */
export interface LinearOptions extends InitOptions {
  /**
   * Whether backward computes the gradient of the input; a first layer saves a third of its work with false. Default
   * true.
   */
  readonly gradInput: boolean;
}

/** What `Linear` takes where an option is left out. */
export const LINEAR_DEFAULTS: LinearOptions = { ...INIT_DEFAULTS, gradInput: true };

/** Dense layer, [N, numInputs] → [N, numOutputs]. */
export class Linear extends Module {
  readonly numInputs: number;
  readonly numOutputs: number;
  /** [numOutputs, numInputs], dense gradient. */
  readonly weight: Parameter;
  /** [numOutputs], dense gradient. */
  readonly bias: Parameter;

  private readonly kernels: Kernels;
  private readonly needsGradInput: boolean;
  private readonly output: TensorBuffer;
  private readonly gradInput: TensorBuffer;
  // Reused from step to step, so that a step makes no objects.
  private readonly forwardDims: { m: number; n: number; k: number; transposeB: true };
  private readonly inputDims: { m: number; n: number; k: number };
  private readonly weightDims: { m: number; n: number; k: number; transposeA: true };
  private readonly outputDims: { rows: number; cols: number };
  private readonly parameterList: Parameter[];

  /** Draws one seed from `rng` for the weights. @throws {ConfigError} for sizes that are not positive integers. */
  constructor(
    kernels: Kernels,
    numInputs: number,
    numOutputs: number,
    rng: SeedSource,
    options: Partial<LinearOptions> = {},
  ) {
    super();
    const { gradInput, ...init } = { ...LINEAR_DEFAULTS, ...options };
    const { weight, bias } = initialWeights("Linear", kernels, rng, numInputs, numOutputs, init);
    this.kernels = kernels;
    this.numInputs = numInputs;
    this.numOutputs = numOutputs;
    this.needsGradInput = gradInput;
    this.weight = new Parameter(
      "weight",
      [numOutputs, numInputs],
      weight,
      new DenseGradient(kernels.f32(weight.length)),
    );
    this.bias = new Parameter("bias", [numOutputs], bias, new DenseGradient(kernels.f32(numOutputs)));
    this.output = new TensorBuffer(kernels);
    this.gradInput = new TensorBuffer(kernels);
    this.forwardDims = { m: 0, n: numOutputs, k: numInputs, transposeB: true };
    this.inputDims = { m: 0, n: numInputs, k: numOutputs };
    this.weightDims = { m: numOutputs, n: numInputs, k: 0, transposeA: true };
    this.outputDims = { rows: 0, cols: numOutputs };
    this.parameterList = [this.weight, this.bias];
  }

  /** `input` [N, numInputs] read. @returns [N, numOutputs]. @throws {ShapeError} for other shapes. */
  forward(input: Tensor): Tensor {
    checkMatrix("Linear.forward", input, this.numInputs, "was the model built with another number of inputs?");
    const rows = input.shape[0];
    this.output.resize(rows, this.numOutputs);
    this.forwardDims.m = rows;
    this.outputDims.rows = rows;
    const { weight, bias, output } = this;
    this.kernels.gemm(this.forwardDims, input.data, weight.value, output.data, "overwrite", bias.value);
    return this.output;
  }

  /** @returns the gradient of `input` [N, numInputs], or null with `gradInput: false`. Accumulates dW, db. */
  backward(input: Tensor, gradOutput: Tensor): Tensor | null {
    const rows = input.shape[0];
    checkSameRows("Linear.backward", rows, this.output);
    checkGradOutput("Linear.backward", gradOutput, this.output);
    const dWeight = this.weight.grad as DenseGradient;
    const dBias = this.bias.grad as DenseGradient;
    const weightMode = dWeight.beginAccumulate();
    const biasMode = dBias.beginAccumulate();
    this.weightDims.k = rows;
    this.kernels.gemm(this.weightDims, gradOutput.data, input.data, dWeight.values, weightMode);
    this.kernels.sumRows(this.outputDims, gradOutput.data, dBias.values, biasMode);
    if (!this.needsGradInput) return null;
    this.gradInput.resize(rows, this.numInputs);
    this.inputDims.m = rows;
    this.kernels.gemm(this.inputDims, gradOutput.data, this.weight.value, this.gradInput.data, "overwrite");
    return this.gradInput;
  }

  /** A backward reads the input and the weights: no product is needed again. */
  override recall(input: Tensor): void {
    const [rows] = input.shape;
    this.output.resize(rows, this.numOutputs);
    this.outputDims.rows = rows;
  }

  override parameters(): Parameter[] {
    return this.parameterList;
  }
}
