/** @file How well are rows ranked whose labels are known? Chunk by chunk, in bounded memory. */
import type { SparseBatch } from "../nn/module.js";
import { METRICS_K, Metrics, type MetricValues, type PropensityOptions, type TrueLabels } from "./metrics.js";
import type { Predictions, PredictOptions } from "./predictions.js";

/** Whoever ranks labels: an Ensemble, or a PredictionPool. */
export interface Ranker {
  /** The best `options.k` labels of each row of `rows` [N, D]. */
  predict(rows: SparseBatch, options: PredictOptions): Predictions | Promise<Predictions>;
}

/** What is measured besides, and how the caller follows it. */
export interface EvaluateOptions {
  /** For psp@k; null: left out. */
  readonly propensity: PropensityOptions | null;
  /** Called after each chunk, of some thousand rows, with the rows done so far. */
  readonly onProgress?: (rows: number) => void;
  /** Asked before each chunk; true ends the evaluation early, with the figures of the rows done. */
  readonly shouldStop?: () => boolean;
}

/** Rows between two progress reports: work for several threads. */
const CHUNK_ROWS = 4096;

/** Rows [first, first + count) of `matrix`, sharing its arrays. */
export function sliceRows(matrix: SparseBatch, first: number, count: number): SparseBatch {
  const { columns, values, numCols } = matrix;
  return { offsets: matrix.offsets.subarray(first, first + count + 1), columns, values, numRows: count, numCols };
}

/** Ranks the rows of `features` [N, D] and compares with `truth`. @throws {ShapeError} if that has fewer rows. */
export async function evaluate(
  ranker: Ranker,
  features: SparseBatch,
  truth: TrueLabels,
  options: EvaluateOptions,
): Promise<MetricValues> {
  const metrics = new Metrics(options.propensity);
  for (let first = 0; first < features.numRows; first += CHUNK_ROWS) {
    if (options.shouldStop?.() === true) break;
    const count = Math.min(CHUNK_ROWS, features.numRows - first);
    const predictions = await ranker.predict(sliceRows(features, first, count), { k: METRICS_K });
    metrics.add(predictions, truth, first);
    options.onProgress?.(first + count);
  }
  return metrics.values();
}
