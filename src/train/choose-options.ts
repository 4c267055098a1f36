/**
 * @file What does a good model for this data look like, when the user says nothing? Options from N, D and L.
 */
import type { ModelOptions } from "./model-options.js";

/** What the choice looks at. */
export interface DataShape {
  readonly numRows: number;
  readonly numFeatures: number;
  readonly numLabels: number;
  /** Mean number of labels of a row. */
  readonly labelsPerRow: number;
}

/** Every option: those given, the others chosen. */
export function chooseOptions(shape: DataShape, given: Partial<ModelOptions>): ModelOptions {
  const { numLabels } = shape;
  const numBuckets = given.numBuckets ?? Math.max(2, Math.min(1000, numLabels));
  const chosen: ModelOptions = {
    numWorlds: 8,
    numBuckets,
    hidden: [256],
    activation: "relu",
    dropout: 0,
    loss: "softmax",
    output: "full",
    epochs: 5,
    batchSize: 256,
    optimizer: "adam",
    learningRate: 0.005,
    inputLearningRateScale: 4,
    inputMoments: "element",
    schedule: "linear",
    warmup: 0,
    weightDecay: 0,
    numNegatives: 500,
    inputSpread: 0.17,
    validationShare: 0,
    seed: 1,
    merge: "log-score",
    priorAlpha: 0,
    seenOnly: true,
  };
  return { ...chosen, ...given };
}
