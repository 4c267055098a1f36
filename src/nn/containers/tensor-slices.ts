/**
 * @file A tensor as a table of its slices along one dimension, and slices stacked up again.
 *
 *   slice   [N, 3, 4]  along 1  →  three of [N, 4]        stack   three of [N, 4]  →  [N, 3, 4]
 *
 * The dimension disappears from the slices' shape (Torch's `select`). Each slice is one kernel call.
 */
import { ShapeError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import type { Table, Tensor } from "../module.js";
import { checkGradOutput, checkLength, formatShape } from "../shape-check.js";
import { TableBuffer } from "../table-buffer.js";
import { TensorBuffer } from "../tensor-buffer.js";
import { checkDimension, resolveDimension, sizeBetween } from "./dimension.js";

/** Slices tensors along `dimension`, and stacks gradients of the slices. */
export class TensorSlices {
  private readonly name: string;
  private readonly kernels: Kernels;
  private readonly dimension: number;
  private readonly slices: TableBuffer;
  private readonly stacked: TensorBuffer;
  private readonly wholeShape: number[];
  private readonly sliceShape: number[];
  private readonly block: { rows: number; cols: number };
  private readonly whole: { offset: number; stride: number };
  private readonly part: { offset: number; stride: number };

  /** `name` is the module's, for errors. @throws {ConfigError} unless `dimension` is a whole number. */
  constructor(name: string, kernels: Kernels, dimension: number) {
    checkDimension(name, dimension);
    this.name = name;
    this.kernels = kernels;
    this.dimension = dimension;
    this.slices = new TableBuffer(kernels);
    this.stacked = new TensorBuffer(kernels);
    this.wholeShape = [];
    this.sliceShape = [];
    this.block = { rows: 0, cols: 0 };
    this.whole = { offset: 0, stride: 0 };
    this.part = { offset: 0, stride: 0 };
  }

  /** @returns as many tensors as the dimension is long, valid until the next call. @throws {ShapeError} */
  slice(tensor: Tensor): Table {
    const where = `${this.name}.forward`;
    const { shape } = tensor;
    const dimension = resolveDimension(where, this.dimension, shape);
    if (shape.length < 2) {
      throw new ShapeError(
        `${where}: expected at least two dimensions, got ${formatShape(shape)}; a slice of it would have none`,
      );
    }
    checkLength(where, tensor);
    this.wholeShape.length = shape.length;
    this.sliceShape.length = shape.length - 1;
    for (let i = 0; i < shape.length; i++) {
      this.wholeShape[i] = shape[i];
      if (i !== dimension) this.sliceShape[i < dimension ? i : i - 1] = shape[i];
    }
    this.slices.resize(shape[dimension]);
    const { tensors } = this.slices;
    const { block, part, whole } = this;
    this.locate(dimension);
    for (let s = 0; s < tensors.length; s++) {
      tensors[s].resizeTo(this.sliceShape);
      this.kernels.copyBlock(block, tensor.data, whole, tensors[s].data, part);
      whole.offset += block.cols;
    }
    return tensors;
  }

  /** @returns the gradient of what was last sliced, from those of the slices. @throws {ShapeError} for other shapes. */
  stack(gradOutput: Table): Tensor {
    const where = `${this.name}.backward`;
    const { tensors } = this.slices;
    if (gradOutput.length !== tensors.length) {
      throw new ShapeError(
        `${where}: expected ${tensors.length} gradients, got ${gradOutput.length}; one for each slice`,
      );
    }
    this.stacked.resizeTo(this.wholeShape);
    const { block, part, whole } = this;
    this.locate(resolveDimension(where, this.dimension, this.wholeShape));
    for (let s = 0; s < gradOutput.length; s++) {
      checkGradOutput(where, gradOutput[s], tensors[s]);
      this.kernels.copyBlock(block, gradOutput[s].data, part, this.stacked.data, whole);
      whole.offset += block.cols;
    }
    return this.stacked;
  }

  /** Sets the rectangle that a slice is, and where the first stands in the whole. */
  private locate(dimension: number): void {
    const { wholeShape } = this;
    const inner = sizeBetween(wholeShape, dimension + 1, wholeShape.length);
    this.block.rows = sizeBetween(wholeShape, 0, dimension);
    this.block.cols = inner;
    this.part.stride = inner;
    this.whole.stride = wholeShape[dimension] * inner;
    this.whole.offset = 0;
  }
}
