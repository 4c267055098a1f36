/**
 * @file Which labels fit some queries, say the worlds that have arrived? The sums of the words' rows once for all worlds,
 * then each world's dense layers, then the ranking of mach/.
 *
 *   rows of the words [E, R, S] ──gathered── · values ──▶ sums [N, R, S] ──world r──▶ logits [N, B] ──▶ LabelRanker
 *
 * The same numbers as an Ensemble of the weights that the codes stand for, but for the order of additions. At most
 * QUERY_LANES queries at a time: what one block of the ranker holds.
 */
import { type Kernels, type LabelPrior, QUERY_LANES } from "../kernels/contract.js";
import type { LabelHash } from "../mach/label-hash.js";
import { LabelRanker } from "../mach/label-ranker.js";
import { isLogarithmic, type MergeKind, mergeModeOf, mergeScale, reportedScore, scalePrior } from "../mach/merge.js";
import { type QueryVotes, VoteCounter } from "../mach/votes.js";
import { activationOf, type WorldOptions } from "../mach/world.js";
import type { SparseBatch } from "../nn/module.js";
import { type InputShards, rowBytes, rowScales } from "./input-shards.js";
import { DenseScratch, type PortableWorld } from "./portable-world.js";
import type { PlacedWorld } from "./world-loader.js";

/** Codes that are multiplied in one call, at most: a query of thousands of words takes several. */
const GATHER_BYTES = 2 ** 20;

/** What is ranked, and how. */
export interface RankRequest {
  readonly k: number;
  /** See labelFilter; null: all labels. */
  readonly allowed: Uint8Array | null;
  readonly explain: boolean;
}

/** Answers to one query. */
export interface RankedQuery {
  /** Best first, at most k. */
  readonly labels: readonly number[];
  readonly probabilities: readonly number[];
  /** Only if explained. */
  readonly votes: QueryVotes | null;
}

/** What all scorers of a model share: buffers for a batch, in the kernels' memory. */
export class ScorerBuffers {
  readonly sums: Float32Array;
  readonly part: Float32Array;
  readonly block: Float32Array;
  readonly logits: Float32Array;
  readonly codes: Uint8Array;
  readonly scales: Float32Array;
  readonly offsets: Uint32Array;
  /** 0, 1, 2 …: gathered rows stand in the order of the entries. */
  readonly columns: Uint32Array;
  readonly values: Float32Array;
  readonly dense: DenseScratch = new DenseScratch();
  /** Entries of a call. */
  readonly capacity: number;

  constructor(kernels: Kernels, { shape }: InputShards, numBuckets: number) {
    const width = shape.numGroups * shape.groupSize;
    this.capacity = gatherCapacity(rowBytes(shape));
    this.sums = kernels.f32(QUERY_LANES * width);
    this.part = kernels.f32(width);
    this.block = kernels.f32(QUERY_LANES * shape.groupSize);
    this.logits = kernels.f32(QUERY_LANES * numBuckets);
    this.codes = kernels.u8(this.capacity * rowBytes(shape));
    this.scales = kernels.f32(this.capacity * rowScales(shape));
    this.offsets = kernels.u32(2);
    this.columns = kernels.u32(this.capacity);
    for (let i = 0; i < this.capacity; i++) this.columns[i] = i;
    this.values = kernels.f32(this.capacity);
  }
}

/** Rows of `bytes` that one call multiplies. */
export function gatherCapacity(bytes: number): number {
  return Math.max(16, Math.floor(GATHER_BYTES / bytes));
}

export interface ScorerOptions {
  readonly hash: LabelHash;
  readonly worldOptions: WorldOptions;
  readonly merge: MergeKind;
  /** In units of the reported mean, its arrays in the kernels' memory. */
  readonly prior: LabelPrior | null;
  /** [L] training rows of each label; null: not known. */
  readonly labelCounts: Uint32Array | null;
  readonly shards: InputShards;
  readonly buffers: ScorerBuffers;
}

export class PortableScorer {
  /** Numbers of the worlds that answer, ascending. */
  readonly worldNumbers: readonly number[];
  private readonly kernels: Kernels;
  private readonly options: ScorerOptions;
  private readonly worlds: readonly PlacedWorld[];
  private readonly ranker: LabelRanker;
  private readonly voteCounter: VoteCounter;
  private readonly scale: number;
  private readonly prior: LabelPrior | null;

