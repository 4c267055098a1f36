/**
 * @file One row of a matrix for each id: words as vectors.
 *
 *   forward    [N] → [N, H],  [N, T] → [N, T, H]:   y[i, :] = W[ids[i], :]
 *   backward   dW row v = Σ of dy over all places where id v stands; only the rows that occur (row-sparse-sums.ts)
 *
 * The ids are the columns of a sparse batch with one entry of value 1 a row, so repeated ids are added up by the
 * kernels that SparseLinear uses.
 *
 * Not here: the gradient of the ids, which has no meaning; `backward` returns null.
 */
import { ShapeError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import type { SeedSource } from "../init.js";
import { type IdTensor, Module, type Tensor } from "../module.js";
import { Parameter } from "../parameter.js";
import { checkGradOutput, formatShape } from "../shape-check.js";
import { TensorBuffer } from "../tensor-buffer.js";
import { EMBEDDING_DEFAULTS, type EmbeddingOptions, embeddingWeights } from "./embedding-weights.js";
import { RowSparseSums } from "./row-sparse-sums.js";

/** Table of vectors, ids [N, …] → [N, …, H]. */
export class LookupTable extends Module<IdTensor, Tensor> {
  /** V: ids are below it. */
  readonly numRows: number;
  /** H. */
  readonly numOutputs: number;
  /** [V, H], row-sparse gradient: replaced, not added to, by each backward. */
  readonly weight: Parameter;

  private readonly kernels: Kernels;
  private readonly output: TensorBuffer;
  private readonly outputShape: number[];
  private readonly weightSums: RowSparseSums;
  /** The ids as a sparse batch: `offsets` 0, 1, 2, …; `values` ones; `columns` the ids of the batch. */
  private readonly entries: { offsets: Uint32Array; columns: Uint32Array; values: Float32Array };
  private readonly parameterList: Parameter[];
  /** Ids of the last forward. */
  private numIds: number;

  /** Draws one seed from `rng`. @throws {ConfigError} for sizes that are not positive integers. */
  constructor(
    kernels: Kernels,
    numRows: number,
    numOutputs: number,
    rng: SeedSource,
    options: Partial<EmbeddingOptions> = {},
  ) {
    super();
    const { spread } = { ...EMBEDDING_DEFAULTS, ...options };
    const weight = embeddingWeights("LookupTable", kernels, rng, numRows, numOutputs, spread);
    this.kernels = kernels;
    this.numRows = numRows;
    this.numOutputs = numOutputs;
    this.weightSums = new RowSparseSums(kernels, numRows, numOutputs);
    this.weight = new Parameter("weight", [numRows, numOutputs], weight, this.weightSums.grad);
    this.output = new TensorBuffer(kernels);
    this.outputShape = [];
    this.entries = { offsets: new Uint32Array(0), columns: new Uint32Array(0), values: new Float32Array(0) };
    this.parameterList = [this.weight];
    this.numIds = 0;
  }

  /** @returns [...shape of `input`, H]. @throws {ShapeError} for an id ≥ V, or an array shorter than its shape. */
  forward(input: IdTensor): Tensor {
    const count = this.checkIds(input);
    this.numIds = count;
    const { kernels, outputShape } = this;
    outputShape.length = input.shape.length + 1;
    for (let i = 0; i < input.shape.length; i++) outputShape[i] = input.shape[i];
    outputShape[input.shape.length] = this.numOutputs;
    this.output.resizeTo(outputShape);
    kernels.gatherRows(count, this.numOutputs, input.data, this.weight.value, this.output.data);
    return this.output;
  }

  /** Replaces the gradient of `weight`. @returns null. */
  backward(input: IdTensor, gradOutput: Tensor): null {
    checkGradOutput("LookupTable.backward", gradOutput, this.output);
    const { entries } = this;
    let count = 1;
    for (let i = 0; i < input.shape.length; i++) count *= input.shape[i];
    if (count !== this.numIds) {
      throw new ShapeError(
        `LookupTable.backward: expected input of ${this.numIds} ids, got ${count}; ` +
          "call backward with the input of the last forward",
      );
    }
    if (entries.offsets.length <= count) this.reserve(count);
    entries.columns = input.data;
    this.weightSums.compute(count, entries, gradOutput.data);
    return null;
  }

  override parameters(): Parameter[] {
    return this.parameterList;
  }

  /** Makes room for `count` ids. */
  private reserve(count: number): void {
    const { entries, kernels } = this;
    const room = Math.max(count, 2 * entries.values.length);
    entries.offsets = kernels.u32(room + 1);
    for (let i = 0; i <= room; i++) entries.offsets[i] = i;
    entries.values = kernels.f32(room).fill(1);
  }

  /** @returns how many ids there are. */
  private checkIds(input: IdTensor): number {
    const { shape, data } = input;
    let count = 1;
    for (let i = 0; i < shape.length; i++) count *= shape[i];
    if (shape.length === 0 || !(data instanceof Uint32Array) || data.length < count) {
      throw new ShapeError(
        `LookupTable.forward: expected ids [N, …] in a Uint32Array of ${count}, got shape ${formatShape(shape)} and ` +
          `${data.length} of ${data.constructor.name}; ids are whole numbers, one for each place of the shape`,
      );
    }
    for (let i = 0; i < count; i++) {
      if (data[i] < this.numRows) continue;
      throw new ShapeError(
        `LookupTable.forward: expected ids below ${this.numRows}, got ${data[i]} at ${i}; ` +
          "was the table built for another vocabulary?",
      );
    }
    return count;
  }
}
