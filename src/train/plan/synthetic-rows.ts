/**
 * @file Rows to time training on where there is no data yet: of the stated sizes, with the frequencies of text.
 *
 * Features and labels follow Zipf's law (plan-shape.ts), so that a batch touches as many different rows of the input
 * layer as one of text. What the rows mean does not matter: a step costs the same whatever it learns.
 */
import type { Rng } from "../../core/rng.js";
import { sharedArray } from "../../data/chunked-array.js";
import type { Dataset } from "../../data/dataset.js";
import { mulMod } from "../../mach/modular.js";
import type { PlanShape } from "./plan-shape.js";

/** No size is a multiple of it, so that multiplying permutes. */
const SCATTER_PRIME = 2_654_435_761;

/** `numRows` rows of `shape`, each with the mean number of features and of labels, at least one. */
export function syntheticRows(shape: PlanShape, numRows: number, rng: Rng): Dataset {
  const { numFeatures, numLabels, featuresPerRow, labelsPerRow } = shape;
  const features = zipfLists(numRows, numFeatures, featuresPerRow, rng);
  const labels = zipfLists(numRows, numLabels, labelsPerRow, rng);
  const values = sharedArray(Float32Array, features.ids.length);
  for (let i = 0; i < numRows; i++) {
    const [begin, end] = [features.offsets[i], features.offsets[i + 1]];
    values.fill(1 / Math.sqrt(end - begin), begin, end);
  }
  return {
    features: { numRows, numCols: numFeatures, offsets: features.offsets, columns: features.ids, values },
    labels: { numRows, numLabels, offsets: labels.offsets, ids: labels.ids },
  };
}

/** Lists of distinct ids below `size`, ascending, about `mean` in each. */
function zipfLists(
  numRows: number,
  size: number,
  mean: number,
  rng: Rng,
): { readonly offsets: Uint32Array; readonly ids: Uint32Array } {
  const offsets = sharedArray(Uint32Array, numRows + 1);
  for (let i = 0; i < numRows; i++) {
    const length = Math.floor(mean) + (rng.nextFloat() < mean - Math.floor(mean) ? 1 : 0);
    offsets[i + 1] = offsets[i] + Math.min(size, Math.max(1, length));
  }
  const ids = sharedArray(Uint32Array, offsets[numRows]);
  const seen = new Set<number>();
  for (let i = 0; i < numRows; i++) {
    const wanted = offsets[i + 1] - offsets[i];
    seen.clear();
    // Chance of rank r about 1/r: its logarithm is uniform. Ids are ranks, scattered by a multiplication.
    for (let tries = 0; seen.size < wanted; tries++) {
      const rank = Math.min(size - 1, Math.floor((size + 1) ** rng.nextFloat()) - 1);
      seen.add(tries < 8 * wanted ? scatter(rank, size) : tries % size);
      if (tries > 8 * wanted + 2 * size) break;
    }
    ids.set([...seen].sort((a, b) => a - b).slice(0, wanted), offsets[i]);
  }
  return { offsets, ids };
}

/** Another number below `size` for each: neighbours in rank are no neighbours in memory, as in a vocabulary. */
function scatter(rank: number, size: number): number {
  return mulMod(rank, SCATTER_PRIME % size, size);
}
