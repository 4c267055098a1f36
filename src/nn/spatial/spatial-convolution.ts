/**
 * @file y[n, p] = b[p] + Σ_c w[p, c] ⋆ x[n, c]: the same small kernels at every place of an image.
 *
 *   x [N, C, H, W]  ─▶  y [N, P, oH, oW]        oH = floor((H + 2·padding − kernel) / stride) + 1
 *   w [P, C, kH, kW]     one kernel for each pair of planes, correlated (not flipped), as everywhere since Torch
 *
 * Forward, the gradient of the weights and that of the input are one kernel call each for the whole batch; they run as
 * products of matrices without the matrix of windows (kernels/convolve.c).
 *
 * Source: LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition", Proc. IEEE 1998, §II.
 * Not here: dilation, groups of planes.
 */
import { ConfigError } from "../../core/index.js";
import { type Kernels, MAX_KERNEL_CELLS } from "../../kernels/contract.js";
import { INIT_DEFAULTS, type InitOptions, type SeedSource, uniformWeights } from "../init.js";
import { Module, type Tensor } from "../module.js";
import { DenseGradient, Parameter } from "../parameter.js";
import { checkGradOutput } from "../shape-check.js";
import { TensorBuffer } from "../tensor-buffer.js";
import { type Extent, WindowGeometry, type WindowOptions } from "./window-geometry.js";

/** Where windows lie, how weights start, what backward computes; for `SpatialConvolutionLocal` too. */
export interface SpatialConvolutionOptions extends InitOptions, WindowOptions {
  /** Whether outputs have a bias of each plane. Default true. */
  readonly hasBias: boolean;
  /**
   * Whether backward computes the gradient of the input; a first layer saves a third of its work with false. Default
   * true.
   */
  readonly gradInput: boolean;
}

/** What `SpatialConvolution` and `SpatialConvolutionLocal` take where an option is left out. */
export const SPATIAL_CONVOLUTION_DEFAULTS: SpatialConvolutionOptions = {
  ...INIT_DEFAULTS,
  stride: 1,
  padding: 0,
  hasBias: true,
  gradInput: true,
};

/** Convolution with zero padding, [N, numInputPlanes, H, W] → [N, numOutputPlanes, oH, oW]. */
export class SpatialConvolution extends Module {
  readonly numInputPlanes: number;
  readonly numOutputPlanes: number;
  /** [numOutputPlanes, numInputPlanes, kH, kW], dense gradient. */
  readonly weight: Parameter;
  /** [numOutputPlanes], dense gradient; null without bias. */
  readonly bias: Parameter | null;

  private readonly kernels: Kernels;
  private readonly geometry: WindowGeometry;
  private readonly needsGradInput: boolean;
  private readonly output: TensorBuffer;
  private readonly gradInput: TensorBuffer;
  private readonly planeDims: { batch: number; planes: number; size: number };
  private readonly parameterList: Parameter[];

  /**
   * Draws one seed from `rng` for the weights; fan-in is numInputPlanes·kH·kW, fan-out numOutputPlanes·kH·kW.
   * @throws {ConfigError} for sizes that are not positive whole numbers, or a kernel of more than 16,384 cells.
   */
  constructor(
    kernels: Kernels,
    numInputPlanes: number,
    numOutputPlanes: number,
    kernel: Extent,
    rng: SeedSource,
    options: Partial<SpatialConvolutionOptions> = {},
  ) {
    super();
    const all = { ...SPATIAL_CONVOLUTION_DEFAULTS, ...options };
    this.geometry = new WindowGeometry("SpatialConvolution", numInputPlanes, numOutputPlanes, kernel, all);
    const { kernelHeight, kernelWidth } = this.geometry.dims;
    const cells = kernelHeight * kernelWidth;
    if (cells > MAX_KERNEL_CELLS) {
      throw new ConfigError(`SpatialConvolution: expected a kernel of at most ${MAX_KERNEL_CELLS} cells, got ${cells}`);
    }
    const length = numOutputPlanes * numInputPlanes * cells;
    this.kernels = kernels;
    this.numInputPlanes = numInputPlanes;
    this.numOutputPlanes = numOutputPlanes;
    this.needsGradInput = all.gradInput;
    this.weight = new Parameter(
      "weight",
      [numOutputPlanes, numInputPlanes, kernelHeight, kernelWidth],
      uniformWeights(kernels, rng, length, numInputPlanes * cells, numOutputPlanes * cells, all),
      new DenseGradient(kernels.f32(length)),
    );
    this.bias = all.hasBias
      ? new Parameter(
          "bias",
          [numOutputPlanes],
          new Float32Array(numOutputPlanes).fill(all.bias),
          new DenseGradient(kernels.f32(numOutputPlanes)),
        )
      : null;
    this.output = new TensorBuffer(kernels);
    this.gradInput = new TensorBuffer(kernels);
    this.planeDims = { batch: 0, planes: numOutputPlanes, size: 0 };
    this.parameterList = this.bias ? [this.weight, this.bias] : [this.weight];
  }

  /** `input` [N, numInputPlanes, H, W] read. @returns [N, numOutputPlanes, oH, oW]. @throws {ShapeError} for other shapes. */
  forward(input: Tensor): Tensor {
    const { geometry, output, kernels } = this;
    geometry.fit(input);
    output.resizeTo(geometry.outputShape);
    kernels.convolve(geometry.dims, input.data, this.weight.value, this.bias?.value ?? null, output.data);
    return output;
  }

  /** @returns the gradient of `input`, or null with `gradInput: false`. Accumulates dW, db. */
  backward(input: Tensor, gradOutput: Tensor): Tensor | null {
    const { geometry, kernels, planeDims } = this;
    geometry.checkSame(input);
    checkGradOutput("SpatialConvolution.backward", gradOutput, this.output);
    const dWeight = this.weight.grad as DenseGradient;
    const weightMode = dWeight.beginAccumulate();
    kernels.convolveGradWeight(geometry.dims, input.data, gradOutput.data, dWeight.values, weightMode);
    if (this.bias) {
      const dBias = this.bias.grad as DenseGradient;
      const biasMode = dBias.beginAccumulate();
      planeDims.batch = geometry.dims.batch;
      planeDims.size = geometry.outputShape[2] * geometry.outputShape[3];
      kernels.sumPlanes(planeDims, gradOutput.data, dBias.values, biasMode);
    }
    if (!this.needsGradInput) return null;
    this.gradInput.resizeLike(input);
    kernels.convolveGradInput(geometry.dims, this.weight.value, gradOutput.data, this.gradInput.data);
    return this.gradInput;
  }

  override parameters(): Parameter[] {
    return this.parameterList;
  }
}
