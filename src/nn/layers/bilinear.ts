/**
 * @file yₒ = x₁ᵀ·Wₒ·x₂ + bₒ: how two vectors fit together, with a matrix for each output.
 *
 *   pairs [N, A·B] = outer product of x₁ [N, A] and x₂ [N, B], row by row
 *   forward    y [N, O] = pairs · Wᵀ + b                W [O, A, B] as [O, A·B]
 *   backward   dW += dyᵀ · pairs,  db += Σ rows of dy
 *              dpairs [N, A·B] = dy · W;   dx₁ = dpairs·x₂,  dx₂ = dpairsᵀ·x₁, row by row
 *
 * Three gemms of 2·N·O·A·B operations, as a Linear on the pairs; that takes room for N·A·B numbers twice.
 */
import { ConfigError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import { type InitOptions, initialWeights, type SeedSource } from "../init.js";
import { Module, type Table, type Tensor } from "../module.js";
import { DenseGradient, Parameter } from "../parameter.js";
import { checkGradOutput, checkMatrix, checkSameRows } from "../shape-check.js";
import { checkTable } from "../table-check.js";
import { TensorBuffer } from "../tensor-buffer.js";

/** Table of [N, A] and [N, B] → [N, O]. */
export class Bilinear extends Module<Table, Tensor> {
  /** A. */
  readonly numLeft: number;
  /** B. */
  readonly numRight: number;
  /** O. */
  readonly numOutputs: number;
  /** [O, A, B], dense gradient. */
  readonly weight: Parameter;
  /** [O], dense gradient. */
  readonly bias: Parameter;

  private readonly kernels: Kernels;
  private readonly pairs: TensorBuffer;
  private readonly gradPairs: TensorBuffer;
  private readonly output: TensorBuffer;
  private readonly gradInput: readonly [TensorBuffer, TensorBuffer];
  private readonly pairDims: { rows: number; left: number; right: number };
  private readonly forwardDims: { m: number; n: number; k: number; transposeB: true };
  private readonly inputDims: { m: number; n: number; k: number };
  private readonly weightDims: { m: number; n: number; k: number; transposeA: true };
  private readonly outputDims: { rows: number; cols: number };
  private readonly parameterList: Parameter[];

  /** Draws one seed from `rng`; the fan-in is A·B. @throws {ConfigError} for sizes that are not positive integers. */
  constructor(
    kernels: Kernels,
    numLeft: number,
    numRight: number,
    numOutputs: number,
    rng: SeedSource,
    options: Partial<InitOptions> = {},
  ) {
    super();
    if (![numLeft, numRight].every((n) => Number.isInteger(n) && n > 0)) {
      throw new ConfigError(
        `Bilinear: expected positive whole numbers of inputs, got ${numLeft} and ${numRight}; check the model's options`,
      );
    }
    const numPairs = numLeft * numRight;
    const { weight, bias } = initialWeights("Bilinear", kernels, rng, numPairs, numOutputs, options);
    this.kernels = kernels;
    this.numLeft = numLeft;
    this.numRight = numRight;
    this.numOutputs = numOutputs;
    const weightGrad = new DenseGradient(kernels.f32(weight.length));
    this.weight = new Parameter("weight", [numOutputs, numLeft, numRight], weight, weightGrad);
    this.bias = new Parameter("bias", [numOutputs], bias, new DenseGradient(kernels.f32(numOutputs)));
    this.pairs = new TensorBuffer(kernels);
    this.gradPairs = new TensorBuffer(kernels);
    this.output = new TensorBuffer(kernels);
    this.gradInput = [new TensorBuffer(kernels), new TensorBuffer(kernels)];
    this.pairDims = { rows: 0, left: numLeft, right: numRight };
    this.forwardDims = { m: 0, n: numOutputs, k: numPairs, transposeB: true };
    this.inputDims = { m: 0, n: numPairs, k: numOutputs };
    this.weightDims = { m: numOutputs, n: numPairs, k: 0, transposeA: true };
    this.outputDims = { rows: 0, cols: numOutputs };
    this.parameterList = [this.weight, this.bias];
  }

  /** `input` [N, A] and [N, B] read. @returns [N, O]. @throws {ShapeError} for other shapes. */
  forward(input: Table): Tensor {
    checkTable("Bilinear.forward", input, 2, "give what stands left and what stands right");
    const [left, right] = input;
    checkMatrix("Bilinear.forward (left)", left, this.numLeft, "was the model built with another size?");
    checkMatrix("Bilinear.forward (right)", right, this.numRight, "was the model built with another size?");
    const rows = left.shape[0];
    checkSameRows("Bilinear.forward (right)", right.shape[0], left);
    const { kernels, pairs, output } = this;
    pairs.resize(rows, this.numLeft * this.numRight);
    output.resize(rows, this.numOutputs);
    this.pairDims.rows = rows;
    this.forwardDims.m = rows;
    this.outputDims.rows = rows;
    kernels.outerProducts(this.pairDims, left.data, right.data, pairs.data);
    kernels.gemm(this.forwardDims, pairs.data, this.weight.value, output.data, "overwrite", this.bias.value);
    return output;
  }

  /** @returns the gradients of [N, A] and [N, B]. Accumulates dW, db. */
  backward(input: Table, gradOutput: Tensor): Table {
    checkTable("Bilinear.backward", input, 2, "call backward with the input of the last forward");
    const [left, right] = input;
    const rows = left.shape[0];
    checkSameRows("Bilinear.backward", rows, this.output);
    checkGradOutput("Bilinear.backward", gradOutput, this.output);
    const { kernels, pairs, gradPairs, gradInput } = this;
    const dWeight = this.weight.grad as DenseGradient;
    const dBias = this.bias.grad as DenseGradient;
    const weightMode = dWeight.beginAccumulate();
    const biasMode = dBias.beginAccumulate();
    this.weightDims.k = rows;
    kernels.gemm(this.weightDims, gradOutput.data, pairs.data, dWeight.values, weightMode);
    kernels.sumRows(this.outputDims, gradOutput.data, dBias.values, biasMode);
    gradPairs.resizeLike(pairs);
    this.inputDims.m = rows;
    kernels.gemm(this.inputDims, gradOutput.data, this.weight.value, gradPairs.data, "overwrite");
    gradInput[0].resize(rows, this.numLeft);
    gradInput[1].resize(rows, this.numRight);
    const [dLeft, dRight] = gradInput;
    kernels.outerProductsGrad(this.pairDims, left.data, right.data, gradPairs.data, dLeft.data, dRight.data);
    return gradInput;
  }

  override parameters(): Parameter[] {
    return this.parameterList;
  }
}
