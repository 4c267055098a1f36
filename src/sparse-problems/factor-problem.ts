/**
 * @file Matrix completion as a sparse problem: the known entries of Z by a product of two thin factors.
 *
 *   f(L, R) = Σ_{(u,v) ∈ E} (L_u·R_v − Z_uv)² + μ/2·‖L‖² + μ/2·‖R‖²
 *
 * The regulariser is spread over the entries of each row and column: μ/(2|E_u|)·‖L_u‖² + μ/(2|E_v|)·‖R_v‖².
 *
 * Source: Niu et al., "HOGWILD!", NIPS 2011, §2, "Matrix Completion".
 * Differs from the paper: the mean of the values is subtracted first and added to every prediction.
 */
import { ConfigError, ShapeError } from "../core/errors.js";
import type { Kernels } from "../kernels/contract.js";
import { arrangeInGrid, dealToGroups, type ExampleGrid } from "./example-grid.js";
import { shuffledExamples } from "./example-order.js";
import { spreadRegulariser } from "./linear-problem.js";
import { type FactorProblem, readingPass } from "./problem.js";

const MOST_GROUPS = 64;

/** Known entries of a matrix [numLeft, numRight]; arrays of equal length. */
export interface Ratings {
  readonly numLeft: number;
  readonly numRight: number;
  /** [N] row of each entry. */
  readonly lefts: Uint32Array;
  /** [N] column of each entry. */
  readonly rights: Uint32Array;
  /** [N]. */
  readonly values: Float32Array;
}

/** The factors' size, their regulariser, and how entries are dealt to threads. */
export interface FactorProblemOptions {
  /** r. Default 10. */
  readonly rank?: number;
  /** μ ≥ 0, of a sum over entries. Default 1. */
  readonly mu?: number;
  /** Of the examples' order. Default 1. */
  readonly seed?: number;
  /**
   * P: rows are dealt to so many groups of about as many entries, neighbours together, columns to twice as many, so that
   * threads seldom meet; see example-grid.ts. Take one more than the threads: with as many they meet now and then, more
   * threads than groups do without, and cells of less than some thousand entries cost more to hand out than to work
   * through. 1: one random order, no groups. At most 64. Default 3, for descend's two threads.
   */
  readonly numGroups?: number;
  /** Subtracted of every value. Default: their mean. Test entries take that of the training entries. */
  readonly offset?: number;
}

/**
 * The completion of a matrix by two factors of `rank` columns. The entries are read, not kept.
 * @throws {ConfigError} for options, {ShapeError} for entries outside of the matrix.
 */
export function createFactorProblem(ratings: Ratings, options: FactorProblemOptions = {}): FactorProblem {
  const { rank = 10, mu = 1, seed = 1, numGroups = 3 } = options;
  const { numLeft, numRight, lefts, rights, values } = ratings;
  if (!(Number.isInteger(rank) && rank >= 1 && rank <= 65_536)) {
    throw new ConfigError(`createFactorProblem: expected rank from 1 to 65536, got ${rank}`);
  }
  if (!(Number.isInteger(numGroups) && numGroups >= 1 && numGroups <= MOST_GROUPS)) {
    throw new ConfigError(
      `createFactorProblem: expected numGroups from 1 (entries in one random order) to ${MOST_GROUPS}, got ${numGroups}; take one more than the threads`,
    );
  }
  if (!(mu >= 0 && Number.isFinite(mu))) {
    throw new ConfigError(`createFactorProblem: expected mu of at least 0, got ${mu}`);
  }
  if (lefts.length !== values.length || rights.length !== values.length) {
    throw new ShapeError(
      `createFactorProblem: expected as many rows and columns as values, got ${lefts.length}, ${rights.length}, ${values.length}`,
    );
  }
  const n = values.length;
  const offset = options.offset ?? (n === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / n);
  lefts.forEach((left, i) => {
    if (left < numLeft && rights[i] < numRight) return;
    throw new ShapeError(
      `createFactorProblem: entry ${i}: expected one of a matrix [${numLeft}, ${numRight}], got (${left}, ${rights[i]})`,
    );
  });
  const order = shuffledExamples(n, seed);
  const grid = numGroups === 1 ? null : arrangeRatings(ratings, order, numGroups, rank);
  const [leftIds, rightIds] = [
    new Uint32Array(new SharedArrayBuffer(4 * n)),
    new Uint32Array(new SharedArrayBuffer(4 * n)),
  ];
  const centred = new Float32Array(new SharedArrayBuffer(4 * n));
  const parts = new Uint32Array(2 * n);
  order.forEach((from, i) => {
    leftIds[i] = lefts[from];
    rightIds[i] = rights[from];
    centred[i] = values[from] - offset;
    parts[2 * i] = leftIds[i];
    parts[2 * i + 1] = numLeft + rightIds[i];
  });
  const numParts = numLeft + numRight;
  const decay = mu === 0 ? null : spreadRegulariser(mu, parts, numParts);
  return {
    kind: "factors",
    numExamples: n,
    numParts,
    partLength: rank,
    grid,
    mu,
    offset,
    data: { numLeft, rank, lefts: leftIds, rights: rightIds, values: centred, decay },
  };
}

/** Two cache lines, which processors fetch together: cores that write to either of them wait for each other. */
const LINE_FLOATS = 32;

/** Sorts `order` by the cells of a grid: groups of rows by twice as many groups of columns. */
function arrangeRatings(ratings: Ratings, order: Uint32Array, numGroups: number, rank: number): ExampleGrid {
  const { numLeft, numRight, lefts, rights } = ratings;
  const numSteps = 2 * numGroups;
  const groupOfLeft = groupsOf(lefts, numLeft, numGroups, (left) => left * rank);
  const groupOfRight = groupsOf(rights, numRight, numSteps, (right) => (numLeft + right) * rank);
  return arrangeInGrid(order, numGroups, (i) => groupOfLeft[lefts[i]] * numSteps + groupOfRight[rights[i]]);
}

/** Consecutive rows (or columns) to groups with about as many entries. `placeOf`: where the factors of one begin in x. */
function groupsOf(ids: Uint32Array, count: number, numGroups: number, placeOf: (id: number) => number): Uint16Array {
  const numEntries = new Uint32Array(count);
  for (const id of ids) numEntries[id]++;
  return dealToGroups(numEntries, numGroups, (id) => Math.floor(placeOf(id) / LINE_FLOATS));
}

/** Root of the mean squared error of L_u·R_v + offset over the problem's entries. */
export function rootMeanSquaredError(kernels: Kernels, problem: FactorProblem, x: Float32Array): number {
  return Math.sqrt(kernels.factorPass(readingPass(problem, "loss"), problem.data, x) / problem.numExamples);
}
