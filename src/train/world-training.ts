/**
 * @file How is one world trained? By the one loop (trainer.ts), on buckets; no other world exists.
 *
 *   Trainer ── source: BatchLoader, rows and the buckets of their labels
 *           ── objective: WorldObjective, full or sampled
 *
 * All that is random derives from (seed, world): initial weights, order of the rows, and one generator behind dropout
 * and negatives, whose state a snapshot holds: a world resumed at any step ends with the same bytes.
 *
 * Source: Medini et al., NeurIPS 2019, Algorithm 1. Differs from the paper: a step's softmax may be computed over a
 * sample of the buckets (world-objective.ts); Adam then keeps one second moment for each bucket.
 */
import { Rng } from "../core/rng.js";
import type { Dataset } from "../data/dataset.js";
import type { HashParameters, Kernels } from "../kernels/contract.js";
import { type InputEmbeddings, startFromEmbeddings } from "../mach/input-embeddings.js";
import { createWorld, type World, type WorldOptions } from "../mach/world.js";
import { createOptimizer } from "../optim/create-optimizer.js";
import { createSchedule } from "../optim/schedules.js";
import { type Batch, BatchLoader } from "./batch-loader.js";
import { bucketPrecision } from "./held-out/bucket-precision.js";
import type { OptimizationOptions } from "./train-options.js";
import { Trainer } from "./trainer.js";
import type { TrainerOptions } from "./trainer-options.js";
import type { ValidationOptions } from "./validation.js";
import { WorldObjective } from "./world-objective.js";

/**
 * Factor on Adam's steps of a sampled output's weights. A bucket's row moves only in the steps that draw it or have it as
 * a target, and Adam's steps are as large for rare gradients as for those of every step. nvd, 10,000 buckets, 512 drawn,
 * batches of 256: P@1 on held-out rows 67.9, 68.5, 68.6, 68.6, 67.9 % at factors 1, 2, 3, 4.4, 8.8; of 128: 68.8, 68.6 %
 * at 2, 3. Its moments are by row, as embeddings' are: no state to speak of, and better than moments of each number (67.6 %
 * in place of 67.9 %).
 */
const SAMPLED_OUTPUT_RATE_SCALE = 2;

/** Which world, of which shape, and how it is trained. */
export interface WorldTrainingOptions {
  /** Its number, from 0: initial weights and all draws derive from it and the seed. */
  readonly world: number;
  /** Of this world. */
  readonly hash: HashParameters;
  /** Its shape. */
  readonly model: WorldOptions;
  readonly optimization: OptimizationOptions;
  /** Word vectors that the input layer starts from. Default none: random weights. */
  readonly embeddings?: InputEmbeddings | null;
  /** Rows on which its buckets are measured at the end of each epoch. Changes no byte of the world. Default none. */
  readonly heldOut?: Dataset | null;
}

/** What a world's trainer is made of, with the world. */
export interface WorldTrainerOptions extends TrainerOptions<Batch> {
  readonly world: World;
}

/** The world with its initial weights, and how it is trained. The same each time for the same arguments. */
export function worldTrainerOptions(
  kernels: Kernels,
  dataset: Dataset,
  options: WorldTrainingOptions,
): WorldTrainerOptions {
  const { world: number, model, optimization } = options;
  const { seed, batchSize, epochs, learningRate, weightDecay, numNegatives, inputSpread, inputDropout } = optimization;
  const world = createWorld(kernels, model, Rng.derive(seed, "world", number, "weights"), { inputSpread });
  const rng = Rng.derive(seed, "world", number, "steps");
  for (const dropout of world.dropouts) dropout.rng = rng;
  const [inputWeight] = world.parameters.parameters;
  inputWeight.learningRateScale = optimization.inputLearningRateScale;
  inputWeight.momentsByRow = optimization.inputMoments === "row";
  if (options.embeddings) {
    const [, width] = inputWeight.shape;
    const vectorRng = Rng.derive(seed, "world", number, "embeddings");
    startFromEmbeddings(kernels, options.embeddings, inputWeight.value, width, { spread: inputSpread, rng: vectorRng });
  }
  const { loss } = model;
  if (world.sampled !== null && optimization.optimizer === "adam") {
    world.sampled.weight.momentsByRow = true;
    world.sampled.weight.learningRateScale = SAMPLED_OUTPUT_RATE_SCALE;
  }
  const source = new BatchLoader(kernels, dataset, {
    hash: options.hash,
    targetValues: loss === "softmax" ? "distribution" : "binary",
    batchSize,
    seed,
    world: number,
  });
  const bucketCounts = source.bucketCounts();
  return {
    name: `world ${number}`,
    remedy: `train again with --overwrite and a smaller --learning-rate (it was ${learningRate})`,
    objective: new WorldObjective(kernels, world, { loss, bucketCounts, numNegatives, inputDropout, rng }),
    source,
    optimizer: createOptimizer(kernels, optimization.optimizer, { learningRate, weightDecay }),
    learningRate,
    schedule: createSchedule(optimization.schedule, { warmup: optimization.warmup }),
    epochs,
    rngs: [rng],
    ...(options.heldOut == null ? {} : { validation: bucketValidation(kernels, world, options, options.heldOut) }),
    world,
  };
}

/** Watches the world, and stops nothing. Parameters are looked up each time: strategies move them to shared memory. */
function bucketValidation(
  kernels: Kernels,
  world: World,
  { model, hash }: WorldTrainingOptions,
  rows: Dataset,
): ValidationOptions {
  const evaluate = bucketPrecision(kernels, () => world.model.parameters(), { model, hash, rows });
  return { evaluate, monitor: "p@1", goal: "max" };
}

/** A trainer of one world. */
export class WorldTraining extends Trainer<Batch> {
  readonly world: World;

  constructor(kernels: Kernels, dataset: Dataset, options: WorldTrainingOptions) {
    const { world, ...trainer } = worldTrainerOptions(kernels, dataset, options);
    super(trainer);
    this.world = world;
    // Each backward is followed by a step, until which the layers behind the first leave their gradients as they are.
    const [{ grad }] = world.parameters.parameters;
    if (grad.kind === "rows") grad.mayWait = true;
  }
}
