/**
 * @file What besides weights must a checkpoint hold? Running statistics, and the generators of dropout, of a gate's noise
 * and of sampled negatives: a network that has them all is stopped anywhere and ends with the same bytes.
 */
import { join } from "node:path";
import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { Kernels } from "../../src/kernels/contract.js";
import {
  BatchNormalization,
  Dropout,
  Linear,
  SampledSoftMax,
  Sequential,
  type SparseBatch,
  SparselyGatedMixtureOfExperts,
  type Tensor,
} from "../../src/nn/index.js";
import { createOptimizer } from "../../src/optim/index.js";
import {
  type BatchSource,
  type SupervisedBatch,
  SupervisedObjective,
  Trainer,
  TrainerCheckpoint,
  type TrainerOptions,
} from "../../src/train/index.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";
import { describeBackends } from "../gradients/backends.js";
import { sparseBatch, testTensor } from "../gradients/check-gradients.js";

const [NUM_INPUTS, NUM_LABELS, ROWS] = [6, 40, 8];

type Batch = SupervisedBatch<Tensor, SparseBatch>;

/** Five batches an epoch, the same every time. */
function source(kernels: Kernels): BatchSource<Batch> {
  const batches = Array.from({ length: 5 }, (_, b) => ({
    inputs: testTensor(kernels, [ROWS, NUM_INPUTS], b),
    targets: sparseBatch(
      kernels,
      NUM_LABELS,
      Array.from({ length: ROWS }, (_, i) => [[(7 * i + 11 * b) % NUM_LABELS, 1]] as const),
    ),
    numRows: ROWS,
  }));
  return { numRows: 5 * ROWS, batchesPerEpoch: 5, load: (_epoch, index) => batches[index] };
}

interface Network {
  readonly trainer: Trainer<Batch>;
  readonly objective: SupervisedObjective<Tensor, SparseBatch>;
}

/** Everything that draws while training draws from one generator, which the trainer knows. */
function network(kernels: Kernels, over: Partial<TrainerOptions<Batch>> = {}): Network {
  const weights = Rng.derive(2, "weights");
  const rng = Rng.derive(2, "steps");
  const mixture = new SparselyGatedMixtureOfExperts(kernels, 7, 6, weights, { numExperts: 4, numHidden: 5 });
  mixture.gate.rng = rng;
  const model = new Sequential(
    new Linear(kernels, NUM_INPUTS, 7, weights),
    new BatchNormalization(kernels, 7),
    mixture,
    new Dropout(kernels, 0.2, rng),
  );
  const output = new SampledSoftMax(kernels, 6, NUM_LABELS, weights, { numNegatives: 10 });
  output.rng = rng;
  const objective = new SupervisedObjective(kernels, model, output);
  const trainer = new Trainer({
    objective,
    source: source(kernels),
    optimizer: createOptimizer(kernels, "adam", { learningRate: 0.01 }),
    epochs: 4,
    rngs: [rng],
    ...over,
  });
  return { trainer, objective };
}

const runningStatistics = ({ trainer }: Network): number[] =>
  trainer.parameters.parameters.filter(({ trainable }) => !trainable).flatMap(({ value }) => [...value]);

describeBackends("state of a training", (kernels) => {
  it("resumes to the same bytes with running statistics and three kinds of draws", async () => {
    const whole = network(kernels);
    const { steps } = await whole.trainer.run();
    const checkpoint = new TrainerCheckpoint(join(temporaryDirectory(), "net.safetensors"));
    const first = network(kernels);
    for (let step = 0; step < 8; step++) first.trainer.step();
    checkpoint.save(first.trainer);
    const second = network(kernels);
    expect(checkpoint.load(second.trainer)).toBe(true);
    expect(runningStatistics(second)).toEqual(runningStatistics(first));
    expect(runningStatistics(second)).not.toEqual(runningStatistics(network(kernels)));
    const resumed = await second.trainer.run();
    expect(second.trainer.parameters.value).toEqual(whole.trainer.parameters.value);
    expect(resumed.steps.map(({ loss }) => loss)).toEqual(steps.map(({ loss }) => loss));
  });

  it("ends with the running statistics of the best epoch, not with the last", async () => {
    const seen: number[][] = [];
    const losses = [3, 1, 2, 2];
    const built = network(kernels, {
      validation: {
        evaluate: () => {
          seen.push(runningStatistics(built));
          return { loss: losses[seen.length - 1] };
        },
        monitor: "loss",
        goal: "min",
      },
      earlyStopping: { patience: 5, restoreBest: true },
    });
    await built.trainer.run();
    expect(seen).toHaveLength(4);
    expect(seen[3]).not.toEqual(seen[1]);
    expect(runningStatistics(built)).toEqual(seen[1]);
  });

  it("a validation between two steps changes nothing but the mode", async () => {
    const [plain, validated] = [network(kernels), network(kernels)];
    const held = source(kernels);
    for (let step = 0; step < 12; step++) {
      plain.trainer.step();
      validated.trainer.step();
      validated.objective.setMode("evaluate");
      const loss = validated.objective.meanLoss(held);
      expect(validated.objective.meanLoss(held)).toBe(loss);
      validated.objective.setMode("train");
    }
    expect(validated.trainer.parameters.value).toEqual(plain.trainer.parameters.value);
  });
});
