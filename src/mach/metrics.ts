/**
 * @file How good is a ranking? P@k, R@k, nDCG@k and propensity-scored P@k, as the XC repository defines them.
 *
 *   y: true labels of a row, rank j = 1 … k: hit_j = 1 if the j-th result is in y, N rows
 *   P@k     1/N · Σ_rows Σ_{j≤k} hit_j / k                           hits/k, however few true labels a row has
 *   R@k     mean over rows with |y| > 0 of Σ_{j≤k} hit_j / |y|
 *   nDCG@k  1/N · Σ_rows [Σ_{j≤k} hit_j / log₂(j+1)] / [Σ_{j≤min(k,|y|)} 1 / log₂(j+1)]
 *   PSP@k   Σ_rows Σ_{j≤k} hit_j / π(j-th result)  ÷  the same for the best possible ranking of each row (k labels of y
 *           with the largest 1/π): so 1 is perfect
 *
 *   π_l = 1 / (1 + C·(n_l + B)^−A),  C = (ln N_train − 1)·(B + 1)^A,  A = 0.55, B = 1.5,  n_l training occurrences of l
 *
 * Rows without true labels count as rows of P@k and nDCG@k (they add 0) and not of R@k. A true label that the model's
 * table does not know still counts: it is in |y| and in the best possible ranking, with n_l = 0.
 *
 * Sources: manikvarma.org/downloads/XC/XMLRepository.html (definitions); Jain, Prabhu, Varma, "Extreme Multi-label Loss
 * Functions for Recommendation, Tagging, Ranking & Other Missing Label Applications", KDD 2016, §4 (propensities).
 * Differs from the MACH authors' code: that divides P@k by min(|y|, k).
 */
import { ShapeError } from "../core/errors.js";
import type { Predictions } from "./predictions.js";

/** Training statistics that propensities need. */
export interface PropensityOptions {
  /** [L] how many training rows have each label. */
  readonly labelCounts: Uint32Array;
  /** N_train, rows that `labelCounts` was counted over. */
  readonly numTrainingRows: number;
  /** A. Default 0.55, the XC repository's for all sets but Wikipedia and Amazon. */
  readonly a?: number;
  /** B. Default 1.5. */
  readonly b?: number;
}

/** True labels of each row: `ids[offsets[i] … offsets[i+1])`, distinct. Ids ≥ L are labels unknown to the model. */
export interface TrueLabels {
  /** [N + 1], ascending. */
  readonly offsets: Uint32Array;
  readonly ids: Uint32Array;
  /** Further true labels of each row that have no id. */
  readonly numUnknown?: Uint32Array;
}

/** A figure by name: measure and k. */
export type MetricName =
  | "p@1"
  | "p@3"
  | "p@5"
  | "r@10"
  | "r@100"
  | "ndcg@1"
  | "ndcg@3"
  | "ndcg@5"
  | "psp@1"
  | "psp@3"
  | "psp@5";
/** Figures as fractions, 1 is best. Present where predictions reach that far (k), psp only with propensities. */
export type MetricValues = Partial<Record<MetricName, number>>;

/** Ranks that predictions must reach for every figure. */
export const METRICS_K = 100;
const PRECISION_CUTOFFS = [1, 3, 5] as const;
const RECALL_CUTOFFS = [10, 100] as const;

/** 1/π of labels by training count; `unseen` for those that never occurred or are unknown. */
export function inversePropensities(options: PropensityOptions): {
  readonly byLabel: Float64Array;
  readonly unseen: number;
} {
  const { labelCounts, numTrainingRows, a = 0.55, b = 1.5 } = options;
  // Below e rows C would be negative and 1/π below 1: such sets have no propensities worth the name.
  const c = Math.max(0, Math.log(numTrainingRows) - 1) * (b + 1) ** a;
  const inverse = (n: number): number => 1 + c * (n + b) ** -a;
  return { byLabel: Float64Array.from(labelCounts, inverse), unseen: inverse(0) };
}

/** Adds up batches of predictions. */
export class Metrics {
  private readonly inverse: ReturnType<typeof inversePropensities> | null;
  private numRows = 0;
  private numRated = 0;
  private maxK = Number.POSITIVE_INFINITY;
  private readonly hits = new Float64Array(PRECISION_CUTOFFS.length);
  private readonly gain = new Float64Array(PRECISION_CUTOFFS.length);
  private readonly weightedHits = new Float64Array(PRECISION_CUTOFFS.length);
  private readonly bestWeightedHits = new Float64Array(PRECISION_CUTOFFS.length);
  private readonly recall = new Float64Array(RECALL_CUTOFFS.length);

