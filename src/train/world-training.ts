/**
 * @file How is one world trained? Plain mini-batch training of a small classifier over buckets; no other world exists.
 *
 *   for each epoch: shuffle; for each batch:
 *     batch → model.forward → criterion → model.backward → optimizer.step        learning rate by schedule
 *   sampled output: before forward, choose the batch's columns: union of its positive buckets + shared negatives
 *
 * All state is: the parameters, the optimiser's vectors, the step, the generator behind dropout and negatives, and the
 * running loss. `snapshot` names it and `restore` takes it back, at any step: a resumed world ends with the same bytes.
 *
 * Source: Medini et al., NeurIPS 2019, Algorithm 1. Differs from the paper: a step's softmax may be computed over a
 * sample of the buckets, after Jean et al., ACL 2015, with logits of sampled negatives raised by ln((B − P)/S), so that
 * S of the B − P negatives stand for all of them.
 */
import { DivergenceError } from "../core/errors.js";
import { Rng } from "../core/rng.js";
import type { Dataset } from "../data/dataset.js";
import type { HashParameters, Kernels } from "../kernels/contract.js";
import { createWorld, type World, type WorldOptions } from "../mach/world.js";
import { SigmoidCrossEntropyCriterion } from "../nn/criteria/sigmoid-cross-entropy-criterion.js";
import { SoftmaxCrossEntropyCriterion } from "../nn/criteria/softmax-cross-entropy-criterion.js";
import type { Criterion, SparseBatch, Tensor } from "../nn/module.js";
import { createOptimizer } from "../optim/create-optimizer.js";
import type { Optimizer } from "../optim/optimizer.js";
import { createSchedule, type Schedule } from "../optim/schedules.js";
import { BatchLoader } from "./batch-loader.js";
import type { OptimizationOptions } from "./train-options.js";

/** Where a world's training stands. */
export interface WorldProgress {
  /** Steps done and planned. */
  readonly step: number;
  readonly numSteps: number;
  /** Epoch of the last step, from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Mean loss of a row over the last 100 steps or so (exponential average). */
  readonly loss: number;
}

/** What `restore` needs besides the arrays: plain numbers, kept in a checkpoint's metadata. */
export interface TrainingState {
  readonly step: number;
  readonly rng: readonly number[];
  readonly loss: number;
}

export interface WorldTrainingOptions {
  readonly world: number;
  readonly hash: HashParameters;
  readonly model: WorldOptions;
  readonly optimization: OptimizationOptions;
}

/** Weight of the past in the running loss: a memory of about 100 steps. */
const LOSS_MEMORY = 0.99;

export class WorldTraining {
  readonly options: WorldTrainingOptions;
  readonly world: World;
  readonly optimizer: Optimizer;
  readonly numSteps: number;
  private readonly loader: BatchLoader;
  private readonly criterion: Criterion<Tensor, SparseBatch>;
  private readonly schedule: Schedule;
  private readonly rng: Rng;
  private readonly sampler: ColumnSampler | null;
  private stepsDone = 0;
  private runningLoss = 0;

  constructor(kernels: Kernels, dataset: Dataset, options: WorldTrainingOptions) {
    const { world, model, optimization } = options;
    this.options = options;
    this.world = createWorld(kernels, model, Rng.derive(optimization.seed, "world", world, "weights"), {
      inputSpread: optimization.inputSpread,
    });
    this.rng = Rng.derive(optimization.seed, "world", world, "steps");
    for (const dropout of this.world.dropouts) dropout.rng = this.rng;
    this.loader = new BatchLoader(kernels, dataset, {
      hash: options.hash,
      targetValues: model.loss === "softmax" ? "distribution" : "binary",
      batchSize: optimization.batchSize,
      seed: optimization.seed,
      world,
    });
    this.numSteps = this.loader.batchesPerEpoch * optimization.epochs;
    this.criterion =
      model.loss === "softmax" ? new SoftmaxCrossEntropyCriterion(kernels) : new SigmoidCrossEntropyCriterion(kernels);
    const { optimizer, weightDecay, learningRate } = optimization;
    this.optimizer = createOptimizer(kernels, optimizer, { learningRate, weightDecay });
    const [inputWeight] = this.world.parameters.parameters;
    inputWeight.learningRateScale = optimization.inputLearningRateScale;
    inputWeight.momentsByRow = optimization.inputMoments === "row";
    this.optimizer.prepare(this.world.parameters);
    this.schedule = createSchedule(optimization.schedule, { warmup: optimization.warmup });
    this.sampler =
      model.output === "sampled" ? new ColumnSampler(kernels, model.numBuckets, optimization.numNegatives) : null;
  }

  get progress(): WorldProgress {
    const { batchesPerEpoch } = this.loader;
    const epoch = Math.floor(Math.max(0, this.stepsDone - 1) / batchesPerEpoch) + 1;
    const { epochs } = this.options.optimization;
    return { step: this.stepsDone, numSteps: this.numSteps, epoch, epochs, loss: this.runningLoss };
  }

  get rowsPerStep(): number {
    return this.loader.numRows / this.loader.batchesPerEpoch;
  }

  get done(): boolean {
    return this.stepsDone >= this.numSteps;
  }

  /** One batch. @returns its mean loss. @throws {DivergenceError} when the loss is NaN or infinite. */
  step(): number {
    const { model, parameters } = this.world;
    const { batchesPerEpoch } = this.loader;
    const epoch = Math.floor(this.stepsDone / batchesPerEpoch);
    const { inputs, targets } = this.loader.load(epoch, this.stepsDone % batchesPerEpoch);
    const active = this.sampler?.choose(targets, this.rng.nextUint32(), this.world);
    model.zeroGradParameters();
    const output = model.forward(inputs);
    const wanted = active === undefined ? targets : active.correct(output, targets);
    const loss = this.criterion.forward(output, wanted);
    if (!Number.isFinite(loss)) this.diverged("the loss", loss, this.stepsDone + 1);
    model.backward(inputs, this.criterion.backward(output, wanted));
    this.optimizer.learningRate =
      this.options.optimization.learningRate * this.schedule((this.stepsDone + 0.5) / this.numSteps);
    this.optimizer.step(parameters);
    this.runningLoss = this.stepsDone === 0 ? loss : LOSS_MEMORY * this.runningLoss + (1 - LOSS_MEMORY) * loss;
    this.stepsDone++;
    return loss;
  }

  /** The last step's loss was that of the weights before it. @throws {DivergenceError} when a weight is not finite. */
  checkWeights(): void {
    for (const { value } of this.world.parameters.parameters) {
      for (let i = 0; i < value.length; i++) if (!Number.isFinite(value[i])) this.diverged("a weight", value[i]);
    }
  }

  /** The numbers that `restore` needs besides `world.parameters` and `optimizer.state()`. */
  snapshot(): TrainingState {
    return { step: this.stepsDone, rng: this.rng.snapshot(), loss: this.runningLoss };
  }

  /** Continues after `state`; the caller has filled the parameter and optimiser arrays. */
  restore(state: TrainingState): void {
    this.stepsDone = state.step;
    this.optimizer.stepCount = state.step;
    this.rng.restore(state.rng);
    this.runningLoss = state.loss;
  }

  private diverged(what: string, value: number, step = this.stepsDone): never {
    const { world, optimization } = this.options;
    throw new DivergenceError(
      `world ${world}: ${what} became ${value} at step ${step} of ${this.numSteps}; ` +
        `train again with --overwrite and a smaller --learning-rate (it was ${optimization.learningRate})`,
      step,
    );
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
