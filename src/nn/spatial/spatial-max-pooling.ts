/**
 * @file y = the greatest number of each window; the gradient goes to where it stood.
 *
 * Of equal numbers the first in reading order gets the whole gradient. NaN counts as greatest, so that a diverging model
 * shows it. Padding is never the greatest. Windows may overlap; what they send to one place is added up.
 *
 * Source: Ranzato, Huang, Boureau, LeCun, "Unsupervised Learning of Invariant Feature Hierarchies with Applications to
 * Object Recognition", CVPR 2007.
 */
import { type Kernels, MAX_POOL_WIDTH } from "../../kernels/contract.js";
import { Module, type Tensor } from "../module.js";
import { checkGradOutput } from "../shape-check.js";
import { atLeastU32, TensorBuffer } from "../tensor-buffer.js";
import { checkPooling } from "./pooling-check.js";
import { type Extent, WindowGeometry, type WindowOptions } from "./window-geometry.js";

/** Maximum over windows of each plane, [N, C, H, W] → [N, C, oH, oW]. */
export class SpatialMaxPooling extends Module {
  private readonly kernels: Kernels;
  private readonly geometry: WindowGeometry;
  private readonly output: TensorBuffer;
  private readonly gradInput: TensorBuffer;
  private indices: Uint32Array;

  /**
   * Default stride: the kernel, so that windows tile the image; default padding 0.
   * @throws {ConfigError} unless sizes are whole and padding is less than the kernel.
   */
  constructor(kernels: Kernels, kernel: Extent, options: Partial<WindowOptions> = {}) {
    super();
    this.kernels = kernels;
    this.geometry = new WindowGeometry("SpatialMaxPooling", null, null, kernel, {
      stride: kernel,
      padding: 0,
      ...options,
    });
    checkPooling("SpatialMaxPooling", this.geometry.dims, MAX_POOL_WIDTH);
    this.output = new TensorBuffer(kernels);
    this.gradInput = new TensorBuffer(kernels);
    this.indices = new Uint32Array(0);
  }

  /** @throws {ShapeError} unless `input` is [N, C, H, W], no smaller than the kernel. */
  forward(input: Tensor): Tensor {
    const { geometry, output, kernels } = this;
    geometry.fit(input);
    this.indices = atLeastU32(kernels, this.indices, output.resizeTo(geometry.outputShape));
    kernels.maxPool(geometry.dims, input.data, output.data, this.indices);
    return output;
  }

  backward(input: Tensor, gradOutput: Tensor): Tensor {
    const { geometry, gradInput } = this;
    geometry.checkSame(input);
    checkGradOutput("SpatialMaxPooling.backward", gradOutput, this.output);
    gradInput.resizeLike(input);
    this.kernels.maxPoolGrad(geometry.dims, this.indices, gradOutput.data, gradInput.data);
    return gradInput;
  }
}
