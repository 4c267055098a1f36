/** @file Problems whose gradients touch few parameters, solved by threads that share one vector: Hogwild! and its rivals. */
export {
  type CutProblemOptions,
  cooccurrenceGraph,
  createCutProblem,
  type FixedVertex,
  type Graph,
  roundCut,
} from "./cut-problem.js";
export { nanosecondsOfSpin } from "./delay.js";
export { type DescentReport, type DescentRequest, descend } from "./descend.node.js";
export type { DescentProgress } from "./descent-thread.js";
export {
  createFactorProblem,
  type FactorProblemOptions,
  type Ratings,
  rootMeanSquaredError,
} from "./factor-problem.js";
export { createLinearProblem, type LinearProblemOptions, mistakeRate } from "./linear-problem.js";
export { loadRatings } from "./load-ratings.node.js";
export {
  type CutProblem,
  type FactorProblem,
  type LinearProblem,
  objective,
  type SparseProblem,
  vectorLength,
} from "./problem.js";
export {
  type Hypergraph,
  hypergraphOf,
  measureSparsity,
  pairs,
  type Sparsity,
  type SparsityOptions,
} from "./sparsity.js";
export { adviseOnSparsity, type SparsityAdvice, type SparsityVerdict } from "./sparsity-advice.js";
export { type DescentOptions, THREAD_STRATEGIES, type ThreadStrategy } from "./strategy.js";
