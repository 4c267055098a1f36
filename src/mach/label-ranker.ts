/**
 * @file Which k labels score best, given what the worlds say of a batch of queries? Two ways, the same answers to the bit.
 *
 *   scan       scores │ block 0: [R, B, 16] │ block 1 │ …   all L labels, 16 queries side by side: cheap a query, while
 *                                                           L is small
 *   retrieval  scores │ query 0: [R, B] │ query 1 │ …       each query alone, by posting lists that the hash computes:
 *                                                           a cost of a few of its labels, for millions of them
 *
 * What a query will cost by retrieval is known only when its scores are: flat ones make it dearer than a scan, and it
 * declines. Which layout a batch gets is decided before, from the least that retrieval can cost; queries that declined are
 * then scanned together. The costs are nanoseconds of one core (bench/results/scale), of which only ratios matter.
 */
import { ConfigError, ShapeError } from "../core/errors.js";
import {
  type HashParameters,
  type Kernels,
  type LabelPrior,
  MAX_HEADS,
  type MergeMode,
  QUERY_LANES,
  type RetrievalBudget,
} from "../kernels/contract.js";
import { atLeastF32, atLeastU32 } from "../nn/tensor-buffer.js";

/** How a batch is to be ranked. */
export interface LabelRanking {
  readonly merge: MergeMode;
  /** In units of the merged score; null for none. */
  readonly prior: LabelPrior | null;
  /** See labelFilter; null: all labels. */
  readonly allowed: Uint8Array | null;
  /** null: exact. */
  readonly budget: RetrievalBudget | null;
  readonly k: number;
}

/** Receives the ranked labels of a row of the batch: the first `count` from `offset` on; arrays are used again. */
export type TakeRow = (row: number, count: number, labels: Uint32Array, scores: Float32Array, offset: number) => void;

/** A scan of one query, a label and world. */
const SCAN_COST = 0.5;
/** A scan of 16 queries, a label, world and query: while their scores stay in the cache, and when they do not. */
const LANES_COST = 0.06;
const LARGE_LANES_COST = 0.13;
const LARGE_SCORES_BYTES = 8 * 2 ** 20;
/** Retrieval: planning, sorting a world's best buckets, a score that is looked at, a label whose mark is cleared, a list, a member of it. */
const PLAN_COST = 200_000;
const WORLD_COST = 15_000;
const SCORE_COST = 0.5;
const MARK_COST = 0.03;
const LIST_COST = 100;
const MEMBER_COST = 0.65;
/** Lists a world that retrieval walks at least. */
const LEAST_LISTS = 8;

/** Ranks batches of queries: `begin`, then `pack` each world's scores, then `rank` in as many ways as are wanted. */
export class LabelRanker {
  private readonly kernels: Kernels;
  private readonly hashes: readonly HashParameters[];
  private readonly numLabels: number;
  private readonly numBuckets: number;
  private byQuery: boolean;
  private rows: number;
  private scores: Float32Array;
  private outLabels: Uint32Array;
  private outScores: Float32Array;
  private scratch: Uint8Array;
  private allowed: Uint8Array;
  private declinedScores: Float32Array;
  private declinedRows: Float32Array;

  constructor(kernels: Kernels, hashes: readonly HashParameters[], numLabels: number) {
    this.kernels = kernels;
    this.hashes = hashes;
    this.numLabels = numLabels;
    this.numBuckets = hashes[0].numBuckets;
    this.byQuery = false;
    this.rows = 0;
    this.scores = new Float32Array(0);
    this.outLabels = new Uint32Array(0);
    this.outScores = new Float32Array(0);
    this.scratch = new Uint8Array(0);
    this.allowed = new Uint8Array(0);
    this.declinedScores = new Float32Array(0);
    this.declinedRows = new Float32Array(0);
  }

