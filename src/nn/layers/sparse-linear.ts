/**
 * @file y = x·W + b for sparse x: the first layer of a world, whose cost follows the entries of x and not D.
 *
 *   forward    y [N, H] = Σ over entries (i, j) of x:  y[i, :] += x[i, j] · W[j, :]
 *   backward   the batch is transposed once, keeping only the U columns that occur, then each row of dW is one sum:
 *                x  [N, D] ──csrCompactTranspose──▶ columns [U], their (row, value) lists
 *                dW [U, H]: dW[u, :] = Σ value · dy[row, :]          (csrGradRows)
 *
 * W is stored row per feature, [D, H], so that both directions read and write whole rows. Its gradient is row-sparse:
 * the U rows named by `ids`; a second [D, H] never exists and optimisers touch only those rows.
 *
 * Not here: the gradient of x. Sparse inputs come from data and `backward` returns null.
 */
import type { Kernels } from "../../kernels/contract.js";
import { type InitOptions, initialWeights, type SeedSource } from "../init.js";
import { Module, type SparseBatch, type Tensor } from "../module.js";
import { DenseGradient, Parameter, type RowSparseGradient } from "../parameter.js";
import { checkGradOutput, checkSameRows, checkSparse } from "../shape-check.js";
import { atLeastF32, atLeastU32, TensorBuffer } from "../tensor-buffer.js";

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
  private readonly weightGrad: RowSparseGradient;
  /** [D] scratch of the transposition, all zero between calls. Made by the first backward: evaluation needs none. */
  private slotOf: Uint32Array;
  private readonly transposed: { columns: Uint32Array; offsets: Uint32Array; rows: Uint32Array; values: Float32Array };
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
    this.weightGrad = { kind: "rows", ids: new Uint32Array(0), count: 0, values: new Float32Array(0) };
    this.weight = new Parameter("weight", [numInputs, numOutputs], weight, this.weightGrad);
    this.bias = new Parameter("bias", [numOutputs], bias, new DenseGradient(kernels.f32(numOutputs)));
    this.output = new TensorBuffer(kernels);
    this.outputDims = { rows: 0, cols: numOutputs };
    this.slotOf = new Uint32Array(0);
    this.transposed = {
      columns: new Uint32Array(0),
      offsets: new Uint32Array(0),
      rows: new Uint32Array(0),
      values: new Float32Array(0),
    };
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
    const { kernels, transposed, weightGrad } = this;
    this.reserve(input.offsets[input.numRows] - input.offsets[0]);

    const count = kernels.csrCompactTranspose(input.numRows, input, this.slotOf, transposed);
    weightGrad.values = atLeastF32(kernels, weightGrad.values, count * this.numOutputs);
    kernels.csrGradRows(count, this.numOutputs, transposed, gradOutput.data, weightGrad.values);
    weightGrad.ids = transposed.columns;
    weightGrad.count = count;

    const biasGrad = this.bias.grad as DenseGradient;
    const mode = biasGrad.beginAccumulate();
    kernels.sumRows(this.outputDims, gradOutput.data, biasGrad.values, mode);
    return null;
  }

  override parameters(): Parameter[] {
    return this.parameterList;
  }

  /** Makes room for the transpose of a batch with `numEntries` entries. */
  private reserve(numEntries: number): void {
    const { kernels, transposed } = this;
    const maxColumns = Math.min(numEntries, this.numInputs);
    if (this.slotOf.length === 0) this.slotOf = kernels.u32(this.numInputs);
    transposed.columns = atLeastU32(kernels, transposed.columns, maxColumns);
    transposed.offsets = atLeastU32(kernels, transposed.offsets, maxColumns + 1);
    transposed.rows = atLeastU32(kernels, transposed.rows, numEntries);
    transposed.values = atLeastF32(kernels, transposed.values, numEntries);
  }
}
