/**
 * @file Which labels fit these inputs? All loaded worlds answer, their scores are merged, the best k labels come out.
 *
 *   rows [N, D]  ──up to 256 at a time──▶ world 0: logits [256, B] → activate ─┐
 *                                         world 1: …                           ─┤
 *                                                                                ▼
 *                                                     LabelRanker: scores of the batch, merged and ranked ──▶ top k
 *
 * A batch is as large as makes the worlds' gemms efficient (256 rows) and as small as the scores' budget demands
 * (`maxScoreBytes`, R·B·4 bytes a query). Labels are hashed on the fly: no L × R table, no L × N scores.
 * Any subset of worlds answers; the hashes used are those of the worlds that are there.
 *
 * Buffers are kept between calls, so an Ensemble serves one call at a time; several may share parameters.
 */
import { ConfigError, ShapeError } from "../core/errors.js";
import { type Kernels, type LabelPrior, MAX_WORLDS, QUERY_LANES } from "../kernels/contract.js";
import type { SparseBatch } from "../nn/module.js";
import type { LabelHash } from "./label-hash.js";
import { LabelRanker, type LabelRanking } from "./label-ranker.js";
import {
  isLogarithmic,
  MERGE_KINDS,
  type MergeKind,
  mergeModeOf,
  mergeScale,
  reportedScore,
  scalePrior,
  unbiasedProbability,
} from "./merge.js";
import type { ExplainedPredictions, ExplainOptions, Predictions, PredictOptions } from "./predictions.js";
import { RowBatches } from "./row-batches.js";
import { type QueryVotes, VoteCounter } from "./votes.js";
import { activationOf, type WorldOptions } from "./world.js";
import { ScorerScratch, type WorldScorer } from "./world-scorer.js";

/** A world that can answer. */
export interface LoadedWorld {
  /** Its number, which names its hash. */
  readonly world: number;
  readonly scorer: WorldScorer;
}

/** What an ensemble is made of. */
export interface EnsembleOptions {
  readonly hash: LabelHash;
  /** Shape of every world. */
  readonly worldOptions: WorldOptions;
  /** 1 … MAX_WORLDS of them; any subset of 0 … R − 1, kept in ascending order. */
  readonly worlds: readonly LoadedWorld[];
  /** How scores are merged where a call does not say. */
  readonly merge: MergeKind;
  /** Prior where a call does not say, in units of the reported mean (label-prior.ts). Default none. */
  readonly prior?: LabelPrior | null;
  /** Room for the scores of one batch. Default DEFAULT_MAX_SCORE_BYTES; one block of 16 queries is always allowed. */
  readonly maxScoreBytes?: number;
}

/** 256 queries of 16 worlds of 4,000 buckets. */
export const DEFAULT_MAX_SCORE_BYTES: number = 64 * 2 ** 20;
/** Rows at which the worlds' gemms are near their peak; more only costs memory. */
export const MAX_BATCH_ROWS = 256;

/** Results of one call, 8 bytes each. */
const MAX_RESULTS = 2 ** 28;

/** One way of ranking, resolved: what the kernels are given for it. */
interface Ranking extends LabelRanking {
  readonly kind: MergeKind;
  readonly scale: number;
}

/** The worlds of a model, merged: scores of rows [N, D] in, the best k labels of each out, exactly unless a budget is given. */
export class Ensemble {
  readonly hash: LabelHash;
  readonly worldOptions: WorldOptions;
  /** Numbers of the worlds that answer, ascending. */
  readonly worldNumbers: readonly number[];
  /** Rows that are scored together: a multiple of 16, at most MAX_BATCH_ROWS. */
  readonly batchRows: number;
  readonly merge: MergeKind;
  readonly prior: LabelPrior | null;
  private readonly kernels: Kernels;
  private readonly scorers: readonly WorldScorer[];
  private readonly ranker: LabelRanker;
  private readonly scratch: ScorerScratch;
  private readonly scaledPriors: WeakMap<LabelPrior, Map<number, LabelPrior | null>>;
  private readonly rowBatches: RowBatches;

