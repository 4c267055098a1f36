/**
 * @file What does a good model for this data look like, when the user says nothing? Options from N, D and L.
 *
 *   few rows (N < 30,000)   dense hidden layer with ReLU and dropout, sigmoid loss: what limits is overfitting, and rows
 *                           have several labels. B ≈ L/2, 8 worlds.
 *   many rows               linear bottleneck, softmax, one moment a row for the input weights: what limits is learning
 *                           rare words and rare labels in few passes. B ≈ 4·√L, at least 1,000; 8 worlds.
 *
 *   many buckets            from 10,000 on, where rows are many: a sampled output, 512 buckets drawn a step, and a fifth
 *                           pass instead of four. A full step's cost grows with B, a sampled one's does not.
 *
 * With 10,000 buckets two sampled worlds reach 69.0 % P@1 and 36.0 % P@3 on held-out rows of nvd, full ones 69.3 and
 * 36.2 % (69.5 and 36.4 % with a fifth pass); on wikisent 26.0 and 11.7 %, full ones 26.5 and 11.7 %. Four passes cost 0.5
 * points of P@1 on nvd, twice the batch 0.6. With sigmoid losses sampling costs more: 0.76 points of P@1 on nvd, 0.65 on
 * wikisent. bench/results/sampled.txt has the figures of one run.
 *
 * With B ≈ 4·√L a label shares its bucket with √L/4 others in a world; two worlds would leave 1/16 of a label to be
 * confused with, eight leave none: what further worlds buy is averaging, and it levels off at about eight.
 *
 * The numbers were chosen on held-out parts of the training splits of bibtex, cooking and delicious (few rows), nvd and
 * wikisent (many); bench/results/validation.txt has the comparisons. Between 13,000 and 115,000 rows nothing was measured.
 */
import type { TextVectorizerOptions } from "../data/text-vectorizer.js";
import type { ModelOptions } from "./model-options.js";

/** Sizes of a data set: what `chooseOptions` looks at. */
export interface DataShape {
  /** N. */
  readonly numRows: number;
  /** D. */
  readonly numFeatures: number;
  /** L. */
  readonly numLabels: number;
  /** Mean number of labels of a row. */
  readonly labelsPerRow: number;
}

const FEW_ROWS = 30_000;
const VERY_FEW_ROWS = 8_000;
const VERY_MANY_ROWS = 200_000;
/** Buckets from which on a sampled output is worth its half a point of P@1. */
const MANY_BUCKETS = 10_000;

/** Options that do not depend on the data. */
const COMMON = {
  numWorlds: 8,
  optimizer: "adam",
  schedule: "linear",
  warmup: 0,
  weightDecay: 0,
  numNegatives: 512,
  inputDropout: 0,
  validationShare: 0,
  seed: 1,
  merge: "log-score",
  priorAlpha: 0,
  seenOnly: true,
} as const satisfies Partial<ModelOptions>;

/** Every option: those given, the others chosen. */
export function chooseOptions(shape: DataShape, given: Partial<ModelOptions>): ModelOptions {
  const few = shape.numRows < FEW_ROWS;
  const chosen = { numBuckets: chooseBuckets(shape.numLabels), ...(few ? forFewRows(shape) : forManyRows(shape)) };
  const { numBuckets, hidden } = { ...chosen, ...given };
  const output = given.output ?? (!few && numBuckets >= MANY_BUCKETS && hidden.length > 0 ? "sampled" : "full");
  // A step moves few of the buckets' rows: a further pass brings more than it would to a full output.
  const isShort = !few && shape.numRows < VERY_MANY_ROWS;
  const epochs = output === "sampled" && isShort ? chosen.epochs + 1 : chosen.epochs;
  return { ...COMMON, ...chosen, output, epochs, ...given };
}

type ChosenOptions = Omit<ModelOptions, keyof typeof COMMON | "numBuckets" | "output">;

function forFewRows({ numRows, numFeatures }: DataShape): ChosenOptions {
  const veryFew = numRows < VERY_FEW_ROWS;
  return {
    hidden: [veryFew ? 128 : numFeatures < 1000 ? 512 : 256],
    activation: "relu",
    dropout: 0.5,
    loss: "sigmoid",
    epochs: 15,
    batchSize: veryFew ? 64 : 128,
    learningRate: veryFew ? 0.005 : 0.003,
    inputLearningRateScale: 4,
    inputMoments: "element",
    inputSpread: 0.17,
  };
}

function forManyRows({ numRows, labelsPerRow }: DataShape): ChosenOptions {
  const veryMany = numRows >= VERY_MANY_ROWS;
  // One label a row and many classes: the output layer learns from fewer positives and bears smaller steps.
  const singleLabel = labelsPerRow < 1.5;
  return {
    hidden: [256],
    activation: "none",
    dropout: 0,
    loss: "softmax",
    epochs: veryMany ? 3 : 4,
    batchSize: veryMany ? 512 : 256,
    learningRate: singleLabel ? 0.002 : 0.005,
    inputLearningRateScale: singleLabel ? 10 : 2,
    inputMoments: "row",
    inputSpread: 0.017,
  };
}

/** B for L labels: half of few labels, 4·√L of many, in round numbers. */
export function chooseBuckets(numLabels: number): number {
  if (numLabels <= 32) return Math.max(2, numLabels);
  if (numLabels <= 2000) return Math.max(32, Math.ceil(numLabels / 2));
  return Math.min(20_000, Math.max(1000, 100 * Math.round((4 * Math.sqrt(numLabels)) / 100)));
}

/** Files below this size get features that a larger set need not pay for. */
const SMALL_TEXT_BYTES = 8 * 2 ** 20;

/**
 * How texts become features: words; for small sets also pairs of words and pieces of three and four letters, which tell
 * that unseen words resemble seen ones. `textBytes`: size of the unpacked training text, estimated.
 */
export function chooseTextOptions(
  textBytes: number,
  given: Partial<TextVectorizerOptions>,
): Partial<TextVectorizerOptions> {
  const rich = textBytes < SMALL_TEXT_BYTES;
  return rich ? { wordNgrams: 2, charNgrams: [3, 4], ...given } : given;
}
