/**
 * @file How much better do n worlds answer together than one? Precision of the merged labels, as worlds are added one by one.
 *
 *   world done ──forward, once──▶ scores [N, B] kept ─┐
 *   world done ──forward, once──▶ scores [N, B] kept ─┼─ merged and ranked as the model will ──▶ p@1 p@3 p@5 of n worlds
 *
 * Each world's parameters are in memory only while its rows are scored; what is kept is R·B numbers a row
 * (held-out-sample.ts bounds it). Merge, prior and ranking are the model's own, worlds in ascending order: with all worlds
 * the figures are those of `evaluate` on these rows.
 */

import type { Dataset } from "../../data/dataset.js";
import { type Kernels, type LabelPrior, QUERY_LANES } from "../../kernels/contract.js";
import { MAX_BATCH_ROWS } from "../../mach/ensemble.js";
import { sliceRows } from "../../mach/evaluate.js";
import { LabelHash, type LabelHashJson } from "../../mach/label-hash.js";
import { createLabelPrior, type LabelPriorOptions, priorCodes } from "../../mach/label-prior.js";
import { LabelRanker } from "../../mach/label-ranker.js";
import { isLogarithmic, type MergeKind, mergeModeOf, mergeScale, scalePrior } from "../../mach/merge.js";
import { Metrics, type MetricValues } from "../../mach/metrics.js";
import { activationOf, type WorldOptions } from "../../mach/world.js";
import { ScorerScratch, WorldScorer } from "../../mach/world-scorer.js";

export const MERGE_CUTOFF = 5;

export interface MergeCurveOptions {
  readonly rows: Dataset;
  readonly network: WorldOptions;
  readonly hash: LabelHashJson;
  readonly merge: MergeKind;
  readonly prior: LabelPriorOptions;
  /** [L] training rows of each label; null: no prior. */
  readonly labelCounts: Uint32Array | null;
}

export class MergeCurve {
  private readonly kernels: Kernels;
  private readonly options: MergeCurveOptions;
  private readonly hash: LabelHash;
  private readonly prior: LabelPrior | null;
  /** World → activations [N, B]. */
  private readonly scores: Map<number, Float32Array>;

  constructor(kernels: Kernels, options: MergeCurveOptions) {
    this.kernels = kernels;
    this.options = options;
    this.hash = LabelHash.fromJSON(options.hash);
    const { labelCounts, prior } = options;
    this.prior = labelCounts === null ? null : createLabelPrior(kernels, priorCodes(kernels, labelCounts), prior);
    this.scores = new Map();
  }

  get numWorlds(): number {
    return this.scores.size;
  }

  /**
   * Takes a world in. `kernels` made the arrays of `parameters`, and score its rows; they may be disposed of afterwards:
   * nothing of them is kept.
   */
  addWorld(world: number, kernels: Kernels, parameters: ReadonlyMap<string, Float32Array>): void {
    const { network, merge, rows } = this.options;
    const { numRows } = rows.features;
    const { numBuckets } = network;
    const scorer = new WorldScorer(kernels, network, parameters);
    const scratch = new ScorerScratch();
    const kept = this.scores.get(world) ?? this.kernels.f32(numRows * numBuckets);
    const activation = activationOf(network.loss, isLogarithmic(merge));
    for (let first = 0; first < numRows; first += MAX_BATCH_ROWS) {
      const count = Math.min(MAX_BATCH_ROWS, numRows - first);
      const logits = scorer.logitsInto(sliceRows(rows.features, first, count), scratch);
      kernels.activate(activation, { rows: count, cols: numBuckets }, logits);
      kept.set(logits.subarray(0, count * numBuckets), first * numBuckets);
    }
    this.scores.set(world, kept);
  }

  /** P@k of the worlds so far, together. */
  measure(): MetricValues {
    const { kernels, options, hash, scores } = this;
    const { merge, rows } = options;
    const { numRows } = rows.features;
    const { numBuckets } = hash;
    const worlds = [...scores.keys()].sort((a, b) => a - b);
    const hashes = worlds.map((world) => hash.parameters(world));
    const ranker = new LabelRanker(kernels, hashes, hash.numLabels);
    const scale = mergeScale(merge, worlds.length);
    const k = Math.min(MERGE_CUTOFF, hash.numLabels);
    const prior = scalePrior(this.prior, scale);
    const ranking = { merge: mergeModeOf(merge), prior, allowed: null, budget: null, k };
    const metrics = new Metrics();
    for (let first = 0; first < numRows; first += QUERY_LANES) {
      const count = Math.min(QUERY_LANES, numRows - first);
      const found = {
        numQueries: count,
        k,
        labels: new Uint32Array(count * k),
        scores: new Float32Array(count * k),
        counts: new Uint32Array(count),
      };
      ranker.begin(count, [ranking]);
      worlds.forEach((world, r) => {
        const kept = scores.get(world) as Float32Array;
        ranker.pack(r, kept.subarray(first * numBuckets, (first + count) * numBuckets));
      });
      ranker.rank(ranking, (row, numFound, labels, _, offset) => {
        found.labels.set(labels.subarray(offset, offset + numFound), row * k);
        found.counts[row] = numFound;
      });
      metrics.add(found, rows.labels, first);
    }
    const { "p@1": p1, "p@3": p3, "p@5": p5 } = metrics.values();
    return Object.fromEntries(Object.entries({ "p@1": p1, "p@3": p3, "p@5": p5 }).filter(([, v]) => v !== undefined));
  }
}
