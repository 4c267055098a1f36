/**
 * @file What is a sparse problem? Examples e, each with a loss f_e of few components of one vector: f(x) = Σ f_e(x_e).
 *
 *   kind     an example touches            f_e
 *   linear   the features of a row         hinge or logistic loss of the row + λ·Σ_u x_u²/d_u
 *   factors  a row of L and one of R       (L_u·R_v − Z_uv)² + μ/2·(‖L_u‖²/|E_u| + ‖R_v‖²/|E_v|)
 *   cut      the two ends of an edge       w_uv·‖x_u − x_v‖₁, both on the simplex
 *
 * d_u, |E_u|: how many examples touch u, so that the regulariser, spread over them, adds up to λ‖x‖² or μ/2·‖x‖².
 *
 * A problem is plain data on shared memory: worker threads receive the same arrays. Its examples were put in random order
 * once, or in that of a grid (example-grid.ts), so that passes may go through memory block by block.
 *
 * Source: Niu, Recht, Ré, Wright, "HOGWILD!: A Lock-Free Approach to Parallelizing Stochastic Gradient Descent", NIPS
 * 2011, §2.
 */
import { Rng } from "../core/rng.js";
import type { CutPassProblem, FactorPassProblem, Kernels, LinearPassProblem, Pass } from "../kernels/contract.js";
import type { ExampleGrid } from "./example-grid.js";

interface ProblemSize {
  /** N. */
  readonly numExamples: number;
  /** Parts of the vector that examples touch whole, and that are counted as one: features, rows of factors, vertices. */
  readonly numParts: number;
  /** Numbers of a part: outputs, rank, terminals. */
  readonly partLength: number;
}

/** Linear classifiers of rows, from `createLinearProblem`. x [D, K]. */
export interface LinearProblem extends ProblemSize {
  readonly kind: "linear";
  /** Its examples lie in one random order. */
  readonly grid: null;
  /** λ. */
  readonly lambda: number;
  /** When weights shrink: with each example that has their feature (data.decay), or all of them after each epoch. */
  readonly regularise: "step" | "epoch";
  /** The rows in their random order, on shared memory. */
  readonly data: LinearPassProblem;
}

/** The completion of a matrix, from `createFactorProblem`. x: rows of L [m, r], then rows of R [n, r]. */
export interface FactorProblem extends ProblemSize {
  readonly kind: "factors";
  /** In which cells the entries lie; null: in one random order. */
  readonly grid: ExampleGrid | null;
  /** μ. */
  readonly mu: number;
  /** What was subtracted of every value: their mean, or what FactorProblemOptions said. */
  readonly offset: number;
  /** The entries in their order, `offset` subtracted, on shared memory. */
  readonly data: FactorPassProblem;
}

/** A multiway cut of a graph, from `createCutProblem`. x [V, K]. */
export interface CutProblem extends ProblemSize {
  readonly kind: "cut";
  /** Its examples lie in one random order. */
  readonly grid: null;
  /** [V] terminal of each fixed vertex; of others 0. */
  readonly terminals: Uint32Array;
  /** The edges in their random order, on shared memory. */
  readonly data: CutPassProblem;
}

/** What `descend` can minimise; `kind` tells them apart. */
export type SparseProblem = LinearProblem | FactorProblem | CutProblem;

/** Length of x. */
export function vectorLength({ numParts, partLength }: SparseProblem): number {
  return numParts * partLength;
}

/** Numbers of x that an example touches, on average. */
export function touchedByExample({ kind, data, numExamples, partLength }: SparseProblem): number {
  return partLength * (kind === "linear" ? data.features.columns.length / Math.max(1, numExamples) : 2);
}

/** The entries [from, to) of a problem in a grid, on the same memory; its rows count and weigh as in the whole. */
export function partOfProblem(problem: FactorProblem, from: number, to: number): FactorProblem {
  const part = <T extends Uint32Array | Float32Array>(array: T): T => array.subarray(from, to) as T;
  const { lefts, rights, values } = problem.data;
  const data = { ...problem.data, lefts: part(lefts), rights: part(rights), values: part(values) };
  return { ...problem, numExamples: to - from, grid: null, data };
}

/** One pass, in place. @returns Σ of the examples' losses before their steps, without the regulariser. */
export function runPass(kernels: Kernels, problem: SparseProblem, pass: Pass, x: Float32Array): number {
  if (problem.kind === "linear") return kernels.linearPass(pass, problem.data, x);
  if (problem.kind === "factors") return kernels.factorPass(pass, problem.data, x);
  return kernels.cutPass(pass, problem.data, x);
}

/** Writes the point that everything starts from: zeros; small random factors; equal shares, or a terminal's own. */
export function initialiseVector(problem: SparseProblem, seed: number, x: Float32Array): void {
  const { partLength } = problem;
  if (problem.kind === "linear") x.fill(0);
  if (problem.kind === "factors") {
    const rng = Rng.derive(seed, "sparse-problem", "factors");
    const scale = 0.5 / Math.sqrt(partLength);
    for (let i = 0; i < x.length; i++) x[i] = (2 * rng.nextFloat() - 1) * scale;
  }
  if (problem.kind === "cut") {
    x.fill(1 / partLength);
    problem.terminals.forEach((terminal, vertex) => {
      if (problem.data.fixed[vertex] === 0) return;
      x.fill(0, vertex * partLength, (vertex + 1) * partLength);
      x[vertex * partLength + terminal] = 1;
    });
  }
}

/** What each weight is multiplied by after an epoch of steps of size `rate`: a feature's d steps of 1 − 2·rate·λ/d, for large d. */
export function epochShrinkage(problem: SparseProblem, rate: number): number {
  return problem.kind === "linear" && problem.regularise === "epoch" ? Math.exp(-2 * rate * problem.lambda) : 1;
}

/** A pass over all examples that writes nothing. */
export function readingPass(problem: SparseProblem, mode: "loss" | "mistakes"): Pass {
  const { numExamples } = problem;
  const blockSize = Math.max(1, numExamples);
  const [order, locks, exchange, stop] = [null, null, null, null];
  const numBlocks = numExamples === 0 ? 0 : 1;
  return {
    mode,
    numExamples,
    blockSize,
    firstBlock: 0,
    blockStep: 0,
    numBlocks,
    rate: 0,
    delay: 0,
    order,
    locks,
    exchange,
    stop,
  };
}

/** f(x): losses and regulariser, over all examples. */
export function objective(kernels: Kernels, problem: SparseProblem, x: Float32Array): number {
  const losses = runPass(kernels, problem, readingPass(problem, "loss"), x);
  if (problem.kind === "cut") return losses;
  const factor = problem.kind === "linear" ? problem.lambda : problem.mu / 2;
  return losses + (factor === 0 ? 0 : factor * kernels.dot(x.length, x, x));
}