  /** @throws {ConfigError} without worlds, with too many, with one given twice, or for shapes that differ. */
  constructor(kernels: Kernels, options: EnsembleOptions) {
    const { hash, worldOptions, merge, prior = null, maxScoreBytes = DEFAULT_MAX_SCORE_BYTES } = options;
    const worlds = [...options.worlds].sort((x, y) => x.world - y.world);
    if (worlds.length === 0) throw new ConfigError("Ensemble: expected at least one world, got none; train some first");
    if (worlds.length > MAX_WORLDS) {
      throw new ConfigError(`Ensemble: expected at most ${MAX_WORLDS} worlds, got ${worlds.length}; name some of them`);
    }
    worlds.forEach(({ world, scorer }, i) => {
      if (i > 0 && worlds[i - 1].world === world) throw new ConfigError(`Ensemble: got world ${world} twice`);
      if (scorer.numBuckets !== hash.numBuckets) {
        throw new ConfigError(`Ensemble: world ${world} has ${scorer.numBuckets} buckets, the hash ${hash.numBuckets}`);
      }
    });
    this.kernels = kernels;
    this.hash = hash;
    this.worldOptions = worldOptions;
    this.worldNumbers = worlds.map(({ world }) => world);
    this.merge = merge;
    this.prior = prior;
    this.scorers = worlds.map(({ scorer }) => scorer);
    const hashes = worlds.map(({ world }) => hash.parameters(world));
    this.ranker = new LabelRanker(kernels, hashes, hash.numLabels);
    const blockBytes = worlds.length * hash.numBuckets * QUERY_LANES * 4;
    const numBlocks = Math.max(1, Math.min(MAX_BATCH_ROWS / QUERY_LANES, Math.floor(maxScoreBytes / blockBytes)));
    this.batchRows = numBlocks * QUERY_LANES;
    this.scratch = new ScorerScratch();
    this.scaledPriors = new WeakMap();
    this.rowBatches = new RowBatches(kernels, worldOptions.numFeatures, this.batchRows);
  }

  /** Worlds that answer. */
  get numWorlds(): number {
    return this.scorers.length;
  }

  /**
   * The best k labels of every row of `inputs` [N, D].
   * @throws {ShapeError} for other shapes, columns ≥ D, or a prior or a filter of fewer labels.
   * @throws {ConfigError} for k below 1, too many results in all, no known merge, a budget that does not suit merge or
   * worlds, or `unbiased` without softmax worlds of two buckets or more, merged by probability.
   */
  predict(inputs: SparseBatch, options: PredictOptions): Predictions {
    const [predictions] = this.predictEach(inputs, options.k, [options]);
    if (options.unbiased === true) this.makeUnbiased(predictions, options);
    return predictions;
  }

  /**
   * As `predict`, for several ways of ranking at once: the worlds' forward passes are shared. For choosing the merge
   * and the prior on held-out rows. `unbiased` is not looked at. @throws {ShapeError | ConfigError} as `predict`.
   */
  predictEach(inputs: SparseBatch, k: number, rankings: readonly Omit<PredictOptions, "k">[]): Predictions[] {
    return this.answer(inputs, k, rankings, () => {});
  }

  /**
   * As `predict`, and how each world voted (votes.ts); the forward pass is shared. Some 36·k·R bytes a row.
   * @throws {ShapeError | ConfigError} as `predict`.
   */
  explain(inputs: SparseBatch, options: ExplainOptions): ExplainedPredictions {
    const { k, explained, labelCounts = null } = options;
    const logarithm = isLogarithmic(options.merge ?? this.merge);
    const counter = new VoteCounter(this.hash, this.worldNumbers, labelCounts);
    const votes = new Array<QueryVotes | null>(inputs.numRows).fill(null);
    const scores = new Float32Array(this.hash.numBuckets);
    const [predictions] = this.answer(inputs, k, [options], (first, numRows, { labels, counts }) => {
      for (let row = 0; row < numRows; row++) {
        const q = first + row;
        const count = Math.min(counts[q], explained === undefined ? k : explained[q]);
        // Of a row without any label that may be returned, the worlds' own views are still wanted.
        if (explained !== undefined && explained[q] === 0) continue;
        votes[q] = counter.count(labels.subarray(q * k, q * k + count), logarithm, (r) => {
          this.ranker.scoresInto(row, r, scores);
          return scores;
        });
      }
    });
    if (options.unbiased === true) this.makeUnbiased(predictions, options);
    return { ...predictions, votes };
  }

