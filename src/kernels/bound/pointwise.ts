/**
 * @file Functions of one number, and the gradient of softmax, on a bridge.
 */
import type { PointwiseFunction, PointwiseKernels } from "../contract.js";
import type { Bridge, Pointer } from "./flat-operations.js";

/** kernels/ops.h, POINTWISE_OPERATIONS. */
export interface FlatPointwiseOperations {
  f32_pointwise(f: number, n: number, alpha: number, beta: number, x: Pointer, out: Pointer): void;
  f32_pointwise_grad(
    f: number,
    n: number,
    alpha: number,
    beta: number,
    x: Pointer,
    y: Pointer,
    dy: Pointer,
    dx: Pointer,
  ): void;
  f32_softmax_grad(kind: number, rows: number, cols: number, y: Pointer, dy: Pointer, dx: Pointer): void;
}

const FUNCTIONS: Readonly<Record<PointwiseFunction, number>> = {
  leakyRelu: 0,
  elu: 1,
  tanh: 2,
  hardTanh: 3,
  sigmoid: 4,
  logSigmoid: 5,
  softPlus: 6,
};

export function pointwiseOperations(bridge: Bridge): PointwiseKernels {
  const { flat } = bridge;
  return {
    pointwise(f, length, alpha, beta, x, out) {
      bridge.begin();
      const xAt = bridge.read("pointwise: x", x, length);
      flat.f32_pointwise(FUNCTIONS[f], length, alpha, beta, xAt, bridge.write("pointwise: out", out, length));
      bridge.end();
    },
    pointwiseGrad(f, length, alpha, beta, x, y, dy, dx) {
      bridge.begin();
      const xAt = bridge.read("pointwiseGrad: x", x, length);
      const yAt = bridge.read("pointwiseGrad: y", y, length);
      const dyAt = bridge.read("pointwiseGrad: dy", dy, length);
      const dxAt = bridge.write("pointwiseGrad: dx", dx, length);
      flat.f32_pointwise_grad(FUNCTIONS[f], length, alpha, beta, xAt, yAt, dyAt, dxAt);
      bridge.end();
    },
    softmaxGrad(kind, { rows, cols }, y, dy, dx) {
      bridge.begin();
      const yAt = bridge.read("softmaxGrad: y", y, rows * cols);
      const dyAt = bridge.read("softmaxGrad: dy", dy, rows * cols);
      const dxAt = bridge.write("softmaxGrad: dx", dx, rows * cols);
      flat.f32_softmax_grad(kind === "softmax" ? 0 : 1, rows, cols, yAt, dyAt, dxAt);
      bridge.end();
    },
  };
}
