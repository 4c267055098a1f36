/**
 * @file A loss over very many labels that owns the weights of the last layer: what do all of them promise?
 *
 *   train     forward(hidden [N, H], targets [N, L] sparse) → mean loss;  backward → gradient of hidden, weights' gradients
 *   predict   topK(hidden, k) → the best labels, exactly;  logProbabilitiesInto → every label's score
 *
 * The last layer of a network with L labels costs N·L·H products a step, more than all else once L is large. Whether to
 * compute it in full (FullSoftMax, OneVsAll), in levels (HierarchicalSoftMax), along paths of a tree (HuffmanSoftMax) or
 * on a sample (SampledSoftMax) changes which numbers a step touches; so layer and loss are one object here, and the four
 * are exchangeable.
 *
 * Targets are rows of (label, weight) pairs, a distribution over the row's labels as a rule; labels of a row are distinct.
 */
import { ConfigError, ShapeError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import { Criterion, type SparseBatch, type Tensor } from "../module.js";
import { checkLength, checkMatrix, checkSameRows, checkSparse, formatShape } from "../shape-check.js";
import { atLeastU32, TensorBuffer } from "../tensor-buffer.js";

/** A last layer with its loss: hidden [N, H] against sparse targets [N, L]. */
export abstract class OutputCriterion extends Criterion<Tensor, SparseBatch> {
  /** H. */
  readonly numInputs: number;
  /** L. */
  readonly numLabels: number;

  protected readonly kernels: Kernels;
  private readonly where: string;
  private readonly gradBuffer: TensorBuffer;
  private counts: Uint32Array;

  /** `where` names the class in errors. @throws {ConfigError} for sizes that are not positive whole numbers. */
  protected constructor(where: string, kernels: Kernels, numInputs: number, numLabels: number) {
    super();
    for (const [name, size] of [
      ["inputs", numInputs],
      ["labels", numLabels],
    ] as const) {
      if (Number.isInteger(size) && size > 0) continue;
      throw new ConfigError(`${where}: expected a positive whole number of ${name}, got ${size}`);
    }
    this.where = where;
    this.kernels = kernels;
    this.numInputs = numInputs;
    this.numLabels = numLabels;
    this.gradBuffer = new TensorBuffer(kernels);
    this.counts = new Uint32Array(0);
  }

  /** The loss of at least one row, averaged; keeps what `gradients` needs. */
  protected abstract loss(input: Tensor, target: SparseBatch): number;

  /** Writes the gradient of `input` to `gradInput` [N, H]; adds or replaces those of the weights. */
  protected abstract gradients(input: Tensor, gradInput: Float32Array): void;

  /** Writes log-probabilities [N, L] to `out`. */
  protected abstract score(input: Tensor, out: Float32Array): void;

  /** Writes the best labels and scores [N, k] and how many there are [N]. */
  protected abstract search(
    input: Tensor,
    k: number,
    outLabels: Uint32Array,
    outScores: Float32Array,
    outCounts: Uint32Array,
  ): void;

  /** `input` [N, H], `target` [N, L] read. @returns the mean loss of a row; 0 for no rows. @throws {ShapeError} */
  forward(input: Tensor, target: SparseBatch): number {
    this.checkInput("forward", input);
    if (target.numRows !== input.shape[0] || target.numCols !== this.numLabels) {
      throw new ShapeError(
        `${this.where}.forward: expected targets ${formatShape([input.shape[0], this.numLabels])}, ` +
          `got ${formatShape([target.numRows, target.numCols])}; was the layer built for another set of labels?`,
      );
    }
    checkSparse(`${this.where}.forward`, target, this.numLabels, "");
    this.checkLabels(target);
    this.gradBuffer.resize(input.shape[0], this.numInputs);
    return input.shape[0] === 0 ? 0 : this.loss(input, target);
  }

  /**
   * @returns the gradient of the last forward's loss with respect to `input` [N, H]. Adds the gradients of dense
   * parameters, replaces those of row-sparse ones.
   */
  backward(input: Tensor, _target: SparseBatch): Tensor {
    checkSameRows(`${this.where}.backward`, input.shape[0], this.gradBuffer);
    if (input.shape[0] > 0) this.gradients(input, this.gradBuffer.data);
    else for (const { grad } of this.parameters()) if (grad.kind === "rows") grad.count = 0;
    return this.gradBuffer;
  }

  /** `out` [≥ N·L] ← the natural logarithm of each label's probability. @throws {ShapeError} */
  logProbabilitiesInto(input: Tensor, out: Float32Array): void {
    this.checkInput("logProbabilitiesInto", input);
    this.checkRoom("logProbabilitiesInto", out.length, input.shape[0], this.numLabels);
    if (input.shape[0] > 0) this.score(input, out);
  }

  /**
   * The k most probable labels of each row, best first, ties by smaller label: exactly those of logProbabilitiesInto,
   * up to the rounding of its scores. Writes outLabels and outScores [≥ N·k], row i from i·k on.
   * @returns how many there are in each row [≥ N]: min(k, L), fewer when scores are NaN or −∞. Valid until the next call.
   * @throws {ShapeError}
   */
  topK(input: Tensor, k: number, outLabels: Uint32Array, outScores: Float32Array): Uint32Array {
    this.checkInput("topK", input);
    if (!(Number.isInteger(k) && k > 0)) {
      throw new ConfigError(`${this.where}.topK: expected a positive whole number k, got ${k}; ask for one or more`);
    }
    const rows = input.shape[0];
    this.checkRoom("topK", Math.min(outLabels.length, outScores.length), rows, k);
    this.counts = atLeastU32(this.kernels, this.counts, rows);
    if (rows > 0) this.search(input, k, outLabels, outScores, this.counts);
    return this.counts;
  }

  private checkLabels({ numRows, offsets, columns }: SparseBatch): void {
    for (let e = offsets[0]; e < offsets[numRows]; e++) {
      if (columns[e] < this.numLabels) continue;
      throw new ShapeError(
        `${this.where}.forward: expected labels below ${this.numLabels}, got ${columns[e]}; were they numbered anew?`,
      );
    }
  }

  private checkInput(method: string, input: Tensor): void {
    checkMatrix(`${this.where}.${method}`, input, this.numInputs, "was the model built with another hidden size?");
    checkLength(`${this.where}.${method}`, input);
  }

  private checkRoom(method: string, length: number, rows: number, cols: number): void {
    if (length >= rows * cols) return;
    throw new ShapeError(
      `${this.where}.${method}: expected outputs ${formatShape([rows, cols])}, got room for ${length} numbers; ` +
        "make the arrays longer",
    );
  }
}
