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
 * sample of the buckets (world-objective.ts).
 */
import { Rng } from "../core/rng.js";
import type { Dataset } from "../data/dataset.js";
import type { HashParameters, Kernels } from "../kernels/contract.js";
import { createWorld, type World, type WorldOptions } from "../mach/world.js";
import { createOptimizer } from "../optim/create-optimizer.js";
import { createSchedule } from "../optim/schedules.js";
import { type Batch, BatchLoader } from "./batch-loader.js";
import type { OptimizationOptions } from "./train-options.js";
import { Trainer } from "./trainer.js";
import { WorldObjective } from "./world-objective.js";

export interface WorldTrainingOptions {
  readonly world: number;
  readonly hash: HashParameters;
  readonly model: WorldOptions;
  readonly optimization: OptimizationOptions;
}

/** A trainer of one world. */
export class WorldTraining extends Trainer<Batch> {
  readonly world: World;

  constructor(kernels: Kernels, dataset: Dataset, options: WorldTrainingOptions) {
    const { world: number, model, optimization } = options;
    const { seed, batchSize, epochs, learningRate, weightDecay, numNegatives, inputSpread, inputDropout } =
      optimization;
    const world = createWorld(kernels, model, Rng.derive(seed, "world", number, "weights"), { inputSpread });
    const rng = Rng.derive(seed, "world", number, "steps");
    for (const dropout of world.dropouts) dropout.rng = rng;
    const [inputWeight] = world.parameters.parameters;
    inputWeight.learningRateScale = optimization.inputLearningRateScale;
    inputWeight.momentsByRow = optimization.inputMoments === "row";
    const { loss, numBuckets } = model;
    super({
      name: `world ${number}`,
      remedy: `train again with --overwrite and a smaller --learning-rate (it was ${learningRate})`,
      objective: new WorldObjective(kernels, world, { loss, numBuckets, numNegatives, inputDropout, rng }),
      source: new BatchLoader(kernels, dataset, {
        hash: options.hash,
        targetValues: loss === "softmax" ? "distribution" : "binary",
        batchSize,
        seed,
        world: number,
      }),
      optimizer: createOptimizer(kernels, optimization.optimizer, { learningRate, weightDecay }),
      learningRate,
      schedule: createSchedule(optimization.schedule, { warmup: optimization.warmup }),
      epochs,
      rngs: [rng],
    });
    this.world = world;
  }
}
