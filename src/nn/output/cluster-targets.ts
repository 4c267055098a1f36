/**
 * @file A batch's targets in two levels: which clusters does each row want, and which labels within them?
 *
 *   row 0: labels a b c          level 1, sparse [N, C]: row 0 → cluster of a (t_a + t_b), cluster of c (t_c)
 *          a, b in one cluster   level 2, one row a pair of (row, cluster), pairs of one cluster side by side:
 *                                  pattern   all weights' rows of the cluster
 *                                  targets   (place within the cluster, t): a and b
 *
 * Pairs whose cluster has a single label need no second level: its probability is 1. Pairs of a cluster stand together so
 * that its weights are read from memory once. Work is that of the batch's labels and of copying pattern columns, which
 * are runs of consecutive numbers.
 */
import type { Kernels } from "../../kernels/contract.js";
import type { SparseBatch } from "../module.js";
import { atLeastF32, atLeastU32 } from "../tensor-buffer.js";
import type { LabelClusters } from "./label-clusters.js";

interface Lists {
  offsets: Uint32Array;
  columns: Uint32Array;
  values: Float32Array;
}

const emptyLists = (): Lists => ({
  offsets: new Uint32Array(0),
  columns: new Uint32Array(0),
  values: new Float32Array(0),
});

/** Rebuilt by each `prepare`, in arrays that are reused. */
export class ClusterTargets {
  /** Level 1: [N, C]. */
  clusters: SparseBatch;
  /** P pairs with a second level. */
  numPairs: number;
  /** [≥ P] the batch row of each. */
  readonly pairRows: { ids: Uint32Array };
  /** Level 2: offsets [P + 1] into the pattern's columns, which are places in `order`. */
  readonly pattern: { offsets: Uint32Array; columns: Uint32Array };
  /** Level 2: [P rows] places within the cluster, and weights. */
  readonly labels: Lists;

  private readonly kernels: Kernels;
  private readonly numClusters: number;
  private readonly offsets: Uint32Array;
  /** [L] */
  private readonly placeOf: Uint32Array;
  private readonly clusterOf: Uint32Array;
  /** [L] 0, 1, 2, …: where runs of the pattern are copied from. */
  private readonly places: Uint32Array;
  /** [C] first pair of the cluster + 1 (of the row while rows are read, then of the batch); zero between calls. */
  private readonly firstOf: Uint32Array;
  private readonly lists: Lists;
  private rowOf: Uint32Array;
  private entryPair: Uint32Array;
  /** A pair's number of labels. */
  private labelsOf: Uint32Array;
  /** A pair's next pair of the same cluster + 1. */
  private nextOf: Uint32Array;
  /** Where the next label of a pair goes; −1 without a second level. */
  private cursorOf: Int32Array;

  constructor(kernels: Kernels, { offsets, order }: LabelClusters) {
    this.kernels = kernels;
    this.offsets = offsets;
    this.numClusters = offsets.length - 1;
    this.placeOf = new Uint32Array(order.length);
    this.clusterOf = new Uint32Array(order.length);
    for (let c = 0; c < this.numClusters; c++) {
      for (let p = offsets[c]; p < offsets[c + 1]; p++) {
        this.placeOf[order[p]] = p;
        this.clusterOf[order[p]] = c;
      }
    }
    this.places = Uint32Array.from({ length: order.length }, (_, p) => p);
    this.firstOf = new Uint32Array(this.numClusters);
    this.lists = emptyLists();
    this.clusters = { ...this.lists, numRows: 0, numCols: this.numClusters };
    this.numPairs = 0;
    this.pairRows = { ids: new Uint32Array(0) };
    this.pattern = { offsets: new Uint32Array(0), columns: new Uint32Array(0) };
    this.labels = emptyLists();
    this.rowOf = new Uint32Array(0);
    this.entryPair = new Uint32Array(0);
    this.labelsOf = new Uint32Array(0);
    this.nextOf = new Uint32Array(0);
    this.cursorOf = new Int32Array(0);
  }

  /** Reads `targets` [N, L], labels below L. */
  prepare(targets: SparseBatch): void {
    const end = targets.offsets[targets.numRows];
    this.reserve(targets.numRows, end - targets.offsets[0]);
    const numAll = this.findPairs(targets);
    this.layOutPairs(numAll);
    this.fillLabels(targets, end);
    this.clusters = { ...this.lists, numRows: targets.numRows, numCols: this.numClusters };
  }

