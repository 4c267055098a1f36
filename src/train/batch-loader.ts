/**
 * @file How do rows reach a training step? Shuffled anew each epoch, gathered into one contiguous sparse batch.
 *
 *   dataset (shared)  ──order of this epoch──▶  csrGatherRows ──▶ inputs  [n, D] sparse
 *   targets of this world (buckets)           ──▶ csrGatherRows ──▶ targets [n, B] sparse
 *
 * The order is a pure function of (seed, world, epoch), so that training resumes in the middle of an epoch. Targets are
 * hashed once per world: memory of one entry a label occurrence, nothing that grows with L × R.
 */
import { Rng } from "../core/rng.js";
import type { Dataset } from "../data/dataset.js";
import type { Csr, HashParameters, Kernels } from "../kernels/contract.js";
import type { SparseBatch } from "../nn/module.js";

export interface Batch {
  readonly inputs: SparseBatch;
  readonly targets: SparseBatch;
}

export interface BatchLoaderOptions {
  readonly hash: HashParameters;
  /** softmax wants distributions, sigmoid wants zeros and ones. */
  readonly targetValues: "distribution" | "binary";
  readonly batchSize: number;
  readonly seed: number;
  readonly world: number;
}

export class BatchLoader {
  readonly numRows: number;
  readonly batchesPerEpoch: number;
  private readonly kernels: Kernels;
  private readonly options: BatchLoaderOptions;
  private readonly features: Csr;
  private readonly targets: Csr;
  private readonly order: Uint32Array;
  private readonly batchIds: Uint32Array;
  private readonly inputBuffer: Csr;
  private readonly targetBuffer: Csr;
  private readonly numFeatures: number;
  private epoch = -1;

  constructor(kernels: Kernels, dataset: Dataset, options: BatchLoaderOptions) {
    this.kernels = kernels;
    this.options = options;
    const { features, labels } = dataset;
    this.numRows = features.numRows;
    this.numFeatures = features.numCols;
    this.batchesPerEpoch = Math.ceil(this.numRows / options.batchSize);
    this.features = {
      offsets: kernels.adopt(features.offsets),
      columns: kernels.adopt(features.columns),
      values: kernels.adopt(features.values),
    };
    const numOccurrences = labels.offsets[labels.numRows] - labels.offsets[0];
    this.targets = allocateCsr(kernels, this.numRows, numOccurrences);
    kernels.hashTargets(options.hash, this.numRows, labels.offsets, labels.ids, options.targetValues, this.targets);
    this.order = new Uint32Array(this.numRows);
    this.batchIds = kernels.u32(options.batchSize);
    this.inputBuffer = allocateCsr(kernels, options.batchSize, largestBatch(features.offsets, options.batchSize));
    this.targetBuffer = allocateCsr(kernels, options.batchSize, largestBatch(this.targets.offsets, options.batchSize));
  }

  /** Gathers batch `index` of `epoch`. The arrays are reused by the next call. The last batch may be shorter. */
  load(epoch: number, index: number): Batch {
    if (epoch !== this.epoch) this.shuffle(epoch);
    const first = index * this.options.batchSize;
    const count = Math.min(this.options.batchSize, this.numRows - first);
    for (let i = 0; i < count; i++) this.batchIds[i] = this.order[first + i];
    this.kernels.csrGatherRows(this.features, this.batchIds, count, this.inputBuffer);
    this.kernels.csrGatherRows(this.targets, this.batchIds, count, this.targetBuffer);
    return {
      inputs: { ...this.inputBuffer, numRows: count, numCols: this.numFeatures },
      targets: { ...this.targetBuffer, numRows: count, numCols: this.options.hash.numBuckets },
    };
  }

  private shuffle(epoch: number): void {
    for (let i = 0; i < this.numRows; i++) this.order[i] = i;
    Rng.derive(this.options.seed, "world", this.options.world, "order", epoch).shuffle(this.order);
    this.epoch = epoch;
  }
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
