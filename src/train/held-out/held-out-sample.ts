/**
 * @file On how many rows set aside can curves be drawn while training goes on? Few enough to cost next to nothing.
 *
 *   epochs of a world   a 32nd of the rows of an epoch, forward only: a hundredth of its time
 *   worlds merged       scores of all worlds are kept, R·B numbers a row, within `MERGE_BYTES`
 *
 * Samples are rows at even distances, so that those of a smaller sample stand for all as well as those of a larger one.
 */
import type { Dataset } from "../../data/dataset.js";
import { selectRows } from "../../data/holdout.js";

const LEAST_EPOCH_ROWS = 256;
const MOST_ROWS = 2048;
/** Share of an epoch's rows. */
const EPOCH_SHARE = 1 / 32;
/** Scores of all worlds, counts and codes of labels. */
const MERGE_BYTES = 128 * 2 ** 20;
/** Fewer rows would draw a curve of noise: its standard error is 4 points at 128. */
const LEAST_MERGE_ROWS = 128;

/** Rows on which a world is measured at the end of each epoch. */
export function epochSampleSize(numTrainingRows: number, numHeldOut: number): number {
  return Math.min(numHeldOut, MOST_ROWS, Math.max(LEAST_EPOCH_ROWS, Math.round(EPOCH_SHARE * numTrainingRows)));
}

/** Rows on which worlds are merged as they finish; 0: the model is too large for it, `measured` figures alone are known. */
export function mergeSampleSize(
  numHeldOut: number,
  model: { readonly numWorlds: number; readonly numBuckets: number; readonly numLabels: number },
): number {
  const bytesLeft = MERGE_BYTES - 5 * model.numLabels;
  const fitting = Math.floor(bytesLeft / (4 * model.numWorlds * model.numBuckets));
  const numRows = Math.min(numHeldOut, MOST_ROWS, fitting);
  return numRows >= Math.min(LEAST_MERGE_ROWS, numHeldOut) ? numRows : 0;
}

/** `numRows` rows of `dataset` at even distances, on shared memory; itself if that is all of them. */
export function sampleRows(dataset: Dataset, numRows: number): Dataset {
  const { numRows: total } = dataset.features;
  if (numRows >= total) return dataset;
  return selectRows(
    dataset,
    Uint32Array.from({ length: numRows }, (_, i) => Math.floor(((i + 0.5) * total) / numRows)),
  );
}