  /** Calls `onBatch` with each ranking's results while the ranker still has the scores of the rows from `first` on. */
  private answer(
    inputs: SparseBatch,
    k: number,
    rankings: readonly Omit<PredictOptions, "k">[],
    onBatch: (first: number, numRows: number, results: Predictions) => void,
  ): Predictions[] {
    this.checkSize(inputs.numRows, k);
    this.rowBatches.check(inputs);
    const resolved = rankings.map((ranking) => this.resolve(ranking, k));
    const results = resolved.map(() => ({
      numQueries: inputs.numRows,
      k,
      labels: new Uint32Array(inputs.numRows * k),
      scores: new Float32Array(inputs.numRows * k),
      counts: new Uint32Array(inputs.numRows),
    }));
    for (let first = 0; first < inputs.numRows; first += this.batchRows) {
      const batch = this.rowBatches.copy(inputs, first, Math.min(this.batchRows, inputs.numRows - first));
      for (const logarithm of [false, true]) {
        const asked = resolved.filter(({ kind }) => isLogarithmic(kind) === logarithm);
        if (asked.length === 0) continue;
        this.ranker.begin(batch.numRows, asked);
        this.scoreBatch(batch, logarithm);
        for (const ranking of asked) {
          const result = results[resolved.indexOf(ranking)];
          this.rankBatch(first, ranking, result);
          onBatch(first, batch.numRows, result);
        }
      }
    }
    return results;
  }

  private resolve(options: Omit<PredictOptions, "k">, k: number): Ranking {
    const { merge: kind = this.merge, prior = this.prior, allowed = null, budget = null } = options;
    if (!MERGE_KINDS.includes(kind)) {
      throw new ConfigError(`Ensemble: expected a merge of ${MERGE_KINDS.join(", ")}, got ${JSON.stringify(kind)}`);
    }
    const scale = mergeScale(kind, this.numWorlds);
    const ranking = { kind, scale, merge: mergeModeOf(kind), prior: this.scaled(prior, scale), allowed, budget, k };
    this.ranker.check(ranking);
    return ranking;
  }

  /** `prior` in units of the merged score, made once. */
  private scaled(prior: LabelPrior | null, scale: number): LabelPrior | null {
    if (prior === null) return null;
    if (prior.codes.length < this.hash.numLabels) {
      throw new ShapeError(`Ensemble: expected a prior of ${this.hash.numLabels} labels, got ${prior.codes.length}`);
    }
    let scaled = this.scaledPriors.get(prior);
    if (scaled === undefined) {
      scaled = new Map();
      this.scaledPriors.set(prior, scaled);
    }
    if (!scaled.has(scale)) scaled.set(scale, scalePrior(prior, scale));
    return scaled.get(scale) ?? null;
  }

  private checkSize(numRows: number, k: number): void {
    if (!Number.isSafeInteger(k) || k < 1) throw new ConfigError(`Ensemble: expected k of at least 1, got ${k}`);
    if (numRows * k > MAX_RESULTS) {
      throw new ConfigError(
        `Ensemble: expected at most ${MAX_RESULTS} results in all, got ${numRows} rows of k = ${k}; ` +
          "ask for fewer labels, or for fewer rows at a time",
      );
    }
  }

  /** Hands the activations of all worlds to the ranker. */
  private scoreBatch(batch: SparseBatch, logarithm: boolean): void {
    const { kernels, scratch, hash } = this;
    const dims = { rows: batch.numRows, cols: hash.numBuckets };
    const activation = activationOf(this.worldOptions.loss, logarithm);
    this.scorers.forEach((scorer, r) => {
      const logits = scorer.logitsInto(batch, scratch);
      kernels.activate(activation, dims, logits);
      this.ranker.pack(r, logits);
    });
  }

  /** Ranks the batch whose first row is `firstRow` of the results. */
  private rankBatch(firstRow: number, ranking: Ranking, out: Predictions): void {
    const { k } = out;
    this.ranker.rank(ranking, (row, count, labels, scores, offset) => {
      out.counts[firstRow + row] = count;
      const at = (firstRow + row) * k;
      for (let j = 0; j < count; j++) {
        out.labels[at + j] = labels[offset + j];
        out.scores[at + j] = reportedScore(ranking.kind, scores[offset + j], ranking.scale);
      }
    });
  }

  private makeUnbiased({ numQueries, k, labels, scores, counts }: Predictions, options: PredictOptions): void {
    const { merge = this.merge, prior = this.prior } = options;
    if (this.worldOptions.loss !== "softmax" || merge !== "probability") {
      throw new ConfigError("Ensemble: unbiased probabilities need softmax worlds merged by probability; choose those");
    }
    for (let q = 0; q < numQueries; q++) {
      for (let i = q * k; i < q * k + counts[q]; i++) {
        const mean = scores[i] - (prior === null ? 0 : prior.bias[prior.codes[labels[i]]]);
        scores[i] = unbiasedProbability(mean, this.hash.numBuckets);
      }
    }
  }
}
