/** @file What the mixture computes, how it balances, and what it refuses. */
import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { Linear, type Module, SparselyGatedMixtureOfExperts } from "../../src/nn/index.js";
import { squaredVariation } from "../../src/nn/layers/noisy-top-gate.js";
import { describeBackends } from "../gradients/backends.js";
import { testNumbers, testTensor } from "../gradients/check-gradients.js";

describeBackends("SparselyGatedMixtureOfExperts", (kernels) => {
  const make = (options: object): SparselyGatedMixtureOfExperts =>
    new SparselyGatedMixtureOfExperts(kernels, 4, 3, new Rng(2), options);

  it("is the gated sum of its chosen experts", () => {
    const experts = Array.from({ length: 5 }, (_, i) => new Linear(kernels, 4, 3, new Rng(i)));
    const module = make({ numExperts: 5, expertsPerRow: 2, expert: (i: number): Module => experts[i] });
    module.gate.weight.value.set(testNumbers(20, 3));
    module.setMode("evaluate");
    const input = testTensor(kernels, [7, 4], 1);
    const actual = Array.from(module.forward(input).data.subarray(0, 21));
    for (let i = 0; i < 7; i++) {
      const x = { data: input.data.slice(4 * i, 4 * i + 4), shape: [1, 4] };
      const scores = Array.from({ length: 5 }, (_, e) =>
        x.data.reduce((sum, v, j) => sum + v * module.gate.weight.value[4 * e + j], 0),
      );
      const [a, b] = scores.map((_, e) => e).sort((p, q) => scores[q] - scores[p]);
      const gate = 1 / (1 + Math.exp(scores[b] - scores[a]));
      const ya = [...experts[a].forward(x).data.subarray(0, 3)];
      const yb = [...experts[b].forward(x).data.subarray(0, 3)];
      for (let j = 0; j < 3; j++) expect(actual[3 * i + j]).toBeCloseTo(gate * ya[j] + (1 - gate) * yb[j], 5);
    }
    const { rows, load, importance } = module.statistics();
    expect(rows.reduce((p, q) => p + q)).toBe(14);
    expect(load).toEqual(rows);
    expect(importance.reduce((p, q) => p + q)).toBeCloseTo(7, 5);
  });

  it("fresh weights choose by noise alone, evenly, and anew each training forward", () => {
    const module = make({ numExperts: 4, expertsPerRow: 1, numHidden: 2 });
    const input = testTensor(kernels, [2000, 4], 1);
    module.forward(input);
    const first = module.gate.batch.chosen.slice();
    const { rows, load, loadVariation, maxOverMean } = module.statistics();
    // Each expert's rows are binomial: 500 ± 4 standard deviations of 19.4.
    for (const count of rows) expect(Math.abs(count - 500)).toBeLessThan(78);
    expect(maxOverMean).toBeCloseTo(Math.max(...rows) / 500, 6);
    // The smooth load has the same mean, and less spread.
    for (const count of load) expect(Math.abs(count - 500)).toBeLessThan(78);
    expect(loadVariation).toBeLessThan(0.16);
    module.forward(input);
    expect(module.gate.batch.chosen).not.toEqual(first);
  });

  it("the auxiliary loss evens out a gate that prefers one expert", () => {
    const module = make({ numExperts: 4, expertsPerRow: 1, numHidden: 2, importanceWeight: 1, loadWeight: 1 });
    const input = testTensor(kernels, [200, 4], 1);
    for (let i = 0; i < 200; i++) input.data[4 * i] = 1;
    module.gate.weight.value[0] = 3;
    module.forward(input);
    const before = module.statistics();
    const gradOutput = { data: kernels.f32(600), shape: [200, 3] };
    const sgd = { learningRate: 0.3, momentum: 0, nesterov: false, weightDecay: 0 };
    let firstLoss = 0;
    for (let step = 0; step < 150; step++) {
      module.zeroGradParameters();
      module.forward(input);
      if (step === 0) firstLoss = module.auxiliaryLoss;
      module.backward(input, gradOutput);
      for (const { value, grad, size } of module.parameters().slice(0, 2)) {
        kernels.sgdStep({ cols: size, rows: null }, value, grad.values, null, sgd);
      }
    }
    module.forward(input);
    expect(before.maxOverMean).toBeGreaterThan(3);
    expect(module.statistics().maxOverMean).toBeLessThan(1.7);
    expect(module.auxiliaryLoss).toBeLessThan(firstLoss / 5);
  });

  it("passes NaN on, and takes no rows", () => {
    const module = make({ numExperts: 3, numHidden: 2 });
    const input = testTensor(kernels, [2, 4], 1);
    input.data[5] = Number.NaN;
    const { data } = module.forward(input);
    expect(data.subarray(0, 3).every(Number.isFinite)).toBe(true);
    expect(data.subarray(3, 6).every(Number.isNaN)).toBe(true);
    const none = { data: kernels.f32(0), shape: [0, 4] };
    expect(module.forward(none).shape).toEqual([0, 3]);
    expect(module.backward(none, { data: kernels.f32(0), shape: [0, 3] }).shape).toEqual([0, 4]);
    expect(module.auxiliaryLoss).toBe(0);
  });

  it("names parameters by expert, and refuses impossible options", () => {
    expect(
      make({ numExperts: 2 })
        .parameters()
        .map(({ name }) => name),
    ).toEqual(
      ["gateWeight", "noiseWeight", "0.0.weight", "0.0.bias", "0.2.weight", "0.2.bias"].concat([
        "1.0.weight",
        "1.0.bias",
        "1.2.weight",
        "1.2.bias",
      ]),
    );
    expect(() => make({ numExperts: 2, expertsPerRow: 3 })).toThrow(/at most 2, got 3/);
    expect(() => make({ numExperts: 0 })).toThrow(/positive whole number as numExperts, got 0/);
    expect(() => make({ loadWeight: -1 })).toThrow(/loadWeight of 0 or more, got -1/);
    const wrong = make({ expert: () => new Linear(kernels, 4, 5, new Rng(1)) });
    expect(() => wrong.forward(testTensor(kernels, [2, 4], 1))).toThrow(/expected an expert's output \[\d, 3\], got/);
    const inner = make({ expert: () => new Linear(kernels, 5, 3, new Rng(1)) });
    expect(() => inner.forward(testTensor(kernels, [2, 4], 1))).toThrow(
      /SparselyGatedMixtureOfExperts\[\d\] › Linear\.forward/,
    );
    expect(() => make({}).forward(testTensor(kernels, [2, 5], 1))).toThrow(/expected input \[N, 4\], got \[2, 5\]/);
  });

  it("squaredVariation and its gradient", () => {
    const gradient = new Float32Array(3);
    expect(squaredVariation(Float32Array.of(1, 2, 3), 3, gradient)).toBeCloseTo(2 / 3 / 4, 6);
    // Scaling all values changes nothing: the gradient is orthogonal to them.
    expect(gradient[0] + 2 * gradient[1] + 3 * gradient[2]).toBeCloseTo(0, 6);
    expect(gradient[2]).toBeGreaterThan(0);
  });
});
