/** @file A training that is killed and resumed from its file ends with the bytes of one that was left alone. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FormatError } from "../../src/core/errors.js";
import type { Kernels } from "../../src/kernels/contract.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { createOptimizer } from "../../src/optim/index.js";
import { type Trainer, TrainerCheckpoint } from "../../src/train/index.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";
import { describeBackends } from "../gradients/backends.js";
import { type DenseBatch, smallNetwork, smallSource, smallTrainer } from "./small-network.js";

/** With validation, best parameters and dropout: all that a state can hold. */
function trainerWithAll(kernels: Kernels): Trainer<DenseBatch> {
  const { objective, rng } = smallNetwork(kernels);
  const held = smallSource(kernels, 20);
  return smallTrainer(kernels, {
    objective,
    rngs: [rng],
    validation: { evaluate: () => ({ loss: objective.meanLoss(held) }), monitor: "loss", goal: "min" },
    earlyStopping: { patience: 2, restoreBest: true },
  });
}

describeBackends("TrainerCheckpoint", (kernels) => {
  it("kill and resume, again and again: the same bytes", async () => {
    const whole = trainerWithAll(kernels);
    const expected = await whole.run();
    const checkpoint = new TrainerCheckpoint(join(temporaryDirectory(), "run", "net.safetensors"));
    let resumed = trainerWithAll(kernels);
    expect(checkpoint.load(resumed)).toBe(false);
    // A checkpoint after each step, and a trainer that is dropped after every fifth of its own.
    for (let turn = 0; ; turn++) {
      let polls = 0;
      const signal = {
        get aborted() {
          return polls++ >= 5;
        },
      };
      const { ended } = await resumed.run({ signal, checkpoint, checkpointIntervalMs: 0 });
      if (ended !== "interrupted") break;
      expect(turn).toBeLessThan(6);
      resumed = trainerWithAll(kernels);
      expect(checkpoint.load(resumed)).toBe(true);
      expect(resumed.progress.step).toBe(5 * (turn + 1));
    }
    expect([...resumed.parameters.value]).toEqual([...whole.parameters.value]);
    expect(resumed.history.best).toEqual(expected.best);
    expect(resumed.history.steps.map(({ loss }) => loss)).toEqual(expected.steps.map(({ loss }) => loss));
    checkpoint.remove();
    expect(checkpoint.load(resumed)).toBe(false);
  });
});

describe("TrainerCheckpoint", () => {
  const kernels = createReferenceKernels();
  const saved = (run = ""): string => {
    const path = join(temporaryDirectory(), "net.safetensors");
    const trainer = smallTrainer(kernels);
    trainer.step();
    new TrainerCheckpoint(path, { run }).save(trainer);
    return path;
  };

  it("is not continued by another run", () => {
    const path = saved("data 1");
    const trainer = smallTrainer(kernels);
    expect(new TrainerCheckpoint(path, { run: "data 2" }).load(trainer)).toBe(false);
    expect(trainer.progress.step).toBe(0);
    expect(new TrainerCheckpoint(path, { run: "data 1" }).load(trainer)).toBe(true);
    expect(trainer.progress.step).toBe(1);
  });

  it("is refused when it is damaged or of other options, before anything is touched", () => {
    const path = saved();
    const sgd = smallTrainer(kernels, { optimizer: createOptimizer(kernels, "sgd", { momentum: 0.9 }) });
    const before = sgd.parameters.value.slice();
    const checkpoint = new TrainerCheckpoint(path);
    expect(() => checkpoint.load(sgd)).toThrow(FormatError);
    expect(() => checkpoint.load(sgd)).toThrow(/expected optimizer\.velocity \[75\], got none; delete this file/);
    const plain = smallTrainer(kernels, { optimizer: createOptimizer(kernels, "sgd") });
    expect(() => checkpoint.load(plain)).toThrow(/expected 4 arrays, got 6: it is of other options/);
    expect(sgd.parameters.value).toEqual(before);
    const raw = readFileSync(path);
    raw[raw.length - 1] ^= 1;
    writeFileSync(path, raw);
    const remedy = new TrainerCheckpoint(path, { remedy: "start anew" });
    expect(() => remedy.load(smallTrainer(kernels))).toThrow(/damaged; start anew$/);
  });
});