  /**
   * @throws {ShapeError} for a filter of fewer labels.
   * @throws {ConfigError} for a budget with another merge than a sum, or beyond what can be walked.
   */
  check({ merge, allowed, budget }: LabelRanking): void {
    if (allowed !== null && allowed.length < Math.ceil(this.numLabels / 8)) {
      throw new ShapeError(`filter: expected a bit for each of ${this.numLabels} labels, got ${8 * allowed.length}`);
    }
    if (budget === null) return;
    if (merge !== "sum") throw new ConfigError(`a budget needs scores that are added, got merge "${merge}"`);
    const { bucketsPerWorld, minWorlds } = budget;
    const most = Math.floor(MAX_HEADS / this.hashes.length);
    if (!(Number.isInteger(bucketsPerWorld) && bucketsPerWorld >= 1 && bucketsPerWorld <= most)) {
      throw new ConfigError(`budget: expected 1 to ${most} buckets a world, got ${bucketsPerWorld}`);
    }
    if (!(Number.isInteger(minWorlds) && minWorlds >= 1 && minWorlds <= Math.min(255, this.hashes.length))) {
      throw new ConfigError(`budget: expected 1 to ${this.hashes.length} worlds to meet a label in, got ${minWorlds}`);
    }
  }

  /** Starts a batch of `rows` queries that all of `rankings` will be asked for. */
  begin(rows: number, rankings: readonly LabelRanking[]): void {
    const { hashes, numBuckets, kernels } = this;
    this.rows = rows;
    this.byQuery =
      rankings.every(({ merge }) => merge === "sum") &&
      (rankings.some(({ budget }) => budget !== null) || this.retrievalMayPay(rows));
    const padded = this.byQuery || rows === 1 ? rows : QUERY_LANES * Math.ceil(rows / QUERY_LANES);
    this.scores = atLeastF32(kernels, this.scores, padded * hashes.length * numBuckets);
    if (!this.byQuery) return;
    const scratchBytes = kernels.retrievalScratchBytes(hashes.length, numBuckets);
    if (this.scratch.length < scratchBytes) this.scratch = kernels.u8(scratchBytes);
  }

  /** Takes in what the world at position `r` says: activated logits [rows, B]. */
  pack(r: number, logits: Float32Array): void {
    const { kernels, numBuckets, rows } = this;
    for (let first = 0; first < rows; first += this.byQuery ? 1 : QUERY_LANES) {
      const numQueries = this.byQuery ? 1 : Math.min(QUERY_LANES, rows - first);
      const offset = this.blockOffset(first) + r * numBuckets * lanesOf(numQueries);
      kernels.packScores(numQueries, numBuckets, first, logits, offset, this.scores);
    }
  }

  /** Ranks the batch. @throws {ConfigError | ShapeError} as `check`. */
  rank(ranking: LabelRanking, take: TakeRow): void {
    const own = { ...ranking, allowed: this.ownAllowed(ranking.allowed) };
    this.outLabels = atLeastU32(this.kernels, this.outLabels, QUERY_LANES * ranking.k);
    this.outScores = atLeastF32(this.kernels, this.outScores, QUERY_LANES * ranking.k);
    if (this.byQuery) this.retrieve(own, take);
    else {
      for (let first = 0; first < this.rows; first += QUERY_LANES) {
        const numQueries = Math.min(QUERY_LANES, this.rows - first);
        const offset = this.blockOffset(first);
        const length = this.hashes.length * this.numBuckets * lanesOf(numQueries);
        this.scan(own, this.scores.subarray(offset, offset + length), numQueries, (q) => first + q, take);
      }
    }
  }

  /** out [B] ← the scores of the world at position `r` for a row of the batch, as they are ranked by. */
  scoresInto(row: number, r: number, out: Float32Array): void {
    const { numBuckets, scores } = this;
    const first = this.byQuery ? row : row - (row % QUERY_LANES);
    const lanes = lanesOf(this.byQuery ? 1 : Math.min(QUERY_LANES, this.rows - first));
    let at = this.blockOffset(first) + r * numBuckets * lanes + (row - first);
    for (let bucket = 0; bucket < numBuckets; bucket++, at += lanes) out[bucket] = scores[at];
  }

