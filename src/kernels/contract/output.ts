/**
 * @file Output layers for very many labels: sampled products, softmax in clusters, trees of logistic nodes, top k.
 *
 * A tree over L labels has L − 1 inner nodes; the last is the root. children[2v + c] is where code c leads from node v:
 * a number below L − 1 is an inner node, less than v; L − 1 + l is label l. At node v with logit z, code 1 has the
 * probability σ(z) and code 0 the probability σ(−z).
 */
import type { Csr, MatrixDims } from "./arrays.js";

/** Which elements of a matrix are wanted: row i has columns[offsets[i] … offsets[i + 1]). */
export type CsrPattern = Pick<Csr, "offsets" | "columns">;

/** The paths of a batch: node `columns[e]` with the target `codes[e]` (0 or 1), weighted by `values[e]`. */
export interface PathBatch extends Csr {
  /** [≥ entries] where each node should lead, 0 or 1. */
  readonly codes: Float32Array;
}

/** Labels in clusters: cluster c holds the labels order[offsets[c] … offsets[c + 1]), whose weights are these rows. */
export interface ClusterSearch {
  /** N queries, H columns of x and weight. */
  readonly dims: MatrixDims;
  /** C. */
  readonly numClusters: number;
  /** Results wanted for each query. */
  readonly k: number;
  /** [N, H] */
  readonly x: Float32Array;
  /** [N, C] log-probability of each cluster; destroyed. */
  readonly clusterScores: Float32Array;
  /** [C + 1] from 0, strictly rising. */
  readonly offsets: Uint32Array;
  /** [L] distinct numbers below L. */
  readonly order: Uint32Array;
  /** [L, H], rows in the order of `order`. */
  readonly weight: Float32Array;
  /** [L], in the order of `order`. */
  readonly bias: Float32Array;
  /** [≥ labels of the largest cluster] contents do not matter. */
  readonly scratch: Float32Array;
}

/** Labels as leaves of a tree of logistic nodes, and the queries that look for the best. */
export interface TreeSearch {
  /** N queries, H columns of x and weight. */
  readonly dims: MatrixDims;
  /** L ≥ 1. */
  readonly numLabels: number;
  /** Results wanted for each query. */
  readonly k: number;
  /** [N, H] */
  readonly x: Float32Array;
  /** [2·(L − 1)] both children of each inner node: code 0, code 1. */
  readonly children: Uint32Array;
  /** [L − 1, H], a row for each inner node. */
  readonly weight: Float32Array;
  /** [L − 1] */
  readonly bias: Float32Array;
  /** [≥ 2·L] contents do not matter. */
  readonly scratch: Uint32Array;
}

/** Computes, trains and searches output layers whose labels are too many to treat alike. */
export interface OutputKernels {
  /**
   * out[e] ← x[row of e]·w[columns[e]] (+ bias[columns[e]]): a product of dense matrices, [N, H] by [L, H] transposed,
   * at the places of `pattern` only. dims: N and H. `bias` [L] or null. out is written beside `columns`, elsewhere kept.
   */
  csrDots(
    dims: MatrixDims,
    pattern: CsrPattern,
    x: Float32Array,
    w: Float32Array,
    bias: Float32Array | null,
    out: Float32Array,
  ): void;
  /**
   * Logistic loss of `length` logits: Σ weights·(ln(1 + eˣ) − codes·x), codes in [0, 1].
   * grad ← gradScale·weights·(σ(x) − codes). grad may be x. @returns the loss (f64).
   */
  logisticCrossEntropy(
    length: number,
    x: Float32Array,
    codes: Float32Array,
    weights: Float32Array,
    gradScale: number,
    grad: Float32Array,
  ): number;
  /**
   * softmaxCrossEntropy on rows of unequal length: row i is x[offsets[i] … offsets[i + 1]), offsets[0] = 0, and columns
   * of its targets count from its start. grad as long as x, may be x. @returns the loss summed over rows (f64).
   */
  raggedSoftmaxCrossEntropy(
    numRows: number,
    offsets: Uint32Array,
    x: Float32Array,
    targets: Csr,
    gradScale: number,
    grad: Float32Array,
  ): number;
  /**
   * out[i, order[p]] ← groupScores[i, g] + log softmax of x[i] within group g, at p; group g is the columns
   * offsets[g] … offsets[g + 1) of x, offsets from 0 to cols, strictly rising. x, out [rows, cols]; groupScores
   * [rows, G]; order [cols] a permutation.
   */
  groupedLogSoftmax(
    dims: MatrixDims,
    numGroups: number,
    offsets: Uint32Array,
    groupScores: Float32Array,
    order: Uint32Array,
    x: Float32Array,
    out: Float32Array,
  ): void;
  /**
   * The k greatest numbers of each row of x [rows, cols], best first, ties by smaller column. −Infinity and NaN are left
   * out. Writes outColumns, outScores [rows, k] and outCounts [rows], how many there are (≤ k).
   */
  topColumns(
    dims: MatrixDims,
    k: number,
    x: Float32Array,
    outColumns: Uint32Array,
    outScores: Float32Array,
    outCounts: Uint32Array,
  ): void;
  /**
   * Exact top k of a softmax in two levels, score = clusterScores + log softmax within the cluster: clusters best first,
   * until the next scores below the k-th label. Results as of topColumns.
   */
  clusterTopLabels(
    search: ClusterSearch,
    outLabels: Uint32Array,
    outScores: Float32Array,
    outCounts: Uint32Array,
  ): void;
  /**
   * Replaces each target by its path: out's row i holds the paths of row i's columns one after another, values repeated.
   * `paths` row l: the nodes and, as values, codes of label l. @returns entries written.
   */
  csrGatherPaths(numRows: number, targets: Csr, paths: Csr, out: PathBatch): number;
  /**
   * out[i, l] ← Σ over the nodes of l's path of ln σ(±logits[i, node]). logits [numRows, L − 1], out [numRows, L];
   * scratch [≥ L − 1], contents do not matter.
   */
  treeLogProbabilities(
    numRows: number,
    numLabels: number,
    children: Uint32Array,
    logits: Float32Array,
    scratch: Float32Array,
    out: Float32Array,
  ): void;
  /** Exact top k of the tree's leaves by best-first search. Results as of topColumns. */
  treeTopLabels(search: TreeSearch, outLabels: Uint32Array, outScores: Float32Array, outCounts: Uint32Array): void;
}
