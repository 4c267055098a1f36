/**
 * @file How does the time of a step follow from the model's shape? Seconds on a nominal core, to scale measurements by.
 *
 * A plan measures real steps of one shape (calibrate.node.ts). To judge others without running each, it multiplies what
 * it measured by the ratio of two numbers from here, so that only the proportions below matter: matrix products run at
 * the core's arithmetic rate, sparse rows and optimisers at that of memory.
 *
 *   input      entries·H forward and again backward; the optimiser moves the rows that the batch touches
 *   dense      three products a layer; the optimiser moves all weights, or those of the columns drawn, which are
 *              gathered, and of the rows' own targets
 *   output     softmax or sigmoid of rows × columns
 */
import { worldLayers } from "../../mach/world.js";
import { type ModelOptions, worldOptionsOf } from "../model-options.js";
import { batchShapeOf, type PlanShape } from "./plan-shape.js";

/** Multiply-adds a second of dense products, and of sparse ones; bytes a second of optimisers; elements of a softmax. */
const DENSE_RATE = 45e9;
const SPARSE_RATE = 5e9;
const BYTES_RATE = 8e9;
const SOFTMAX_RATE = 1e9;
/** Bytes that a step moves for a weight: Adam reads and writes weight and two moments and reads the gradient. */
const ADAM_BYTES = 28;
const ROW_BYTES = 12;
/** Calls from JavaScript. */
const STEP_OVERHEAD = 1e-4;

/** Seconds of one training step on a nominal core. */
export function stepWork(options: ModelOptions, shape: PlanShape): number {
  const batch = batchShapeOf(options, shape);
  const layers = worldLayers(worldOptionsOf(options, shape.numFeatures));
  let seconds = STEP_OVERHEAD + (batch.rows * batch.columns) / SOFTMAX_RATE;
  layers.forEach(({ kind, numInputs, numOutputs }, i) => {
    const columns = i === layers.length - 1 ? batch.columns : numOutputs;
    if (kind === "sparse") {
      const bytes = options.inputMoments === "row" || options.optimizer === "sgd" ? ROW_BYTES : ADAM_BYTES;
      seconds += (2 * batch.entries * numOutputs) / SPARSE_RATE;
      seconds += (bytes * batch.touchedFeatures * numOutputs) / BYTES_RATE;
    } else {
      const isSampled = options.output === "sampled" && i === layers.length - 1;
      seconds += (3 * batch.rows * numInputs * columns) / DENSE_RATE;
      const moved = isSampled ? ROW_BYTES * batch.touchedColumns + 8 * columns : ADAM_BYTES * columns;
      seconds += (moved * numInputs) / BYTES_RATE;
    }
  });
  return seconds;
}

/** Seconds of one query's way through one world on a nominal core: all dense weights are read once. */
export function queryWork(options: ModelOptions, shape: PlanShape): number {
  const layers = worldLayers(worldOptionsOf(options, shape.numFeatures));
  const numbers = layers.reduce(
    (sum, { kind, numInputs, numOutputs }) =>
      sum + (kind === "sparse" ? shape.featuresPerRow * numOutputs : numInputs * numOutputs),
    0,
  );
  return (4 * numbers) / BYTES_RATE + options.numBuckets / SOFTMAX_RATE + 1e-5;
}
