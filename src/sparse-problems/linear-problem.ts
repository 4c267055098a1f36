/**
 * @file Sparse support vector machines and logistic regression, binary or one against the rest, as a sparse problem.
 *
 *   f(x) = Σ_α ℓ(y_α·xᵀz_α) + λ‖x‖² = Σ_α (ℓ(y_α·xᵀz_α) + λ·Σ_{u ∈ e_α} x_u²/d_u)
 *
 * e_α: the features that row α has; d_u: how many rows have feature u. K outputs against the rest are K such problems
 * over the same rows: they share the reading of z, and x [D, K] keeps a feature's K weights side by side.
 *
 * Source: Niu et al., "HOGWILD!", NIPS 2011, §2, "Sparse SVM"; there ℓ is the hinge loss max(0, 1 − m).
 * No bias: give the rows a feature that is always 1, at the price of Δ = 1.
 */
import { ConfigError, ShapeError } from "../core/errors.js";
import type { Dataset, FeatureMatrix } from "../data/dataset.js";
import type { Kernels } from "../kernels/contract.js";
import { shuffledExamples } from "./example-order.js";
import { type LinearProblem, readingPass } from "./problem.js";

/** Which loss, which regulariser, and whether one label is learnt or all. */
export interface LinearProblemOptions {
  /** Default "hinge". */
  readonly loss?: "hinge" | "logistic";
  /** λ ≥ 0, of a sum over examples. Default 1. */
  readonly lambda?: number;
  /**
   * Default "step", as in the paper: the regulariser is spread over the examples, so that each of them writes all of its
   * weights. "epoch": weights shrink once an epoch, by what the spread one makes of them, and an example whose hinge loss
   * is 0 writes nothing: less work, and fewer cache lines for cores to pass to and fro.
   */
  readonly regularise?: "step" | "epoch";
  /** Label id of the positive rows: one output. Default null: an output for each label, against the rest. */
  readonly positiveLabel?: number | null;
  /** Of the examples' order. Default 1. */
  readonly seed?: number;
}

/**
 * A linear classifier of the data set's rows, which are read, not kept.
 * @throws {ConfigError} for options, {ShapeError} for rows whose columns do not ascend below D.
 */
export function createLinearProblem(dataset: Dataset, options: LinearProblemOptions = {}): LinearProblem {
  const { loss = "hinge", lambda = 1, positiveLabel = null, seed = 1, regularise = "step" } = options;
  const { features, labels } = dataset;
  if (!(lambda >= 0 && Number.isFinite(lambda))) {
    throw new ConfigError(`createLinearProblem: expected lambda of at least 0, got ${lambda}`);
  }
  if (positiveLabel !== null && !(Number.isInteger(positiveLabel) && positiveLabel >= 0)) {
    throw new ConfigError(`createLinearProblem: expected positiveLabel to be a label's number, got ${positiveLabel}`);
  }
  if (positiveLabel !== null && positiveLabel >= labels.numLabels) {
    throw new ConfigError(
      `createLinearProblem: expected positiveLabel below ${labels.numLabels} labels, got ${positiveLabel}`,
    );
  }
  if (features.numRows !== labels.numRows) {
    throw new ShapeError(`createLinearProblem: expected labels of ${features.numRows} rows, got ${labels.numRows}`);
  }
  const order = shuffledExamples(features.numRows, seed);
  const rows = reorderRows(features, order);
  const isWanted = (label: number): boolean => positiveLabel === null || label === positiveLabel;
  const labelOffsets = sharedU32(order.length + 1);
  const labelIds: number[] = [];
  order.forEach((row, i) => {
    for (const label of labels.ids.subarray(labels.offsets[row], labels.offsets[row + 1])) {
      if (isWanted(label)) labelIds.push(label);
    }
    labelOffsets[i + 1] = labelIds.length;
  });
  const ids = sharedU32(labelIds.length);
  ids.set(labelIds);
  const numOutputs = positiveLabel === null ? labels.numLabels : 1;
  return {
    kind: "linear",
    numExamples: order.length,
    numParts: features.numCols,
    partLength: numOutputs,
    grid: null,
    lambda,
    regularise,
    data: {
      loss,
      numOutputs,
      features: rows,
      labelOffsets,
      labelIds: ids,
      decay:
        lambda === 0 || regularise === "epoch" ? null : spreadRegulariser(2 * lambda, rows.columns, features.numCols),
    },
  };
}

/** Share of examples that x gets wrong: by sign (one output), or whose best output is none of their labels. */
export function mistakeRate(kernels: Kernels, problem: LinearProblem, x: Float32Array): number {
  return kernels.linearPass(readingPass(problem, "mistakes"), problem.data, x) / problem.numExamples;
}

function sharedU32(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(4 * length));
}

/** The rows in another order, checked on the way. */
function reorderRows({ offsets, columns, values, numCols }: FeatureMatrix, order: Uint32Array) {
  const total = offsets[order.length] - offsets[0];
  const out = {
    offsets: sharedU32(order.length + 1),
    columns: sharedU32(total),
    values: new Float32Array(new SharedArrayBuffer(4 * total)),
  };
  let at = 0;
  order.forEach((row, i) => {
    for (let e = offsets[row]; e < offsets[row + 1]; e++, at++) {
      const isSound = columns[e] < numCols && (e === offsets[row] || columns[e] > columns[e - 1]);
      if (!isSound) {
        throw new ShapeError(
          `createLinearProblem: row ${row}: expected columns that ascend below ${numCols}, got ${columns[e]}`,
        );
      }
      out.columns[at] = columns[e];
      out.values[at] = values[e];
    }
    out.offsets[i + 1] = at;
  });
  return out;
}

/** [parts] weight/d_u, d_u: how often u occurs; 0 where it does not. */
export function spreadRegulariser(weight: number, parts: Uint32Array, numParts: number): Float32Array {
  const out = new Float32Array(new SharedArrayBuffer(4 * numParts));
  for (let i = 0; i < parts.length; i++) out[parts[i]]++;
  for (let u = 0; u < numParts; u++) out[u] = out[u] === 0 ? 0 : weight / out[u];
  return out;
}
