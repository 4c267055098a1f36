/**
 * @file What does a world's step compute? The loss of a batch over all buckets, or over a sample of them.
 *
 *   full      batch → (drop features) → model.forward → criterion → model.backward
 *   sampled   batch → (drop features) → (draw buckets) → model.forward on them → loss corrected for the draw → backward
 *
 * Sampled output: buckets drawn anew each step, half of the draws uniform and half by how often a bucket is a target in
 * the training rows, stand for all the others in every row; each row's own buckets are always there
 * (nn/output/column-sampler.ts). The work of a step does not depend on B.
 */
import type { Rng } from "../core/rng.js";
import type { Kernels } from "../kernels/contract.js";
import type { Loss, World } from "../mach/world.js";
import type { Sequential } from "../nn/containers/sequential.js";
import { SigmoidCrossEntropyCriterion } from "../nn/criteria/sigmoid-cross-entropy-criterion.js";
import { SoftMaxCrossEntropyCriterion } from "../nn/criteria/soft-max-cross-entropy-criterion.js";
import type { Criterion, Mode, SparseBatch, Tensor } from "../nn/module.js";
import { ColumnSampler, mixedDistribution } from "../nn/output/column-sampler.js";
import { SampledLoss } from "../nn/output/sampled-loss.js";
import type { FlatParameters } from "../nn/parameter.js";
import type { Batch } from "./batch-loader.js";
import type { Objective } from "./objective.js";

export interface WorldObjectiveOptions {
  readonly loss: Loss;
  /** [B] how often each bucket is a target in the training rows. */
  readonly bucketCounts: ArrayLike<number>;
  /** Buckets drawn a step, on average, where the world's output is sampled. */
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
  readonly criterion: Criterion<Tensor, SparseBatch>;
  private readonly kernels: Kernels;
  private readonly inputDropout: number;
  private readonly rng: Rng;
  private readonly sampler: ColumnSampler | null;
  private readonly sampledLoss: SampledLoss;

  constructor(kernels: Kernels, world: World, options: WorldObjectiveOptions) {
    const { loss, bucketCounts, numNegatives, inputDropout, rng } = options;
    this.kernels = kernels;
    this.inputDropout = inputDropout;
    this.world = world;
    this.parameters = world.parameters;
    const CrossEntropy = loss === "softmax" ? SoftMaxCrossEntropyCriterion : SigmoidCrossEntropyCriterion;
    this.criterion = new CrossEntropy(kernels, { inPlace: true });
    this.rng = rng;
    this.sampler =
      world.sampled === null
        ? null
        : new ColumnSampler(kernels, bucketCounts.length, {
            numNegatives,
            distribution: mixedDistribution(bucketCounts),
            correction: loss === "softmax" ? "shift" : "weight",
          });
    this.sampledLoss = new SampledLoss(kernels, loss);
  }

  /** The layers, if a step is no more than they are; null with a sampled output, whose columns are chosen in each step. */
  get model(): Sequential<SparseBatch> | null {
    return this.sampler === null ? this.world.model : null;
  }

  /** Drops features, in place. Strategies that split the model call it by itself. */
  prepare({ inputs, first }: Batch): void {
    if (this.inputDropout > 0) this.dropInputs(inputs, first?.entry ?? 0);
  }

  lossAndGradient(batch: Batch): number {
    const { inputs, targets, first } = batch;
    const { model } = this.world;
    model.setFirstRow(first?.row ?? 0);
    this.prepare(batch);
    const sample = this.sampler?.choose(targets, this.rng.nextUint32()) ?? null;
    this.world.sampled?.setSample(sample);
    model.zeroGradParameters();
    const logits = model.forward(inputs);
    const loss = sample === null ? this.criterion.forward(logits, targets) : this.sampledLoss.forward(logits, sample);
    model.backward(inputs, sample === null ? this.criterion.backward(logits, targets) : this.sampledLoss.backward());
    return loss;
  }

  setMode(mode: Mode): void {
    this.world.model.setMode(mode);
  }

  /** In place: a batch is the loader's own copy of its rows. */
  private dropInputs({ values, offsets, numRows }: SparseBatch, firstEntry: number): void {
    this.kernels.dropout(offsets[numRows], this.inputDropout, this.rng.nextUint32(), values, values, firstEntry);
  }
}
