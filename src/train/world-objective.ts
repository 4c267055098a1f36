/**
 * @file What does a world's step compute? The loss of a batch over all buckets, or over a sample of them.
 *
 *   batch → (choose columns) → model.forward → (correct logits) → criterion → model.backward
 *
 * Sampled output: the batch's columns are the union of its positive buckets and shared negatives, drawn anew each step.
 *
 * Source: Jean, Cho, Memisevic, Bengio, "On Using Very Large Target Vocabulary for Neural Machine Translation", ACL
 * 2015: logits of sampled negatives are raised by ln((B − P)/S), so that S of the B − P negatives stand for all of them.
 */
import type { Rng } from "../core/rng.js";
import type { Kernels } from "../kernels/contract.js";
import type { Loss, World } from "../mach/world.js";
import { SigmoidCrossEntropyCriterion } from "../nn/criteria/sigmoid-cross-entropy-criterion.js";
import { SoftmaxCrossEntropyCriterion } from "../nn/criteria/softmax-cross-entropy-criterion.js";
import type { Criterion, Mode, SparseBatch, Tensor } from "../nn/module.js";
import type { FlatParameters } from "../nn/parameter.js";
import type { Batch } from "./batch-loader.js";
import type { Objective } from "./objective.js";

export interface WorldObjectiveOptions {
  readonly loss: Loss;
  /** B. */
  readonly numBuckets: number;
  /** Shared negatives a step, where the world's output is sampled. */
  readonly numNegatives: number;
  /** Draws one number a step for them. */
  readonly rng: Rng;
}

/** The loss of a world on rows whose targets are buckets. */
export class WorldObjective implements Objective<Batch> {
  readonly parameters: FlatParameters;
  private readonly world: World;
  private readonly criterion: Criterion<Tensor, SparseBatch>;
  private readonly rng: Rng;
  private readonly sampler: ColumnSampler | null;

  constructor(kernels: Kernels, world: World, { loss, numBuckets, numNegatives, rng }: WorldObjectiveOptions) {
    this.world = world;
    this.parameters = world.parameters;
    this.criterion =
      loss === "softmax" ? new SoftmaxCrossEntropyCriterion(kernels) : new SigmoidCrossEntropyCriterion(kernels);
    this.rng = rng;
    this.sampler = world.sampled === null ? null : new ColumnSampler(kernels, numBuckets, numNegatives);
  }

  lossAndGradient({ inputs, targets }: Batch): number {
    const { model } = this.world;
    const active = this.sampler?.choose(targets, this.rng.nextUint32(), this.world);
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
}

/** Chooses the output columns of a sampled step and corrects the logits of its negatives. */
class ColumnSampler {
  private readonly kernels: Kernels;
  private readonly numBuckets: number;
  private readonly numNegatives: number;
  private readonly scratch: Uint32Array;
  private readonly columns: Uint32Array;
  private readonly correction: Float32Array;
  private numChosen = 0;

  constructor(kernels: Kernels, numBuckets: number, numNegatives: number) {
    this.kernels = kernels;
    this.numBuckets = numBuckets;
    this.numNegatives = numNegatives;
    this.scratch = kernels.u32(numBuckets);
    this.columns = kernels.u32(numBuckets);
    this.correction = kernels.f32(numBuckets);
  }

  /** Activates the columns in the output layer; `targets` now name positions among them. */
  choose(targets: SparseBatch, seed: number, world: World): this {
    const [numChosen, numPositives] = this.kernels.sampleColumns(
      targets.numRows,
      targets,
      this.numBuckets,
      this.numNegatives,
      seed,
      this.scratch,
      this.columns,
    );
    world.sampled?.setActive(this.columns, numChosen);
    const numNegatives = numChosen - numPositives;
    const raise = numNegatives === 0 ? 0 : Math.log((this.numBuckets - numPositives) / numNegatives);
    this.correction.fill(0, 0, numPositives);
    this.correction.fill(raise, numPositives, numChosen);
    this.numChosen = numChosen;
    return this;
  }

  /** Adds the correction to `logits` in place. @returns the targets in terms of the chosen columns. */
  correct(logits: Tensor, targets: SparseBatch): SparseBatch {
    this.kernels.addBias({ rows: logits.shape[0], cols: this.numChosen }, this.correction, logits.data);
    return { ...targets, numCols: this.numChosen };
  }
}
