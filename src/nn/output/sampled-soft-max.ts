/**
 * @file Softmax over a sample: the batch's own labels, and labels drawn at random that stand for all the rest.
 *
 *   train      S columns ≪ L, the same for all rows of the batch    logits [N, S], a gemm on gathered rows of W
 *              logits of negatives are raised by −ln(chance to be drawn) (column-sampler.ts), then softmax cross-entropy
 *   evaluate   all L logits, nothing drawn: the loss is that of the full softmax
 *
 * A step costs N·S·H products and touches S rows of W. Its gradient has the full softmax's as its limit for large S; the
 * fewer the negatives, the later training learns which labels are only slightly wrong. With numNegatives ≥ L it is the
 * full softmax. Prediction scores all labels: sampling makes training cheap, not answers.
 *
 * Source: Jean, Cho, Memisevic, Bengio, "On Using Very Large Target Vocabulary for Neural Machine Translation", ACL 2015;
 * column-sampler.ts names those before it.
 */
import { ConfigError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import { SoftMaxCrossEntropyCriterion } from "../criteria/soft-max-cross-entropy-criterion.js";
import type { InitOptions, SeedSource } from "../init.js";
import { SampledLinear } from "../layers/sampled-linear.js";
import type { Mode, SparseBatch, Tensor } from "../module.js";
import type { Parameter } from "../parameter.js";
import { atLeastU32 } from "../tensor-buffer.js";
import { type ColumnSample, ColumnSampler, type NegativeDistribution } from "./column-sampler.js";
import { FullScores } from "./full-scores.js";
import { OutputCriterion } from "./output-criterion.js";
import { SampledLoss } from "./sampled-loss.js";

/** Which labels stand for the rest in a step, and how weights start. */
export interface SampledSoftMaxOptions extends InitOptions {
  /** Labels drawn a step, on average, beside those of its rows; from L on nothing is drawn. Default 1024. */
  readonly numNegatives: number;
  /** How they are drawn; "logUniform" expects labels by falling frequency. Default "uniform". */
  readonly negatives: NegativeDistribution;
}

/** Softmax on sampled labels: hidden [N, H] against target distributions [N, L]. */
export class SampledSoftMax extends OutputCriterion {
  /** Draws a seed a training forward. Whoever resumes a training gives it to the Trainer's `rngs`. */
  rng: SeedSource;
  /** The layer of all labels' weights: weight [L, H], bias [L]. */
  readonly linear: SampledLinear;

  private readonly sampler: ColumnSampler;
  private readonly criterion: SoftMaxCrossEntropyCriterion;
  private readonly sampledLoss: SampledLoss;
  private readonly scores: FullScores;
  private mode: Mode;
  private columns: Uint32Array;
  private logits: Tensor | null;
  private target: SparseBatch | null;
  private sample: ColumnSample | null;

  /** Draws one seed from `rng` for the weights and keeps it. @throws {ConfigError} for fewer than one negative. */
  constructor(
    kernels: Kernels,
    numInputs: number,
    numLabels: number,
    rng: SeedSource,
    options: Partial<SampledSoftMaxOptions> = {},
  ) {
    super("SampledSoftMax", kernels, numInputs, numLabels);
    const { numNegatives = 1024, negatives = "uniform", ...init } = options;
    if (!(Number.isInteger(numNegatives) && numNegatives > 0)) {
      throw new ConfigError(
        `SampledSoftMax: expected a positive whole number of negatives, got ${numNegatives}; the default is 1024`,
      );
    }
    this.rng = rng;
    this.linear = new SampledLinear(kernels, numInputs, numLabels, rng, init);
    this.sampler = new ColumnSampler(kernels, numLabels, {
      numNegatives,
      distribution: negatives,
      targets: "shared",
    });
    this.criterion = new SoftMaxCrossEntropyCriterion(kernels);
    this.sampledLoss = new SampledLoss(kernels, "softmax");
    this.scores = new FullScores(kernels, this.linear.weight, this.linear.bias, "logSoftmax");
    this.mode = "train";
    this.columns = new Uint32Array(0);
    this.logits = null;
    this.target = null;
    this.sample = null;
  }

  override setMode(mode: Mode): void {
    this.mode = mode;
  }

  protected loss(input: Tensor, target: SparseBatch): number {
    this.sample = this.mode === "train" ? this.draw(target) : null;
    this.linear.setSample(this.sample);
    this.logits = this.linear.forward(input);
    this.target = target;
    if (this.sample !== null) return this.sampledLoss.forward(this.logits, this.sample);
    return this.criterion.forward(this.logits, target);
  }

  /** The caller's targets stay as they are. */
  private draw(target: SparseBatch): ColumnSample | null {
    const end = target.offsets[target.numRows];
    this.columns = atLeastU32(this.kernels, this.columns, end);
    this.columns.set(target.columns.subarray(0, end));
    return this.sampler.choose({ ...target, columns: this.columns }, this.rng.nextUint32());
  }

  protected gradients(input: Tensor, gradInput: Float32Array): void {
    const gradLogits =
      this.sample === null
        ? this.criterion.backward(this.logits as Tensor, this.target as SparseBatch)
        : this.sampledLoss.backward();
    const gradient = this.linear.backward(input, gradLogits);
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
