/** @file How is a model trained? One loop for any network; one world of an ensemble; all of it on worker threads. */
export { type Batch, BatchLoader, type BatchLoaderOptions } from "./batch-loader.js";
export { chooseOptions, type DataShape } from "./choose-options.js";
export { DenseBatches, type DenseBatchesOptions } from "./dense-batches.js";
export { type LossPlotOptions, lossPlot } from "./loss-plot.js";
export type { ModelOptions } from "./model-options.js";
export { type BatchSource, type Objective, type SupervisedBatch, SupervisedObjective } from "./objective.js";
export { type CollisionForecast, type Plan, type PlanRequest, planModel } from "./plan/plan-model.node.js";
export type { PlanShape } from "./plan/plan-shape.js";
export type { Budgets } from "./plan/recommend.js";
export { HistoryFeed } from "./run-history/history-feed.js";
export { readHistory } from "./run-history/history-file.node.js";
export type { HistoryRecord } from "./run-history/records.js";
export { RunHistory, type RunSummary, type WorldHistory } from "./run-history/run-history.js";
export * from "./strategies/index.js";
export { trainModel } from "./train-model.node.js";
export type { OptimizationOptions } from "./train-options.js";
export type { TrainEvent, TrainReport, TrainRequest } from "./train-request.js";
export { Trainer } from "./trainer.js";
export { TrainerCheckpoint, type TrainerCheckpointOptions } from "./trainer-checkpoint.node.js";
export {
  CHECKPOINT_INTERVAL_MS,
  type EpochReport,
  type RunOptions,
  type RunProgress,
  type TrainerOptions,
  type TrainingProgress,
} from "./trainer-options.js";
export type { ResumableTraining, StateArray, TrainerState } from "./trainer-state.js";
export {
  type LossPoint,
  MAX_POINTS,
  type TrainingEnd,
  type TrainingHistory,
  type ValidationPoint,
} from "./training-history.js";
export type { BestValidation, EarlyStoppingOptions, ValidationOptions } from "./validation.js";
export { WorldTraining, type WorldTrainingOptions } from "./world-training.js";
