/**
 * @file Which rows make batch i of epoch e? All rows in an order drawn anew each epoch, cut into batches.
 *
 *   order of epoch e   │ 17  3  42  8 │ 5  29  0  11 │ 23  6 │        batch size 4, 10 rows: the last batch is shorter
 *
 * The order is a pure function of (seed, path, epoch), so that training resumes in the middle of an epoch. It stands in
 * the kernels' memory: a batch's row numbers are a view that gathering reads without a copy.
 */
import { ConfigError } from "../core/errors.js";
import { Rng } from "../core/rng.js";
import type { Kernels } from "../kernels/contract.js";

export interface BatchOrderOptions {
  readonly numRows: number;
  /** Rows a batch. */
  readonly batchSize: number;
  readonly seed: number;
  /** Names this order among all that derive from the seed; the epoch is appended. null: rows stay in their own order. */
  readonly path: readonly (string | number)[] | null;
}

/** Cuts rows into batches, in an order of each epoch's own. */
export class BatchOrder {
  readonly numRows: number;
  readonly batchesPerEpoch: number;
  private readonly options: BatchOrderOptions;
  private readonly order: Uint32Array;
  private epoch: number;

  /** @throws {ConfigError} unless there are rows and batches hold at least one. */
  constructor(kernels: Pick<Kernels, "u32">, options: BatchOrderOptions) {
    const { numRows, batchSize } = options;
    if (!Number.isSafeInteger(numRows) || numRows < 1) {
      throw new ConfigError(`batches: expected at least one row, got ${numRows}; is the data set empty?`);
    }
    if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
      throw new ConfigError(`batches: expected a batchSize of at least 1, got ${batchSize}; 32 is a common choice`);
    }
    this.options = options;
    this.numRows = numRows;
    this.batchesPerEpoch = Math.ceil(numRows / batchSize);
    this.order = kernels.u32(numRows);
    for (let i = 0; i < numRows; i++) this.order[i] = i;
    this.epoch = -1;
  }

  /** Row numbers of batch `index` < batchesPerEpoch of `epoch`, from 0. A view, valid until another epoch is asked for. */
  rows(epoch: number, index: number): Uint32Array {
    if (epoch !== this.epoch) this.shuffle(epoch);
    const first = index * this.options.batchSize;
    return this.order.subarray(first, Math.min(first + this.options.batchSize, this.numRows));
  }

  private shuffle(epoch: number): void {
    this.epoch = epoch;
    const { seed, path } = this.options;
    if (path === null) return;
    for (let i = 0; i < this.numRows; i++) this.order[i] = i;
    Rng.derive(seed, ...path, epoch).shuffle(this.order);
  }
}