  private retrievalMayPay(rows: number): boolean {
    const { numLabels, numBuckets, hashes } = this;
    const lists = LEAST_LISTS * hashes.length;
    const least =
      PLAN_COST +
      hashes.length * (WORLD_COST + SCORE_COST * numBuckets) +
      MARK_COST * numLabels +
      lists * (LIST_COST + (MEMBER_COST * numLabels) / numBuckets);
    return least < this.scanCost(rows) * hashes.length * numLabels;
  }

  /** Nanoseconds a label, world and query. */
  private scanCost(rows: number): number {
    if (rows === 1) return SCAN_COST;
    const bytes = 4 * QUERY_LANES * this.hashes.length * this.numBuckets;
    return bytes > LARGE_SCORES_BYTES ? LARGE_LANES_COST : LANES_COST;
  }

  private blockOffset(row: number): number {
    return row * this.hashes.length * this.numBuckets;
  }

  private retrieve(ranking: LabelRanking, take: TakeRow): void {
    const { kernels, hashes, numLabels, scratch, outLabels, outScores, rows } = this;
    const length = hashes.length * this.numBuckets;
    const declined: number[] = [];
    for (let row = 0; row < rows; row++) {
      const scores = this.scores.subarray(row * length, (row + 1) * length);
      const { prior, allowed, budget, k } = ranking;
      // A query alone is scanned at once where that is cheaper; of many, those that decline are scanned together.
      const cost = rows > 1 && budget === null ? { scanCost: this.scanCost(rows) } : {};
      const input = { scores, hashes, numLabels, prior, allowed, k, budget, scratch, ...cost };
      const { method, count } = kernels.retrieveLabels(input, outLabels, outScores);
      if (method === "declined") declined.push(row);
      else take(row, count, outLabels, outScores, 0);
    }
    for (let first = 0; first < declined.length; first += QUERY_LANES) {
      const queries = declined.slice(first, first + QUERY_LANES);
      this.scan(ranking, this.interleaved(queries), queries.length, (q) => queries[q], take);
    }
  }

  /** The scores of some rows as topLabels wants them, [R, B, lanes]. */
  private interleaved(queries: readonly number[]): Float32Array {
    const { kernels, hashes, numBuckets, scores } = this;
    const length = hashes.length * numBuckets;
    if (queries.length === 1) return scores.subarray(queries[0] * length, (queries[0] + 1) * length);
    this.declinedScores = atLeastF32(kernels, this.declinedScores, QUERY_LANES * length);
    this.declinedRows = atLeastF32(kernels, this.declinedRows, QUERY_LANES * numBuckets);
    for (let r = 0; r < hashes.length; r++) {
      queries.forEach((row, q) => {
        const from = row * length + r * numBuckets;
        this.declinedRows.set(scores.subarray(from, from + numBuckets), q * numBuckets);
      });
      const offset = r * numBuckets * QUERY_LANES;
      kernels.packScores(queries.length, numBuckets, 0, this.declinedRows, offset, this.declinedScores);
    }
    return this.declinedScores;
  }

  private scan(
    { merge, prior, allowed, k }: LabelRanking,
    scores: Float32Array,
    numQueries: number,
    rowOf: (q: number) => number,
    take: TakeRow,
  ): void {
    const { kernels, hashes, numLabels, outLabels, outScores } = this;
    const input = { scores, numQueries, hashes, numLabels, merge, prior, allowed, k };
    const counts = kernels.topLabels(input, outLabels, outScores);
    for (let q = 0; q < numQueries; q++) take(rowOf(q), counts[q], outLabels, outScores, q * k);
  }

  /** The filter where WASM reads it without copying it for each query. */
  private ownAllowed(allowed: Uint8Array | null): Uint8Array | null {
    if (allowed === null || this.kernels.info.backend !== "wasm") return allowed;
    if (this.allowed.length < allowed.length) this.allowed = this.kernels.u8(allowed.length);
    this.allowed.set(allowed);
    return this.allowed;
  }
}

function lanesOf(numQueries: number): number {
  return numQueries === 1 ? 1 : QUERY_LANES;
}
