/**
 * @file Every label's score by one product with all weights, and the best by a pass over them.
 *
 *   block of rows │ gemm → logits [block, L] → + bias → log softmax or log sigmoid → topColumns
 *
 * Blocks keep the scratch at BLOCK_ROWS·L numbers, however many rows are asked for; a block's product reads the weights
 * once, so that many queries together cost less than one by one.
 */
import type { Activation, Kernels } from "../../kernels/contract.js";
import type { Tensor } from "../module.js";
import type { Parameter } from "../parameter.js";
import { atLeastF32 } from "../tensor-buffer.js";

const BLOCK_ROWS = 16;

/** Scores from `weight` [L, H] and `bias` [L] as they are at the time of the call. */
export class FullScores {
  private readonly kernels: Kernels;
  private readonly weight: Parameter;
  private readonly bias: Parameter;
  private readonly activation: Activation;
  private readonly gemmDims: { m: number; n: number; k: number; transposeB: true };
  private readonly dims: { rows: number; cols: number };
  private scratch: Float32Array;

  constructor(kernels: Kernels, weight: Parameter, bias: Parameter, activation: "logSoftmax" | "logSigmoid") {
    this.kernels = kernels;
    this.weight = weight;
    this.bias = bias;
    this.activation = activation;
    const [numLabels, numInputs] = weight.shape;
    this.gemmDims = { m: 0, n: numLabels, k: numInputs, transposeB: true };
    this.dims = { rows: 0, cols: numLabels };
    this.scratch = new Float32Array(0);
  }

  /** `x` [rows, H] read, `out` [rows, L] written. */
  scoresInto(rows: number, x: Float32Array, out: Float32Array): void {
    this.gemmDims.m = rows;
    this.dims.rows = rows;
    this.kernels.gemm(this.gemmDims, x, this.weight.value, out, "overwrite", this.bias.value);
    this.kernels.activate(this.activation, this.dims, out);
  }

  /** The k best of each row of `input` [N, H], as OutputCriterion.search. */
  search(input: Tensor, k: number, outLabels: Uint32Array, outScores: Float32Array, outCounts: Uint32Array): void {
    const [rows, cols] = input.shape;
    const most = Math.min(rows, BLOCK_ROWS);
    this.scratch = atLeastF32(this.kernels, this.scratch, most * this.dims.cols);
    for (let start = 0; start < rows; start += BLOCK_ROWS) {
      const end = Math.min(rows, start + BLOCK_ROWS);
      this.scoresInto(end - start, input.data.subarray(start * cols, end * cols), this.scratch);
      this.kernels.topColumns(
        this.dims,
        k,
        this.scratch,
        outLabels.subarray(start * k, end * k),
        outScores.subarray(start * k, end * k),
        outCounts.subarray(start, end),
      );
    }
  }
}
