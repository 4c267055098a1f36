/**
 * @file The one loop: equal to a loop written by hand, resumed at any step, ended by its epochs, by early stopping or by
 * a signal; what it records is true and bounded.
 */
import { setImmediate as immediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ConfigError, DivergenceError } from "../../src/core/errors.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { CrossEntropyCriterion, type Mode, type Parameter } from "../../src/nn/index.js";
import { createOptimizer, createSchedule } from "../../src/optim/index.js";
import {
  type EpochReport,
  MAX_POINTS,
  type Objective,
  type ResumableTraining,
  type RunProgress,
  Trainer,
  type TrainerOptions,
  type TrainerState,
  type TrainingHistory,
} from "../../src/train/index.js";
import { describeBackends } from "../gradients/backends.js";
import { type DenseBatch, smallNetwork, smallSource, smallTrainer } from "./small-network.js";

const bytes = (trainer: ResumableTraining): Record<string, number[]> =>
  Object.fromEntries(trainer.arrays().map(({ name, data }) => [name, [...data]]));

/** A snapshot as a file keeps it, without the clock. */
function state(trainer: ResumableTraining): TrainerState {
  return JSON.parse(JSON.stringify(trainer.snapshot()), (key, value) => (key === "seconds" ? 0 : value));
}

describeBackends("Trainer", (kernels) => {
  it("takes the steps of a loop written by hand, to the bit", async () => {
    const { objective, model } = smallNetwork(kernels);
    const source = smallSource(kernels);
    const optimizer = createOptimizer(kernels, "adam", { learningRate: 0.01 });
    const criterion = new CrossEntropyCriterion(kernels);
    const schedule = createSchedule("cosine", { warmup: 0.2 });
    const losses: number[] = [];
    for (let step = 0; step < 28; step++) {
      const { inputs, targets } = source.load(Math.floor(step / 7), step % 7);
      model.zeroGradParameters();
      const logits = model.forward(inputs);
      losses.push(criterion.forward(logits, targets));
      model.backward(inputs, criterion.backward(logits, targets));
      optimizer.learningRate = 0.03 * schedule((step + 0.5) / 28);
      optimizer.step(objective.parameters);
    }

    const trainer = smallTrainer(kernels, { learningRate: 0.03, schedule });
    const { steps, epochs, ended } = await trainer.run();
    expect([...trainer.parameters.value]).toEqual([...objective.parameters.value]);
    expect(ended).toBe("finished");
    expect(steps.map(({ loss }) => loss)).toEqual(losses);
    expect(steps.map(({ step, epoch }) => [step, epoch])).toEqual(losses.map((_, i) => [i + 1, (i + 1) / 7]));
    expect(steps.at(-1)?.learningRate).toBe(0.03 * schedule(27.5 / 28));
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    const lastEpoch = losses.slice(21).reduce((a, b) => a + b, 0) / 7;
    expect(epochs[3].loss).toBe(lastEpoch);
    expect(epochs[3].loss).toBeLessThan(epochs[0].loss);
  });

  it("goes on from any step with the same bytes, history included", () => {
    const whole = smallTrainer(kernels);
    const kept: { arrays: Record<string, number[]>; state: TrainerState }[] = [];
    for (kept.push({ arrays: bytes(whole), state: state(whole) }); !whole.done; ) {
      whole.step();
      kept.push({ arrays: bytes(whole), state: state(whole) });
    }
    for (const step of [0, 1, 6, 7, 13, 27, 28]) {
      const resumed = smallTrainer(kernels);
      for (const { name, data } of resumed.arrays()) data.set(kept[step].arrays[name]);
      resumed.restore(kept[step].state);
      while (!resumed.done) resumed.step();
      expect(bytes(resumed)).toEqual(kept[28].arrays);
      expect(state(resumed)).toEqual(kept[28].state);
    }
  });
});

