/**
 * @file How small is the model? Parameters of an ensemble against one classifier with an output per label.
 *
 *   ensemble       R · (D·H + H + H·B + B)      a world's layers, R times
 *   full softmax       D·H + H + H·L + L        the same hidden layers once, L outputs
 */
import { type WorldOptions, worldLayers } from "./world.js";

/** Numbers that are learnt, in the ensemble and in one classifier of all labels. */
export interface ParameterCount {
  /** Numbers in one world. */
  readonly perWorld: number;
  /** Numbers in `numWorlds` worlds. */
  readonly ensemble: number;
  /** Numbers in a full softmax over all labels with the same hidden layers. */
  readonly fullSoftmax: number;
  /** fullSoftmax / ensemble: above 1, the ensemble is smaller. */
  readonly ratio: number;
}

/**
 * Compares `numWorlds` worlds of `options` with one softmax over `numLabels` labels.
 * @throws {ConfigError} for sizes that make no world.
 */
export function countParameters(options: WorldOptions, numWorlds: number, numLabels: number): ParameterCount {
  const perWorld = countLayers(options);
  const ensemble = numWorlds * perWorld;
  const fullSoftmax = countLayers({ ...options, numBuckets: numLabels });
  return { perWorld, ensemble, fullSoftmax, ratio: fullSoftmax / ensemble };
}

function countLayers(options: WorldOptions): number {
  return worldLayers(options).reduce((sum, { numInputs, numOutputs }) => sum + (numInputs + 1) * numOutputs, 0);
}
