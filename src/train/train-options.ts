/**
 * @file How is a world trained? One readonly object: what the data cannot tell, the user may choose, and the manifest
 * keeps. `choose-options.ts` fills in what the user leaves open.
 */
import { ConfigError } from "../core/errors.js";
import type { OptimizerName } from "../optim/create-optimizer.js";
import type { ScheduleName } from "../optim/schedules.js";

/** Everything that determines a world's bytes besides data, hash and the model's shape. */
export interface OptimizationOptions {
  /** Passes over the training rows. */
  readonly epochs: number;
  /** Rows a step. */
  readonly batchSize: number;
  /** The rule of the steps; what is not set here has the rule's own defaults. */
  readonly optimizer: OptimizerName;
  /** Peak learning rate. */
  readonly learningRate: number;
  /**
   * Factor on the learning rate of the input layer's weights: a feature's row moves only in steps in which the feature
   * occurs, so rare features need larger steps.
   */
  readonly inputLearningRateScale: number;
  /** What Adam keeps of the input weights' gradients: moments of each number, or one second moment a row. */
  readonly inputMoments: "element" | "row";
  /** Chance that a feature of a row is left out of a step, the others scaled up, in [0, 1). */
  readonly inputDropout: number;
  /** Course of the learning rate after the warm-up; see optim/schedules.ts. */
  readonly schedule: ScheduleName;
  /** Share of all steps over which the learning rate rises from zero, 0 … 1. */
  readonly warmup: number;
  /** Weight decay of matrices: decoupled with adam (AdamW), added to the gradient (L2) with sgd and adagrad. */
  readonly weightDecay: number;
  /** Buckets drawn a step, on average, when the output layer is sampled; beside each row's own. */
  readonly numNegatives: number;
  /**
   * Initial weights of the input layer are uniform in ±inputSpread: rows have norm 1 and few entries, so that the
   * layer's number of inputs says nothing about the size of its sums.
   */
  readonly inputSpread: number;
  /** Share of the rows set aside before training, to measure on; 0: none. */
  readonly validationShare: number;
  /** Everything random derives from it: hashes, initial weights, order, dropout, negatives. 0 ≤ seed < 2⁵³. */
  readonly seed: number;
}

/** @throws {ConfigError} naming the option. */
export function checkOptimization(options: OptimizationOptions): void {
  const expect = (ok: boolean, name: keyof OptimizationOptions, expected: string): void => {
    if (!ok) throw new ConfigError(`train: expected ${name} to be ${expected}, got ${options[name]}`);
  };
  expect(Number.isInteger(options.epochs) && options.epochs >= 1, "epochs", "an integer of at least 1");
  expect(Number.isInteger(options.batchSize) && options.batchSize >= 1, "batchSize", "an integer of at least 1");
  expect(options.learningRate > 0 && Number.isFinite(options.learningRate), "learningRate", "a positive number");
  const { inputLearningRateScale } = options;
  expect(
    inputLearningRateScale > 0 && inputLearningRateScale < Infinity,
    "inputLearningRateScale",
    "a positive number",
  );
  expect(["element", "row"].includes(options.inputMoments), "inputMoments", '"element" or "row"');
  expect(Number.isInteger(options.numNegatives) && options.numNegatives >= 1, "numNegatives", "at least 1");
  expect(options.validationShare >= 0 && options.validationShare < 1, "validationShare", "in [0, 1)");
  expect(options.inputSpread >= 0 && options.inputSpread < 100, "inputSpread", "in [0, 100)");
  expect(options.inputDropout >= 0 && options.inputDropout < 1, "inputDropout", "in [0, 1)");
  expect(options.warmup >= 0 && options.warmup < 1, "warmup", "in [0, 1)");
  expect(options.weightDecay >= 0 && Number.isFinite(options.weightDecay), "weightDecay", "zero or a positive number");
  expect(Number.isSafeInteger(options.seed) && options.seed >= 0, "seed", "an integer from 0 to 2^53 - 1");
}
