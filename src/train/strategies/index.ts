/** @file How do several threads train one model? Strategies behind one contract, see strategy.ts. */
export type { StrategyReport } from "./ledger.js";
export type { ParallelProgress, ParallelTraining, TrainedParameter } from "./parallel-job.js";
export { STRATEGY_DEFAULTS, STRATEGY_NAMES, type StrategyName, type StrategyOptions } from "./strategy.js";
export { type ParallelOptions, trainInParallel } from "./train-in-parallel.node.js";
export type { CreateTraining, TrainingRecipe } from "./training-recipe.js";