/** A loss that follows a script; its one weight counts the steps. */
function scripted(
  metrics: readonly number[],
  patience: number,
  restoreBest: boolean,
  minDelta = 0,
): { trainer: Trainer<number>; modes: Mode[]; weight: () => number } {
  const kernels = createReferenceKernels();
  const { objective: real } = smallNetwork(kernels);
  const { parameters } = real;
  parameters.value.fill(0);
  const modes: Mode[] = [];
  const objective: Objective<number> = {
    parameters,
    lossAndGradient: () => {
      for (const { grad } of parameters.parameters) grad.values.fill(-1);
      return 1;
    },
    setMode: (mode) => modes.push(mode),
  };
  let validations = 0;
  const trainer = new Trainer({
    objective,
    source: { numRows: 2, batchesPerEpoch: 2, load: (_, index) => index },
    optimizer: createOptimizer(kernels, "sgd", { learningRate: 1 }),
    epochs: metrics.length,
    validation: { evaluate: () => ({ score: metrics[validations++] }), monitor: "score", goal: "max" },
    earlyStopping: { patience, restoreBest, minDelta },
  });
  return { trainer, modes, weight: () => parameters.value[0] };
}

describe("Trainer", () => {
  const kernels = createReferenceKernels();

  it("stops when the metric has not been better for as long as patience lasts", async () => {
    const { trainer, modes, weight } = scripted([1, 3, 2, 3, 1, 9], 3, false);
    const reports: EpochReport[] = [];
    const history = await trainer.run({ onEpoch: (report) => reports.push(report) });
    expect(history).toMatchObject({ ended: "early stop", best: { epoch: 2, value: 3 } });
    expect(history.validations.map(({ epoch, metrics }) => [epoch, metrics.score])).toEqual([
      [1, 1],
      [2, 3],
      [3, 2],
      [4, 3],
      [5, 1],
    ]);
    expect(reports.map(({ epoch, metrics }) => [epoch, metrics?.score])).toEqual([
      [1, 1],
      [2, 3],
      [3, 2],
      [4, 3],
      [5, 1],
    ]);
    expect(trainer.done).toBe(true);
    expect(weight()).toBe(10);
    expect(modes).toEqual(["train", ...Array.from({ length: 5 }, () => ["evaluate", "train"]).flat()]);
    expect(() => trainer.step()).toThrow(ConfigError);
  });

  it("ends with the best parameters when asked to, whatever ended it", async () => {
    const stopped = scripted([1, 3, 2, 3, 1, 9], 3, true);
    await stopped.trainer.run();
    expect(stopped.weight()).toBe(4);
    const finished = scripted([1, 3, 2], 3, true);
    expect((await finished.trainer.run()).ended).toBe("finished");
    expect(finished.weight()).toBe(4);
  });

  it("counts only what is better by more than minDelta, and never NaN; without a best the last parameters stay", async () => {
    const { trainer, weight } = scripted([1, 1.5, 2, 2.5, 9], 2, true, 1);
    expect((await trainer.run()).best).toEqual({ metric: "score", epoch: 1, value: 1 });
    expect(weight()).toBe(2);
    const unclear = scripted([Number.NaN, Number.NaN, Number.NaN], 2, true);
    expect(await unclear.trainer.run()).toMatchObject({ ended: "early stop", best: null });
    expect(unclear.weight()).toBe(4);
  });

  it("keeps best parameters and patience across a stop and a resumption", async () => {
    const metrics = [1, 3, 2, 3, 1, 9];
    const whole = scripted(metrics, 3, true);
    const expected = await whole.trainer.run();
    for (let epochs = 1; epochs <= 4; epochs++) {
      const first = scripted(metrics, 3, true);
      const signal = { aborted: false };
      const history = await first.trainer.run({
        signal,
        onEpoch: ({ epoch }) => {
          signal.aborted = epoch === epochs;
        },
      });
      expect(history.ended).toBe("interrupted");
      const second = scripted([...metrics.slice(epochs), ...metrics.slice(0, epochs)], 3, true);
      const arrays = bytes(first.trainer);
      for (const { name, data } of second.trainer.arrays()) data.set(arrays[name]);
      second.trainer.restore(JSON.parse(JSON.stringify(first.trainer.snapshot())));
      const resumed = await second.trainer.run();
      expect({ ...resumed, seconds: 0 }).toMatchObject({ ended: "early stop", best: expected.best });
      expect(resumed.validations.map(({ metrics: m }) => m)).toEqual(expected.validations.map(({ metrics: m }) => m));
      expect(bytes(second.trainer)).toEqual(bytes(whole.trainer));
    }
  });

  it("validates every so many epochs, and after the last", async () => {
    const epochs: number[] = [];
    const { objective, model } = smallNetwork(kernels);
    const held = smallSource(kernels, 20);
    const trainer = new Trainer({
      objective,
      source: smallSource(kernels),
      optimizer: createOptimizer(kernels, "adam"),
      epochs: 5,
      validation: {
        evaluate: async () => ({ loss: objective.meanLoss(held) }),
        everyEpochs: 2,
        monitor: "loss",
        goal: "min",
      },
    });
    const { validations } = await trainer.run({ onEpoch: ({ epoch, metrics }) => metrics && epochs.push(epoch) });
    expect(epochs).toEqual([2, 4, 5]);
    model.setMode("evaluate");
    expect(validations.at(-1)?.metrics.loss).toBe(objective.meanLoss(held));
  });

  it("ends at its signal with a checkpoint, and lets others have their turn", async () => {
    const trainer = smallTrainer(kernels, { epochs: 100_000 });
    const controller = new AbortController();
    const saved: number[] = [];
    const seen: RunProgress[] = [];
    const running = trainer.run({
      signal: controller.signal,
      onProgress: (progress) => seen.push(progress),
      checkpoint: { save: (training) => void saved.push(training.snapshot().step) },
      checkpointIntervalMs: 20,
    });
    // Some of everything, then a timer: 700,000 steps would take minutes.
    while (saved.length < 3 || seen.length === 0) await immediate();
    setTimeout(() => controller.abort(), 1);
    const { ended, seconds } = await running;
    expect(ended).toBe("interrupted");
    expect(seconds).toBeGreaterThan(0.06);
    expect(saved.at(-1)).toBe(trainer.progress.step);
    expect(seen[0].rowsPerSecond).toBeGreaterThan(0);
    expect(seen[0]).toMatchObject({ numSteps: 700_000, epochs: 100_000 });
  });

  it("keeps at most a thousand points of each curve, each the mean of its steps", async () => {
    const { objective } = smallNetwork(kernels);
    let step = 0;
    const trainer = new Trainer({
      objective: { parameters: objective.parameters, lossAndGradient: () => ++step, setMode: () => {} },
      source: { numRows: 1, batchesPerEpoch: 1, load: () => 0 },
      optimizer: createOptimizer(kernels, "sgd"),
      epochs: 5000,
      validation: { evaluate: () => ({ step }), monitor: "step", goal: "max" },
    });
    objective.parameters.parameters.forEach((p) => {
      p.zeroGrad();
    });
    const { steps, epochs, validations, best } = await trainer.run();
    expect(steps.length).toBeLessThanOrEqual(MAX_POINTS);
    expect(steps.length).toBeGreaterThan(MAX_POINTS / 2 - 1);
    expect(epochs).toEqual(steps);
    // 5000 steps at 8 a point: the loss of step s is s.
    steps.forEach((point, i) => {
      expect(point).toMatchObject({ step: 8 * (i + 1), epoch: 8 * (i + 1), loss: 8 * i + 4.5 });
    });
    expect(validations.length).toBeLessThanOrEqual(MAX_POINTS);
    expect(validations.at(-1)?.epoch).toBe(5000);
    expect(validations.every((v, i) => i === 0 || v.epoch > validations[i - 1].epoch)).toBe(true);
    expect(best).toEqual({ metric: "step", epoch: 5000, value: 5000 });
  });

  it("lets gradients be adjusted before each step, and stops before one whose norm is not finite", () => {
    const moved = (adjustGradients: TrainerOptions<DenseBatch>["adjustGradients"]): number[] => {
      const { objective, rng } = smallNetwork(kernels);
      const optimizer = createOptimizer(kernels, "sgd", { learningRate: 0.5 });
      const before = objective.parameters.value.slice();
      const change = adjustGradients === undefined ? {} : { adjustGradients };
      smallTrainer(kernels, { objective, rngs: [rng], optimizer, ...change }).step();
      return [...objective.parameters.value.map((x, i) => x - before[i])];
    };
    const norm = (parameters: readonly Parameter[]): number =>
      Math.hypot(...parameters.flatMap(({ grad, size }) => [...grad.values.subarray(0, size)]));
    const halve = (parameters: readonly Parameter[]): number => {
      for (const { grad } of parameters) grad.values.set(grad.values.map((x) => x / 2));
      return norm(parameters);
    };
    const [plain, watched, halved] = [moved(undefined), moved(norm), moved(halve)];
    expect(watched).toEqual(plain);
    expect(Math.hypot(...plain)).toBeGreaterThan(0.01);
    halved.forEach((x, i) => {
      expect(x).toBeCloseTo(plain[i] / 2, 6);
    });

    const trainer = smallTrainer(kernels, { adjustGradients: () => Number.NaN });
    const before = trainer.parameters.value.slice();
    expect(() => trainer.step()).toThrow(/the gradient became NaN at step 1 of 28/);
    expect(trainer.parameters.value).toEqual(before);
  });

  it("stops at a loss or a weight that is not finite, with the step and what to do", async () => {
    const trainer = smallTrainer(kernels);
    trainer.step();
    trainer.parameters.value.fill(Number.NaN);
    expect(() => trainer.step()).toThrow(DivergenceError);
    await expect(trainer.run()).rejects.toThrow(
      /^Trainer: the loss became NaN at step 2 of 28; use a smaller learningRate \(it was 0\.01\)/,
    );
    const { objective } = smallNetwork(kernels);
    const exploding = new Trainer<DenseBatch>({
      objective: {
        parameters: objective.parameters,
        lossAndGradient: () => {
          objective.parameters.value[3] = Number.NaN;
          return 1;
        },
        setMode: () => {},
      },
      source: smallSource(kernels),
      optimizer: createOptimizer(kernels, "sgd"),
      epochs: 1,
      name: "net",
      remedy: "start anew",
    });
    for (const parameter of objective.parameters.parameters) parameter.zeroGrad();
    await expect(exploding.run()).rejects.toThrow(/^net: a weight became NaN at step 7 of 7; start anew$/);
  });

  it.each([
    ["epochs of 0", { epochs: 0 }, /expected epochs to be an integer of at least 1, got 0/],
    ["a learning rate of 0", { learningRate: 0 }, /expected learningRate to be a positive number, got 0/],
    ["early stopping without validation", { earlyStopping: { patience: 1 } }, /expected validation with earlyStopping/],
    [
      "patience of 0",
      { validation: { evaluate: () => ({}), monitor: "x", goal: "min" }, earlyStopping: { patience: 0 } },
      /expected patience to be an integer of at least 1, got 0/,
    ],
    [
      "a negative minDelta",
      { validation: { evaluate: () => ({}), monitor: "x", goal: "min" }, earlyStopping: { patience: 1, minDelta: -1 } },
      /expected minDelta to be zero or a positive number, got -1/,
    ],
    [
      "another goal",
      { validation: { evaluate: () => ({}), monitor: "x", goal: "best" as "max" } },
      /expected goal to be "min" or "max", got best/,
    ],
    [
      "half an epoch between validations",
      { validation: { evaluate: () => ({}), monitor: "x", goal: "max", everyEpochs: 0.5 } },
      /expected everyEpochs to be an integer of at least 1, got 0.5/,
    ],
  ] as const)("refuses %s", (_, over, message) => {
    expect(() => smallTrainer(kernels, over)).toThrow(ConfigError);
    expect(() => smallTrainer(kernels, over)).toThrow(message);
  });

  it("refuses a monitor that evaluate does not return, and a state of other data", async () => {
    const validation = { evaluate: () => ({ accuracy: 1 }), monitor: "loss", goal: "min" } as const;
    await expect(smallTrainer(kernels, { validation }).run()).rejects.toThrow(
      /expected the metric "loss" from evaluate, got accuracy/,
    );
    const other = smallTrainer(kernels, { source: smallSource(kernels, 20) });
    expect(() => other.restore(smallTrainer(kernels).snapshot())).toThrow(/expected a state of 3 batches an epoch/);
    const history: TrainingHistory = other.history;
    expect(history).toMatchObject({ ended: null, steps: [], best: null });
  });
});
