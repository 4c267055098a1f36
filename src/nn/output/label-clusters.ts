/**
 * @file Which labels stand together? A partition of L labels into C clusters, contiguous in an order of our own.
 *
 *   order    │ 7 │ 2 │ 0 3 │ 9 1 4 │ 8 6 5 10 11 │       labels, frequent ones first
 *   offsets  0   1   2     4       7             12      cluster c holds order[offsets[c] … offsets[c + 1])
 *
 * By counts: labels from the most frequent down, cut where the sum of √count reaches its share. A step of a two-level
 * softmax costs Σ over clusters of (chance to be asked for) · (labels in it); cutting by count alone keeps that sum at
 * L/C whatever the counts, as do clusters of equal size. With √count frequent labels get clusters to themselves and rare
 * ones large clusters, and the sum is the least that cuts of the sorted list can reach, by Cauchy and Schwarz.
 *
 * Source: frequency bins for two-level softmax: Mikolov, Kombrink, Burget, Černocký, Khudanpur, "Extensions of Recurrent
 * Neural Network Language Model", ICASSP 2011, §4 (there by count).
 */
import { ConfigError } from "../../core/index.js";

/** Every label in exactly one cluster, none of them empty. */
export interface LabelClusters {
  /** [C + 1] where each cluster starts in `order`, from 0 to L. */
  readonly offsets: Uint32Array;
  /** [L] a permutation of the labels. */
  readonly order: Uint32Array;
}

function checkNumClusters(numLabels: number, numClusters: number): void {
  if (Number.isInteger(numClusters) && numClusters >= 1 && numClusters <= numLabels) return;
  throw new ConfigError(
    `LabelClusters: expected 1 to ${numLabels} clusters for as many labels, got ${numClusters}; choose about √labels`,
  );
}

/**
 * Clusters of labels of like frequency. `counts` [L] ≥ 0; a label never seen counts as seen once. Equal counts give
 * clusters of equal size, in the order of the labels. @throws {ConfigError} for a number of clusters beyond 1 … L.
 */
export function clustersByCount(counts: ArrayLike<number>, numClusters: number): LabelClusters {
  const numLabels = counts.length;
  checkNumClusters(numLabels, numClusters);
  const root = Float64Array.from(counts, (count) => Math.sqrt(Math.max(1, count)));
  const order = Uint32Array.from({ length: numLabels }, (_, i) => i).sort((a, b) => root[b] - root[a] || a - b);
  let remaining = root.reduce((a, b) => a + b, 0);
  if (!Number.isFinite(remaining)) {
    throw new ConfigError("clustersByCount: expected finite counts, got NaN or ∞ among them; count the labels anew");
  }
  const offsets = new Uint32Array(numClusters + 1);
  let next = 0;
  for (let c = 0; c < numClusters; c++) {
    offsets[c] = next;
    const share = remaining / (numClusters - c);
    const lastStart = numLabels - (numClusters - c - 1); // one label at least for each cluster behind
    let sum = 0;
    // A label that would go further beyond the share than stopping short of it stays for the next cluster.
    do sum += root[order[next++]];
    while (next < lastStart && (c === numClusters - 1 || sum + root[order[next]] / 2 <= share));
    remaining -= sum;
  }
  offsets[numClusters] = numLabels;
  return { offsets, order };
}

/**
 * Clusters that somebody else chose: `clusterOf` [L] names each label's cluster, 0 … numClusters − 1.
 * @throws {ConfigError} for numbers beyond, or an empty cluster.
 */
export function clustersOfAssignment(clusterOf: ArrayLike<number>, numClusters: number): LabelClusters {
  const numLabels = clusterOf.length;
  checkNumClusters(numLabels, numClusters);
  const offsets = new Uint32Array(numClusters + 1);
  for (let label = 0; label < numLabels; label++) {
    const c = clusterOf[label];
    if (!(Number.isInteger(c) && c >= 0 && c < numClusters)) {
      throw new ConfigError(
        `clustersOfAssignment: expected clusters below ${numClusters}, got ${c} for label ${label}; renumber them`,
      );
    }
    offsets[c + 1]++;
  }
  const empty = offsets.indexOf(0, 1);
  if (empty !== -1) {
    throw new ConfigError(
      `clustersOfAssignment: expected labels in every cluster, got none in ${empty - 1}; leave it out`,
    );
  }
  for (let c = 0; c < numClusters; c++) offsets[c + 1] += offsets[c];
  const next = offsets.slice();
  const order = new Uint32Array(numLabels);
  for (let label = 0; label < numLabels; label++) order[next[clusterOf[label]]++] = label;
  return { offsets, order };
}
