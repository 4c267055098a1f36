/** @file A small network with dropout and its data: rows near one of three corners, the corner is the class. */
import { Rng } from "../../src/core/rng.js";
import type { Kernels } from "../../src/kernels/contract.js";
import {
  CrossEntropyCriterion,
  Dropout,
  type IdTensor,
  Linear,
  ReLU,
  Sequential,
  type Tensor,
} from "../../src/nn/index.js";
import { createOptimizer } from "../../src/optim/index.js";
import {
  type BatchSource,
  DenseBatches,
  type SupervisedBatch,
  SupervisedObjective,
  Trainer,
  type TrainerOptions,
} from "../../src/train/index.js";

export const NUM_CLASSES = 3;
export const NUM_INPUTS = 5;

/** Rows [R, 5] and their classes [R]. */
export function cornerRows(numRows: number, seed: number): { readonly inputs: Tensor; readonly targets: IdTensor } {
  const rng = new Rng(seed);
  const inputs = new Float32Array(numRows * NUM_INPUTS);
  const targets = new Uint32Array(numRows);
  for (let i = 0; i < numRows; i++) {
    const label = rng.nextBelow(NUM_CLASSES);
    for (let j = 0; j < NUM_INPUTS; j++) inputs[i * NUM_INPUTS + j] = (j === label ? 1 : 0) + rng.nextFloat() - 0.5;
    targets[i] = label;
  }
  return {
    inputs: { data: inputs, shape: [numRows, NUM_INPUTS] },
    targets: { data: targets, shape: [numRows] },
  };
}

export type DenseBatch = SupervisedBatch<Tensor, IdTensor>;

export interface SmallNetwork {
  readonly rng: Rng;
  readonly model: Sequential;
  readonly objective: SupervisedObjective<Tensor, IdTensor>;
}

/** Linear → ReLU → Dropout → Linear; the same weights each time. */
export function smallNetwork(kernels: Kernels, dropout = 0.2): SmallNetwork {
  const seeds = Rng.derive(3, "weights");
  const rng = Rng.derive(3, "steps");
  const model = new Sequential(
    new Linear(kernels, NUM_INPUTS, 8, seeds),
    new ReLU(kernels),
    new Dropout(kernels, dropout, rng),
    new Linear(kernels, 8, NUM_CLASSES, seeds),
  );
  return { rng, model, objective: new SupervisedObjective(kernels, model, new CrossEntropyCriterion(kernels)) };
}

export function smallSource(kernels: Kernels, numRows = 50): BatchSource<DenseBatch> {
  return new DenseBatches(kernels, { ...cornerRows(numRows, 1), batchSize: 8, seed: 9 });
}

/** A trainer of a small network by Adam; 7 batches an epoch. */
export function smallTrainer(kernels: Kernels, over: Partial<TrainerOptions<DenseBatch>> = {}): Trainer<DenseBatch> {
  const { objective, rng } = smallNetwork(kernels);
  return new Trainer({
    objective,
    source: smallSource(kernels),
    optimizer: createOptimizer(kernels, "adam", { learningRate: 0.01 }),
    epochs: 4,
    rngs: [rng],
    ...over,
  });
}
