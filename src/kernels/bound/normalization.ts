/**
 * @file Normalisation on a bridge.
 */
import type { NormalizationKernels } from "../contract.js";
import type { Bridge, Pointer } from "./flat-operations.js";

/** kernels/ops.h, NORMALIZATION_OPERATIONS. */
export interface FlatNormalizationOperations {
  f32_channel_moments(rows: number, channels: number, size: number, x: Pointer, mean: Pointer, variance: Pointer): void;
  f32_normalize_channels(
    rows: number,
    channels: number,
    size: number,
    epsilon: number,
    x: Pointer,
    mean: Pointer,
    variance: Pointer,
    weight: Pointer,
    bias: Pointer,
    y: Pointer,
  ): void;
  f32_channel_grad_sums(
    rows: number,
    channels: number,
    size: number,
    epsilon: number,
    x: Pointer,
    mean: Pointer,
    variance: Pointer,
    dy: Pointer,
    sumDyX: Pointer,
    sumDy: Pointer,
  ): void;
  f32_normalize_channels_grad(
    rows: number,
    channels: number,
    size: number,
    epsilon: number,
    x: Pointer,
    mean: Pointer,
    variance: Pointer,
    weight: Pointer,
    dy: Pointer,
    sumDyX: Pointer,
    sumDy: Pointer,
    dx: Pointer,
  ): void;
  f32_normalize_rows(
    rows: number,
    cols: number,
    epsilon: number,
    x: Pointer,
    weight: Pointer,
    bias: Pointer,
    y: Pointer,
    mean: Pointer,
    inverseStd: Pointer,
  ): void;
  f32_normalize_rows_grad(
    rows: number,
    cols: number,
    x: Pointer,
    mean: Pointer,
    inverseStd: Pointer,
    weight: Pointer,
    dy: Pointer,
    dx: Pointer,
  ): void;
  f32_normalize_rows_weight_grad(
    rows: number,
    cols: number,
    x: Pointer,
    mean: Pointer,
    inverseStd: Pointer,
    dy: Pointer,
    dWeight: Pointer,
    accumulate: number,
  ): void;
}

