/**
 * @file The front door: train a model, load it, ask it. Everything else has a subpath: manyworlds/nn, /optim, /data,
 * /mach, /embeddings, /checkpoint, /kernels, /train, /plot, /core.
 */
export * from "./core/index.js";
export { createKernels, type Kernels } from "./kernels/index.js";
export { MERGE_KINDS, type MergeKind } from "./mach/merge.js";
export { Model, type ModelLoadOptions, type RankedLabel } from "./mach/model.node.js";
export { type ModelOptions, type TrainEvent, type TrainReport, type TrainRequest, trainModel } from "./train/index.js";
