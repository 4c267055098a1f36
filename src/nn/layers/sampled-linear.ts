/**
 * @file y = x·W[S]ᵀ + b[S]: an output layer of B columns that computes only those a batch asks for.
 *
 *   setActive(ids [S])                         ids: columns for all rows of the batch
 *   setSample(sample)                          the sample's shared columns are those; further targets of a row are
 *                                              computed for it alone (rest-columns.ts)
 *   forward    gather W[ids, :] → Wₛ [S, H];   y  [N, S] = x [N, H] · Wₛᵀ + bₛ       and the logits of sample.rest
 *   backward                                   dx [N, H] = dy [N, S] · Wₛ             + sample.rest · W
 *                                              dWₛ [S, H] = dyᵀ · x,  dbₛ = Σ rows of dy    rows `ids` of dW and db
 *                                              further rows of dW and db for the columns of sample.rest
 *
 * One list for the whole batch keeps the work a dense gemm, S/B of the full one; gathering costs one pass over S rows.
 * Nothing in a step is as long as B: gradients are row-sparse, and optimisers move the rows that they name.
 * With all columns active (`setActive(null)`, the start) nothing is gathered and W is used in place: the layer is then
 * a Linear whose gradient names every row. That is one code path, and its checkpoints are those of a Linear.
 *
 * Source: Jean, Cho, Memisevic, Bengio, "On Using Very Large Target Vocabulary for Neural Machine Translation",
 * ACL 2015, §3. Differs from the paper: there a batch's targets are candidates of all its rows; here they may also be
 * each row's own, so that the gemm's columns do not grow with the batch.
 * Not here: which columns to choose (output/column-sampler.ts), and the loss on them (output/sampled-loss.ts).
 */
