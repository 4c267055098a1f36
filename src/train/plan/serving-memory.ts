/**
 * @file How much memory does answering take? The weights of all worlds, the scores of a batch, a few bytes a label.
 *
 * No index and no table of buckets: the hash is computed. Labels' names are not counted; they are the user's.
 */
import { DEFAULT_MAX_SCORE_BYTES, MAX_BATCH_ROWS } from "../../mach/ensemble.js";
import { countParameters } from "../../mach/parameter-count.js";
import { type ModelOptions, worldOptionsOf } from "../model-options.js";
import type { PlanShape } from "./plan-shape.js";

/** Bytes of a process that answers with all worlds. */
export interface ServingMemory {
  readonly weights: number;
  /** Scores and activations of a batch of queries. */
  readonly scores: number;
  /** How often each label occurs in training, and its code in the prior. */
  readonly labels: number;
  /** With the program itself. */
  readonly total: number;
}

/** `startedBytes`: what the program takes before it loads a model. */
export function servingMemory(options: ModelOptions, shape: PlanShape, startedBytes: number): ServingMemory {
  const { numWorlds, numBuckets, hidden } = options;
  const { ensemble } = countParameters(worldOptionsOf(options, shape.numFeatures), numWorlds, shape.numLabels);
  const weights = 4 * ensemble;
  const rows = Math.max(16, Math.min(MAX_BATCH_ROWS, DEFAULT_MAX_SCORE_BYTES / (4 * numWorlds * numBuckets)));
  const widest = Math.max(0, ...hidden);
  const scores = 4 * rows * (numBuckets * (numWorlds + 1) + 2 * widest);
  const labels = 5 * shape.numLabels;
  return { weights, scores, labels, total: startedBytes + weights + scores + labels };
}
