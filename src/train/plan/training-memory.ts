/**
 * @file How much memory does training take? What each part of the program allocates, added up.
 *
 *   process   │ Node and the program │ the data set, once, shared │ labels, vocabulary │
 *   a thread  │ its own Node │ rows: order, targets │ weights │ gradients │ optimiser │ activations │
 *
 * A world's weights are drawn where they stay (nn/parameter.ts), so that nothing is larger while it is made.
 *
 * Gradients of the input layer are compact (rows that the batch touches), those of a sampled output likewise, and there
 * the columns that all rows share are gathered once more. Where the input layer's step makes them as it goes
 * (nn/layers/row-sparse-sums.ts), this counts a few megabytes too many.
 */
import { type WorldLayer, worldLayers } from "../../mach/world.js";
import type { OptimizerName } from "../../optim/create-optimizer.js";
import { type ModelOptions, worldOptionsOf } from "../model-options.js";
import { batchShapeOf, type PlanShape, trainingRows } from "./plan-shape.js";

/** Numbers that an optimiser keeps for each weight. */
const STATE_PER_WEIGHT: Readonly<Record<OptimizerName, number>> = {
  sgd: 0,
  adagrad: 1,
  adam: 2,
  asgd: 1,
  adadelta: 2,
  rmsprop: 1,
};

/** Measured: what a worker thread takes up before it has a world (its heap, compiled code, kernels' workspace). */
const THREAD_BYTES = 28e6;
/** Garbage of reading, over what is kept. */
const READING_BYTES = 10e6;

/** Bytes of one world in training. */
export interface WorldMemory {
  readonly weights: number;
  readonly gradients: number;
  readonly optimizer: number;
  /** Activations, their gradients, and the batch. */
  readonly activations: number;
  /** Order of the rows, targets: what grows with the rows, for each world in training. */
  readonly rows: number;
  /** All of them together. */
  readonly peak: number;
}

export function worldMemory(options: ModelOptions, shape: PlanShape): WorldMemory {
  const layers = worldLayers(worldOptionsOf(options, shape.numFeatures));
  const batch = batchShapeOf(options, shape);
  const numRows = trainingRows(options, shape);
  const numWeights = layers.reduce((sum, layer) => sum + weightsOf(layer), 0);
  const weights = 4 * numWeights;
  let gradients = 0;
  let optimizer = 0;
  let activations = 0;
  layers.forEach((layer, i) => {
    const isLast = i === layers.length - 1;
    const isSampled = isLast && layer.kind === "dense" && options.output === "sampled";
    optimizer += 4 * stateOf(layer, isSampled, options);
    if (layer.kind === "sparse") gradients += 4 * batch.touchedFeatures * layer.numOutputs;
    else if (isSampled) gradients += 4 * (batch.touchedColumns + batch.columns) * (layer.numInputs + 1);
    else gradients += 4 * weightsOf(layer);
    // Output and gradient of the last layer's logits; of others output, ReLU, dropout with its mask, and gradients.
    activations += 4 * batch.rows * (isLast ? 2 * batch.columns : 5 * layer.numOutputs);
  });
  activations += 24 * batch.mostEntries;
  const targets = 4 * numRows + 8 * numRows * shape.labelsPerRow;
  const rows = targets + 4 * numRows + 4 * shape.numFeatures;
  const peak = rows + weights + gradients + optimizer + activations;
  return { weights, gradients, optimizer, activations, rows, peak };
}

/** A process that has read the data and trains nothing yet. */
export interface ProcessMemory {
  /** Bytes resident, and the most that there were. */
  readonly residentBytes: number;
  readonly peakBytes: number;
}

/** Bytes of the data set in shared memory. */
export function dataBytes({ numRows, featuresPerRow, labelsPerRow }: PlanShape): number {
  return numRows * (8 * featuresPerRow + 4 * labelsPerRow + 8);
}

/** What a process will hold once it has read data of this shape: `startedBytes` are those before reading. */
export function processAfterReading(shape: PlanShape, startedBytes: number): ProcessMemory {
  // Counts of labels; the prior's bytes.
  const residentBytes = startedBytes + 1.1 * dataBytes(shape) + 5 * shape.numLabels + READING_BYTES;
  return { residentBytes, peakBytes: residentBytes };
}

/** Peak of a process that trains `worldsAtOnce` worlds on as many threads, of `numWorlds` in all. */
export function trainingBytes(
  options: ModelOptions,
  shape: PlanShape,
  process: ProcessMemory,
  worldsAtOnce: number,
): number {
  const world = worldMemory(options, shape);
  const parts = options.validationShare > 0 ? dataBytes(shape) : 0;
  const training = process.residentBytes + parts + worldsAtOnce * (THREAD_BYTES + world.peak);
  return Math.max(process.peakBytes, training);
}

/** Bytes of a checkpoint of a world. */
export function checkpointBytes(options: ModelOptions, shape: PlanShape): number {
  const { weights, optimizer } = worldMemory(options, shape);
  return weights + optimizer;
}

/** Numbers that the optimiser keeps for a layer. Rows are those whose gradients are row-sparse. */
function stateOf(layer: WorldLayer, isSampled: boolean, { optimizer, inputMoments }: ModelOptions): number {
  const { kind, numInputs, numOutputs } = layer;
  if (kind === "sparse" && optimizer === "adam" && inputMoments === "row") return numInputs + 2 * numOutputs;
  if (isSampled && optimizer === "adam") return 3 * numOutputs;
  // Averaging notes for each row when it last moved.
  const rows = optimizer !== "asgd" ? 0 : kind === "sparse" ? numInputs : isSampled ? 2 * numOutputs : 0;
  return STATE_PER_WEIGHT[optimizer] * weightsOf(layer) + rows;
}

function weightsOf({ numInputs, numOutputs }: WorldLayer): number {
  return (numInputs + 1) * numOutputs;
}