  private reserve(numRows: number, numEntries: number): void {
    const { kernels, lists, labels, pattern } = this;
    lists.offsets = atLeastU32(kernels, lists.offsets, numRows + 1);
    lists.columns = atLeastU32(kernels, lists.columns, numEntries);
    lists.values = atLeastF32(kernels, lists.values, numEntries);
    labels.offsets = atLeastU32(kernels, labels.offsets, numEntries + 1);
    labels.columns = atLeastU32(kernels, labels.columns, numEntries);
    labels.values = atLeastF32(kernels, labels.values, numEntries);
    pattern.offsets = atLeastU32(kernels, pattern.offsets, numEntries + 1);
    this.pairRows.ids = atLeastU32(kernels, this.pairRows.ids, numEntries);
    if (this.rowOf.length >= numEntries) return;
    const room = 2 * numEntries;
    this.rowOf = new Uint32Array(room);
    this.entryPair = new Uint32Array(room);
    this.labelsOf = new Uint32Array(room);
    this.nextOf = new Uint32Array(room);
    this.cursorOf = new Int32Array(room);
  }

  /** Level 1, and for each pair its row and its number of labels. @returns how many pairs there are. */
  private findPairs({ numRows, offsets, columns, values }: SparseBatch): number {
    const { clusterOf, firstOf, lists, rowOf, labelsOf, entryPair } = this;
    let numAll = 0;
    lists.offsets[0] = 0;
    for (let i = 0; i < numRows; i++) {
      const rowStart = numAll;
      for (let e = offsets[i]; e < offsets[i + 1]; e++) {
        const cluster = clusterOf[columns[e]];
        let pair = firstOf[cluster];
        if (pair === 0) {
          lists.columns[numAll] = cluster;
          lists.values[numAll] = 0;
          rowOf[numAll] = i;
          labelsOf[numAll] = 0;
          pair = ++numAll;
          firstOf[cluster] = pair;
        }
        entryPair[e - offsets[0]] = pair - 1;
        lists.values[pair - 1] += values[e];
        labelsOf[pair - 1]++;
      }
      for (let pair = rowStart; pair < numAll; pair++) firstOf[lists.columns[pair]] = 0;
      lists.offsets[i + 1] = numAll;
    }
    return numAll;
  }

  /** Orders the pairs by cluster and writes their patterns. */
  private layOutPairs(numAll: number): void {
    const { firstOf, nextOf, lists, labels, pattern, pairRows, labelsOf, cursorOf, rowOf, offsets, places } = this;
    let length = 0;
    for (let pair = numAll - 1; pair >= 0; pair--) {
      const cluster = lists.columns[pair];
      nextOf[pair] = firstOf[cluster];
      firstOf[cluster] = pair + 1;
      length += offsets[cluster + 1] - offsets[cluster];
    }
    pattern.columns = atLeastU32(this.kernels, pattern.columns, length);
    let done = 0;
    let filled = 0;
    let numLabels = 0;
    labels.offsets[0] = 0;
    pattern.offsets[0] = 0;
    for (let pair = 0; pair < numAll; pair++) {
      const cluster = lists.columns[pair];
      const [from, to] = [offsets[cluster], offsets[cluster + 1]];
      for (let next = firstOf[cluster]; next !== 0; next = nextOf[next - 1]) {
        if (to - from === 1) {
          cursorOf[next - 1] = -1;
          continue;
        }
        cursorOf[next - 1] = numLabels;
        numLabels += labelsOf[next - 1];
        pattern.columns.set(places.subarray(from, to), filled);
        filled += to - from;
        pairRows.ids[done++] = rowOf[next - 1];
        labels.offsets[done] = numLabels;
        pattern.offsets[done] = filled;
      }
      firstOf[cluster] = 0;
    }
    this.numPairs = done;
  }

  private fillLabels(targets: SparseBatch, end: number): void {
    const { entryPair, cursorOf, labels, placeOf, lists, offsets } = this;
    const start = targets.offsets[0];
    for (let e = start; e < end; e++) {
      const pair = entryPair[e - start];
      const at = cursorOf[pair];
      if (at < 0) continue;
      cursorOf[pair]++;
      labels.columns[at] = placeOf[targets.columns[e]] - offsets[lists.columns[pair]];
      labels.values[at] = targets.values[e];
    }
  }
}
