/**
 * @file What does a plan need to know of the data, and what follows from it for one batch?
 *
 * Features and labels of text follow Zipf's law: the r-th most frequent occurs 1/r as often as the first. A batch then
 * touches far fewer rows of the input layer than it has entries; that number decides how large gradients are.
 */
import type { DataShape } from "../choose-options.js";
import type { ModelOptions } from "../model-options.js";

/** Sizes of a data set, read from a file or stated. */
export interface PlanShape extends DataShape {
  /** Mean number of features of a row. */
  readonly featuresPerRow: number;
}

/** Entries of the largest batch beside those of a mean one: rows of text differ in length. */
const LARGEST_BATCH = 2;

/**
 * Expected number of distinct ids among `draws` from 1 … `size` with chances proportional to 1/rank.
 * Sums over ranks, in blocks that grow with the rank: 1 % accurate, some thousand terms whatever the size.
 */
export function distinctOfZipf(size: number, draws: number): number {
  let harmonic = 0;
  const blocks: [rank: number, count: number][] = [];
  for (let first = 1; first <= size; ) {
    const count = Math.min(size - first + 1, Math.max(1, Math.floor(first / 100)));
    blocks.push([first + (count - 1) / 2, count]);
    harmonic += count / (first + (count - 1) / 2);
    first += count;
  }
  return blocks.reduce((sum, [rank, count]) => sum - count * Math.expm1(-draws / (rank * harmonic)), 0);
}

/** Labels that occur in training rows of the stated sizes, expected. */
export function seenLabels({ numLabels, numRows, labelsPerRow }: PlanShape): number {
  return distinctOfZipf(numLabels, numRows * labelsPerRow);
}

/** Numbers that describe one step. */
export interface BatchShape {
  /** Rows. */
  readonly rows: number;
  /** Entries of the sparse input, of a mean batch and of the largest. */
  readonly entries: number;
  readonly mostEntries: number;
  /** Rows of the input layer that the batch touches. */
  readonly touchedFeatures: number;
  /** Columns of the output layer that the step computes for all rows. */
  readonly columns: number;
  /** Columns that the optimiser moves: those, and of a sampled output the rows' own targets. */
  readonly touchedColumns: number;
}

/** What one step of training with `options` works on. */
export function batchShapeOf(options: ModelOptions, shape: PlanShape): BatchShape {
  const rows = Math.min(options.batchSize, shape.numRows);
  const entries = rows * shape.featuresPerRow;
  const touchedFeatures = distinctOfZipf(shape.numFeatures, entries);
  const positives = Math.min(options.numBuckets, distinctOfZipf(shape.numLabels, rows * shape.labelsPerRow));
  const isSampled = options.output === "sampled";
  const columns = isSampled ? Math.min(options.numBuckets, options.numNegatives) : options.numBuckets;
  const touchedColumns = Math.min(options.numBuckets, columns + (isSampled ? positives : 0));
  return { rows, entries, mostEntries: LARGEST_BATCH * entries, touchedFeatures, columns, touchedColumns };
}

/** Rows that worlds learn from. */
export function trainingRows({ validationShare }: ModelOptions, { numRows }: PlanShape): number {
  return Math.max(1, Math.round((1 - validationShare) * numRows));
}