  /** Without `propensity` there are no psp figures. */
  constructor(propensity: PropensityOptions | null = null) {
    this.inverse = propensity === null ? null : inversePropensities(propensity);
  }

  /**
   * Adds predictions for rows [firstRow, firstRow + numQueries) of `truth`. A result given twice counts once.
   * @throws {ShapeError} if `truth` has fewer rows.
   */
  add(predictions: Predictions, truth: TrueLabels, firstRow = 0): void {
    const { numQueries, k, labels, counts } = predictions;
    if (truth.offsets.length <= firstRow + numQueries) {
      const rows = truth.offsets.length - 1 - firstRow;
      throw new ShapeError(`Metrics.add: expected true labels of ${numQueries} rows, got ${rows}`);
    }
    this.maxK = Math.min(this.maxK, k);
    for (let q = 0; q < numQueries; q++) {
      const row = firstRow + q;
      const ids = truth.ids.subarray(truth.offsets[row], truth.offsets[row + 1]);
      this.addRow(labels.subarray(q * k, q * k + counts[q]), ids, truth.numUnknown?.[row] ?? 0);
    }
  }

  private addRow(results: Uint32Array, trueIds: Uint32Array, numUnknown: number): void {
    const remaining = new Set(trueIds);
    const numTrue = remaining.size + numUnknown;
    this.numRows++;
    if (numTrue === 0) return;
    this.numRated++;
    if (this.inverse !== null) this.addBest(remaining, numUnknown);
    const ideal = idealGains(numTrue);
    const end = Math.min(results.length, METRICS_K);
    for (let j = 0; j < end && remaining.size > 0; j++) {
      if (!remaining.delete(results[j])) continue;
      const weight = this.weightOf(results[j]);
      PRECISION_CUTOFFS.forEach((cutoff, i) => {
        if (j >= cutoff) return;
        this.hits[i]++;
        this.gain[i] += 1 / Math.log2(j + 2) / ideal[i];
        this.weightedHits[i] += weight;
      });
      RECALL_CUTOFFS.forEach((cutoff, i) => {
        if (j < cutoff) this.recall[i] += 1 / numTrue;
      });
    }
  }

  private addBest(trueIds: ReadonlySet<number>, numUnknown: number): void {
    const weights = Array.from(trueIds, (label) => this.weightOf(label));
    const largest = PRECISION_CUTOFFS[PRECISION_CUTOFFS.length - 1];
    for (let i = 0; i < Math.min(numUnknown, largest); i++) weights.push(this.inverse?.unseen ?? 0);
    weights.sort((x, y) => y - x);
    PRECISION_CUTOFFS.forEach((cutoff, i) => {
      for (let j = 0; j < Math.min(cutoff, weights.length); j++) this.bestWeightedHits[i] += weights[j];
    });
  }

  private weightOf(label: number): number {
    if (this.inverse === null) return 0;
    return label < this.inverse.byLabel.length ? this.inverse.byLabel[label] : this.inverse.unseen;
  }

  /** The figures over all rows added so far, 0 where there were none to average. */
  values(): MetricValues {
    const values: MetricValues = {};
    const reached = (cutoff: number): boolean => cutoff <= this.maxK;
    PRECISION_CUTOFFS.forEach((k, i) => {
      if (reached(k)) values[`p@${k}`] = ratio(this.hits[i], k * this.numRows);
    });
    RECALL_CUTOFFS.forEach((k, i) => {
      if (reached(k)) values[`r@${k}`] = ratio(this.recall[i], this.numRated);
    });
    PRECISION_CUTOFFS.forEach((k, i) => {
      if (reached(k)) values[`ndcg@${k}`] = ratio(this.gain[i], this.numRows);
    });
    PRECISION_CUTOFFS.forEach((k, i) => {
      if (reached(k) && this.inverse !== null) {
        values[`psp@${k}`] = ratio(this.weightedHits[i], this.bestWeightedHits[i]);
      }
    });
    return values;
  }

  /** Rows added so far, and how many of them had a true label. */
  counts(): { readonly rows: number; readonly rated: number } {
    return { rows: this.numRows, rated: this.numRated };
  }
}

/** Best gain of a row with `numTrue` true labels, at each cutoff. */
function idealGains(numTrue: number): number[] {
  return PRECISION_CUTOFFS.map((cutoff) => {
    let sum = 0;
    for (let j = 0; j < Math.min(cutoff, numTrue); j++) sum += 1 / Math.log2(j + 2);
    return sum;
  });
}

function ratio(numerator: number, denominator: number): number {
  return denominator === 0 ? 0 : numerator / denominator;
}
