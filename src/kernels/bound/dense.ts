/**
 * @file Dense operations of the contract on a bridge: extents are checked, names become numbers.
 */
import type { Activation, Kernels } from "../contract.js";
import type { Bridge } from "./flat-operations.js";

const ACTIVATIONS: Readonly<Record<Activation, number>> = { softmax: 0, logSoftmax: 1, sigmoid: 2, logSigmoid: 3 };

type DenseNames =
  | "gemm"
  | "addBias"
  | "addBiasRelu"
  | "sumRows"
  | "relu"
  | "reluGrad"
  | "dropout"
  | "fillUniform"
  | "axpby"
  | "activate";

export function denseOperations(bridge: Bridge): Pick<Kernels, DenseNames> {
  const { flat } = bridge;
  return {
    gemm({ m, n, k, transposeA, transposeB }, a, b, c, mode, bias = null) {
      if (transposeA && transposeB) throw new RangeError("gemm: expected at most one operand transposed, got both");
      bridge.begin();
      const accumulate = mode === "accumulate";
      flat.f32_gemm(
        transposeB ? 1 : transposeA ? 2 : 0,
        m,
        n,
        k,
        bridge.read("gemm: a", a, m * k),
        bridge.read("gemm: b", b, k * n),
        bias === null ? null : bridge.read("gemm: bias", bias, n),
        accumulate ? bridge.update("gemm: c", c, m * n) : bridge.write("gemm: c", c, m * n),
        accumulate ? 1 : 0,
      );
      bridge.end();
    },
    addBias({ rows, cols }, bias, x) {
      bridge.begin();
      const biasAt = bridge.read("addBias: bias", bias, cols);
      flat.f32_add_bias(rows, cols, biasAt, bridge.update("addBias: x", x, rows * cols));
      bridge.end();
    },
    addBiasRelu({ rows, cols }, bias, x) {
      bridge.begin();
      const biasAt = bridge.read("addBiasRelu: bias", bias, cols);
      flat.f32_add_bias_relu(rows, cols, biasAt, bridge.update("addBiasRelu: x", x, rows * cols));
      bridge.end();
    },
    sumRows({ rows, cols }, x, out, mode) {
      bridge.begin();
      const accumulate = mode === "accumulate";
      flat.f32_sum_rows(
        rows,
        cols,
        bridge.read("sumRows: x", x, rows * cols),
        bridge.update("sumRows: out", out, cols),
        accumulate ? 1 : 0,
      );
      bridge.end();
    },
    relu(length, x, out) {
      bridge.begin();
      flat.f32_relu(length, bridge.read("relu: x", x, length), bridge.write("relu: out", out, length));
      bridge.end();
    },
    reluGrad(length, y, dy, dx) {
      bridge.begin();
      const yAt = bridge.read("reluGrad: y", y, length);
      const dyAt = bridge.read("reluGrad: dy", dy, length);
      flat.f32_relu_grad(length, yAt, dyAt, bridge.write("reluGrad: dx", dx, length));
      bridge.end();
    },
    dropout(length, rate, seed, x, out, firstIndex = 0) {
      bridge.begin();
      const xAt = bridge.read("dropout: x", x, length);
      const outAt = bridge.write("dropout: out", out, length);
      flat.f32_dropout(length, Math.round(rate * 2 ** 32), 1 / (1 - rate), seed, firstIndex, xAt, outAt);
      bridge.end();
    },
    fillUniform(length, low, high, seed, out) {
      bridge.begin();
      flat.f32_fill_uniform(length, low, high, seed, bridge.write("fillUniform: out", out, length));
      bridge.end();
    },
    axpby(length, alpha, x, beta, y) {
      bridge.begin();
      flat.f32_axpby(length, alpha, bridge.read("axpby: x", x, length), beta, bridge.update("axpby: y", y, length));
      bridge.end();
    },
    activate(kind, { rows, cols }, x) {
      bridge.begin();
      flat.f32_activate(ACTIVATIONS[kind], rows, cols, bridge.update("activate: x", x, rows * cols));
      bridge.end();
    },
  };
}
