/**
 * @file kernels/ops.h, OUTPUT_OPERATIONS, argument for argument.
 */
import type { Pointer } from "./flat-operations.js";

export interface FlatOutputOperations {
  csr_dots(
    rows: number,
    cols: number,
    offsets: Pointer,
    columns: Pointer,
    x: Pointer,
    w: Pointer,
    bias: Pointer,
    out: Pointer,
  ): void;
  f32_logistic_cross_entropy(
    n: number,
    x: Pointer,
    codes: Pointer,
    weights: Pointer,
    gradScale: number,
    grad: Pointer,
  ): number;
  f32_ragged_softmax_cross_entropy(
    rows: number,
    offsets: Pointer,
    x: Pointer,
    targetOffsets: Pointer,
    targetColumns: Pointer,
    targetValues: Pointer,
    gradScale: number,
    grad: Pointer,
  ): number;
  f32_grouped_log_softmax(
    rows: number,
    cols: number,
    groups: number,
    offsets: Pointer,
    scores: Pointer,
    order: Pointer,
    x: Pointer,
    out: Pointer,
  ): void;
  f32_top_columns(
    rows: number,
    cols: number,
    k: number,
    x: Pointer,
    outColumns: Pointer,
    outScores: Pointer,
    outCounts: Pointer,
  ): void;
  /** dims: rows, cols, clusters, k. */
  f32_cluster_top_labels(
    dims: Pointer,
    x: Pointer,
    clusterScores: Pointer,
    offsets: Pointer,
    order: Pointer,
    w: Pointer,
    bias: Pointer,
    scratch: Pointer,
    outLabels: Pointer,
    outScores: Pointer,
    outCounts: Pointer,
  ): void;
  csr_gather_paths(
    rows: number,
    offsets: Pointer,
    columns: Pointer,
    values: Pointer,
    pathOffsets: Pointer,
    pathNodes: Pointer,
    pathCodes: Pointer,
    outOffsets: Pointer,
    outNodes: Pointer,
    outValues: Pointer,
    outCodes: Pointer,
  ): number;
  f32_tree_log_probabilities(
    rows: number,
    numLabels: number,
    children: Pointer,
    logits: Pointer,
    scratch: Pointer,
    out: Pointer,
  ): void;
  /** dims: rows, cols, labels, k. */
  f32_tree_top_labels(
    dims: Pointer,
    x: Pointer,
    children: Pointer,
    w: Pointer,
    bias: Pointer,
    scratch: Pointer,
    outLabels: Pointer,
    outScores: Pointer,
    outCounts: Pointer,
  ): void;
}
