/** @file Batches of dense rows: every row once an epoch, in an order of the epoch's own, targets beside their inputs. */
import { describe, expect, it } from "vitest";
import { ConfigError, ShapeError } from "../../src/core/errors.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { DenseBatches } from "../../src/train/index.js";
import { describeBackends } from "../gradients/backends.js";

const inputs = { data: Float32Array.from({ length: 10 * 6 }, (_, i) => i), shape: [10, 2, 3] };
const classes = { data: Uint32Array.from({ length: 10 }, (_, i) => 100 + i), shape: [10] };

/** The rows of an epoch, by the first number of each: row r starts with 6·r. */
function epochRows(source: DenseBatches<typeof classes>, epoch: number): number[] {
  const rows: number[] = [];
  for (let index = 0; index < source.batchesPerEpoch; index++) {
    const batch = source.load(epoch, index);
    expect(batch.inputs.shape).toEqual([batch.numRows, 2, 3]);
    expect(batch.targets.shape).toEqual([batch.numRows]);
    for (let i = 0; i < batch.numRows; i++) {
      const row = batch.inputs.data[6 * i] / 6;
      expect([...batch.inputs.data.subarray(6 * i, 6 * i + 6)]).toEqual([0, 1, 2, 3, 4, 5].map((j) => 6 * row + j));
      expect(batch.targets.data[i]).toBe(100 + row);
      rows.push(row);
    }
  }
  return rows;
}

describeBackends("DenseBatches", (kernels) => {
  it("give every row once an epoch, the last batch short, another order each epoch", () => {
    const source = new DenseBatches(kernels, { inputs, targets: classes, batchSize: 4, seed: 5 });
    expect([source.numRows, source.batchesPerEpoch]).toEqual([10, 3]);
    const first = epochRows(source, 0);
    const second = epochRows(source, 1);
    for (const rows of [first, second]) {
      expect([...rows].sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, i) => i));
    }
    expect(second).not.toEqual(first);
    expect(epochRows(source, 0)).toEqual(first);
    // A batch on its own, of a source that has loaded no other: the same rows.
    const other = new DenseBatches(kernels, { inputs, targets: classes, batchSize: 4, seed: 5 });
    expect([...other.load(1, 2).targets.data.subarray(0, 2)].map((id) => id - 100)).toEqual(second.slice(8));
    const reseeded = new DenseBatches(kernels, { inputs, targets: classes, batchSize: 4, seed: 6 });
    expect(epochRows(reseeded, 0)).not.toEqual(first);
  });

  it("keep the order of the rows where they are not shuffled, and gather dense targets and rows of ids", () => {
    const source = new DenseBatches(kernels, { inputs, targets: classes, batchSize: 100, shuffle: false });
    expect(epochRows(source, 3)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const dense = new DenseBatches(kernels, { inputs, targets: inputs, batchSize: 3, seed: 1 });
    const batch = dense.load(0, 1);
    expect(batch.targets).toEqual(batch.inputs);
    const tokens = { data: Uint32Array.from({ length: 20 }, (_, i) => i), shape: [10, 2] };
    const pairs = new DenseBatches(kernels, { inputs, targets: tokens, batchSize: 3, shuffle: false });
    expect([...pairs.load(0, 1).targets.data]).toEqual([6, 7, 8, 9, 10, 11]);
  });
});

describe("DenseBatches", () => {
  const kernels = createReferenceKernels();

  it("refuse rows without targets, arrays that are too short, no rows and no batch", () => {
    const few = { data: new Uint32Array(9), shape: [9] };
    const make = (over: object) => () =>
      new DenseBatches(kernels, {
        inputs,
        targets: classes as { data: Uint32Array; shape: number[] },
        batchSize: 4,
        ...over,
      });
    expect(make({ targets: few })).toThrow(/expected targets \[10, …\] for inputs \[10, 2, 3\], got \[9\]/);
    expect(make({ targets: { ...few, shape: [10] } })).toThrow(ShapeError);
    expect(make({ inputs: { data: inputs.data, shape: [10, 7] } })).toThrow(/expected 70 numbers for inputs/);
    expect(make({ targets: { data: new Float64Array(10), shape: [10] } })).toThrow(
      "DenseBatches: expected targets in a Float32Array, or ids in a Uint32Array, got Float64Array; convert them",
    );
    expect(make({ batchSize: 0 })).toThrow(ConfigError);
    const none = { data: new Float32Array(0), shape: [0, 3] };
    expect(make({ inputs: none, targets: none })).toThrow(/expected at least one row/);
  });
});