export function normalizationOperations(bridge: Bridge): NormalizationKernels {
  const { flat } = bridge;
  const readOrNull = (what: string, array: Float32Array | null, length: number): Pointer =>
    array && bridge.read(what, array, length);
  return {
    channelMoments({ rows, channels, size }, x, mean, variance) {
      bridge.begin();
      const xAt = bridge.read("channelMoments: x", x, rows * channels * size);
      if (rows * size === 0) throw new RangeError("channelMoments: expected at least one number a channel, got none");
      const meanAt = bridge.write("channelMoments: mean", mean, channels);
      const varianceAt = bridge.write("channelMoments: variance", variance, channels);
      flat.f32_channel_moments(rows, channels, size, xAt, meanAt, varianceAt);
      bridge.end();
    },
    normalizeChannels({ rows, channels, size }, epsilon, x, mean, variance, weight, bias, y) {
      bridge.begin();
      const length = rows * channels * size;
      const xAt = bridge.read("normalizeChannels: x", x, length);
      const meanAt = bridge.read("normalizeChannels: mean", mean, channels);
      const varianceAt = bridge.read("normalizeChannels: variance", variance, channels);
      const weightAt = readOrNull("normalizeChannels: weight", weight, channels);
      const biasAt = readOrNull("normalizeChannels: bias", bias, channels);
      const yAt = bridge.write("normalizeChannels: y", y, length);
      flat.f32_normalize_channels(rows, channels, size, epsilon, xAt, meanAt, varianceAt, weightAt, biasAt, yAt);
      bridge.end();
    },
    channelGradSums({ rows, channels, size }, epsilon, x, mean, variance, dy, sumDyX, sumDy) {
      bridge.begin();
      const length = rows * channels * size;
      const xAt = bridge.read("channelGradSums: x", x, length);
      const meanAt = bridge.read("channelGradSums: mean", mean, channels);
      const varianceAt = bridge.read("channelGradSums: variance", variance, channels);
      const dyAt = bridge.read("channelGradSums: dy", dy, length);
      const dyXAt = bridge.write("channelGradSums: sumDyX", sumDyX, channels);
      const sumAt = bridge.write("channelGradSums: sumDy", sumDy, channels);
      flat.f32_channel_grad_sums(rows, channels, size, epsilon, xAt, meanAt, varianceAt, dyAt, dyXAt, sumAt);
      bridge.end();
    },
    normalizeChannelsGrad({ rows, channels, size }, epsilon, x, mean, variance, weight, dy, sums, dx) {
      bridge.begin();
      const length = rows * channels * size;
      flat.f32_normalize_channels_grad(
        rows,
        channels,
        size,
        epsilon,
        bridge.read("normalizeChannelsGrad: x", x, length),
        bridge.read("normalizeChannelsGrad: mean", mean, channels),
        bridge.read("normalizeChannelsGrad: variance", variance, channels),
        readOrNull("normalizeChannelsGrad: weight", weight, channels),
        bridge.read("normalizeChannelsGrad: dy", dy, length),
        readOrNull("normalizeChannelsGrad: sums.dyX", sums?.dyX ?? null, channels),
        readOrNull("normalizeChannelsGrad: sums.dy", sums?.dy ?? null, channels),
        bridge.write("normalizeChannelsGrad: dx", dx, length),
      );
      bridge.end();
    },
    normalizeRows({ rows, cols }, epsilon, x, weight, bias, y, mean, inverseStd) {
      bridge.begin();
      const xAt = bridge.read("normalizeRows: x", x, rows * cols);
      const weightAt = readOrNull("normalizeRows: weight", weight, cols);
      const biasAt = readOrNull("normalizeRows: bias", bias, cols);
      const yAt = bridge.write("normalizeRows: y", y, rows * cols);
      const meanAt = bridge.write("normalizeRows: mean", mean, rows);
      const inverseAt = bridge.write("normalizeRows: inverseStd", inverseStd, rows);
      flat.f32_normalize_rows(rows, cols, epsilon, xAt, weightAt, biasAt, yAt, meanAt, inverseAt);
      bridge.end();
    },
    normalizeRowsGrad({ rows, cols }, x, mean, inverseStd, weight, dy, dx) {
      bridge.begin();
      const xAt = bridge.read("normalizeRowsGrad: x", x, rows * cols);
      const meanAt = bridge.read("normalizeRowsGrad: mean", mean, rows);
      const inverseAt = bridge.read("normalizeRowsGrad: inverseStd", inverseStd, rows);
      const weightAt = readOrNull("normalizeRowsGrad: weight", weight, cols);
      const dyAt = bridge.read("normalizeRowsGrad: dy", dy, rows * cols);
      const dxAt = bridge.write("normalizeRowsGrad: dx", dx, rows * cols);
      flat.f32_normalize_rows_grad(rows, cols, xAt, meanAt, inverseAt, weightAt, dyAt, dxAt);
      bridge.end();
    },
    normalizeRowsWeightGrad({ rows, cols }, x, mean, inverseStd, dy, dWeight, mode) {
      bridge.begin();
      const accumulate = mode === "accumulate" ? 1 : 0;
      const xAt = bridge.read("normalizeRowsWeightGrad: x", x, rows * cols);
      const meanAt = bridge.read("normalizeRowsWeightGrad: mean", mean, rows);
      const inverseAt = bridge.read("normalizeRowsWeightGrad: inverseStd", inverseStd, rows);
      const dyAt = bridge.read("normalizeRowsWeightGrad: dy", dy, rows * cols);
      const dWeightAt = bridge.update("normalizeRowsWeightGrad: dWeight", dWeight, cols);
      flat.f32_normalize_rows_weight_grad(rows, cols, xAt, meanAt, inverseAt, dyAt, dWeightAt, accumulate);
      bridge.end();
    },
  };
}
