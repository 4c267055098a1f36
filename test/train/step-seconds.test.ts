/** @file A point of the loss curve says when its step was done, not when it began. */
import { afterEach, expect, it, vi } from "vitest";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { smallSource, smallTrainer } from "./small-network.js";

afterEach(() => vi.restoreAllMocks());

it("counts a step's own time", async () => {
  const kernels = createReferenceKernels();
  let ms = 0;
  vi.spyOn(performance, "now").mockImplementation(() => ms);
  const source = smallSource(kernels);
  const load = source.load.bind(source);
  vi.spyOn(source, "load").mockImplementation((epoch, batch) => {
    ms += 1000;
    return load(epoch, batch);
  });
  const { steps, seconds } = await smallTrainer(kernels, { source }).run();
  expect(steps.map((point) => point.seconds)).toEqual(steps.map((_, i) => i + 1));
  expect(seconds).toBe(steps.length);
});
