/**
 * @file Is this the derivative? Central differences of the f32 forward against what backward says.
 *
 *   objective(x) = Σ r·output(x), r fixed random in [−1, 1]      backward is given gradOutput = r
 *   (objective(x + h) − objective(x − h)) / 2h   ≟   gradient
 *
 * Two errors separate the sides. Truncation, h²/6 · |third derivative|, is zero for modules: in each single weight or
 * input they are linear (between the kinks of a ReLU, from which tests keep their distance), so h may be large.
 * Rounding, E/h, where each of the objective's two values is off by at most
 *
 *   E = Σ|r| · terms · magnitude · 2⁻²⁴        (terms: longest chain of sums to one output; magnitude: bound of Σ|a||b|)
 *
 * x ± h is rounded to f32 too, so the distance actually stepped is divided by.
 */
import { expect } from "vitest";
import type { Kernels } from "../../src/kernels/contract.js";
import type { Criterion, IdTensor, Module, SparseBatch, Table, Tensor } from "../../src/nn/module.js";
import type { Parameter } from "../../src/nn/parameter.js";

const ULP = 2 ** -24;

/** Each parameter's value and gradient, and the input's where it is dense, against differences. */
export interface ModuleCheck<I> {
  readonly module: Module<I, Tensor>;
  readonly input: I;
  /** Longest chain of additions that leads to one output. */
  readonly terms: number;
  /** Bound of Σ|a||b| over such a chain. */
  readonly magnitude: number;
  /** h; default 2⁻⁴. Inputs of a ReLU must be further than h · (what multiplies them) from 0. */
  readonly step?: number;
  /** Bound of |∂³output/∂v³| for any one output and any one weight or input v. Default 0: linear in each. */
  readonly thirdDerivative?: number;
  /** Runs before each forward, such as resetting a seed. */
  readonly before?: () => void;
}

/** Reproducible numbers in [−1, 1), none closer to 0 than 1/8. */
export function testNumbers(length: number, seed: number): Float32Array {
  const out = new Float32Array(length);
  let s = seed * 2654435761;
  for (let i = 0; i < length; i++) {
    s = (Math.imul(s ^ (s >>> 15), 0x2c1b3c6d) + 0x9e3779b9 + i) | 0;
    const u = ((s >>> 8) / 2 ** 24) * 2 - 1;
    out[i] = Math.abs(u) < 1 / 8 ? Math.sign(u || 1) * (1 / 8 + Math.abs(u)) : u;
  }
  return out;
}

/** The gradient of a parameter as a dense f64 array; a row-sparse one must name each row once. */
export function denseGradient(parameter: Parameter): Float64Array {
  const out = new Float64Array(parameter.size);
  const { grad, cols } = parameter;
  if (grad.kind === "dense") return out.map((_, i) => grad.values[i]);
  const ids = grad.ids.subarray(0, grad.count);
  expect(new Set(ids).size, `${parameter.name}: rows are distinct`).toBe(grad.count);
  for (let u = 0; u < grad.count; u++) {
    for (let j = 0; j < cols; j++) out[grad.ids[u] * cols + j] += grad.values[u * cols + j];
  }
  return out;
}

/** Numbers that count in a tensor. */
export function elements(tensor: Tensor): number {
  return tensor.shape.reduce((a, b) => a * b, 1);
}

/** Compares `gradient` with differences of `objective` in each of the numbers `x[0 … gradient.length)`. */
export function compareWithDifferences(
  what: string,
  objective: () => number,
  x: Float32Array,
  gradient: Float64Array,
  step: number,
  tolerance: number,
): void {
  for (let i = 0; i < gradient.length; i++) {
    const kept = x[i];
    x[i] = kept + step;
    const above = x[i];
    const high = objective();
    x[i] = kept - step;
    const below = x[i];
    const low = objective();
    x[i] = kept;
    const difference = (high - low) / (above - below);
    const error = Math.abs(difference - gradient[i]);
    if (!(error <= tolerance)) {
      expect.fail(`${what}[${i}]: differences give ${difference}, backward ${gradient[i]}; tolerance ${tolerance}`);
    }
  }
}

/**
 * Checks the gradient of every trainable parameter, and of the input if it is dense or a table of dense tensors. The
 * gradients must not all be zero.
 */
