/**
 * @file Is this the derivative, of an output layer with its weights? As check-gradients.ts, for losses that are not
 * linear in a weight.
 *
 * Truncation. In one weight W[j, i] the loss of a row is t·ln Σ exp or t·ln(1 + exp) of a logit that moves by x[i]; the
 * third derivative of either in a logit is at most 1/(6√3), so that mass·|x|³/(6√3) bounds the weight's. In one input all
 * logits move, by a column of W with numbers in [−a, a]: the third derivative of ln Σ exp along it is a third central
 * moment of numbers within 2a, at most (2a)³/(6√3), once for each softmax of a row, and a³/(6√3) for each node of a path.
 *
 * Rounding. A loss is a sum of `chain` additions of numbers of at most `magnitude`.
 */
import { expect } from "vitest";
import type { SparseBatch, Tensor } from "../../src/nn/module.js";
import type { OutputCriterion } from "../../src/nn/output/output-criterion.js";
import { compareWithDifferences, denseGradient, elements } from "./check-gradients.js";

const STEEPEST = 1 / (6 * Math.sqrt(3));
const STEP = 2 ** -4;

export interface OutputCheck {
  readonly criterion: OutputCriterion;
  /** Numbers in [−1, 1]. */
  readonly input: Tensor;
  readonly target: SparseBatch;
  /** Largest sum of a row's targets. */
  readonly mass: number;
  /** Largest absolute weight. */
  readonly largest: number;
  /** Softmaxes, or nodes of the longest path, that one input feeds. */
  readonly levels: number;
  /** Parameters without a gradient here, such as those of a level that no label needs. */
  readonly idle?: readonly string[];
}

/** Checks every parameter and the input. Gradients must not all be zero. */
export function checkOutput(check: OutputCheck): void {
  const { criterion, input, target, mass } = check;
  const objective = (): number => criterion.forward(input, target);
  criterion.zeroGradParameters();
  objective();
  const gradInput = criterion.backward(input, target);
  expect(gradInput.shape).toEqual(input.shape);
  const inputGradient = Float64Array.from(gradInput.data.subarray(0, elements(input)));
  const parameters = criterion.parameters();
  const analytic = parameters.map(denseGradient);

  const logit = criterion.numInputs * (check.largest + STEP) + check.largest;
  const chain = criterion.numInputs + criterion.numLabels + 8 * check.levels;
  const rounding = chain * (1 + Math.log(criterion.numLabels) + 2 * logit) * mass * 2 ** -24 * (1 / STEP + 1);
  const truncation = ((STEP * STEP) / 6) * STEEPEST * mass;
  const inputTolerance = truncation * check.levels * Math.max(1, 2 * check.largest) ** 3 + rounding;
  const hasGradient = (gradient: Float64Array, tolerance: number): boolean =>
    gradient.some((g) => Math.abs(g) > 10 * tolerance);
  parameters.forEach(({ name, value }, p) => {
    compareWithDifferences(name, objective, value, analytic[p], STEP, truncation + rounding);
    const idle = check.idle?.includes(name) ?? false;
    expect(hasGradient(analytic[p], truncation + rounding), `${name} has a gradient`).toBe(!idle);
  });
  compareWithDifferences("input", objective, input.data, inputGradient, STEP, inputTolerance);
  expect(hasGradient(inputGradient, inputTolerance), "input has a gradient").toBe(true);
}
