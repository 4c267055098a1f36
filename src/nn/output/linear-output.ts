/**
 * @file All L logits in every step: a dense layer followed by a loss on sparse targets.
 *
 *   logits [N, L] = x·Wᵀ + b      three gemms of N·L·H products a step; the gradient of W is dense, [L, H]
 *
 * This is the yardstick of the other output layers, and the best of them while L is some thousands.
 */
import type { Kernels } from "../../kernels/contract.js";
import type { SparseTargetCriterion } from "../criteria/sparse-target-criterion.js";
import type { InitOptions, SeedSource } from "../init.js";
import { Linear } from "../layers/linear.js";
import type { SparseBatch, Tensor } from "../module.js";
import type { Parameter } from "../parameter.js";
import { FullScores } from "./full-scores.js";
import { OutputCriterion } from "./output-criterion.js";

/** A Linear with one of the losses on sparse targets. */
export abstract class LinearOutput extends OutputCriterion {
  /** The layer of all L logits: weight [L, H], bias [L]. */
  readonly linear: Linear;
  private readonly criterion: SparseTargetCriterion;
  private readonly scores: FullScores;
  private target: SparseBatch | null;
  private logits: Tensor | null;

  protected constructor(
    where: string,
    kernels: Kernels,
    criterion: SparseTargetCriterion,
    activation: "logSoftmax" | "logSigmoid",
    numInputs: number,
    numLabels: number,
    rng: SeedSource,
    options: Partial<InitOptions>,
  ) {
    super(where, kernels, numInputs, numLabels);
    this.linear = new Linear(kernels, numInputs, numLabels, rng, options);
    this.criterion = criterion;
    this.scores = new FullScores(kernels, this.linear.weight, this.linear.bias, activation);
    this.target = null;
    this.logits = null;
  }

  protected loss(input: Tensor, target: SparseBatch): number {
    this.logits = this.linear.forward(input);
    this.target = target;
    return this.criterion.forward(this.logits, target);
  }

  protected gradients(input: Tensor, gradInput: Float32Array): void {
    const gradLogits = this.criterion.backward(this.logits as Tensor, this.target as SparseBatch);
    const gradient = this.linear.backward(input, gradLogits) as Tensor;
    this.kernels.axpby(input.shape[0] * this.numInputs, 1, gradient.data, 0, gradInput);
  }

  protected score(input: Tensor, out: Float32Array): void {
    this.scores.scoresInto(input.shape[0], input.data, out);
  }

  protected search(
    input: Tensor,
    k: number,
    outLabels: Uint32Array,
    outScores: Float32Array,
    outCounts: Uint32Array,
  ): void {
    this.scores.search(input, k, outLabels, outScores, outCounts);
  }

  override parameters(): Parameter[] {
    return this.linear.parameters();
  }
}
