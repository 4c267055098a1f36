/**
 * @file How do dense rows in memory become batches? Gathered by one kernel call into buffers that every batch reuses.
 *
 *   inputs  [R, …] f32             ──gatherRows, rows of this batch──▶  inputs  [n, …]
 *   targets [R, …] f32, or ids [R, …]                             ──▶  targets [n, …]
 *
 * The last batch of an epoch may be shorter; nothing is dropped. Not here: sparse rows (batch-loader.ts).
 */
import { ShapeError } from "../core/errors.js";
import type { Kernels } from "../kernels/contract.js";
import type { IdTensor, Tensor } from "../nn/module.js";
import { formatShape } from "../nn/shape-check.js";
import { BatchOrder } from "./batch-order.js";
import { type BatchPart, type BatchSource, partOfRows, type SupervisedBatch } from "./objective.js";

/** The rows, and how they are cut into batches. */
export interface DenseBatchesOptions<T extends Tensor | IdTensor> {
  /** [R, …], one row a first index. */
  readonly inputs: Tensor;
  /** [R, …]: numbers, or ids such as classes [R]. */
  readonly targets: T;
  /** Rows a batch. */
  readonly batchSize: number;
  /** The order of every epoch derives from it. Default 0. */
  readonly seed?: number;
  /** Default true; false for validation, where the order does not matter. */
  readonly shuffle?: boolean;
}

/** Batches of dense rows, shuffled each epoch. */
export class DenseBatches<T extends Tensor | IdTensor = Tensor> implements BatchSource<SupervisedBatch<Tensor, T>> {
  readonly numRows: number;
  readonly batchesPerEpoch: number;
  private readonly order: BatchOrder;
  private readonly inputs: RowGatherer;
  private readonly targets: RowGatherer;

  /** @throws {ShapeError} unless inputs and targets have equally many rows. @throws {ConfigError} for no rows or batches. */
  constructor(kernels: Kernels, options: DenseBatchesOptions<T>) {
    const { inputs, targets, batchSize, seed = 0, shuffle = true } = options;
    const [numRows] = inputs.shape;
    if (targets.shape[0] !== numRows) {
      throw new ShapeError(
        `DenseBatches: expected targets [${numRows}, …] for inputs ${formatShape(inputs.shape)}, ` +
          `got ${formatShape(targets.shape)}; is there one target for each row?`,
      );
    }
    this.numRows = numRows;
    this.order = new BatchOrder(kernels, { numRows, batchSize, seed, path: shuffle ? ["order"] : null });
    this.batchesPerEpoch = this.order.batchesPerEpoch;
    const capacity = Math.min(batchSize, numRows);
    this.inputs = rowGatherer(kernels, "inputs", inputs, capacity);
    this.targets = rowGatherer(kernels, "targets", targets, capacity);
  }

  /** Gathers batch `index` of `epoch`, both from 0. Valid until the next call. */
  load(epoch: number, index: number): SupervisedBatch<Tensor, T> {
    return this.gather(this.order.rows(epoch, index));
  }

  /** As `load`, of some of the rows. */
  loadPart(epoch: number, index: number, part: number, numParts: number): BatchPart<SupervisedBatch<Tensor, T>> {
    const rows = this.order.rows(epoch, index);
    const { from, to } = partOfRows(rows.length, part, numParts);
    const batch = this.gather(rows.subarray(from, to));
    return { batch: { ...batch, first: { row: from, entry: 0 } }, numRows: to - from };
  }

  private gather(rows: Uint32Array): SupervisedBatch<Tensor, T> {
    return {
      inputs: this.inputs(rows) as Tensor,
      targets: this.targets(rows) as T,
      numRows: rows.length,
    };
  }
}

type RowGatherer = (rows: Uint32Array) => Tensor | IdTensor;

/** Copies rows of `source` into a tensor that it reuses. @throws {ShapeError} if the array is of another kind, or shorter than its shape says. */
function rowGatherer(kernels: Kernels, name: string, source: Tensor | IdTensor, capacity: number): RowGatherer {
  if (!(source.data instanceof Float32Array || source.data instanceof Uint32Array)) {
    const got = (source.data as object).constructor.name;
    throw new ShapeError(
      `DenseBatches: expected ${name} in a Float32Array, or ids in a Uint32Array, got ${got}; convert them`,
    );
  }
  const [numRows, ...rest] = source.shape;
  const cols = rest.reduce((a, b) => a * b, 1);
  if (source.data.length < numRows * cols) {
    throw new ShapeError(
      `DenseBatches: expected ${numRows * cols} numbers for ${name} ${formatShape(source.shape)}, ` +
        `got ${source.data.length}; are rows missing?`,
    );
  }
  const shape = [0, ...rest];
  if (source.data instanceof Float32Array) {
    const all = kernels.adopt(source.data);
    const batch = { data: kernels.f32(capacity * cols), shape };
    return (rows) => {
      shape[0] = rows.length;
      kernels.gatherRows(rows.length, cols, rows, all, batch.data);
      return batch;
    };
  }
  // Ids are few numbers a row (a class, some tokens): no kernel is needed.
  const all = source.data;
  const batch = { data: kernels.u32(capacity * cols), shape };
  return (rows) => {
    shape[0] = rows.length;
    for (let i = 0; i < rows.length; i++) {
      for (let j = 0; j < cols; j++) batch.data[i * cols + j] = all[rows[i] * cols + j];
    }
    return batch;
  };
}
