/**
 * @file One world's training from the inside: a snapshot at any step leads to the same bytes, the learning rate follows
 * its schedule, a loss or weight that is not finite stops it, and what is learnt is right.
 */
import { describe, expect, it } from "vitest";
import { DivergenceError } from "../../src/core/errors.js";
import type { Kernels } from "../../src/kernels/contract.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { LabelHash } from "../../src/mach/label-hash.js";
import { createSchedule } from "../../src/optim/index.js";
import { chooseOptions } from "../../src/train/choose-options.js";
import { type ModelOptions, optimizationOf, worldOptionsOf } from "../../src/train/model-options.js";
import type { TrainerState } from "../../src/train/trainer-state.js";
import { WorldTraining } from "../../src/train/world-training.js";
import { describeBackends } from "../gradients/backends.js";
import { sampleDataset } from "./sample-dataset.js";

const sizes = { numRows: 50, numFeatures: 30, numLabels: 20 };
const dataset = sampleDataset(sizes);

/** A training of world 3 as the data's own defaults would have it for `numRows` rows, but for `over`. */
function training(kernels: Kernels, numRows: number, over: Partial<ModelOptions> = {}): WorldTraining {
  const small = { hidden: [6], numBuckets: 8, epochs: 3, batchSize: 8, numWorlds: 4 };
  const options = chooseOptions({ ...sizes, numRows, labelsPerRow: 1.3 }, { ...small, ...over });
  const hash = new LabelHash({ ...options, numLabels: sizes.numLabels });
  return new WorldTraining(kernels, dataset, {
    world: 3,
    hash: hash.parameters(3),
    model: worldOptionsOf(options, sizes.numFeatures),
    optimization: optimizationOf(options),
  });
}

/** Everything that a checkpoint keeps, as a checkpoint keeps it: bytes and JSON. */
function checkpoint(from: WorldTraining): { value: Float32Array; vectors: [string, Float32Array][]; state: string } {
  return {
    value: from.world.parameters.value.slice(),
    vectors: Object.entries(from.optimizer.state()).map(([name, vector]) => [name, vector.slice()]),
    state: JSON.stringify(from.snapshot()),
  };
}

function restore(into: WorldTraining, { value, vectors, state }: ReturnType<typeof checkpoint>): void {
  into.world.parameters.value.set(value);
  for (const [name, vector] of vectors) {
    expect(into.optimizer.state()[name].length).toBe(vector.length);
    into.optimizer.state()[name].set(vector);
  }
  into.restore(JSON.parse(state) as TrainerState);
}

const finish = (t: WorldTraining): WorldTraining => {
  while (!t.done) t.step();
  return t;
};

const FEW_ROWS = 1000;
const MANY_ROWS = 50_000;

