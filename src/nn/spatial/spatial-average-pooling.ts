/**
 * @file y = the mean of each window; each of its numbers gets an equal share of the gradient.
 *
 * At the border a window holds padding: either that counts as zeros (as in Torch7, the default) or the mean is of the
 * numbers inside only.
 *
 * Source: LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition", Proc. IEEE 1998, §II.B
 * (subsampling). Differs from the paper: no weight and bias of each plane.
 */
import { type Kernels, MAX_POOL_WIDTH } from "../../kernels/contract.js";
import { Module, type Tensor } from "../module.js";
import { checkGradOutput } from "../shape-check.js";
import { TensorBuffer } from "../tensor-buffer.js";
import { checkPooling } from "./pooling-check.js";
import { type Extent, WindowGeometry, type WindowOptions } from "./window-geometry.js";

/** Where the windows of a `SpatialAveragePooling` lie, and what they make of padding. */
export interface SpatialAveragePoolingOptions extends WindowOptions {
  /** Whether padding counts as zeros of the mean. Default true. */
  readonly countPadding: boolean;
}

/** Mean over windows of each plane, [N, C, H, W] → [N, C, oH, oW]. */
export class SpatialAveragePooling extends Module {
  private readonly kernels: Kernels;
  private readonly geometry: WindowGeometry;
  private readonly countPadding: boolean;
  private readonly output: TensorBuffer;
  private readonly gradInput: TensorBuffer;

  /**
   * Default stride: the kernel, so that windows tile the image; default padding 0.
   * @throws {ConfigError} unless sizes are whole and padding is less than the kernel.
   */
  constructor(kernels: Kernels, kernel: Extent, options: Partial<SpatialAveragePoolingOptions> = {}) {
    super();
    this.kernels = kernels;
    this.geometry = new WindowGeometry("SpatialAveragePooling", null, null, kernel, {
      stride: kernel,
      padding: 0,
      ...options,
    });
    checkPooling("SpatialAveragePooling", this.geometry.dims, MAX_POOL_WIDTH);
    this.countPadding = options.countPadding ?? true;
    this.output = new TensorBuffer(kernels);
    this.gradInput = new TensorBuffer(kernels);
  }

  /** @throws {ShapeError} unless `input` is [N, C, H, W], no smaller than the kernel. */
  forward(input: Tensor): Tensor {
    const { geometry, output } = this;
    geometry.fit(input);
    output.resizeTo(geometry.outputShape);
    this.kernels.averagePool(geometry.dims, this.countPadding, input.data, output.data);
    return output;
  }

  backward(input: Tensor, gradOutput: Tensor): Tensor {
    const { geometry, gradInput } = this;
    geometry.checkSame(input);
    checkGradOutput("SpatialAveragePooling.backward", gradOutput, this.output);
    gradInput.resizeLike(input);
    this.kernels.averagePoolGrad(geometry.dims, this.countPadding, gradOutput.data, gradInput.data);
    return gradInput;
  }
}
