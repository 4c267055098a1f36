/** @file Adam with one second moment a row: its rule in f64, what it keeps, and that it goes on from a checkpoint. */
import { expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/contract.js";
import { DenseGradient, type FlatParameters, flatten, Parameter } from "../../src/nn/index.js";
import { Adam, type AdamOptions } from "../../src/optim/index.js";
import { describeBackends } from "../gradients/backends.js";
import { testNumbers } from "../gradients/check-gradients.js";

const ROWS = 7;
const COLS = 19;

/** A row-sparse matrix with a moment a row, and a dense matrix that asks for the same but has a dense gradient. */
function model(kernels: Kernels, momentsByRow = true): FlatParameters {
  const sparse = { kind: "rows" as const, ids: kernels.u32(ROWS), count: 0, values: kernels.f32(ROWS * COLS) };
  const flat = flatten(kernels, [
    new Parameter("0.weight", [ROWS, COLS], testNumbers(ROWS * COLS, 1), sparse),
    new Parameter("1.weight", [3, COLS], testNumbers(3 * COLS, 2), new DenseGradient(kernels.f32(3 * COLS))),
  ]);
  for (const parameter of flat.parameters) parameter.momentsByRow = momentsByRow;
  return flat;
}

/** Rows that step `t` touches; row 6 never. */
const touched = (t: number): number[] => [5, 0, 3, 1, 4, 2].filter((row) => (row + t) % 3 !== 0);

/** Sets the gradients of step `t`, whose size grows so that moments have something to remember. */
function setGradients({ parameters: [sparse, dense] }: FlatParameters, t: number): void {
  const rows = touched(t);
  if (sparse.grad.kind !== "rows") throw new Error("expected a row-sparse gradient");
  sparse.grad.ids.set(rows);
  sparse.grad.count = rows.length;
  sparse.grad.values.set(testNumbers(rows.length * COLS, 10 * t).map((g) => g * t));
  dense.grad.values.set(testNumbers(3 * COLS, 10 * t + 1));
}

describeBackends("Adam with momentsByRow", (kernels) => {
  it.each([
    {},
    { beta2: 0 },
    { learningRate: 0.05, beta1: 0.5, beta2: 0.9, epsilon: 1e-4, weightDecay: 0.1 },
  ] as Partial<AdamOptions>[])("follows its rule in f64 for ten steps: %j", (options) => {
    const flat = model(kernels);
    const [sparse] = flat.parameters;
    const optimizer = new Adam(kernels, options);
    const { learningRate = 0.001, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
    const w = Float64Array.from(sparse.value);
    const v = new Float64Array(ROWS);
    for (let t = 1; t <= 10; t++) {
      setGradients(flat, t);
      const g = Float64Array.from(sparse.grad.values);
      optimizer.step(flat);
      for (const [u, row] of touched(t).entries()) {
        let squares = 0;
        for (let j = 0; j < COLS; j++) squares += g[u * COLS + j] ** 2;
        v[row] = beta2 * v[row] + ((1 - beta2) * squares) / COLS;
        const size = learningRate / (Math.sqrt(v[row] / (1 - beta2 ** t)) + epsilon);
        for (let j = 0; j < COLS; j++) {
          const at = row * COLS + j;
          w[at] -= learningRate * weightDecay * w[at] + size * g[u * COLS + j];
        }
      }
      // A step rounds w, below 2, once, and its move, below 10 rates, some ten times; v of 19 sums likewise.
      const tolerance = t * 2 ** -24 * (2 + 40 * 10 * learningRate);
      for (let i = 0; i < w.length; i++) {
        expect(Math.abs(sparse.value[i] - w[i]), `step ${t}, number ${i}`).toBeLessThanOrEqual(tolerance);
      }
    }
    // β₂ is rounded to f32, which moves 1 − β₂ by 2⁻²⁴/(1 − β₂) of itself.
    const relative = 2 ** -24 / (1 - beta2) + 20 * 2 ** -24;
    for (let row = 0; row < ROWS; row++) {
      expect(Math.abs(optimizer.state().secondMoment[row] - v[row])).toBeLessThanOrEqual(relative * v[row]);
    }
  });

  it("keeps one number a row and no first moment; a dense gradient keeps both for each number", () => {
    const optimizer = new Adam(kernels);
    optimizer.prepare(model(kernels));
    expect(optimizer.state().firstMoment.length).toBe(3 * COLS);
    expect(optimizer.state().secondMoment.length).toBe(ROWS + 3 * COLS);
  });

  it("leaves the parameters beside it and rows that never occur as they were without it, to the bit", () => {
    const [byRow, byElement] = [model(kernels, true), model(kernels, false)];
    const before = byRow.parameters[0].value.slice(6 * COLS);
    const [a, b] = [new Adam(kernels, { weightDecay: 0.1 }), new Adam(kernels, { weightDecay: 0.1 })];
    for (let t = 1; t <= 4; t++) {
      setGradients(byRow, t);
      a.step(byRow);
      setGradients(byElement, t);
      b.step(byElement);
    }
    expect(byRow.parameters[1].value).toEqual(byElement.parameters[1].value);
    expect(byRow.parameters[0].value.slice(6 * COLS)).toEqual(before);
    expect(byRow.parameters[0].value).not.toEqual(byElement.parameters[0].value);
  });

  it("resumes from its state", () => {
    const whole = model(kernels);
    const first = new Adam(kernels, { weightDecay: 0.01 });
    for (let t = 1; t <= 5; t++) {
      setGradients(whole, t);
      first.step(whole);
    }
    const resumed = model(kernels);
    resumed.value.set(whole.value);
    const second = new Adam(kernels, { weightDecay: 0.01 });
    second.prepare(resumed);
    for (const [name, vector] of Object.entries(first.state())) second.state()[name].set(vector);
    second.stepCount = 5;
    for (let t = 6; t <= 9; t++) {
      setGradients(whole, t);
      first.step(whole);
      setGradients(resumed, t);
      second.step(resumed);
    }
    expect(resumed.value).toEqual(whole.value);
    expect(second.state()).toEqual(first.state());
  });
});
