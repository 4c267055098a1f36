/**
 * @file y = x·W + b for sparse x: the first layer of a world, whose cost follows the entries of x and not D.
 *
 *   forward    y [N, H] = Σ over entries (i, j) of x:  y[i, :] += x[i, j] · W[j, :]
 *   backward   dW [U, H] = the U rows of xᵀ·dy whose column occurs in the batch        (row-sparse-sums.ts)
 *
 * W is stored row per feature, [D, H], so that both directions read and write whole rows. Its gradient is row-sparse:
 * the U rows named by `ids`; a second [D, H] never exists and optimisers touch only those rows.
 *
 * Not here: the gradient of x. Sparse inputs come from data and `backward` returns null.
 */
import type { Kernels } from "../../kernels/contract.js";
import { type InitOptions, initialWeights, type SeedSource } from "../init.js";
import { Module, type SparseBatch, type Tensor } from "../module.js";
import { DenseGradient, Parameter } from "../parameter.js";
import { checkGradOutput, checkSameRows, checkSparse } from "../shape-check.js";
import { TensorBuffer } from "../tensor-buffer.js";
import { RowSparseSums } from "./row-sparse-sums.js";

/** Sparse-input layer, SparseBatch [N, D] → [N, H]. */
export class SparseLinear extends Module<SparseBatch, Tensor> {
  /** D. */
  readonly numInputs: number;
  /** H. */
  readonly numOutputs: number;
  /** [D, H], row-sparse gradient: replaced, not added to, by each backward. */
  readonly weight: Parameter;
  /** [H], dense gradient. */
  readonly bias: Parameter;

  private readonly kernels: Kernels;
  private readonly output: TensorBuffer;
  private readonly outputDims: { rows: number; cols: number };
  private readonly weightSums: RowSparseSums;
  private readonly parameterList: Parameter[];

  /** Draws one seed from `rng` for the weights. @throws {ConfigError} for sizes that are not positive integers. */
  constructor(
    kernels: Kernels,
    numInputs: number,
    numOutputs: number,
    rng: SeedSource,
    options: Partial<InitOptions> = {},
  ) {
    super();
    const { weight, bias } = initialWeights("SparseLinear", kernels, rng, numInputs, numOutputs, options);
    this.kernels = kernels;
    this.numInputs = numInputs;
    this.numOutputs = numOutputs;
    this.weightSums = new RowSparseSums(kernels, numInputs, numOutputs);
    this.weight = new Parameter("weight", [numInputs, numOutputs], weight, this.weightSums.grad);
    this.bias = new Parameter("bias", [numOutputs], bias, new DenseGradient(kernels.f32(numOutputs)));
    this.output = new TensorBuffer(kernels);
    this.outputDims = { rows: 0, cols: numOutputs };
    this.parameterList = [this.weight, this.bias];
  }

  /** `input` [N, D] read. @returns [N, H]. @throws {ShapeError} for other shapes. */
  forward(input: SparseBatch): Tensor {
    checkSparse(
      "SparseLinear.forward",
      input,
      this.numInputs,
      "was the model trained with another number of features?",
    );
    this.output.resize(input.numRows, this.numOutputs);
    this.outputDims.rows = input.numRows;
    this.kernels.csrGemm(this.outputDims, input, this.weight.value, this.output.data, "overwrite");
    this.kernels.addBias(this.outputDims, this.bias.value, this.output.data);
    return this.output;
  }

  /** Replaces the gradient of `weight`, accumulates that of `bias`. @returns null. */
  backward(input: SparseBatch, gradOutput: Tensor): null {
    checkSameRows("SparseLinear.backward", input.numRows, this.output);
    checkGradOutput("SparseLinear.backward", gradOutput, this.output);
    this.weightSums.compute(input.numRows, input, gradOutput.data);
    const biasGrad = this.bias.grad as DenseGradient;
    const mode = biasGrad.beginAccumulate();
    this.kernels.sumRows(this.outputDims, gradOutput.data, biasGrad.values, mode);
    return null;
  }

  override parameters(): Parameter[] {
    return this.parameterList;
  }
}
