/**
 * @file Where do windows lie on an image? Kernel, stride and padding, and the output that they give for an input.
 *
 *   outputs along a side = floor((side + 2·padding − kernel) / stride) + 1
 *
 * Modules that slide a window over [N, planes, H, W] share this: it checks the settings once and each input against them.
 */
import { ConfigError, ShapeError } from "../../core/index.js";
import type { ConvolutionDims } from "../../kernels/contract.js";
import type { Tensor } from "../module.js";
import { checkLength, formatShape } from "../shape-check.js";

/** Height and width; one number stands for both. */
export type Extent = number | readonly [height: number, width: number];

/** Where windows lie on an image. */
export interface WindowOptions {
  /** Rows and columns from one window to the next, at least 1. Default: 1 for a convolution, the kernel for pooling. */
  readonly stride: Extent;
  /** Rows and columns on each side of the image, at least 0; for pooling less than the kernel. Default 0. */
  readonly padding: Extent;
}

/** Height and width of `extent`. @throws {ConfigError} unless both are whole numbers of at least `least`. */
export function pairOf(where: string, name: string, extent: Extent, least: number): readonly [number, number] {
  const [height, width] = typeof extent === "number" ? [extent, extent] : extent;
  for (const n of [height, width]) {
    if (Number.isInteger(n) && n >= least) continue;
    throw new ConfigError(`${where}: expected a ${name} of whole numbers from ${least}, got ${height} × ${width}`);
  }
  return [height, width];
}

/** @throws {ConfigError} unless `n` is a positive whole number of planes. */
export function checkPlanes(where: string, name: string, n: number): void {
  if (Number.isInteger(n) && n > 0) return;
  throw new ConfigError(`${where}: expected a positive whole number of ${name}, got ${n}; check the model's options`);
}

/** @throws {ShapeError} unless `input` is [N, planes, H, W]; `planes` null: any number of them. */
export function checkImages(where: string, input: Tensor, planes: number | null): void {
  const { shape } = input;
  if (shape.length !== 4 || (planes !== null && shape[1] !== planes)) {
    throw new ShapeError(
      `${where}: expected input ${formatShape(["N", planes ?? "planes", "H", "W"])}, got ${formatShape(shape)}; ` +
        "images are batches of planes of rows",
    );
  }
  checkLength(where, input);
}

/** @throws {ShapeError} unless `input` has the shape that the last forward was given. */
export function checkSameShape(where: string, input: Tensor, shape: readonly number[]): void {
  let equal = input.shape.length === shape.length;
  for (let i = 0; equal && i < shape.length; i++) equal = input.shape[i] === shape[i];
  if (equal) return;
  throw new ShapeError(
    `${where}: expected input ${formatShape(shape)}, got ${formatShape(input.shape)}; ` +
      "call backward with the input of the last forward",
  );
}

/** Kernel, stride and padding of one module, and the dims of its last input. */
export class WindowGeometry {
  /** For the kernels; rewritten by `fit`. */
  readonly dims: { -readonly [K in keyof ConvolutionDims]: ConvolutionDims[K] };
  /** [N, planes, H, W] of the last `fit`. */
  readonly inputShape: [number, number, number, number];
  /** [N, outputs, oH, oW] of the last `fit`. */
  readonly outputShape: [number, number, number, number];
  private readonly where: string;
  private readonly planes: number | null;
  private readonly outputs: number | null;

  /**
   * `planes` and `outputs` null: as many as the input has.
   * @throws {ConfigError} that names the module, for settings that are not whole numbers of a sensible size.
   */
  constructor(where: string, planes: number | null, outputs: number | null, kernel: Extent, options: WindowOptions) {
    const [kernelHeight, kernelWidth] = pairOf(where, "kernel", kernel, 1);
    const [strideHeight, strideWidth] = pairOf(where, "stride", options.stride, 1);
    const [padHeight, padWidth] = pairOf(where, "padding", options.padding, 0);
    if (planes !== null) checkPlanes(where, "input planes", planes);
    if (outputs !== null) checkPlanes(where, "output planes", outputs);
    this.where = where;
    this.planes = planes;
    this.outputs = outputs;
    this.dims = {
      batch: 0,
      planes: planes ?? 0,
      height: 0,
      width: 0,
      outputs: outputs ?? 0,
      kernelHeight,
      kernelWidth,
      strideHeight,
      strideWidth,
      padHeight,
      padWidth,
    };
    this.inputShape = [0, 0, 0, 0];
    this.outputShape = [0, 0, 0, 0];
  }

  /** Takes the extents of `input`. @throws {ShapeError} unless it is [N, planes, H, W] and no smaller than the kernel. */
  fit(input: Tensor): void {
    const where = `${this.where}.forward`;
    checkImages(where, input, this.planes);
    const [batch, planes, height, width] = input.shape;
    const { dims, inputShape, outputShape } = this;
    if (height + 2 * dims.padHeight < dims.kernelHeight || width + 2 * dims.padWidth < dims.kernelWidth) {
      throw new ShapeError(
        `${where}: expected images of at least the kernel's ${dims.kernelHeight} × ${dims.kernelWidth} with padding, ` +
          `got ${formatShape(input.shape)}; use a smaller kernel or more padding`,
      );
    }
    for (let i = 0; i < 4; i++) inputShape[i] = input.shape[i];
    dims.batch = batch;
    dims.planes = planes;
    dims.height = height;
    dims.width = width;
    dims.outputs = this.outputs ?? planes;
    outputShape[0] = batch;
    outputShape[1] = dims.outputs;
    outputShape[2] = Math.floor((height + 2 * dims.padHeight - dims.kernelHeight) / dims.strideHeight) + 1;
    outputShape[3] = Math.floor((width + 2 * dims.padWidth - dims.kernelWidth) / dims.strideWidth) + 1;
  }

  /** @throws {ShapeError} unless `input` is of the shape last fitted. */
  checkSame(input: Tensor): void {
    checkSameShape(`${this.where}.backward`, input, this.inputShape);
  }
}