  /** `worlds`: at least one, each with its place among the groups of the input. */
  constructor(kernels: Kernels, options: ScorerOptions, worlds: readonly PlacedWorld[]) {
    this.kernels = kernels;
    this.options = options;
    // Sums are added in the order of the worlds, as an Ensemble does.
    this.worlds = [...worlds].sort((x, y) => x.group - y.group);
    this.worldNumbers = this.worlds.map(({ world }) => world.world);
    const { hash, merge, prior, labelCounts } = options;
    const hashes = this.worldNumbers.map((world) => hash.parameters(world));
    this.ranker = new LabelRanker(kernels, hashes, hash.numLabels);
    this.voteCounter = new VoteCounter(hash, this.worldNumbers, labelCounts);
    this.scale = mergeScale(merge, worlds.length);
    this.prior = scalePrior(prior, this.scale);
  }

  /**
   * The best labels of each of 1 … QUERY_LANES queries: `batch` [N, rows of the input], whose columns are rows of the
   * shards, which must be here (InputShards.with).
   */
  rank(batch: SparseBatch, { k, allowed, explain }: RankRequest): RankedQuery[] {
    const { merge, worldOptions, hash } = this.options;
    const { numRows } = batch;
    const logarithmic = isLogarithmic(merge);
    const ranking = { merge: mergeModeOf(merge), prior: this.prior, allowed, budget: null, k };
    for (let q = 0; q < numRows; q++) this.sumRows(batch, q);
    this.ranker.begin(numRows, [ranking]);
    const activation = activationOf(worldOptions.loss, logarithmic);
    const dims = { rows: numRows, cols: hash.numBuckets };
    const kept: Float32Array[] = [];
    this.worlds.forEach(({ world, group }, r) => {
      const logits = this.logitsOf(world, group, numRows);
      this.kernels.activate(activation, dims, logits);
      this.ranker.pack(r, logits);
      if (explain) kept.push(logits.slice(0, numRows * hash.numBuckets));
    });
    const answers: RankedQuery[] = [];
    this.ranker.rank(ranking, (row, count, labels, scores, offset) => {
      const found = Array.from(labels.subarray(offset, offset + count));
      const scoresOf = (r: number): Float32Array => {
        return kept[r].subarray(row * hash.numBuckets, (row + 1) * hash.numBuckets);
      };
      answers[row] = {
        labels: found,
        probabilities: found.map((_, j) => reportedScore(merge, scores[offset + j], this.scale)),
        votes: explain ? this.voteCounter.count(found, logarithmic, scoresOf) : null,
      };
    });
    return answers;
  }

  /** Logits [rows, B] of a world, valid until the next. */
  private logitsOf(world: PortableWorld, group: number, numRows: number): Float32Array {
    const { buffers, shards, worldOptions } = this.options;
    const { numGroups, groupSize } = shards.shape;
    const isLinear = worldOptions.hidden.length === 0;
    let sums = buffers.sums.subarray(group * groupSize, (group + 1) * groupSize);
    if (numRows > 1) {
      const from = { offset: group * groupSize, stride: numGroups * groupSize };
      const to = { offset: 0, stride: groupSize };
      this.kernels.copyBlock({ rows: numRows, cols: groupSize }, buffers.sums, from, buffers.block, to);
      sums = buffers.block;
    }
    const logits = isLinear ? sums : buffers.logits;
    world.logitsInto(numRows, sums, logits, buffers.dense);
    return logits;
  }

  /** Row q of the sums: the words' rows of all worlds, weighed and added. */
  private sumRows({ offsets, columns, values }: SparseBatch, q: number): void {
    const { kernels } = this;
    const { buffers, shards } = this.options;
    const { numGroups, groupSize, bits } = shards.shape;
    const width = numGroups * groupSize;
    const out = buffers.sums.subarray(q * width, (q + 1) * width);
    const [begin, end] = [offsets[q], offsets[q + 1]];
    if (begin === end) out.fill(0);
    for (let at = begin; at < end; at += buffers.capacity) {
      const count = Math.min(buffers.capacity, end - at);
      shards.gatherInto(columns.subarray(at, at + count), buffers);
      buffers.offsets[1] = count;
      buffers.values.set(values.subarray(at, at + count));
      const y = at === begin ? out : buffers.part;
      if (bits === 32) {
        const { buffer, byteOffset, byteLength } = buffers.codes;
        const weights = new Float32Array(buffer, byteOffset, byteLength / 4);
        kernels.csrGemm({ rows: 1, cols: width }, buffers, weights, y, "overwrite");
      } else {
        const dims = { rows: 1, groups: numGroups, groupSize, bits };
        kernels.quantizedCsrGemm(dims, buffers, buffers.codes, buffers.scales, y);
      }
      if (at > begin) kernels.axpby(width, 1, y, 1, out);
    }
  }
}
