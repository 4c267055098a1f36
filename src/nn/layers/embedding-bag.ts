/**
 * @file A bag of features as one vector: the weighted sum, or mean, of their rows.
 *
 *   forward    y[i, :] = s(nᵢ) · Σ over entries (i, j) of x:  x[i, j] · W[j, :]        nᵢ: entries of row i
 *                sum s = 1 · mean s = 1/n · sqrtN s = 1/√n, which keeps the size of a sum of independent vectors
 *   backward   dW = xᵀ·(s∘dy), only the rows that occur (row-sparse-sums.ts)
 *
 * A row without entries gives zeros. It is SparseLinear without a bias, with the mean taken; fastText's hidden layer is
 * one with `mean`. W is [V, H], a row for each feature.
 *
 * Sources: Joulin, Grave, Bojanowski, Mikolov, "Bag of Tricks for Efficient Text Classification", EACL 2017, §2 (mean);
 * sqrtN as in TensorFlow's embedding_lookup_sparse, but for n counting entries instead of their squared weights.
 */
import { ConfigError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import type { SeedSource } from "../init.js";
import { Module, type SparseBatch, type Tensor } from "../module.js";
import { Parameter } from "../parameter.js";
import { checkGradOutput, checkSameRows, checkSparse } from "../shape-check.js";
import { atLeastF32, TensorBuffer } from "../tensor-buffer.js";
import { EMBEDDING_DEFAULTS, type EmbeddingOptions, embeddingWeights } from "./embedding-weights.js";
import { RowSparseSums } from "./row-sparse-sums.js";

/** What becomes of the sum over a row's n entries: it stays, is divided by n, or by √n. */
export type BagMode = "sum" | "mean" | "sqrtN";

/** How `EmbeddingBag` adds up and how its rows start. */
export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** See BagMode. Default "mean". */
  readonly mode: BagMode;
}

/** What `EmbeddingBag` takes where an option is left out. */
export const EMBEDDING_BAG_DEFAULTS: EmbeddingBagOptions = { ...EMBEDDING_DEFAULTS, mode: "mean" };

/** SparseBatch [N, V] → [N, H]. */
export class EmbeddingBag extends Module<SparseBatch, Tensor> {
  /** V. */
  readonly numRows: number;
  /** H. */
  readonly numOutputs: number;
  /** What becomes of a row's sum. */
  readonly mode: BagMode;
  /** [V, H], row-sparse gradient: replaced, not added to, by each backward. */
  readonly weight: Parameter;

  private readonly kernels: Kernels;
  private readonly output: TensorBuffer;
  private readonly outputDims: { rows: number; cols: number };
  private readonly weightSums: RowSparseSums;
  /** [≥ N] s(nᵢ); not in use for sums. */
  private scales: Float32Array;
  private readonly scaledGrad: TensorBuffer;
  private readonly parameterList: Parameter[];

  /** Draws one seed from `rng`. @throws {ConfigError} for sizes that are not positive integers, or an unknown mode. */
  constructor(
    kernels: Kernels,
    numRows: number,
    numOutputs: number,
    rng: SeedSource,
    options: Partial<EmbeddingBagOptions> = {},
  ) {
    super();
    const { spread, mode } = { ...EMBEDDING_BAG_DEFAULTS, ...options };
    if (!["sum", "mean", "sqrtN"].includes(mode)) {
      throw new ConfigError(`EmbeddingBag: expected mode sum, mean or sqrtN, got ${String(mode)}; mean is usual`);
    }
    const weight = embeddingWeights("EmbeddingBag", kernels, rng, numRows, numOutputs, spread);
    this.kernels = kernels;
    this.numRows = numRows;
    this.numOutputs = numOutputs;
    this.mode = mode;
    this.weightSums = new RowSparseSums(kernels, numRows, numOutputs);
    this.weight = new Parameter("weight", [numRows, numOutputs], weight, this.weightSums.grad);
    this.output = new TensorBuffer(kernels);
    this.outputDims = { rows: 0, cols: numOutputs };
    this.scales = new Float32Array(0);
    this.scaledGrad = new TensorBuffer(kernels);
    this.parameterList = [this.weight];
  }

  /** `input` [N, V] read. @returns [N, H]. @throws {ShapeError} for other shapes. */
  forward(input: SparseBatch): Tensor {
    const remedy = "was the model trained with another number of features?";
    checkSparse("EmbeddingBag.forward", input, this.numRows, remedy);
    const { kernels, output, outputDims } = this;
    output.resize(input.numRows, this.numOutputs);
    outputDims.rows = input.numRows;
    kernels.csrGemm(outputDims, input, this.weight.value, output.data, "overwrite");
    if (this.mode === "sum") return output;
    this.scales = atLeastF32(kernels, this.scales, input.numRows);
    for (let i = 0; i < input.numRows; i++) {
      const n = Math.max(1, input.offsets[i + 1] - input.offsets[i]);
      this.scales[i] = this.mode === "mean" ? 1 / n : 1 / Math.sqrt(n);
    }
    kernels.scaleRows(outputDims, this.scales, output.data, output.data, "overwrite");
    return output;
  }

  /** Replaces the gradient of `weight`. @returns null. */
  backward(input: SparseBatch, gradOutput: Tensor): null {
    checkSameRows("EmbeddingBag.backward", input.numRows, this.output);
    checkGradOutput("EmbeddingBag.backward", gradOutput, this.output);
    let { data } = gradOutput;
    if (this.mode !== "sum") {
      this.scaledGrad.resizeLike(gradOutput);
      this.kernels.scaleRows(this.outputDims, this.scales, data, this.scaledGrad.data, "overwrite");
      data = this.scaledGrad.data;
    }
    this.weightSums.compute(input.numRows, input, data);
    return null;
  }

  override parameters(): Parameter[] {
    return this.parameterList;
  }
}
