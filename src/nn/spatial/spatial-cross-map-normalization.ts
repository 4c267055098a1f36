/**
 * @file Planes compete: each number is divided by a power of the energy at its place in the planes beside it.
 *
 *   y_c = x_c / (k + alpha·Σ x_d²)^beta      d within (size − 1)/2 of c, at the same place of the same image
 *
 * Source: Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 2012, §3.3,
 * whose constants are the defaults. Differs from Torch7: alpha is not divided by size.
 */
import { ConfigError } from "../../core/index.js";
import { type Kernels, MAX_CROSS_MAP_WINDOW } from "../../kernels/contract.js";
import { Module, type Tensor } from "../module.js";
import { checkGradOutput } from "../shape-check.js";
import { atLeastF32, TensorBuffer } from "../tensor-buffer.js";
import { checkImages, checkSameShape } from "./window-geometry.js";

/** Constants of the normalisation; the defaults are those of Krizhevsky, Sutskever, Hinton, 2012. */
export interface SpatialCrossMapNormalizationOptions {
  /** Planes of a window: odd, up to 1023. Default 5. */
  readonly size: number;
  /** Weight of the energy, from 0. Default 10⁻⁴. */
  readonly alpha: number;
  /** Exponent, from 0. Default ¾; ½, ¾ and 1 are roots, others take twice as long. */
  readonly beta: number;
  /** What the energy is added to, positive. Default 2. */
  readonly k: number;
}

/** What `SpatialCrossMapNormalization` takes where an option is left out. */
export const SPATIAL_CROSS_MAP_DEFAULTS: SpatialCrossMapNormalizationOptions = {
  size: 5,
  alpha: 1e-4,
  beta: 0.75,
  k: 2,
};

/** Local response normalisation across planes, [N, C, H, W] → the same. */
export class SpatialCrossMapNormalization extends Module {
  private readonly kernels: Kernels;
  private readonly options: { window: number; alpha: number; beta: number; k: number };
  private readonly output: TensorBuffer;
  private readonly gradInput: TensorBuffer;
  private readonly dims: { batch: number; planes: number; size: number };
  private scale: Float32Array;

  /** @throws {ConfigError} for an even or too large size, negative alpha or beta, or k that is not positive. */
  constructor(kernels: Kernels, options: Partial<SpatialCrossMapNormalizationOptions> = {}) {
    super();
    const { size, alpha, beta, k } = { ...SPATIAL_CROSS_MAP_DEFAULTS, ...options };
    if (!(size % 2 === 1 && size >= 1 && size <= MAX_CROSS_MAP_WINDOW)) {
      throw new ConfigError(
        `SpatialCrossMapNormalization: expected an odd size up to ${MAX_CROSS_MAP_WINDOW}, got ${size}; ` +
          "a window has a plane in its middle",
      );
    }
    if (!(alpha >= 0 && beta >= 0 && k > 0)) {
      throw new ConfigError(
        `SpatialCrossMapNormalization: expected alpha and beta from 0 and k above 0, got ${alpha}, ${beta} and ${k}`,
      );
    }
    this.kernels = kernels;
    this.options = { window: size, alpha, beta, k };
    this.output = new TensorBuffer(kernels);
    this.gradInput = new TensorBuffer(kernels);
    this.dims = { batch: 0, planes: 0, size: 0 };
    this.scale = new Float32Array(0);
  }

  /** @throws {ShapeError} unless `input` is [N, C, H, W]. */
  forward(input: Tensor): Tensor {
    const { dims, output, kernels } = this;
    checkImages("SpatialCrossMapNormalization.forward", input, null);
    dims.batch = input.shape[0];
    dims.planes = input.shape[1];
    dims.size = input.shape[2] * input.shape[3];
    this.scale = atLeastF32(kernels, this.scale, output.resizeLike(input));
    kernels.crossMapNormalize(dims, this.options, input.data, this.scale, output.data);
    return output;
  }

  backward(input: Tensor, gradOutput: Tensor): Tensor {
    const { dims, output, gradInput } = this;
    const where = "SpatialCrossMapNormalization.backward";
    checkSameShape(where, input, output.shape);
    checkGradOutput(where, gradOutput, output);
    gradInput.resizeLike(input);
    this.kernels.crossMapNormalizeGrad(
      dims,
      this.options,
      input.data,
      this.scale,
      output.data,
      gradOutput.data,
      gradInput.data,
    );
    return gradInput;
  }
}
