/**
 * @file Finite differences for the mixture of experts with its auxiliary loss, noise and choice of experts held.
 *
 * The truncation of a central difference D(h/2) is, to leading order, a third of |D(h) − D(h/2)|; that difference is
 * the tolerance here, beside rounding. Steps must not change which experts are chosen: that is checked in each.
 */
import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { Linear, type Module, SparselyGatedMixtureOfExperts, type Tensor } from "../../src/nn/index.js";
import { describeBackends } from "./backends.js";
import { denseGradient, elements, testNumbers, testTensor } from "./check-gradients.js";

const D = 4;
const O = 3;
const N = 6;
const STEP = 2 ** -7;
/** Bound of a linear expert's output: four products of at most ½, and a bias. */
const SMALL = 2.25;
const WIDE = { init: "uniform", gain: 0.5, bias: 0.25 } as const;

describeBackends("gradients of the mixture of experts", (kernels) => {
  function build(numExperts: number, expertsPerRow: number, expert: ((i: number) => Module) | null, weights = 0.5) {
    const module = new SparselyGatedMixtureOfExperts(kernels, D, O, new Rng(4), {
      numExperts,
      expertsPerRow,
      numHidden: 3,
      expert,
      importanceWeight: weights,
      loadWeight: weights,
    });
    module.gate.rng = { nextUint32: () => 33 };
    module.gate.weight.value.set(testNumbers(numExperts * D, 5));
    module.gate.noiseWeight.value.set(testNumbers(numExperts * D, 6));
    // Hidden units of the default expert stay on their side of the kink.
    for (const { name, value } of module.parameters()) {
      if (/^\d+\.0\.bias$/.test(name)) value.set([6, -6, 6]);
    }
    return module;
  }

  function check(module: SparselyGatedMixtureOfExperts, magnitude: number, idle: readonly string[] = []): void {
    const input = testTensor(kernels, [N, D], 9);
    const r = testNumbers(N * O, 77);
    const { batch } = module.gate;
    module.zeroGradParameters();
    module.forward(input);
    const held = batch.chosen.slice(0, N * (batch.k + 1));
    const gradOutput = { data: kernels.f32(N * O), shape: [N, O] };
    gradOutput.data.set(r);
    const gradInput = module.backward(input, gradOutput);
    const inputGradient = Float64Array.from(gradInput.data.subarray(0, elements(input)));
    const objective = (): number => {
      const { data } = module.forward(input);
      // With k = E the order decides nothing.
      if (batch.k < module.modules.length) expect(batch.chosen.slice(0, held.length)).toEqual(held);
      return r.reduce((sum, weight, i) => sum + weight * data[i], module.auxiliaryLoss);
    };
    const quotient = (x: Float32Array, i: number, step: number): number => {
      const kept = x[i];
      x[i] = kept + step;
      const [above, high] = [x[i], objective()];
      x[i] = kept - step;
      const [below, low] = [x[i], objective()];
      x[i] = kept;
      return (high - low) / (above - below);
    };
    // An output is a sum of a few numbers of at most `magnitude`, within 16 roundings; chances and their sums likewise.
    const rounding = (r.reduce((sum, weight) => sum + Math.abs(weight), 1) * magnitude * 16 * 2 ** -24) / STEP;
    const compare = (what: string, x: Float32Array, gradient: Float64Array): void => {
      gradient.forEach((g, i) => {
        const [coarse, fine] = [quotient(x, i, 2 * STEP), quotient(x, i, STEP)];
        const tolerance = Math.abs(coarse - fine) + rounding;
        if (!(Math.abs(fine - g) <= tolerance)) {
          expect.fail(`${what}[${i}]: differences give ${fine}, backward ${g}; tolerance ${tolerance}`);
        }
      });
      expect(
        gradient.some((g) => Math.abs(g) > 3 * rounding),
        `${what} has a gradient`,
      ).toBe(!idle.includes(what));
    };
    for (const parameter of module.parameters()) {
      const expertOf = Number.parseInt(parameter.name, 10);
      const unused = module.statistics().rows[expertOf] === 0;
      if (!unused) compare(parameter.name, parameter.value, denseGradient(parameter));
    }
    compare("input", input.data, inputGradient);
  }

  const linear = (i: number): Module => new Linear(kernels, D, O, new Rng(20 + i), WIDE);
  it("two of five linear experts, with the auxiliary loss", () => {
    check(build(5, 2, linear), SMALL);
  });
  it("two of five default experts", () => {
    check(build(5, 2, null), 3 * 11);
  });
  it("one of three: only balance teaches the gate", () => {
    check(build(3, 1, linear), SMALL);
  });
  it("all of three: a softmax, every load is full", () => {
    check(build(3, 3, linear), SMALL);
  });
  it("without auxiliary loss", () => {
    const module = build(5, 2, linear, 0);
    check(module, SMALL);
    expect(module.auxiliaryLoss).toBe(0);
  });
  it("in evaluate mode: no noise, no auxiliary loss", () => {
    const module = build(3, 2, linear);
    module.setMode("evaluate");
    check(module, SMALL, ["noiseWeight"]);
    expect(module.auxiliaryLoss).toBe(0);
  });

  it("refuses an expert that gives no gradient of its input", () => {
    const module = build(3, 2, () => new Linear(kernels, D, O, new Rng(8), { gradInput: false }));
    const input: Tensor = testTensor(kernels, [N, D], 9);
    module.forward(input);
    expect(() => module.backward(input, testTensor(kernels, [N, O], 3))).toThrow(/gradient of its input, got null/);
  });
});