describeBackends("WorldTraining", (kernels) => {
  it("drops features of a batch and scales the others up, anew in each step; the data stay as they are", () => {
    const before = dataset.features.values.slice();
    const dropping = training(kernels, FEW_ROWS, { inputDropout: 0.5 });
    const kinds = new Set<number>();
    const { values, offsets, numRows } = dropping.source.load(0, 0).inputs;
    const whole = values.slice(0, offsets[numRows]);
    for (let step = 0; step < 20; step++) {
      const batch = dropping.source.load(0, 0);
      dropping.objective.lossAndGradient(batch);
      for (let e = 0; e < whole.length; e++) kinds.add(batch.inputs.values[e] / whole[e]);
    }
    expect([...kinds].sort()).toEqual([0, 2]);
    expect(dataset.features.values).toEqual(before);
  });

  it.each([
    ["the defaults of many rows: linear, one moment a row", MANY_ROWS, {}],
    ["the defaults of few rows: ReLU, dropout, Adam's two moments", FEW_ROWS, {}],
    ["a linear world of one layer, one moment a row", MANY_ROWS, { hidden: [] }],
    ["row moments, sampled output, dropout", MANY_ROWS, { output: "sampled", numNegatives: 2, dropout: 0.3 }],
    ["input dropout", FEW_ROWS, { inputDropout: 0.2 }],
    ["sgd", FEW_ROWS, { optimizer: "sgd", schedule: "step", weightDecay: 0.01 }],
    ["adagrad", FEW_ROWS, { optimizer: "adagrad", schedule: "cosine", warmup: 0.3 }],
  ] as [string, number, Partial<ModelOptions>][])("goes on from any step with the same bytes: %s", (_, rows, over) => {
    const whole = training(kernels, rows, over);
    const kept = [checkpoint(whole)];
    while (!whole.done) {
      whole.step();
      kept.push(checkpoint(whole));
    }
    expect(whole.numSteps).toBe(3 * 7);
    // In the first epoch, at its end, in the middle of the second, and before the last step.
    for (const step of [1, 7, 11, 20]) {
      const resumed = training(kernels, rows, over);
      restore(resumed, kept[step]);
      expect(resumed.progress.step).toBe(step);
      finish(resumed);
      expect(checkpoint(resumed), `from step ${step}`).toEqual(kept[21]);
    }
  });

  it("keeps D numbers for the input weights with one moment a row, and none of a first moment", () => {
    const { hidden, numBuckets } = { hidden: 6, numBuckets: 8 };
    const rest = hidden + numBuckets * hidden + numBuckets;
    const lengths = (t: WorldTraining): Record<string, number> =>
      Object.fromEntries(Object.entries(t.optimizer.state()).map(([name, { length }]) => [name, length]));
    expect(lengths(training(kernels, MANY_ROWS))).toEqual({
      firstMoment: rest,
      secondMoment: sizes.numFeatures + rest,
    });
    const full = sizes.numFeatures * hidden + rest;
    expect(lengths(training(kernels, FEW_ROWS))).toEqual({ firstMoment: full, secondMoment: full });
  });

  it("learns: the loss of every kind of world falls", () => {
    for (const [rows, over] of [
      [MANY_ROWS, {}],
      [MANY_ROWS, { hidden: [] }],
      [FEW_ROWS, { dropout: 0 }],
    ] as [number, Partial<ModelOptions>][]) {
      const t = training(kernels, rows, { ...over, epochs: 30, learningRate: 0.02 });
      const losses: number[] = [];
      while (!t.done) losses.push(t.step());
      const lastEpoch = losses.slice(-7).reduce((sum, loss) => sum + loss, 0) / 7;
      expect(lastEpoch).toBeLessThan(losses[0] / 2);
      // An average over some 100 steps lags behind.
      expect(t.progress.loss).toBeGreaterThan(lastEpoch);
      expect(t.progress.loss).toBeLessThan(losses[0]);
    }
  });

  it("trains data with a single feature, row and label", () => {
    const one = sampleDataset({ numRows: 1, numFeatures: 2, numLabels: 1 });
    const options = chooseOptions({ numRows: 1, numFeatures: 2, numLabels: 1, labelsPerRow: 1 }, { hidden: [3] });
    const hash = new LabelHash({ ...options, numLabels: 1 });
    const model = worldOptionsOf(options, 2);
    const t = new WorldTraining(kernels, one, {
      world: 0,
      hash: hash.parameters(0),
      model,
      optimization: optimizationOf(options),
    });
    finish(t).checkWeights();
    expect(t.progress).toMatchObject({ step: 15, numSteps: 15, epoch: 15, epochs: 15 });
  });
});

describe("WorldTraining", () => {
  const kernels = createReferenceKernels();

  it.each([
    ["linear", { warmup: 0.25 }],
    ["cosine", {}],
    ["step", {}],
    ["constant", { warmup: 0.5 }],
  ] as const)("sets the learning rate of each step by its schedule: %s", (schedule, over) => {
    const t = training(kernels, MANY_ROWS, { schedule, learningRate: 0.01, ...over });
    const factor = createSchedule(schedule, over);
    for (let step = 0; step < t.numSteps; step++) {
      t.step();
      expect(t.optimizer.learningRate).toBe(0.01 * factor((step + 0.5) / t.numSteps));
      expect(t.progress.epoch).toBe(Math.floor(step / 7) + 1);
    }
    expect(t.done).toBe(true);
  });

  it("moves input weights by the scaled learning rate, the others by the rate itself", () => {
    const moved = (scale: number): number[] => {
      const t = training(kernels, FEW_ROWS, { optimizer: "sgd", dropout: 0, inputLearningRateScale: scale });
      const before = t.world.parameters.parameters.map(({ value }) => value.slice());
      t.step();
      return t.world.parameters.parameters.map(({ value }, i) => Math.hypot(...value.map((x, j) => x - before[i][j])));
    };
    const [plain, scaled] = [moved(1), moved(3)];
    expect(scaled[0] / plain[0]).toBeCloseTo(3, 3);
    expect(scaled.slice(1)).toEqual(plain.slice(1));
  });

  it("stops at a loss that is not a number, with the step and what to do", () => {
    const t = training(kernels, FEW_ROWS);
    t.step();
    t.world.parameters.value.fill(Number.NaN);
    const weights = t.world.parameters.value.slice();
    expect(() => t.step()).toThrow(DivergenceError);
    expect(() => t.step()).toThrow(
      /^world 3: the loss became NaN at step 2 of 21; train again with --overwrite and a smaller --learning-rate \(it was/,
    );
    expect(t.progress.step).toBe(1);
    expect(t.world.parameters.value).toEqual(weights);
  });

  it("finds a weight that is not finite after the last step", () => {
    const t = finish(training(kernels, MANY_ROWS));
    t.checkWeights();
    t.world.parameters.value[5] = Infinity;
    expect(() => t.checkWeights()).toThrow(/a weight became Infinity at step 21 of 21/);
  });
});
