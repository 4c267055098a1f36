/** @file How does a gradient become a step? Optimisers and learning-rate schedules. */
export { ADAGRAD_DEFAULTS, Adagrad, type AdagradOptions } from "./adagrad.js";
export { ADAM_DEFAULTS, Adam, type AdamOptions } from "./adam.js";
export {
  createOptimizer,
  OPTIMIZER_DEFAULTS,
  OPTIMIZER_NAMES,
  type OptimizerName,
  type OptimizerOptions,
} from "./create-optimizer.js";
export { Optimizer } from "./optimizer.js";
export { ParameterWiseOptimizer } from "./parameter-wise-optimizer.js";
export {
  createSchedule,
  SCHEDULE_DEFAULTS,
  SCHEDULE_NAMES,
  type Schedule,
  type ScheduleName,
  type ScheduleOptions,
} from "./schedules.js";
export { SGD_DEFAULTS, Sgd, type SgdOptions } from "./sgd.js";
