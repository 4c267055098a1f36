/** @file Small problems of each kind, made at random, that have something to learn. */
import { Rng } from "../../src/core/rng.js";
import type { Dataset } from "../../src/data/index.js";
import {
  type CutProblem,
  createCutProblem,
  createFactorProblem,
  createLinearProblem,
  type FactorProblem,
  type FixedVertex,
  type Graph,
  type LinearProblem,
  type Ratings,
} from "../../src/sparse-problems/index.js";

/** Rows of eight features out of `numFeatures`; label k where the sum of the features' hidden weights for k is positive. */
export function smallRows(numRows: number, numFeatures: number, numLabels: number, seed = 1): Dataset {
  const rng = new Rng(seed);
  const hidden = Float32Array.from({ length: numFeatures * numLabels }, () => rng.nextFloat() - 0.5);
  const [offsets, columns, labelOffsets, labels] = [[0], [] as number[], [0], [] as number[]];
  for (let i = 0; i < numRows; i++) {
    const row = [...new Set(Array.from({ length: 8 }, () => rng.nextBelow(numFeatures)))].sort((a, b) => a - b);
    columns.push(...row);
    offsets.push(columns.length);
    for (let k = 0; k < numLabels; k++) {
      if (row.reduce((sum, u) => sum + hidden[u * numLabels + k], 0) > 0) labels.push(k);
    }
    labelOffsets.push(labels.length);
  }
  const features = {
    offsets: Uint32Array.from(offsets),
    columns: Uint32Array.from(columns),
    values: new Float32Array(columns.length).fill(0.35),
    numRows,
    numCols: numFeatures,
  };
  return {
    features,
    labels: { numRows, numLabels, offsets: Uint32Array.from(labelOffsets), ids: Uint32Array.from(labels) },
  };
}

export function smallLinear(numRows = 400, options = {}): LinearProblem {
  return createLinearProblem(smallRows(numRows, 60, 3), { positiveLabel: 1, lambda: 0.1, ...options });
}

/** Entries of a product of factors of rank 2. */
export function smallRatings(numEntries = 2000): Ratings {
  const rng = new Rng(3);
  const [numLeft, numRight] = [60, 20];
  const hidden = Float32Array.from({ length: 2 * (numLeft + numRight) }, () => 2 * rng.nextFloat() - 1);
  const lefts = Uint32Array.from({ length: numEntries }, () => rng.nextBelow(numLeft));
  const rights = Uint32Array.from({ length: numEntries }, () => rng.nextBelow(numRight));
  const values = Float32Array.from(lefts, (u, i) => {
    const v = numLeft + rights[i];
    return 3 + hidden[2 * u] * hidden[2 * v] + hidden[2 * u + 1] * hidden[2 * v + 1];
  });
  return { numLeft, numRight, lefts, rights, values };
}

export function smallFactors(numEntries = 2000, options = {}): FactorProblem {
  return createFactorProblem(smallRatings(numEntries), { rank: 4, mu: 0.1, ...options });
}

/** Three groups of vertices, many edges within them, few between; vertices 0, 1, 2 are fixed. */
export function smallGraph(numVertices = 60, numEdges = 600): Graph {
  const rng = new Rng(5);
  const edges = Array.from({ length: numEdges }, (_, i) => {
    const u = rng.nextBelow(numVertices);
    const isInside = i % 10 > 0;
    const step = isInside ? 3 * (1 + rng.nextBelow(numVertices / 3 - 1)) : 1 + rng.nextBelow(numVertices - 1);
    return [u, (u + step) % numVertices, isInside ? 1 : 0.3];
  });
  return {
    numVertices,
    heads: Uint32Array.from(edges, ([u]) => u),
    tails: Uint32Array.from(edges, ([, v]) => v),
    weights: Float32Array.from(edges, ([, , w]) => w),
  };
}

export const FIXED: readonly FixedVertex[] = [0, 1, 2].map((k) => ({ vertex: k, terminal: k }));

export function smallCut(): CutProblem {
  return createCutProblem(smallGraph(), { numTerminals: 3, fixed: FIXED });
}