export function checkModule<I extends Tensor | SparseBatch | IdTensor | Table>(
  kernels: Kernels,
  check: ModuleCheck<I>,
): void {
  const { module, input } = check;
  const step = check.step ?? 2 ** -4;
  const forward = (): Tensor => {
    check.before?.();
    return module.forward(input);
  };
  const numOutputs = elements(forward());
  const r = kernels.f32(numOutputs);
  r.set(testNumbers(numOutputs, 77));
  const objective = (): number => {
    const { data } = forward();
    let sum = 0;
    for (let i = 0; i < numOutputs; i++) sum += r[i] * data[i];
    return sum;
  };

  module.zeroGradParameters();
  const output = forward();
  const gradInput = module.backward(input, { data: r, shape: [...output.shape] });
  const trainable = module.parameters().filter((parameter) => parameter.trainable);
  const analytic = trainable.map(denseGradient);
  const inputs = gradInput === null ? [] : tensorsOf(input as Tensor | Table);
  const inputGradients =
    gradInput === null ? [] : tensorsOf(gradInput as Tensor | Table).map((g, t) => numbersOf(g, elements(inputs[t])));

  let weight = 0;
  for (let i = 0; i < numOutputs; i++) weight += Math.abs(r[i]);
  // The difference quotient is off by 2E/2h; the gradient itself by as much as a sum of the same kind, E.
  const truncation = ((step * step) / 6) * (check.thirdDerivative ?? 0) * weight;
  const tolerance = weight * check.terms * check.magnitude * ULP * (1 / step + 1) + truncation;
  trainable.forEach((parameter, p) => {
    compareWithDifferences(parameter.name, objective, parameter.value, analytic[p], step, tolerance);
    expect(
      analytic[p].some((g) => Math.abs(g) > 10 * tolerance),
      `${parameter.name} has a gradient`,
    ).toBe(true);
  });
  inputGradients.forEach((inputGradient, t) => {
    const what = inputs.length === 1 ? "input" : `input ${t}`;
    compareWithDifferences(what, objective, inputs[t].data, inputGradient, step, tolerance);
    expect(
      inputGradient.some((g) => Math.abs(g) > 10 * tolerance),
      `${what} has a gradient`,
    ).toBe(true);
  });
}

function tensorsOf(value: Tensor | Table): Table {
  return Array.isArray(value) ? (value as Table) : [value as Tensor];
}

function numbersOf(tensor: Tensor, length: number): Float64Array {
  return Float64Array.from(tensor.data.subarray(0, length));
}

/** As above for a loss; `thirdDerivative` bounds that of the loss in one logit. */
export function checkCriterion(
  criterion: Criterion<Tensor, SparseBatch>,
  input: Tensor,
  target: SparseBatch,
  thirdDerivative: number,
): void {
  const step = 2 ** -4;
  const [rows, cols] = input.shape;
  criterion.forward(input, target);
  const gradient = Float64Array.from(criterion.backward(input, target).data.subarray(0, rows * cols));
  let magnitude = 1 + Math.log(cols);
  for (let i = 0; i < rows * cols; i++) magnitude = Math.max(magnitude, 2 * Math.abs(input.data[i]));
  // A row's loss is at most `cols` terms, each a logarithm within 4 ulp (contract, "activate") of up to `magnitude`;
  // moving one logit changes one row, a share of 1/rows.
  const rounding = (cols * magnitude * 4 * ULP) / rows;
  const tolerance = ((step * step) / 6) * thirdDerivative + rounding * (1 / step + 1);
  compareWithDifferences("logits", () => criterion.forward(input, target), input.data, gradient, step, tolerance);
  expect(gradient.some((g) => Math.abs(g) > 10 * tolerance)).toBe(true);
}

/** A sparse batch from rows of [column, value] pairs. */
export function sparseBatch(
  kernels: Kernels,
  numCols: number,
  rows: readonly (readonly [column: number, value: number])[][],
): SparseBatch {
  const entries = rows.flat();
  const offsets = kernels.u32(rows.length + 1);
  rows.forEach((row, i) => {
    offsets[i + 1] = offsets[i] + row.length;
  });
  const columns = kernels.u32(entries.length);
  const values = kernels.f32(entries.length);
  columns.set(entries.map(([column]) => column));
  values.set(entries.map(([, value]) => value));
  return { offsets, columns, values, numRows: rows.length, numCols };
}

/** A dense tensor of test numbers in the kernels' memory. */
export function testTensor(kernels: Kernels, shape: readonly number[], seed: number): Tensor {
  const numbers = testNumbers(
    shape.reduce((a, b) => a * b, 1),
    seed,
  );
  const data = kernels.f32(numbers.length);
  data.set(numbers);
  return { data, shape };
}
