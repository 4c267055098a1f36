/** @file Where do parameters stand after one flatten, and after another of the same, of some of them, or of more? */
import { expect, it } from "vitest";
import { ConfigError, Rng } from "../../src/core/index.js";
import type { Kernels } from "../../src/kernels/contract.js";
import {
  CrossEntropyCriterion,
  FullSoftMax,
  flatten,
  isCurrent,
  Linear,
  MultiMarginCriterion,
  Sequential,
  Tanh,
} from "../../src/nn/index.js";
import { LBFGS } from "../../src/optim/index.js";
import { DenseBatches, SupervisedObjective } from "../../src/train/index.js";
import { describeBackends } from "../gradients/backends.js";
import { cornerRows, smallNetwork, smallTrainer } from "../train/small-network.js";

describeBackends("flatten", (kernels) => {
  const model = (): Sequential => {
    const rng = new Rng(1);
    return new Sequential(new Linear(kernels, 5, 4, rng), new Tanh(kernels), new Linear(kernels, 4, 3, rng));
  };
  const counting = (): { kernels: Kernels; allocated: () => number } => {
    let numbers = 0;
    const f32 = (length: number): Float32Array => {
      numbers += length;
      return kernels.f32(length);
    };
    return { kernels: Object.create(kernels, { f32: { value: f32 } }), allocated: () => numbers };
  };

  it("a second time is the same vector, and takes no memory", () => {
    const network = model();
    const { kernels: watched, allocated } = counting();
    const first = flatten(watched, network.parameters());
    const before = [...first.value];
    const memory = allocated();
    const second = flatten(watched, network.parameters());
    expect(second).toBe(first);
    expect([...second.value]).toEqual(before);
    const part = flatten(watched, network.parameters().slice(1, 3));
    expect(part.offsets).toEqual([0, 4]);
    part.value[4] = 77;
    expect(network.parameters()[2].value[0]).toBe(77);
    expect(first.value[first.offsets[2]]).toBe(77);
    expect([isCurrent(first), isCurrent(part)]).toEqual([true, true]);
    expect(allocated()).toBe(memory);
  });

  it("in another order, or with more parameters, moves them, and the first vector says so", () => {
    const network = model();
    const values = network.parameters().map(({ value }) => [...value]);
    const first = flatten(kernels, network.parameters());
    const reversed = flatten(kernels, [...network.parameters()].reverse());
    expect([isCurrent(first), isCurrent(reversed)]).toEqual([false, true]);
    const more = flatten(kernels, [...network.parameters(), ...new Linear(kernels, 1, 1, new Rng(2)).parameters()]);
    expect([isCurrent(reversed), isCurrent(more)]).toEqual([false, true]);
    expect(network.parameters().map(({ value }) => [...value])).toEqual(values);
  });

  it("of other kernels is another vector", () => {
    const network = model();
    const first = flatten(kernels, network.parameters());
    expect(flatten(counting().kernels, network.parameters())).not.toBe(first);
    expect(isCurrent(first)).toBe(false);
  });

  it("for a second objective leaves a trainer's best parameters their place", async () => {
    const network = model();
    const objective = new SupervisedObjective(kernels, network, new CrossEntropyCriterion(kernels));
    const other = new SupervisedObjective(kernels, network, new MultiMarginCriterion(kernels));
    const held = new DenseBatches(kernels, { ...cornerRows(20, 2), batchSize: 8, shuffle: false });
    const seen: number[][] = [];
    const losses = [2, 1, 3, 4];
    const trainer = smallTrainer(kernels, {
      objective,
      rngs: [],
      validation: {
        evaluate: () => {
          seen.push([...network.parameters()[0].value]);
          return { margin: other.meanLoss(held), loss: losses[seen.length - 1] };
        },
        monitor: "loss",
        goal: "min",
      },
      earlyStopping: { patience: 5, restoreBest: true },
    });
    const { validations } = await trainer.run();
    expect([...network.parameters()[0].value]).toEqual(seen[1]);
    expect(validations[3].metrics.margin).toBeLessThan(validations[0].metrics.margin);
  });

  it("for a loss with parameters of its own names them once, and stops a trainer and L-BFGS on the vector before", async () => {
    const { objective, model: network } = smallNetwork(kernels);
    const trainer = smallTrainer(kernels, { objective });
    const output = new FullSoftMax(kernels, 3, 4, new Rng(3));
    for (let twice = 0; twice < 2; twice++) {
      const { parameters } = new SupervisedObjective(kernels, network, output).parameters;
      expect(parameters.map(({ name }) => name).slice(-2)).toEqual(["criterion.weight", "criterion.bias"]);
    }
    await expect(trainer.run()).rejects.toThrow(ConfigError);
    await expect(trainer.run()).rejects.toThrow(/^Trainer.run: expected the parameters in the objective's own vector/);
    expect(() => new LBFGS(kernels).step(objective.parameters, () => 0)).toThrow(/^LBFGS.prepare: expected the param/);
  });
});
