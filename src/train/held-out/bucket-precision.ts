/**
 * @file How well does one world name buckets of rows that it does not learn from? P@k of its k best buckets.
 *
 *   row's labels ──hash──▶ its buckets (distinct)       hits among the world's k best buckets, divided by k
 *
 * A world by itself names no labels: all labels of a bucket are equal to it. This is what it is trained for, and the
 * same at every epoch. Answers come from the parameters alone (WorldScorer): nothing random is drawn, nothing of the
 * training is touched, so that a world's bytes are the same whether it is measured or not.
 */

import type { Dataset } from "../../data/dataset.js";
import type { HashParameters, Kernels } from "../../kernels/contract.js";
import { sliceRows } from "../../mach/evaluate.js";
import type { WorldOptions } from "../../mach/world.js";
import { ScorerScratch, WorldScorer } from "../../mach/world-scorer.js";
import type { Parameter } from "../../nn/parameter.js";
import { allocateCsr } from "../batch-loader.js";

export const BUCKET_CUTOFFS: readonly number[] = [1, 3, 5];
/** Rows scored together: their logits stay small, whatever B. */
const BATCH_ROWS = 64;

export interface BucketPrecisionOptions {
  readonly model: WorldOptions;
  readonly hash: HashParameters;
  readonly rows: Dataset;
}

/** @returns what measures the world as its parameters are: `p@1`, `p@3`, `p@5`, those that B buckets allow. */
export function bucketPrecision(
  kernels: Kernels,
  parameters: () => readonly Parameter[],
  { model, hash, rows }: BucketPrecisionOptions,
): () => Record<string, number> {
  const { features, labels } = rows;
  const numEntries = labels.offsets[labels.numRows] - labels.offsets[0];
  const targets = allocateCsr(kernels, features.numRows, numEntries);
  kernels.hashTargets(hash, features.numRows, labels.offsets, labels.ids, "binary", targets);
  const inputs = {
    ...features,
    offsets: kernels.adopt(features.offsets),
    columns: kernels.adopt(features.columns),
    values: kernels.adopt(features.values),
  };
  const cutoffs = BUCKET_CUTOFFS.filter((k) => k <= model.numBuckets);
  const most = cutoffs[cutoffs.length - 1];
  const scratch = new ScorerScratch();
  const best = new Uint32Array(most);
  return () => {
    const scorer = new WorldScorer(kernels, model, new Map(parameters().map((p) => [p.name, p.value])));
    const hits = cutoffs.map(() => 0);
    for (let first = 0; first < features.numRows; first += BATCH_ROWS) {
      const batch = sliceRows(inputs, first, Math.min(BATCH_ROWS, features.numRows - first));
      const logits = scorer.logitsInto(batch, scratch);
      for (let q = 0; q < batch.numRows; q++) {
        bestInto(logits.subarray(q * model.numBuckets, (q + 1) * model.numBuckets), best);
        const row = first + q;
        const truth = targets.columns.subarray(targets.offsets[row], targets.offsets[row + 1]);
        for (let j = 0; j < most; j++) {
          if (!truth.includes(best[j])) continue;
          for (let i = 0; i < cutoffs.length; i++) if (j < cutoffs[i]) hits[i]++;
        }
      }
    }
    return Object.fromEntries(cutoffs.map((k, i) => [`p@${k}`, hits[i] / (k * Math.max(1, features.numRows))]));
  };
}

/** Writes the positions of the `out.length` largest numbers of `values` into `out`, best first, ties by smaller position. */
function bestInto(values: Float32Array, out: Uint32Array): void {
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (count === out.length && !(value > values[out[count - 1]])) continue;
    let j = count < out.length ? count++ : count - 1;
    while (j > 0 && values[out[j - 1]] < value) {
      out[j] = out[j - 1];
      j--;
    }
    out[j] = i;
  }
}
