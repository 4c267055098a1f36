/** @file A small dataset that can be learnt: the first feature of a row says its labels. Plain arrays, no files. */
import { Rng } from "../../src/core/rng.js";
import type { Dataset } from "../../src/data/index.js";

export interface SampleSizes {
  readonly numRows: number;
  readonly numFeatures: number;
  readonly numLabels: number;
}

/** Rows of three features, the first of them `row mod L`, and one or two labels. Some features never occur. */
export function sampleDataset({ numRows, numFeatures, numLabels }: SampleSizes): Dataset {
  const rng = new Rng(7);
  const columns: number[] = [];
  const values: number[] = [];
  const ids: number[] = [];
  const offsets = [0];
  const labelOffsets = [0];
  for (let row = 0; row < numRows; row++) {
    const label = row % numLabels;
    const others = [rng.nextBelow(numFeatures - 1), rng.nextBelow(numFeatures - 1)];
    const features = [...new Set([label % numFeatures, ...others])].sort((a, b) => a - b);
    columns.push(...features);
    values.push(...features.map(() => Math.fround(1 / Math.sqrt(features.length))));
    ids.push(...(row % 3 === 0 && label + 1 < numLabels ? [label, label + 1] : [label]));
    offsets.push(columns.length);
    labelOffsets.push(ids.length);
  }
  return {
    features: {
      numRows,
      numCols: numFeatures,
      offsets: Uint32Array.from(offsets),
      columns: Uint32Array.from(columns),
      values: Float32Array.from(values),
    },
    labels: { numRows, numLabels, offsets: Uint32Array.from(labelOffsets), ids: Uint32Array.from(ids) },
  };
}
