/**
 * @file What does a world's step compute? The loss of a batch over all buckets, or over a sample of them.
 *
 *   batch → (drop features) → (choose columns) → model.forward → (correct logits) → criterion → model.backward
 *
 * Sampled output: the batch's columns are the union of its positive buckets and shared negatives, drawn anew each step;
 * logits of negatives are raised so that they stand for all that were not drawn (nn/output/column-sampler.ts).
 */
import type { Rng } from "../core/rng.js";
import type { Kernels } from "../kernels/contract.js";
import type { Loss, World } from "../mach/world.js";
import { SigmoidCrossEntropyCriterion } from "../nn/criteria/sigmoid-cross-entropy-criterion.js";
import { SoftmaxCrossEntropyCriterion } from "../nn/criteria/softmax-cross-entropy-criterion.js";
import type { Criterion, Mode, SparseBatch, Tensor } from "../nn/module.js";
import { ColumnSampler } from "../nn/output/column-sampler.js";
import type { FlatParameters } from "../nn/parameter.js";
import type { Batch } from "./batch-loader.js";
import type { Objective } from "./objective.js";

export interface WorldObjectiveOptions {
  readonly loss: Loss;
  /** B. */
  readonly numBuckets: number;
  /** Shared negatives a step, where the world's output is sampled. */
  readonly numNegatives: number;
  /** Share of the inputs' entries dropped. */
  readonly inputDropout: number;
  /** Draws one number a step for each of the two that is in use. */
  readonly rng: Rng;
}

/** The loss of a world on rows whose targets are buckets. */
export class WorldObjective implements Objective<Batch> {
  readonly parameters: FlatParameters;
  private readonly world: World;
  private readonly criterion: Criterion<Tensor, SparseBatch>;
  private readonly kernels: Kernels;
  private readonly inputDropout: number;
  private readonly rng: Rng;
  private readonly sampler: ColumnSampler | null;

  constructor(kernels: Kernels, world: World, options: WorldObjectiveOptions) {
    const { loss, numBuckets, numNegatives, inputDropout, rng } = options;
    this.kernels = kernels;
    this.inputDropout = inputDropout;
    this.world = world;
    this.parameters = world.parameters;
    this.criterion =
      loss === "softmax" ? new SoftmaxCrossEntropyCriterion(kernels) : new SigmoidCrossEntropyCriterion(kernels);
    this.rng = rng;
    this.sampler = world.sampled === null ? null : new ColumnSampler(kernels, numBuckets, numNegatives);
  }

  lossAndGradient({ inputs, targets }: Batch): number {
    const { model } = this.world;
    if (this.inputDropout > 0) this.dropInputs(inputs);
    const active = this.sampler?.choose(targets, this.rng.nextUint32(), this.world.sampled);
    model.zeroGradParameters();
    const output = model.forward(inputs);
    const wanted = active === undefined ? targets : active.correct(output, targets);
    const loss = this.criterion.forward(output, wanted);
    model.backward(inputs, this.criterion.backward(output, wanted));
    return loss;
  }

  setMode(mode: Mode): void {
    this.world.model.setMode(mode);
  }

  /** In place: a batch is the loader's own copy of its rows. */
  private dropInputs({ values, offsets, numRows }: SparseBatch): void {
    this.kernels.dropout(offsets[numRows], this.inputDropout, this.rng.nextUint32(), values, values);
  }
}
