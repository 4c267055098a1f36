/**
 * @file How do rows reach a training step? Shuffled anew each epoch, gathered into one contiguous sparse batch.
 *
 *   dataset (shared)  ──order of this epoch──▶  csrGatherRows ──▶ inputs  [n, D] sparse
 *   targets of this world (buckets)           ──▶ csrGatherRows ──▶ targets [n, B] sparse
 *
 * The order is a pure function of (seed, world, epoch): batch-order.ts. Targets are hashed once per world: memory of one
 * entry a label occurrence, nothing that grows with L × R.
 */
import type { Dataset } from "../data/dataset.js";
import type { Csr, HashParameters, Kernels } from "../kernels/contract.js";
import type { SparseBatch } from "../nn/module.js";
import { BatchOrder } from "./batch-order.js";
import { type BatchPart, type BatchSource, partOfRows, type SupervisedBatch } from "./objective.js";

/** Rows of features [n, D] and of buckets [n, B]. */
export type Batch = SupervisedBatch<SparseBatch, SparseBatch>;

/** From which rows, in which order, a world learns which buckets. */
export interface BatchLoaderOptions {
  /** Of this world. */
  readonly hash: HashParameters;
  /** softmax wants distributions, sigmoid wants zeros and ones. */
  readonly targetValues: "distribution" | "binary";
  /** Rows a step; the last of an epoch may have fewer. */
  readonly batchSize: number;
  /** The order of every epoch derives from it and `world`. */
  readonly seed: number;
  /** Its number, from 0. */
  readonly world: number;
}

/** Batches of sparse rows with the buckets of their labels, shuffled each epoch. */
export class BatchLoader implements BatchSource<Batch> {
  readonly numRows: number;
  readonly batchesPerEpoch: number;
  private readonly kernels: Kernels;
  private readonly options: BatchLoaderOptions;
  private readonly features: Csr;
  private readonly targets: Csr;
  private readonly order: BatchOrder;
  private readonly inputBuffer: Csr;
  private readonly targetBuffer: Csr;
  private readonly numFeatures: number;

  constructor(kernels: Kernels, dataset: Dataset, options: BatchLoaderOptions) {
    this.kernels = kernels;
    this.options = options;
    const { features, labels } = dataset;
    const { batchSize, seed, world } = options;
    this.order = new BatchOrder(kernels, {
      numRows: features.numRows,
      batchSize,
      seed,
      path: ["world", world, "order"],
    });
    this.numRows = features.numRows;
    this.numFeatures = features.numCols;
    this.batchesPerEpoch = this.order.batchesPerEpoch;
    this.features = {
      offsets: kernels.adopt(features.offsets),
      columns: kernels.adopt(features.columns),
      values: kernels.adopt(features.values),
    };
    const numOccurrences = labels.offsets[labels.numRows] - labels.offsets[0];
    this.targets = allocateCsr(kernels, this.numRows, numOccurrences);
    kernels.hashTargets(options.hash, this.numRows, labels.offsets, labels.ids, options.targetValues, this.targets);
    this.inputBuffer = allocateCsr(kernels, batchSize, largestBatch(features.offsets, batchSize));
    this.targetBuffer = allocateCsr(kernels, batchSize, largestBatch(this.targets.offsets, batchSize));
  }

  /** [B] rows of which each bucket is a target. */
  bucketCounts(): Uint32Array {
    const counts = new Uint32Array(this.options.hash.numBuckets);
    const { offsets, columns } = this.targets;
    for (let e = offsets[0]; e < offsets[this.numRows]; e++) counts[columns[e]]++;
    return counts;
  }

  /** Gathers batch `index` of `epoch`. The arrays are reused by the next call. The last batch may be shorter. */
  load(epoch: number, index: number): Batch {
    return this.gather(this.order.rows(epoch, index));
  }

  /** As `load`, of some of the rows. */
  loadPart(epoch: number, index: number, part: number, numParts: number): BatchPart<Batch> {
    const rows = this.order.rows(epoch, index);
    const { from, to } = partOfRows(rows.length, part, numParts);
    let entry = 0;
    for (let i = 0; i < from; i++) entry += this.features.offsets[rows[i] + 1] - this.features.offsets[rows[i]];
    const batch = this.gather(rows.subarray(from, to));
    return { batch: { ...batch, first: { row: from, entry } }, numRows: to - from };
  }

  private gather(rows: Uint32Array): Batch {
    const count = rows.length;
    this.kernels.csrGatherRows(this.features, rows, count, this.inputBuffer);
    this.kernels.csrGatherRows(this.targets, rows, count, this.targetBuffer);
    return {
      inputs: toBatch(this.inputBuffer, count, this.numFeatures),
      targets: toBatch(this.targetBuffer, count, this.options.hash.numBuckets),
      numRows: count,
    };
  }
}

/** Fields by name: a spread costs ten times as much, in every step. */
function toBatch({ offsets, columns, values }: Csr, numRows: number, numCols: number): SparseBatch {
  return { offsets, columns, values, numRows, numCols };
}

/** Room for `numRows` rows with `numEntries` entries in all. */
export function allocateCsr(kernels: Kernels, numRows: number, numEntries: number): Csr {
  return {
    offsets: kernels.u32(numRows + 1),
    columns: kernels.u32(numEntries),
    values: kernels.f32(numEntries),
  };
}

/** Entries of the `batchSize` longest rows together: no batch can hold more. */
function largestBatch(offsets: Uint32Array, batchSize: number): number {
  const lengths = new Uint32Array(offsets.length - 1);
  for (let i = 0; i < lengths.length; i++) lengths[i] = offsets[i + 1] - offsets[i];
  lengths.sort();
  let total = 0;
  for (let i = Math.max(0, lengths.length - batchSize); i < lengths.length; i++) total += lengths[i];
  return total;
}
