/** @file Clipping by norm and by value, and the flat gradient, of dense and row-sparse gradients together. */
import { describe, expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/contract.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { DenseGradient, type FlatParameters, flatGradientInto, flatten, Parameter } from "../../src/nn/index.js";
import { clipGradientNorm, clipGradientValue, gradientNorm } from "../../src/optim/index.js";
import { describeBackends } from "../gradients/backends.js";

/** A dense vector [37] of ones, a row-sparse [5, 3] with rows 4 and 1, a statistic [2] that is not trained. */
function model(kernels: Kernels): FlatParameters {
  const dense = new Parameter("dense", [37], new Float32Array(37), new DenseGradient(kernels.f32(37).fill(1)));
  const rows = new Parameter("rows", [5, 3], new Float32Array(15), {
    kind: "rows",
    ids: kernels.u32(5),
    count: 2,
    values: kernels.f32(15).fill(1000), // what lies beyond `count` rows does not count
  });
  if (rows.grad.kind === "rows") rows.grad.ids.set([4, 1]);
  rows.grad.values.set([1, -2, 3, -4, 5, -6]);
  const statistic = new Parameter("statistic", [2], new Float32Array(2), new DenseGradient(kernels.f32(2).fill(1e6)));
  statistic.trainable = false;
  return flatten(kernels, [dense, statistic, rows]);
}

/** √(37 + 1 + 4 + 9 + 16 + 25 + 36). */
const NORM = Math.sqrt(128);

describeBackends("clipping", (kernels) => {
  it("clipGradientNorm scales all together, and says what the norm was", () => {
    const { parameters } = model(kernels);
    expect(clipGradientNorm(kernels, parameters, 2)).toBeCloseTo(NORM, 5);
    const [dense, statistic, rows] = parameters.map((p) => [...p.grad.values]);
    for (const g of dense) expect(g).toBeCloseTo(2 / NORM, 6);
    [1, -2, 3, -4, 5, -6].forEach((g, i) => {
      expect(rows[i]).toBeCloseTo((2 * g) / NORM, 6);
    });
    expect(rows.slice(6).every((g) => g === 1000)).toBe(true);
    expect(statistic).toEqual([1e6, 1e6]);
    expect(gradientNorm(kernels, parameters)).toBeCloseTo(2, 5);
  });

  it("clipGradientNorm leaves gradients within the norm, and those that are not finite", () => {
    const { parameters } = model(kernels);
    const before = parameters.map((p) => [...p.grad.values]);
    expect(clipGradientNorm(kernels, parameters, 12)).toBeCloseTo(NORM, 5);
    expect(parameters.map((p) => [...p.grad.values])).toEqual(before);
    parameters[0].grad.values[5] = Number.NaN;
    expect(clipGradientNorm(kernels, parameters, 1)).toBeNaN();
    parameters[0].grad.values[5] = Infinity;
    expect(clipGradientNorm(kernels, parameters, 1)).toBe(Infinity);
    expect([...parameters[2].grad.values]).toEqual(before[2]);
  });

  it("clipGradientValue holds each number; NaN stays", () => {
    const { parameters } = model(kernels);
    parameters[0].grad.values[36] = Number.NaN;
    parameters[0].grad.values[35] = -Infinity;
    clipGradientValue(kernels, parameters, 2.5);
    const [dense, statistic, rows] = parameters.map((p) => [...p.grad.values]);
    expect(dense).toEqual([...new Array(35).fill(1), -2.5, Number.NaN]);
    expect(rows).toEqual([1, -2, 2.5, -2.5, 2.5, -2.5, ...new Array(9).fill(1000)]);
    expect(statistic).toEqual([1e6, 1e6]);
  });

  it("a gradient that was zeroed counts as zero", () => {
    const { parameters } = model(kernels);
    for (const p of parameters) p.zeroGrad();
    expect(clipGradientNorm(kernels, parameters, 1)).toBe(0);
    clipGradientValue(kernels, parameters, 1);
    expect(gradientNorm(kernels, parameters)).toBe(0);
  });

  it("flatGradientInto writes every number, zeros where there is no gradient", () => {
    const flat = model(kernels);
    const out = kernels.f32(60).fill(Number.NaN);
    flatGradientInto(kernels, flat, out);
    const rows = [0, 0, 0, -4, 5, -6, 0, 0, 0, 0, 0, 0, 1, -2, 3];
    expect([...out.subarray(0, 54)]).toEqual([...new Array(37).fill(1), 0, 0, ...rows]);
    expect([...out.subarray(54)]).toEqual(new Array(6).fill(Number.NaN));
    for (const p of flat.parameters) p.zeroGrad();
    flatGradientInto(kernels, flat, out);
    expect([...out.subarray(0, 54)]).toEqual(new Array(54).fill(0));
  });

  it("clampValues and axpby in place, on every tail", () => {
    for (const n of [0, 1, 3, 31, 33, 257]) {
      const x = Float32Array.from({ length: n + 1 }, (_, i) => i - n / 2);
      const clamped = x.slice();
      kernels.clampValues(n, 3, clamped);
      expect([...clamped]).toEqual([...x].map((v, i) => (i < n ? Math.min(3, Math.max(-3, v)) : v)));
      const doubled = x.slice();
      kernels.axpby(n, 2, doubled, 0, doubled);
      expect([...doubled.subarray(0, n)]).toEqual([...x.subarray(0, n)].map((v) => 2 * v));
    }
  });
});

describe("limits", () => {
  it("that make no sense are refused", () => {
    const kernels = createReferenceKernels();
    const { parameters } = model(kernels);
    expect(() => clipGradientNorm(kernels, parameters, 0)).toThrow("clipGradientNorm: expected maxNorm above 0, got 0");
    expect(() => clipGradientValue(kernels, parameters, Number.NaN)).toThrow("expected limit above 0, got NaN");
  });
});
