/**
 * @file Bringing numbers to mean 0 and variance 1: over the batch, channel by channel, or within each row.
 *
 * Channels: x is [N, C, S], S = 1 for [N, C]; a channel's n = N·S numbers share mean and variance (divided by n). In
 * the formulas x̂ = (x − mean)/√(variance + ε). Sums run in f64.
 */
import type { MatrixDims, WriteMode } from "./arrays.js";

/** Shape [N, C, S] of numbers that are normalised channel by channel. */
export interface ChannelDims {
  /** N. */
  readonly rows: number;
  /** C. */
  readonly channels: number;
  /** S: numbers of a channel in a row. */
  readonly size: number;
}

/** Mean and variance, what they make of the numbers, and the gradients. */
export interface NormalizationKernels {
  /** mean[c] ← mean, variance[c] ← mean squared distance from it. Written; n ≥ 1. A constant channel has variance 0. */
  channelMoments(dims: ChannelDims, x: Float32Array, mean: Float32Array, variance: Float32Array): void;
  /** y ← x̂·weight[c] + bias[c]; weight and bias null: 1 and 0. y may be x. Within 8·2⁻²⁴·(|x| + |mean|)·|weight|/√(variance + ε). */
  normalizeChannels(
    dims: ChannelDims,
    epsilon: number,
    x: Float32Array,
    mean: Float32Array,
    variance: Float32Array,
    weight: Float32Array | null,
    bias: Float32Array | null,
    y: Float32Array,
  ): void;
  /** sumDyX[c] ← Σ dy·x̂ and sumDy[c] ← Σ dy: the gradients of weight and bias. Written. */
  channelGradSums(
    dims: ChannelDims,
    epsilon: number,
    x: Float32Array,
    mean: Float32Array,
    variance: Float32Array,
    dy: Float32Array,
    sumDyX: Float32Array,
    sumDy: Float32Array,
  ): void;
  /**
   * dx ← weight/√(variance + ε) · (dy − sumDy/n − x̂·sumDyX/n): the gradient through mean and variance too. With null
   * for the sums mean and variance are constants, and the last two terms are left out. dx may be dy.
   */
  normalizeChannelsGrad(
    dims: ChannelDims,
    epsilon: number,
    x: Float32Array,
    mean: Float32Array,
    variance: Float32Array,
    weight: Float32Array | null,
    dy: Float32Array,
    sums: { readonly dyX: Float32Array; readonly dy: Float32Array } | null,
    dx: Float32Array,
  ): void;
  /**
   * Row by row: y[i, j] ← x̂[i, j]·weight[j] + bias[j], and mean[i], inverseStd[i] = 1/√(variance + ε) of the row
   * [rows] written for the gradient. weight and bias null: 1 and 0. y may not be x.
   */
  normalizeRows(
    dims: MatrixDims,
    epsilon: number,
    x: Float32Array,
    weight: Float32Array | null,
    bias: Float32Array | null,
    y: Float32Array,
    mean: Float32Array,
    inverseStd: Float32Array,
  ): void;
  /** With g = dy·weight: dx ← inverseStd·(g − mean of g − x̂·mean of g·x̂). dx may be dy. */
  normalizeRowsGrad(
    dims: MatrixDims,
    x: Float32Array,
    mean: Float32Array,
    inverseStd: Float32Array,
    weight: Float32Array | null,
    dy: Float32Array,
    dx: Float32Array,
  ): void;
  /** dWeight[j] ← (dWeight[j] +) Σᵢ dy[i, j]·x̂[i, j]. That of the bias is sumRows(dy). */
  normalizeRowsWeightGrad(
    dims: MatrixDims,
    x: Float32Array,
    mean: Float32Array,
    inverseStd: Float32Array,
    dy: Float32Array,
    dWeight: Float32Array,
    mode: WriteMode,
  ): void;
}
