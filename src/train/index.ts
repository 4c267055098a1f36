/** @file How is a model trained? Options, one world, an ensemble on worker threads. */
export { type Batch, BatchLoader, type BatchLoaderOptions } from "./batch-loader.js";
export { chooseOptions, type DataShape } from "./choose-options.js";
export type { ModelOptions } from "./model-options.js";
export { type TrainEvent, type TrainReport, type TrainRequest, trainModel } from "./train-model.node.js";
export type { OptimizationOptions } from "./train-options.js";
export { type TrainingState, type WorldProgress, WorldTraining, type WorldTrainingOptions } from "./world-training.js";
