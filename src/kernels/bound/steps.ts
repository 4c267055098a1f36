/**
 * @file Optimiser steps of the contract on a bridge: bias corrections are made here, in f64, once a step.
 */
import type { Kernels, StepDims } from "../contract.js";
import type { Bridge, Pointer } from "./flat-operations.js";
import { readIds, rowsOf } from "./sparse.js";

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

export function stepOperations(bridge: Bridge): Pick<Kernels, "sgdStep" | "adagradStep" | "adamStep" | "rowRmsStep"> {
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
    adamStep(dims, w, g, m, v, { learningRate, beta1, beta2, epsilon, weightDecay, step }) {
      bridge.begin();
      const { count, ids, length, wAt, gAt } = readStep(bridge, "adamStep", dims, w, g);
      flat.f32_adam_step(
        dims.cols,
        count,
        ids,
        wAt,
        gAt,
        bridge.update("adamStep: m", m, length),
        bridge.update("adamStep: v", v, length),
        learningRate / (1 - beta1 ** step),
        beta1,
        beta2,
        1 / Math.sqrt(1 - beta2 ** step),
        epsilon,
        learningRate * weightDecay,
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
  };
}
