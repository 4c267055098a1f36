/**
 * @file Losses of dense predictions on a bridge. (Those of sparse targets stand in sparse.ts, with the checks of rows.)
 */
import type { ElementLoss, LossKernels } from "../contract.js";
import type { Bridge, Pointer } from "./flat-operations.js";
import { readIds } from "./sparse.js";

/** In the order of the enum in ops.h. */
const KINDS: Readonly<Record<ElementLoss, number>> = {
  squared: 0,
  absolute: 1,
  smoothL1: 2,
  binary: 3,
  divergence: 4,
  hinge: 5,
};

/** kernels/ops.h, LOSS_OPERATIONS on dense targets. */
export interface FlatLossOperations {
  f32_element_loss(
    kind: number,
    rows: number,
    cols: number,
    delta: number,
    x: Pointer,
    target: Pointer,
    weights: Pointer,
    gradScale: number,
    grad: Pointer,
  ): number;
  f32_class_nll(rows: number, cols: number, x: Pointer, classes: Pointer, weights: Pointer, grad: Pointer): number;
  f32_multi_margin(
    rows: number,
    cols: number,
    squared: number,
    margin: number,
    x: Pointer,
    classes: Pointer,
    weights: Pointer,
    gradScale: number,
    grad: Pointer,
  ): number;
  f32_cosine_embedding(
    rows: number,
    cols: number,
    margin: number,
    a: Pointer,
    b: Pointer,
    labels: Pointer,
    gradScale: number,
    gradA: Pointer,
    gradB: Pointer,
  ): number;
}

export function lossOperations(
  bridge: Bridge,
): Pick<LossKernels, "elementLoss" | "classNll" | "multiMargin" | "cosineEmbedding"> {
  const { flat } = bridge;
  return {
    elementLoss(kind, { rows, cols }, delta, x, target, weights, gradScale, grad) {
      bridge.begin();
      const xAt = bridge.read("elementLoss: x", x, rows * cols);
      const targetAt = bridge.read("elementLoss: target", target, rows * cols);
      const weightsAt = weights && bridge.read("elementLoss: weights", weights, cols);
      const gradAt = bridge.write("elementLoss: grad", grad, rows * cols);
      const loss = flat.f32_element_loss(KINDS[kind], rows, cols, delta, xAt, targetAt, weightsAt, gradScale, gradAt);
      bridge.end();
      return loss;
    },
    classNll({ rows, cols }, x, classes, weights, grad) {
      bridge.begin();
      const xAt = bridge.read("classNll: x", x, rows * cols);
      const classesAt = readIds(bridge, "classNll: classes", classes, rows, cols);
      const weightsAt = weights && bridge.read("classNll: weights", weights, cols);
      const gradAt = bridge.write("classNll: grad", grad, rows * cols);
      const loss = flat.f32_class_nll(rows, cols, xAt, classesAt, weightsAt, gradAt);
      bridge.end();
      return loss;
    },
    multiMargin({ rows, cols }, { p, margin }, x, classes, weights, gradScale, grad) {
      bridge.begin();
      const xAt = bridge.read("multiMargin: x", x, rows * cols);
      const classesAt = readIds(bridge, "multiMargin: classes", classes, rows, cols);
      const weightsAt = weights && bridge.read("multiMargin: weights", weights, cols);
      const gradAt = bridge.write("multiMargin: grad", grad, rows * cols);
      const squared = p === 2 ? 1 : 0;
      const loss = flat.f32_multi_margin(rows, cols, squared, margin, xAt, classesAt, weightsAt, gradScale, gradAt);
      bridge.end();
      return loss;
    },
    cosineEmbedding({ rows, cols }, margin, a, b, labels, gradScale, gradA, gradB) {
      bridge.begin();
      const aAt = bridge.read("cosineEmbedding: a", a, rows * cols);
      const bAt = bridge.read("cosineEmbedding: b", b, rows * cols);
      const labelsAt = bridge.read("cosineEmbedding: labels", labels, rows);
      const gradAAt = bridge.write("cosineEmbedding: gradA", gradA, rows * cols);
      const gradBAt = bridge.write("cosineEmbedding: gradB", gradB, rows * cols);
      const loss = flat.f32_cosine_embedding(rows, cols, margin, aAt, bAt, labelsAt, gradScale, gradAAt, gradBAt);
      bridge.end();
      return loss;
    },
  };
}
