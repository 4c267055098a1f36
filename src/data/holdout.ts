/**
 * @file Setting rows aside to choose settings with: a seeded split that does not depend on anything but N and the seed.
 */
import { ConfigError } from "../core/errors.js";
import { Rng } from "../core/rng.js";
import { sharedArray } from "./chunked-array.js";
import type { Dataset } from "./dataset.js";

/** Row numbers of both parts, each ascending. */
export interface HoldoutRows {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
}

/** How to split: a share of the rows (0 < share < 1) by the generator of `seed`. */
export interface HoldoutOptions {
  /** Share of rows set aside. Default 0.1. */
  readonly share?: number;
  /** Default 1. */
  readonly seed?: number;
}

/**
 * Sets max(1, round(share·N)) of N rows aside, drawn without replacement (Fisher and Yates, as in Knuth, TAOCP 3.4.2 P).
 * @throws {ConfigError} unless both parts get rows.
 */
export function chooseHoldout(numRows: number, options: HoldoutOptions = {}): HoldoutRows {
  const { share = 0.1, seed = 1 } = options;
  if (!(share > 0 && share < 1))
    throw new ConfigError(`holdout share: expected a number between 0 and 1, got ${share}`);
  const numAside = Math.max(1, Math.round(share * numRows));
  if (numAside >= numRows) {
    throw new ConfigError(
      `holdout: expected rows left for training, got ${numRows} rows of which ${numAside} set aside`,
    );
  }
  const rng = Rng.derive(seed, "holdout");
  const order = Uint32Array.from({ length: numRows }, (_, i) => i);
  for (let i = 0; i < numAside; i++) {
    const j = i + rng.nextBelow(numRows - i);
    const row = order[i];
    order[i] = order[j];
    order[j] = row;
  }
  return { validation: order.slice(0, numAside).sort(), train: order.slice(numAside).sort() };
}

/** A dataset of the given rows in their order: copies in shared memory; D and L stay. */
export function selectRows(dataset: Dataset, rows: Uint32Array): Dataset {
  const { features, labels } = dataset;
  const numRows = rows.length;
  const offsets = selectOffsets(features.offsets, rows);
  const columns = sharedArray(Uint32Array, offsets[numRows]);
  const values = sharedArray(Float32Array, offsets[numRows]);
  const labelOffsets = selectOffsets(labels.offsets, rows);
  const ids = sharedArray(Uint32Array, labelOffsets[numRows]);
  for (let i = 0; i < numRows; i++) {
    const row = rows[i];
    columns.set(features.columns.subarray(features.offsets[row], features.offsets[row + 1]), offsets[i]);
    values.set(features.values.subarray(features.offsets[row], features.offsets[row + 1]), offsets[i]);
    ids.set(labels.ids.subarray(labels.offsets[row], labels.offsets[row + 1]), labelOffsets[i]);
  }
  return {
    features: { numRows, numCols: features.numCols, offsets, columns, values },
    labels: { numRows, numLabels: labels.numLabels, offsets: labelOffsets, ids },
  };
}

function selectOffsets(source: Uint32Array, rows: Uint32Array): Uint32Array {
  const offsets = sharedArray(Uint32Array, rows.length + 1);
  for (let i = 0; i < rows.length; i++) offsets[i + 1] = offsets[i] + source[rows[i] + 1] - source[rows[i]];
  return offsets;
}
