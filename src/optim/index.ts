/** @file How does a gradient become a step? Optimisers and learning-rate schedules. */
export { ADADELTA_DEFAULTS, Adadelta, type AdadeltaOptions } from "./adadelta.js";
export { ADAGRAD_DEFAULTS, Adagrad, type AdagradOptions } from "./adagrad.js";
export { ADAM_DEFAULTS, Adam, type AdamOptions } from "./adam.js";
export { ASGD_DEFAULTS, Asgd, type AsgdOptions } from "./asgd.js";
export { BatchOptimizer, type Evaluate } from "./batch-optimizer.js";
export { clipGradientNorm, clipGradientValue, gradientNorm } from "./clip-gradients.js";
export { CONJUGATE_GRADIENT_DEFAULTS, ConjugateGradient } from "./conjugate-gradient.js";
export {
  createOptimizer,
  OPTIMIZER_DEFAULTS,
  OPTIMIZER_NAMES,
  type OptimizerName,
  type OptimizerOptions,
} from "./create-optimizer.js";
export { LBFGS, LBFGS_DEFAULTS, type LBFGSOptions } from "./lbfgs.js";
export {
  type Line,
  type LinePoint,
  type LineSearchOptions,
  type LineSearchResult,
  searchLine,
} from "./line-search.js";
export { Optimizer } from "./optimizer.js";
export { type ParameterPart, ParameterWiseOptimizer } from "./parameter-wise-optimizer.js";
export { RMSPROP_DEFAULTS, RMSprop, type RMSpropOptions } from "./rmsprop.js";
export {
  createSchedule,
  SCHEDULE_DEFAULTS,
  SCHEDULE_NAMES,
  type Schedule,
  type ScheduleName,
  type ScheduleOptions,
} from "./schedules.js";
export { SGD_DEFAULTS, Sgd, type SgdOptions } from "./sgd.js";
export { type BatchStep, type MinimizeResult, STOPPING_DEFAULTS, type StoppingOptions } from "./stopping.js";
