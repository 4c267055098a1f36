/**
 * @file Optimiser steps of the contract on a bridge: bias corrections are made here, in f64, once a step.
 */
import type { AdamOptions, CompactTranspose, StepDims, StepKernels } from "../contract.js";
import type { Bridge, Pointer } from "./flat-operations.js";
import { readCsr, readIds, rowsOf } from "./sparse.js";

/** Rows of the step and its arrays; `length` is what parameter and states must hold. */
function readStep(
  bridge: Bridge,
  name: string,
  { cols, rows }: StepDims,
  w: Float32Array,
  g: Float32Array,
): { count: number; ids: Pointer; length: number; wAt: Pointer; gAt: Pointer } {
  const count = rows ? rows.count : 1;
  const ids = rows ? readIds(bridge, `${name}: rows.ids`, rows.ids, count, rowsOf(w, cols)) : null;
  const length = rows ? w.length : cols;
  const gAt = bridge.read(`${name}: g`, g, count * cols);
  return { count, ids, length, wAt: bridge.update(`${name}: w`, w, length), gAt };
}

/** Checked arrays of a step that makes its gradient itself, row by row of w, from the sums of `count` columns of x over dy. */
function readSums(
  bridge: Bridge,
  name: string,
  {
    count,
    cols,
    x,
    dy,
    row,
    w,
  }: { count: number; cols: number; x: CompactTranspose } & Record<"dy" | "row" | "w", Float32Array>,
) {
  const byColumn = { offsets: x.offsets, columns: x.rows, values: x.values };
  const { offsets, columns: rows, values } = readCsr(bridge, `${name}: x`, count, byColumn, rowsOf(dy, cols));
  const ids = readIds(bridge, `${name}: x.columns`, x.columns, count, rowsOf(w, cols));
  const dyAt = bridge.read(`${name}: dy`, dy, dy.length);
  const rowAt = bridge.write(`${name}: row`, row, cols);
  return { ids, offsets, rows, values, dyAt, rowAt, wAt: bridge.update(`${name}: w`, w, w.length) };
}

/** What the operations take of Adam's options beside those that they take as they are. */
function adamNumbers({ learningRate, beta1, beta2, weightDecay, step }: AdamOptions) {
  const stepSize = learningRate / (1 - beta1 ** step);
  const rootScale = 1 / Math.sqrt(1 - beta2 ** step);
  return { stepSize, rootScale, decay: learningRate * weightDecay };
}

/** kernels/ops.h, STEP_OPERATIONS from asgd on. */
export interface FlatStepOperations {
  f32_asgd_step(
    cols: number,
    count: number,
    ids: Pointer,
    w: Pointer,
    g: Pointer,
    average: Pointer,
    last: Pointer,
    rate: number,
    decay: number,
    share: number,
    step: number,
    start: number,
  ): void;
  f32_adadelta_step(
    cols: number,
    count: number,
    ids: Pointer,
    w: Pointer,
    g: Pointer,
    s: Pointer,
    u: Pointer,
    rate: number,
    rho: number,
    epsilon: number,
    decay: number,
  ): void;
  f32_rmsprop_step(
    cols: number,
    count: number,
    ids: Pointer,
    w: Pointer,
    g: Pointer,
    s: Pointer,
    mean: Pointer,
    velocity: Pointer,
    rate: number,
    alpha: number,
    momentum: number,
    epsilon: number,
    decay: number,
  ): void;
  f32_clamp_values(n: number, limit: number, x: Pointer): void;
}

