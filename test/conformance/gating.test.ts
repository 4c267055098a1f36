import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { GateBatch, Kernels } from "../../src/kernels/index.js";
import { expectClose, numbers, unwritten } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

function batch(rng: Rng, rows: number, cols: number, k: number, noisy: boolean): GateBatch {
  const size = rows * cols;
  return {
    dims: { rows, cols },
    k,
    clean: numbers(rng, size, 2),
    noise: noisy
      ? {
          logits: numbers(rng, size, 3),
          normals: numbers(rng, size, 2),
          spread: unwritten(size),
          chance: unwritten(size),
        }
      : null,
    noisy: unwritten(size),
    chosen: new Uint32Array(rows * (k + 1)).fill(99),
    scores: unwritten(rows * (k + 1)),
    gates: unwritten(rows * k),
  };
}

const copy = <T>(value: T): T => structuredClone(value);

describeBackends("gating", (kernels) => {
  it("fillNormal: the oracle's quantiles; their mean, variance and tails", () => {
    for (const length of [0, 1, 33, 3000]) {
      const [actual, expected] = [unwritten(length), unwritten(length)];
      kernels.fillNormal(length, 5, actual);
      reference.fillNormal(length, 5, expected);
      expectClose(actual, expected, (i) => 1e-6 * Math.max(1, Math.abs(expected[i])));
    }
    const many = kernels.f32(100_000);
    kernels.fillNormal(many.length, 6, many);
    const mean = many.reduce((a, b) => a + b, 0) / many.length;
    const variance = many.reduce((a, b) => a + (b - mean) ** 2, 0) / many.length;
    const beyond = many.filter((z) => Math.abs(z) > 1.959964).length / many.length;
    // Four standard errors: 1/√n, √(2/n), √(0.05·0.95/n).
    expect(Math.abs(mean)).toBeLessThan(0.0127);
    expect(Math.abs(variance - 1)).toBeLessThan(0.018);
    expect(Math.abs(beyond - 0.05)).toBeLessThan(0.0028);
  });

  it("topGates and topGatesGrad", () => {
    for (const [cols, k] of [
      [1, 1],
      [3, 1],
      [3, 3],
      [31, 4],
      [33, 2],
      [64, 33],
    ]) {
      for (const rows of [0, 1, 7]) {
        for (const noisy of [false, true]) {
          const rng = new Rng(cols * 100 + rows);
          const actual = batch(rng, rows, cols, k, noisy);
          const expected = copy(actual);
          kernels.topGates(actual);
          reference.topGates(expected);
          expect(actual.chosen).toEqual(expected.chosen);
          expectClose(actual.gates, expected.gates, () => 2e-6);
          expectClose(actual.scores, expected.scores, () => 2e-6);
          if (actual.noise && expected.noise) {
            expectClose(actual.noise.spread, expected.noise.spread, () => 1e-6);
            // Φ is off by 1e-7 itself; scores by 2e-6, over a spread of at least 0.05, at a density of 0.4.
            expectClose(actual.noise.chance, expected.noise.chance, () => 1e-7 + 0.4 * (4e-6 / 0.05));
          }

          const [dGates, dChance] = [numbers(rng, rows * k), numbers(rng, cols)];
          const run = (by: Kernels): Float32Array[] => {
            const [dClean, dNoise] = [unwritten(rows * cols), unwritten(rows * cols)];
            by.topGatesGrad(expected, dGates, dChance, dClean, noisy ? dNoise : null);
            return [dClean, noisy ? dNoise : new Float32Array(0)];
          };
          const [dClean, dNoise] = run(kernels);
          const [wantedClean, wantedNoise] = run(reference);
          // Sums of up to `cols` densities below 0.4/0.05, each within 1e-6 of it.
          expectClose(dClean, wantedClean, () => cols * 8 * 1e-6);
          expectClose(dNoise, wantedNoise, () => cols * 8 * 3e-6);
        }
      }
    }
  });

  it("ties go to the smaller expert; NaN and infinity show in the row's gates and chances", () => {
    const tied = batch(new Rng(1), 2, 5, 2, true);
    tied.clean.fill(1);
    tied.noise?.normals.fill(0);
    tied.clean[7] = Number.NaN;
    kernels.topGates(tied);
    expect([...tied.chosen]).toEqual([0, 1, 2, 0, 0, 0]);
    expect([...tied.gates]).toEqual([0.5, 0.5, Number.NaN, Number.NaN]);
    expect(tied.noise?.chance.subarray(5).every(Number.isNaN)).toBe(true);
    tied.clean[7] = Number.POSITIVE_INFINITY;
    kernels.topGates(tied);
    expect(tied.gates[2]).toBeNaN();
    expect(() => kernels.topGates({ ...tied, k: 6 })).toThrow(/k from 1 to 5 experts, got 6/);
  });
});
