/** @file Images: convolution with shared or untied weights, pooling, normalisation across planes. All [N, planes, H, W]. */
import type { WriteMode } from "./arrays.js";

/**
 * Windows on a batch of images. The output has floor((height + 2·padHeight − kernelHeight) / strideHeight) + 1 rows, and
 * columns likewise; padding counts as zeros. Kernels are at most as large as the padded image.
 */
export interface WindowDims {
  /** N. */
  readonly batch: number;
  /** Planes of the input. */
  readonly planes: number;
  readonly height: number;
  readonly width: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  /** Rows from one window to the next below it. */
  readonly strideHeight: number;
  /** Columns from one window to the next beside it. */
  readonly strideWidth: number;
  /** Rows of zeros above and below. */
  readonly padHeight: number;
  /** Columns of zeros on the left and on the right. */
  readonly padWidth: number;
}

/** x [batch, planes, height, width] → y [batch, outputs, oH, oW]. */
export interface ConvolutionDims extends WindowDims {
  /** Planes of the output. */
  readonly outputs: number;
}

/** Cells that a convolution's kernel may have: their places must fit a thread's workspace (kernels/convolve.c). */
export const MAX_KERNEL_CELLS = 16384;

/** Columns that a pooling window may have. */
export const MAX_POOL_WIDTH = 32768;

/** [batch, planes, size], where size is height·width. */
export interface PlaneDims {
  readonly batch: number;
  readonly planes: number;
  /** Numbers of a plane. */
  readonly size: number;
}

/** scale[c] = k + alpha·Σ x[c']² over the planes c' within (window − 1)/2 of c; y = x·scale^−beta. */
export interface CrossMapOptions {
  /** Odd, at most MAX_CROSS_MAP_WINDOW. */
  readonly window: number;
  /** Factor of the sum of squares, not divided by the window. */
  readonly alpha: number;
  readonly beta: number;
  /** Positive. */
  readonly k: number;
}

/** Planes that one window of crossMapNormalize may have. */
export const MAX_CROSS_MAP_WINDOW = 1023;

/** Rows and columns of the output of windows. */
export function windowOutput(dims: WindowDims): { height: number; width: number } {
  return {
    height: Math.floor((dims.height + 2 * dims.padHeight - dims.kernelHeight) / dims.strideHeight) + 1,
    width: Math.floor((dims.width + 2 * dims.padWidth - dims.kernelWidth) / dims.strideWidth) + 1,
  };
}

/** Numbers of scratch that the untied convolution needs: one position's windows and 16 positions' outputs. */
export function localScratchLength(dims: ConvolutionDims): number {
  const { batch, planes, kernelHeight, kernelWidth, outputs } = dims;
  return batch * (planes * kernelHeight * kernelWidth + 16 * outputs);
}

/** Layers on images, forwards and backwards. */
export interface SpatialKernels {
  /**
   * y[n, p, oy, ox] ← bias[p] + Σ w[p, c, ky, kx]·x[n, c, oy·strideHeight + ky − padHeight, ox·strideWidth + kx − padWidth].
   * weight [outputs, planes, kernelHeight, kernelWidth]; bias [outputs], or null for none. y written.
   */
  convolve(
    dims: ConvolutionDims,
    x: Float32Array,
    weight: Float32Array,
    bias: Float32Array | null,
    y: Float32Array,
  ): void;
  /** dWeight ← (dWeight +) the gradient summed over the batch, from x and dy [batch, outputs, oH, oW]. */
  convolveGradWeight(
    dims: ConvolutionDims,
    x: Float32Array,
    dy: Float32Array,
    dWeight: Float32Array,
    mode: WriteMode,
  ): void;
  /** dx ← the gradient of the input, from weight and dy. Written. */
  convolveGradInput(dims: ConvolutionDims, weight: Float32Array, dy: Float32Array, dx: Float32Array): void;
  /** out[c] ← (out[c] +) Σ over n and s of x[n, c, s]: the gradient of a convolution's bias. */
  sumPlanes(dims: PlaneDims, x: Float32Array, out: Float32Array, mode: WriteMode): void;

  /**
   * As `convolve`, untied and without bias: each output position has a kernel of its own, weight [oH·oW, outputs, planes,
   * kernelHeight, kernelWidth]. `scratch` [localScratchLength(dims)] is overwritten.
   */
  convolveLocal(
    dims: ConvolutionDims,
    x: Float32Array,
    weight: Float32Array,
    scratch: Float32Array,
    y: Float32Array,
  ): void;
  /** As `convolveGradWeight`, for `convolveLocal`: dWeight has the shape of its weight, `scratch` its scratch. */
  convolveLocalGradWeight(
    dims: ConvolutionDims,
    x: Float32Array,
    dy: Float32Array,
    scratch: Float32Array,
    dWeight: Float32Array,
    mode: WriteMode,
  ): void;
  /** As `convolveGradInput`, for `convolveLocal`; `scratch` is its scratch. */
  convolveLocalGradInput(
    dims: ConvolutionDims,
    weight: Float32Array,
    dy: Float32Array,
    scratch: Float32Array,
    dx: Float32Array,
  ): void;

  /**
   * y ← the greatest number of each window, padding left out; indices ← where it first stands, as row·width + column of
   * its plane. NaN counts as greater than all, so that divergence is seen. Padding is less than the kernel.
   */
  maxPool(dims: WindowDims, x: Float32Array, y: Float32Array, indices: Uint32Array): void;
  /** dx ← 0, then dx[index] ← dx[index] + dy for every window. */
  maxPoolGrad(dims: WindowDims, indices: Uint32Array, dy: Float32Array, dx: Float32Array): void;
  /** y ← the mean of each window: over kernelHeight·kernelWidth numbers where padding counts, else over those inside. */
  averagePool(dims: WindowDims, countPadding: boolean, x: Float32Array, y: Float32Array): void;
  /** dx ← for every window dy, shared equally among the numbers that `averagePool` took the mean of. Written. */
  averagePoolGrad(dims: WindowDims, countPadding: boolean, dy: Float32Array, dx: Float32Array): void;

  /**
   * y ← x·scale^−beta, and scale, which the gradient needs; both [batch, planes, size]. Relative to each result within
   * (16 + beta·(window + 3 + 4·|log scale|))·2⁻²⁴, the roots ½, ¾ and 1 of beta being more exact.
   */
  crossMapNormalize(
    dims: PlaneDims,
    options: CrossMapOptions,
    x: Float32Array,
    scale: Float32Array,
    y: Float32Array,
  ): void;
  /** dx ← dy·scale^−beta − 2·alpha·beta·x·Σ dy·y/scale over the window. */
  crossMapNormalizeGrad(
    dims: PlaneDims,
    options: CrossMapOptions,
    x: Float32Array,
    scale: Float32Array,
    y: Float32Array,
    dy: Float32Array,
    dx: Float32Array,
  ): void;
}
