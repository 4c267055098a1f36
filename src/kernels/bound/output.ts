/**
 * @file Operations of output layers on a bridge: extents and column numbers are checked here; that offsets rise and that
 * trees are trees is their makers' business.
 */
import type { OutputKernels } from "../contract.js";
import type { Bridge } from "./flat-operations.js";
import { readCsr, readIds, rowsOf } from "./sparse.js";

export function outputOperations(bridge: Bridge): OutputKernels {
  const { flat } = bridge;
  const dims = new Uint32Array(4);
  return {
    csrDots({ rows, cols }, pattern, x, w, bias, out) {
      bridge.begin();
      const offsets = bridge.read("csrDots: pattern.offsets", pattern.offsets, rows + 1);
      const end = pattern.offsets[rows];
      const columns = bridge.read("csrDots: pattern.columns", pattern.columns, end);
      const limit = bias === null ? rowsOf(w, cols) : Math.min(rowsOf(w, cols), bias.length);
      const fault = flat.csr_fault(rows, offsets, columns, end, limit);
      if (fault === 1) throw new RangeError("csrDots: pattern.offsets: expected numbers that do not fall");
      if (fault === 2) throw new RangeError(`csrDots: pattern.columns: expected numbers below ${limit}`);
      const xAt = bridge.read("csrDots: x", x, rows * cols);
      const wAt = bridge.read("csrDots: w", w, w.length);
      const biasAt = bias && bridge.read("csrDots: bias", bias, bias.length);
      flat.csr_dots(rows, cols, offsets, columns, xAt, wAt, biasAt, bridge.update("csrDots: out", out, end));
      bridge.end();
    },
    logisticCrossEntropy(length, x, codes, weights, gradScale, grad) {
      bridge.begin();
      const loss = flat.f32_logistic_cross_entropy(
        length,
        bridge.read("logisticCrossEntropy: x", x, length),
        bridge.read("logisticCrossEntropy: codes", codes, length),
        bridge.read("logisticCrossEntropy: weights", weights, length),
        gradScale,
        bridge.write("logisticCrossEntropy: grad", grad, length),
      );
      bridge.end();
      return loss;
    },
    raggedSoftmaxCrossEntropy(numRows, offsets, x, targets, gradScale, grad) {
      bridge.begin();
      const offsetsAt = bridge.read("raggedSoftmaxCrossEntropy: offsets", offsets, numRows + 1);
      const length = offsets[numRows];
      for (let i = 0; i < numRows; i++) {
        const width = offsets[i + 1] - offsets[i];
        for (let e = targets.offsets[i]; e < targets.offsets[i + 1]; e++) {
          if (targets.columns[e] < width) continue;
          throw new RangeError(
            `raggedSoftmaxCrossEntropy: targets.columns: expected numbers below ${width} in row ${i}`,
          );
        }
      }
      const t = readCsr(bridge, "raggedSoftmaxCrossEntropy: targets", numRows, targets, Math.max(1, length));
      const loss = flat.f32_ragged_softmax_cross_entropy(
        numRows,
        offsetsAt,
        bridge.read("raggedSoftmaxCrossEntropy: x", x, length),
        t.offsets,
        t.columns,
        t.values,
        gradScale,
        bridge.write("raggedSoftmaxCrossEntropy: grad", grad, length),
      );
      bridge.end();
      return loss;
    },
    groupedLogSoftmax({ rows, cols }, numGroups, offsets, groupScores, order, x, out) {
      bridge.begin();
      flat.f32_grouped_log_softmax(
        rows,
        cols,
        numGroups,
        bridge.read("groupedLogSoftmax: offsets", offsets, numGroups + 1),
        bridge.read("groupedLogSoftmax: groupScores", groupScores, rows * numGroups),
        readIds(bridge, "groupedLogSoftmax: order", order, cols, cols),
        bridge.read("groupedLogSoftmax: x", x, rows * cols),
        bridge.write("groupedLogSoftmax: out", out, rows * cols),
      );
      bridge.end();
    },
    topColumns({ rows, cols }, k, x, outColumns, outScores, outCounts) {
      bridge.begin();
      flat.f32_top_columns(
        rows,
        cols,
        k,
        bridge.read("topColumns: x", x, rows * cols),
        bridge.update("topColumns: outColumns", outColumns, rows * k),
        bridge.update("topColumns: outScores", outScores, rows * k),
        bridge.write("topColumns: outCounts", outCounts, rows),
      );
      bridge.end();
    },
    clusterTopLabels(search, outLabels, outScores, outCounts) {
      const { rows, cols } = search.dims;
      const { numClusters, k } = search;
      const numLabels = search.offsets[numClusters];
      dims[0] = rows;
      dims[1] = cols;
      dims[2] = numClusters;
      dims[3] = k;
      bridge.begin();
      flat.f32_cluster_top_labels(
        bridge.read("clusterTopLabels: dims", dims, 4),
        bridge.read("clusterTopLabels: x", search.x, rows * cols),
        bridge.update("clusterTopLabels: clusterScores", search.clusterScores, rows * numClusters),
        bridge.read("clusterTopLabels: offsets", search.offsets, numClusters + 1),
        bridge.read("clusterTopLabels: order", search.order, numLabels),
        bridge.read("clusterTopLabels: weight", search.weight, numLabels * cols),
        bridge.read("clusterTopLabels: bias", search.bias, numLabels),
        bridge.update("clusterTopLabels: scratch", search.scratch, search.scratch.length),
        bridge.update("clusterTopLabels: outLabels", outLabels, rows * k),
        bridge.update("clusterTopLabels: outScores", outScores, rows * k),
        bridge.write("clusterTopLabels: outCounts", outCounts, rows),
      );
      bridge.end();
    },
    csrGatherPaths(numRows, targets, paths, out) {
      bridge.begin();
      const numLabels = paths.offsets.length - 1;
      const t = readCsr(bridge, "csrGatherPaths: targets", numRows, targets, numLabels);
      let length = 0;
      for (let e = targets.offsets[0]; e < t.end; e++) {
        length += paths.offsets[targets.columns[e] + 1] - paths.offsets[targets.columns[e]];
      }
      const pathsEnd = paths.offsets[numLabels];
      const written = flat.csr_gather_paths(
        numRows,
        t.offsets,
        t.columns,
        t.values,
        bridge.read("csrGatherPaths: paths.offsets", paths.offsets, numLabels + 1),
        bridge.read("csrGatherPaths: paths.columns", paths.columns, pathsEnd),
        bridge.read("csrGatherPaths: paths.values", paths.values, pathsEnd),
        bridge.write("csrGatherPaths: out.offsets", out.offsets, numRows + 1),
        bridge.write("csrGatherPaths: out.columns", out.columns, length),
        bridge.write("csrGatherPaths: out.values", out.values, length),
        bridge.write("csrGatherPaths: out.codes", out.codes, length),
      );
      bridge.end();
      return written >>> 0;
    },
    treeLogProbabilities(numRows, numLabels, children, logits, scratch, out) {
      bridge.begin();
      const inner = numLabels - 1;
      flat.f32_tree_log_probabilities(
        numRows,
        numLabels,
        readIds(bridge, "treeLogProbabilities: children", children, 2 * inner, inner + numLabels),
        bridge.read("treeLogProbabilities: logits", logits, numRows * inner),
        bridge.update("treeLogProbabilities: scratch", scratch, inner),
        bridge.write("treeLogProbabilities: out", out, numRows * numLabels),
      );
      bridge.end();
    },
    treeTopLabels(search, outLabels, outScores, outCounts) {
      const { rows, cols } = search.dims;
      const { numLabels, k } = search;
      const inner = numLabels - 1;
      dims[0] = rows;
      dims[1] = cols;
      dims[2] = numLabels;
      dims[3] = k;
      bridge.begin();
      flat.f32_tree_top_labels(
        bridge.read("treeTopLabels: dims", dims, 4),
        bridge.read("treeTopLabels: x", search.x, rows * cols),
        readIds(bridge, "treeTopLabels: children", search.children, 2 * inner, inner + numLabels),
        bridge.read("treeTopLabels: weight", search.weight, inner * cols),
        bridge.read("treeTopLabels: bias", search.bias, inner),
        bridge.update("treeTopLabels: scratch", search.scratch, 2 * numLabels),
        bridge.update("treeTopLabels: outLabels", outLabels, rows * k),
        bridge.update("treeTopLabels: outScores", outScores, rows * k),
        bridge.write("treeTopLabels: outCounts", outCounts, rows),
      );
      bridge.end();
    },
  };
}
