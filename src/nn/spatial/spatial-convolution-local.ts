/**
 * @file Kernels that are not shared: each place of the output looks at its window with weights of its own.
 *
 *   y[n, p, s] = b[p, s] + Σ w[s, p, c, ky, kx]·x[n, c, window s]      w [oH·oW, P, C, kH, kW]
 *
 * For images whose places differ, such as aligned faces, and for models cut into pieces that live on several machines:
 * a piece needs only its own windows. One product over the batch for each place (kernels/convolve_local.c), so the
 * weights, oH·oW times those of a SpatialConvolution, are read once a batch: larger batches are faster.
 *
 * Sources: Le et al., "Building High-level Features Using Large Scale Unsupervised Learning", ICML 2012, §3; Dean et al.,
 * "Large Scale Distributed Deep Networks", NIPS 2012, §3.
 * Differs from Torch7: the place comes first in the weights, so that those of one place lie together.
 */
import { ConfigError, ShapeError } from "../../core/index.js";
import { type Kernels, localScratchLength, MAX_KERNEL_CELLS } from "../../kernels/contract.js";
import { type SeedSource, uniformWeights } from "../init.js";
import { Module, type Tensor } from "../module.js";
import { DenseGradient, Parameter } from "../parameter.js";
import { checkGradOutput, formatShape } from "../shape-check.js";
import { atLeastF32, TensorBuffer } from "../tensor-buffer.js";
import { SPATIAL_CONVOLUTION_DEFAULTS, type SpatialConvolutionOptions } from "./spatial-convolution.js";
import { type Extent, pairOf, WindowGeometry } from "./window-geometry.js";

/** Locally connected layer, [N, numInputPlanes, H, W] → [N, numOutputPlanes, oH, oW], for one H × W. */
export class SpatialConvolutionLocal extends Module {
  readonly numInputPlanes: number;
  readonly numOutputPlanes: number;
  /** [oH·oW, numOutputPlanes, numInputPlanes, kH, kW], dense gradient. */
  readonly weight: Parameter;
  /** [numOutputPlanes, oH, oW], dense gradient; null without bias. */
  readonly bias: Parameter | null;

  private readonly kernels: Kernels;
  private readonly geometry: WindowGeometry;
  private readonly height: number;
  private readonly width: number;
  private readonly needsGradInput: boolean;
  private readonly output: TensorBuffer;
  private readonly gradInput: TensorBuffer;
  private readonly biasDims: { rows: number; cols: number };
  private readonly parameterList: Parameter[];
  private scratch: Float32Array;

  /**
   * `size`: height and width of the images. Draws one seed from `rng` for the weights, whose fans are those of a
   * SpatialConvolution.
   * @throws {ConfigError} for sizes that are not positive whole numbers, or a kernel that does not fit the image.
   */
  constructor(
    kernels: Kernels,
    numInputPlanes: number,
    numOutputPlanes: number,
    size: Extent,
    kernel: Extent,
    rng: SeedSource,
    options: Partial<SpatialConvolutionOptions> = {},
  ) {
    super();
    const where = "SpatialConvolutionLocal";
    const all = { ...SPATIAL_CONVOLUTION_DEFAULTS, ...options };
    const geometry = new WindowGeometry(where, numInputPlanes, numOutputPlanes, kernel, all);
    const [height, width] = pairOf(where, "image size", size, 1);
    const { kernelHeight, kernelWidth, padHeight, padWidth } = geometry.dims;
    const cells = kernelHeight * kernelWidth;
    if (kernelHeight > height + 2 * padHeight || kernelWidth > width + 2 * padWidth || cells > MAX_KERNEL_CELLS) {
      throw new ConfigError(
        `${where}: expected a kernel within the padded image and of at most ${MAX_KERNEL_CELLS} cells, ` +
          `got ${kernelHeight} × ${kernelWidth} on ${height} × ${width}`,
      );
    }
    geometry.fit({ data: new Float32Array(0), shape: [0, numInputPlanes, height, width] });
    const [, , oH, oW] = geometry.outputShape;
    const length = oH * oW * numOutputPlanes * numInputPlanes * cells;
    const biases = numOutputPlanes * oH * oW;
    this.kernels = kernels;
    this.geometry = geometry;
    this.height = height;
    this.width = width;
    this.numInputPlanes = numInputPlanes;
    this.numOutputPlanes = numOutputPlanes;
    this.needsGradInput = all.gradInput;
    this.weight = new Parameter(
      "weight",
      [oH * oW, numOutputPlanes, numInputPlanes, kernelHeight, kernelWidth],
      uniformWeights(kernels, rng, length, numInputPlanes * cells, numOutputPlanes * cells, all),
      new DenseGradient(kernels.f32(length)),
    );
    this.bias = all.hasBias
      ? new Parameter(
          "bias",
          [numOutputPlanes, oH, oW],
          new Float32Array(biases).fill(all.bias),
          new DenseGradient(kernels.f32(biases)),
        )
      : null;
    this.output = new TensorBuffer(kernels);
    this.gradInput = new TensorBuffer(kernels);
    this.biasDims = { rows: 0, cols: biases };
    this.parameterList = this.bias ? [this.weight, this.bias] : [this.weight];
    this.scratch = new Float32Array(0);
  }

  /** `input` [N, numInputPlanes, H, W] read. @throws {ShapeError} for other planes or another H × W. */
  forward(input: Tensor): Tensor {
    const { geometry, output, kernels } = this;
    const { shape } = input;
    if (shape.length === 4 && (shape[2] !== this.height || shape[3] !== this.width)) {
      throw new ShapeError(
        `SpatialConvolutionLocal.forward: expected input ` +
          `${formatShape(["N", this.numInputPlanes, this.height, this.width])}, got ${formatShape(shape)}; ` +
          "weights of each place need images of one size",
      );
    }
    geometry.fit(input);
    output.resizeTo(geometry.outputShape);
    this.scratch = atLeastF32(kernels, this.scratch, localScratchLength(geometry.dims));
    kernels.convolveLocal(geometry.dims, input.data, this.weight.value, this.scratch, output.data);
    if (this.bias) {
      this.biasDims.rows = geometry.dims.batch;
      kernels.addBias(this.biasDims, this.bias.value, output.data);
    }
    return output;
  }

  /** @returns the gradient of `input`, or null with `gradInput: false`. Accumulates dW, db. */
  backward(input: Tensor, gradOutput: Tensor): Tensor | null {
    const { geometry, kernels, scratch } = this;
    geometry.checkSame(input);
    checkGradOutput("SpatialConvolutionLocal.backward", gradOutput, this.output);
    const dWeight = this.weight.grad as DenseGradient;
    const weightMode = dWeight.beginAccumulate();
    kernels.convolveLocalGradWeight(geometry.dims, input.data, gradOutput.data, scratch, dWeight.values, weightMode);
    if (this.bias) {
      const dBias = this.bias.grad as DenseGradient;
      const biasMode = dBias.beginAccumulate();
      kernels.sumRows(this.biasDims, gradOutput.data, dBias.values, biasMode);
    }
    if (!this.needsGradInput) return null;
    this.gradInput.resizeLike(input);
    kernels.convolveLocalGradInput(geometry.dims, this.weight.value, gradOutput.data, scratch, this.gradInput.data);
    return this.gradInput;
  }

  override parameters(): Parameter[] {
    return this.parameterList;
  }
}
