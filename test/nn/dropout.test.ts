/** @file Dropout: how many it drops, that it replays, and that it costs nothing when off. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { Kernels } from "../../src/kernels/contract.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { Dropout } from "../../src/nn/index.js";
import { testTensor } from "../gradients/check-gradients.js";

const kernels: Kernels = createReferenceKernels();

describe("Dropout", () => {
  it.each([0.1, 0.5, 0.9])("drops a share of %f and scales the rest", (rate) => {
    const n = 20_000;
    const ones = { data: new Float32Array(n).fill(1), shape: [200, 100] };
    const { data } = new Dropout(kernels, rate, Rng.derive(3, "dropout")).forward(ones);
    const dropped = data.subarray(0, n).filter((x) => x === 0).length;
    // Binomial: five standard deviations.
    expect(Math.abs(dropped - rate * n)).toBeLessThan(5 * Math.sqrt(n * rate * (1 - rate)));
    for (const x of data.subarray(0, n)) if (x !== 0) expect(x).toBeCloseTo(1 / (1 - rate), 5);
  });

  it("draws a new mask each forward and replays from the same generator", () => {
    const input = testTensor(kernels, [4, 16], 1);
    const run = (): number[][] => {
      const layer = new Dropout(kernels, 0.5, Rng.derive(3, "dropout"));
      return [0, 1].map(() => [...layer.forward(input).data]);
    };
    const [first, second] = run();
    expect(second).not.toEqual(first);
    expect(run()).toEqual([first, second]);
  });

  it("gives backward the mask of its forward", () => {
    const layer = new Dropout(kernels, 0.5, Rng.derive(3, "dropout"));
    const ones = { data: new Float32Array(64).fill(1), shape: [4, 16] };
    const output = [...layer.forward(ones).data];
    expect([...layer.backward(ones, ones).data]).toEqual(output);
  });

  it("is the identity in evaluate mode and at rate 0, and draws nothing", () => {
    const never = {
      nextUint32(): number {
        throw new Error("drew a seed");
      },
    };
    const input = testTensor(kernels, [4, 16], 1);
    const evaluating = new Dropout(kernels, 0.5, never);
    evaluating.setMode("evaluate");
    for (const layer of [evaluating, new Dropout(kernels, 0, never)]) {
      expect(layer.forward(input)).toBe(input);
      expect(layer.backward(input, input)).toBe(input);
    }
  });

  it("returns to training", () => {
    const layer = new Dropout(kernels, 0.5, Rng.derive(3, "dropout"));
    const input = testTensor(kernels, [4, 16], 1);
    layer.setMode("evaluate");
    layer.forward(input);
    layer.setMode("train");
    expect(layer.forward(input)).not.toBe(input);
  });

  it.each([-0.1, 1, Number.NaN])("refuses a rate of %f", (rate) => {
    expect(() => new Dropout(kernels, rate, Rng.derive(3))).toThrow("Dropout: expected a rate in [0, 1)");
  });
});