import { ShapeError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import { type InitOptions, initialWeights, type SeedSource } from "../init.js";
import { Module, type Tensor } from "../module.js";
import type { ColumnSample } from "../output/column-sampler.js";
import { Parameter, type RowSparseGradient } from "../parameter.js";
import { checkGradOutput, checkMatrix, checkSameRows } from "../shape-check.js";
import { atLeastF32, atLeastU32, TensorBuffer } from "../tensor-buffer.js";
import { RestColumns } from "./rest-columns.js";

/** Output layer on chosen columns, [N, H] → [N, S], S = B when all are active. */
export class SampledLinear extends Module {
  /** H. */
  readonly numInputs: number;
  /** B. */
  readonly numOutputs: number;
  /** [B, H], row-sparse gradient: replaced, not added to, by each backward. */
  readonly weight: Parameter;
  /** [B], row-sparse gradient with rows of one number. */
  readonly bias: Parameter;

  private readonly kernels: Kernels;
  private readonly weightGrad: RowSparseGradient;
  private readonly biasGrad: RowSparseGradient;
  private readonly output: TensorBuffer;
  private readonly gradInput: TensorBuffer;
  private readonly forwardDims: { m: number; n: number; k: number; transposeB: true };
  private readonly inputDims: { m: number; n: number; k: number };
  private readonly weightDims: { m: number; n: number; k: number; transposeA: true };
  private readonly outputDims: { rows: number; cols: number };
  private readonly parameterList: Parameter[];
  private readonly restColumns: RestColumns;
  private sample: ColumnSample | null;
  /** Own copy of the active columns, [≥ numActive]; not in use when all are active. */
  private activeIds: Uint32Array;
  private numActive: number;
  private allActive: boolean;
  /** 0 … B − 1, made when a backward with all columns first needs it. */
  private everyId: Uint32Array;
  private gatheredWeight: Float32Array;
  private gatheredBias: Float32Array;

  /** Draws one seed from `rng` for the weights. @throws {ConfigError} for sizes that are not positive integers. */
  constructor(
    kernels: Kernels,
    numInputs: number,
    numOutputs: number,
    rng: SeedSource,
    options: Partial<InitOptions> = {},
  ) {
    super();
    const { weight, bias } = initialWeights("SampledLinear", kernels, rng, numInputs, numOutputs, options);
    this.kernels = kernels;
    this.numInputs = numInputs;
    this.numOutputs = numOutputs;
    this.weightGrad = { kind: "rows", ids: new Uint32Array(0), count: 0, values: new Float32Array(0) };
    this.biasGrad = { kind: "rows", ids: new Uint32Array(0), count: 0, values: new Float32Array(0) };
    this.weight = new Parameter("weight", [numOutputs, numInputs], weight, this.weightGrad);
    this.bias = new Parameter("bias", [numOutputs], bias, this.biasGrad);
    this.output = new TensorBuffer(kernels);
    this.gradInput = new TensorBuffer(kernels);
    this.forwardDims = { m: 0, n: numOutputs, k: numInputs, transposeB: true };
    this.inputDims = { m: 0, n: numInputs, k: numOutputs };
    this.weightDims = { m: numOutputs, n: numInputs, k: 0, transposeA: true };
    this.outputDims = { rows: 0, cols: numOutputs };
    this.parameterList = [this.weight, this.bias];
    this.restColumns = new RestColumns(kernels, numOutputs, numInputs);
    this.sample = null;
    this.activeIds = new Uint32Array(0);
    this.numActive = numOutputs;
    this.allActive = true;
    this.everyId = new Uint32Array(0);
    this.gatheredWeight = new Float32Array(0);
    this.gatheredBias = new Float32Array(0);
  }

  /**
   * Chooses the columns of the following forwards, until called again; call it before `forward`, not between forward
   * and backward. `ids` [≥ count] distinct, copied; null: all columns in order.
   * @throws {ShapeError} for an id ≥ numOutputs or more ids than given.
   */
  setActive(ids: Uint32Array | null, count: number = ids?.length ?? 0): void {
    this.sample = null;
    if (ids === null) {
      this.allActive = true;
      this.numActive = this.numOutputs;
      return;
    }
    if (count > ids.length) {
      throw new ShapeError(`SampledLinear.setActive: expected ${count} ids, got ${ids.length}; count them anew`);
    }
    this.activeIds = atLeastU32(this.kernels, this.activeIds, count);
    for (let i = 0; i < count; i++) {
      if (ids[i] >= this.numOutputs) {
        throw new ShapeError(
          `SampledLinear.setActive: expected ids below ${this.numOutputs}, got ${ids[i]} at ${i}; ` +
            "were they drawn for another number of buckets?",
        );
      }
      this.activeIds[i] = ids[i];
    }
    this.numActive = count;
    this.allActive = false;
  }

  /**
   * Takes the columns of a sample for the following forwards, until called again; `forward` then writes the logits of
   * `sample.rest` to its values, where `backward` expects their gradients. Reads the sample's arrays, copies none.
   * null: all columns. The sampler's numColumns must be numOutputs.
   */
  setSample(sample: ColumnSample | null): void {
    this.setActive(sample?.columns ?? null, sample?.numShared);
    this.sample = sample;
  }

  /** `input` [N, H] read. @returns [N, S], column i is output `ids[i]`. @throws {ShapeError} for other shapes. */
  forward(input: Tensor): Tensor {
    checkMatrix("SampledLinear.forward", input, this.numInputs, "was the model built with another hidden size?");
    const { kernels, numInputs, numActive } = this;
    const rows = input.shape[0];
    this.output.resize(rows, numActive);
    this.outputDims.rows = rows;
    this.outputDims.cols = numActive;
    this.forwardDims.m = rows;
    this.forwardDims.n = numActive;
    let weight = this.weight.value;
    let bias = this.bias.value;
    if (!this.allActive) {
      this.gatheredWeight = atLeastF32(kernels, this.gatheredWeight, numActive * numInputs);
      this.gatheredBias = atLeastF32(kernels, this.gatheredBias, numActive);
      kernels.gatherRows(numActive, numInputs, this.activeIds, weight, this.gatheredWeight);
      kernels.gatherRows(numActive, 1, this.activeIds, bias, this.gatheredBias);
      weight = this.gatheredWeight;
      bias = this.gatheredBias;
    }
    kernels.gemm(this.forwardDims, input.data, weight, this.output.data, "overwrite", bias);
    if (this.sample !== null) {
      this.restColumns.forward(rows, input.data, this.weight.value, this.bias.value, this.sample.rest);
    }
    return this.output;
  }

  /** Replaces the gradients of `weight` and `bias`. @returns the gradient of `input` [N, H]. */
  backward(input: Tensor, gradOutput: Tensor): Tensor {
    const { kernels, numInputs, numActive, weightGrad, biasGrad, sample } = this;
    const rows = input.shape[0];
    checkSameRows("SampledLinear.backward", rows, this.output);
    checkGradOutput("SampledLinear.backward", gradOutput, this.output);

    const count = sample?.numChosen ?? numActive;
    weightGrad.values = atLeastF32(kernels, weightGrad.values, count * numInputs);
    biasGrad.values = atLeastF32(kernels, biasGrad.values, count);
    this.weightDims.m = numActive;
    this.weightDims.k = rows;
    kernels.gemm(this.weightDims, gradOutput.data, input.data, weightGrad.values, "overwrite");
    kernels.sumRows(this.outputDims, gradOutput.data, biasGrad.values, "overwrite");
    const ids = sample?.columns ?? (this.allActive ? this.allIds() : this.activeIds);
    weightGrad.ids = ids;
    weightGrad.count = count;
    biasGrad.ids = ids;
    biasGrad.count = count;

    this.gradInput.resize(rows, numInputs);
    this.inputDims.m = rows;
    this.inputDims.k = numActive;
    const weight = this.allActive ? this.weight.value : this.gatheredWeight;
    kernels.gemm(this.inputDims, gradOutput.data, weight, this.gradInput.data, "overwrite");
    if (sample !== null) {
      this.restColumns.backward(
        rows,
        input.data,
        this.weight.value,
        sample.rest,
        this.gradInput.data,
        weightGrad.values.subarray(numActive * numInputs),
        biasGrad.values.subarray(numActive),
      );
    }
    return this.gradInput;
  }

  override parameters(): Parameter[] {
    return this.parameterList;
  }

  private allIds(): Uint32Array {
    if (this.everyId.length === 0) {
      this.everyId = this.kernels.u32(this.numOutputs);
      for (let i = 0; i < this.numOutputs; i++) this.everyId[i] = i;
    }
    return this.everyId;
  }
}
