/** @file With ASGD the trainer validates its average, steps from its parameters, and ends with the average. */
import { expect, it } from "vitest";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { Asgd } from "../../src/optim/index.js";
import { smallTrainer } from "./small-network.js";

const kernels = createReferenceKernels();

it("validates the average and leaves it in the parameters", async () => {
  const optimizer = new Asgd(kernels, { learningRate: 0.1 });
  const seen: { holdsAverage: boolean; value: number[] }[] = [];
  const trainer = smallTrainer(kernels, {
    optimizer,
    validation: {
      evaluate: () => {
        seen.push({ holdsAverage: optimizer.holdsAverage, value: [...trainer.parameters.value] });
        return { size: Math.hypot(...trainer.parameters.value) };
      },
      monitor: "size",
      goal: "max",
    },
  });
  await trainer.run();
  expect(seen.map(({ holdsAverage }) => holdsAverage)).toEqual([true, true, true, true]);
  expect(optimizer.holdsAverage).toBe(true);
  expect([...trainer.parameters.value]).toEqual(seen[3].value);
  await trainer.run();
  expect([...trainer.parameters.value]).toEqual(seen[3].value);

  // The steps are those of a run that never looks; its mean is the average.
  const plain = smallTrainer(kernels, { optimizer: new Asgd(kernels, { learningRate: 0.1 }) });
  const mean = new Float64Array(plain.parameters.value.length);
  while (!plain.done) {
    plain.step();
    for (let i = 0; i < mean.length; i++) mean[i] += plain.parameters.value[i] / plain.numSteps;
  }
  optimizer.useAverage(trainer.parameters, false);
  expect([...trainer.parameters.value]).toEqual([...plain.parameters.value]);
  // A running mean of 28 numbers below 2 rounds 28 times, and they are read in f32.
  for (let i = 0; i < mean.length; i++) expect(Math.abs(seen[3].value[i] - mean[i])).toBeLessThan(28 * 4 * 2 ** -24);
});

it("ends with the best average where early stopping restores it", async () => {
  const optimizer = new Asgd(kernels, { learningRate: 0.1 });
  const values: number[][] = [];
  const trainer = smallTrainer(kernels, {
    optimizer,
    validation: {
      evaluate: () => ({ falling: -values.push([...trainer.parameters.value]) }),
      monitor: "falling",
      goal: "max",
    },
    earlyStopping: { patience: 2, restoreBest: true },
  });
  const { ended } = await trainer.run();
  expect(ended).toBe("early stop");
  expect(values).toHaveLength(3);
  expect([...trainer.parameters.value]).toEqual(values[0]);
});