export function stepOperations(bridge: Bridge): StepKernels {
  const { flat } = bridge;
  return {
    sgdStep(dims, w, g, velocity, { learningRate, momentum, nesterov, weightDecay }) {
      bridge.begin();
      const { count, ids, length, wAt, gAt } = readStep(bridge, "sgdStep", dims, w, g);
      const vAt = velocity && bridge.update("sgdStep: velocity", velocity, length);
      flat.f32_sgd_step(dims.cols, count, ids, wAt, gAt, vAt, learningRate, momentum, nesterov ? 1 : 0, weightDecay);
      bridge.end();
    },
    adagradStep(dims, w, g, s, { learningRate, epsilon, weightDecay }) {
      bridge.begin();
      const { count, ids, length, wAt, gAt } = readStep(bridge, "adagradStep", dims, w, g);
      const sAt = bridge.update("adagradStep: s", s, length);
      flat.f32_adagrad_step(dims.cols, count, ids, wAt, gAt, sAt, learningRate, epsilon, weightDecay);
      bridge.end();
    },
    adamStep(dims, w, g, m, v, options) {
      bridge.begin();
      const { count, ids, length, wAt, gAt } = readStep(bridge, "adamStep", dims, w, g);
      const { stepSize, rootScale, decay } = adamNumbers(options);
      flat.f32_adam_step(
        dims.cols,
        count,
        ids,
        wAt,
        gAt,
        bridge.update("adamStep: m", m, length),
        bridge.update("adamStep: v", v, length),
        stepSize,
        options.beta1,
        options.beta2,
        rootScale,
        options.epsilon,
        decay,
      );
      bridge.end();
    },
    csrAdamStep(count, cols, x, dy, row, w, m, v, options) {
      bridge.begin();
      const sums = readSums(bridge, "csrAdamStep", { count, cols, x, dy, row, w });
      const { stepSize, rootScale, decay } = adamNumbers(options);
      flat.csr_adam_step(
        count,
        cols,
        sums.ids,
        sums.offsets,
        sums.rows,
        sums.values,
        sums.dyAt,
        sums.rowAt,
        sums.wAt,
        bridge.update("csrAdamStep: m", m, w.length),
        bridge.update("csrAdamStep: v", v, w.length),
        stepSize,
        options.beta1,
        options.beta2,
        rootScale,
        options.epsilon,
        decay,
      );
      bridge.end();
    },
    rowRmsStep(dims, w, g, v, { learningRate, beta2, epsilon, weightDecay, step }) {
      bridge.begin();
      const { count, ids, length, wAt, gAt } = readStep(bridge, "rowRmsStep", dims, w, g);
      const vAt = bridge.update("rowRmsStep: v", v, dims.rows ? Math.floor(length / Math.max(1, dims.cols)) : 1);
      const rootScale = 1 / Math.sqrt(1 - beta2 ** step);
      const decay = learningRate * weightDecay;
      flat.f32_row_rms_step(dims.cols, count, ids, wAt, gAt, vAt, learningRate, beta2, rootScale, epsilon, decay);
      bridge.end();
    },
    csrRowRmsStep(count, cols, x, dy, row, w, v, { learningRate, beta2, epsilon, weightDecay, step }) {
      bridge.begin();
      const sums = readSums(bridge, "csrRowRmsStep", { count, cols, x, dy, row, w });
      flat.csr_row_rms_step(
        count,
        cols,
        sums.ids,
        sums.offsets,
        sums.rows,
        sums.values,
        sums.dyAt,
        sums.rowAt,
        sums.wAt,
        bridge.update("csrRowRmsStep: v", v, Math.floor(w.length / Math.max(1, cols))),
        learningRate,
        beta2,
        1 / Math.sqrt(1 - beta2 ** step),
        epsilon,
        learningRate * weightDecay,
      );
      bridge.end();
    },
    asgdStep(dims, w, g, average, last, { learningRate, weightDecay, step, averagingStart }) {
      bridge.begin();
      const { count, ids, length, wAt, gAt } = readStep(bridge, "asgdStep", dims, w, g);
      flat.f32_asgd_step(
        dims.cols,
        count,
        ids,
        wAt,
        gAt,
        bridge.update("asgdStep: average", average, length),
        last && bridge.update("asgdStep: last", last, dims.cols === 0 ? last.length : Math.floor(length / dims.cols)),
        learningRate,
        weightDecay,
        1 / Math.max(1, step - averagingStart),
        step,
        averagingStart,
      );
      bridge.end();
    },
    adadeltaStep(dims, w, g, s, u, { learningRate, rho, epsilon, weightDecay }) {
      bridge.begin();
      const { count, ids, length, wAt, gAt } = readStep(bridge, "adadeltaStep", dims, w, g);
      const sAt = bridge.update("adadeltaStep: s", s, length);
      const uAt = bridge.update("adadeltaStep: u", u, length);
      flat.f32_adadelta_step(dims.cols, count, ids, wAt, gAt, sAt, uAt, learningRate, rho, epsilon, weightDecay);
      bridge.end();
    },
    rmspropStep(dims, w, g, s, mean, velocity, { learningRate, alpha, momentum, epsilon, weightDecay }) {
      bridge.begin();
      const { count, ids, length, wAt, gAt } = readStep(bridge, "rmspropStep", dims, w, g);
      flat.f32_rmsprop_step(
        dims.cols,
        count,
        ids,
        wAt,
        gAt,
        bridge.update("rmspropStep: s", s, length),
        mean && bridge.update("rmspropStep: mean", mean, length),
        velocity && bridge.update("rmspropStep: velocity", velocity, length),
        learningRate,
        alpha,
        momentum,
        epsilon,
        weightDecay,
      );
      bridge.end();
    },
    clampValues(length, limit, x) {
      bridge.begin();
      flat.f32_clamp_values(length, limit, bridge.update("clampValues: x", x, length));
      bridge.end();
    },
  };
}
