/**
 * @file Tensors side by side along one dimension, and a tensor cut up into them again.
 *
 *   join   [N, 3], [N, 5]  along 1  →  [N, 8]         cut   [N, 8]  →  [N, 3], [N, 5]
 *
 * Each tensor is one kernel call that copies a rectangle (dimension.ts says which). The tensors must agree in all other
 * dimensions.
 */
import { ShapeError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import type { Table, Tensor } from "../module.js";
import { checkGradOutput, checkLength, formatShape } from "../shape-check.js";
import { TableBuffer } from "../table-buffer.js";
import { TensorBuffer } from "../tensor-buffer.js";
import { checkDimension, resolveDimension, sizeBetween } from "./dimension.js";

/** Joins tables along `dimension`, and cuts gradients of what was joined. */
export class TensorJoin {
  private readonly name: string;
  private readonly kernels: Kernels;
  private readonly dimension: number;
  private readonly joined: TensorBuffer;
  private readonly joinedShape: number[];
  /** Pieces of the last gradient, as many as the last table had tensors. */
  private readonly pieces: TableBuffer;
  private readonly shapes: number[][];
  private readonly block: { rows: number; cols: number };
  private readonly whole: { offset: number; stride: number };
  private readonly part: { offset: number; stride: number };

  /** `name` is the module's, for errors. @throws {ConfigError} unless `dimension` is a whole number. */
  constructor(name: string, kernels: Kernels, dimension: number) {
    checkDimension(name, dimension);
    this.name = name;
    this.kernels = kernels;
    this.dimension = dimension;
    this.joined = new TensorBuffer(kernels);
    this.joinedShape = [];
    this.pieces = new TableBuffer(kernels);
    this.shapes = [];
    this.block = { rows: 0, cols: 0 };
    this.whole = { offset: 0, stride: 0 };
    this.part = { offset: 0, stride: 0 };
  }

  /** @returns all tensors of `table` as one, valid until the next call. @throws {ShapeError} unless they fit. */
  join(table: Table): Tensor {
    const where = `${this.name}.forward`;
    if (table.length === 0) throw new ShapeError(`${where}: expected at least one tensor, got none; nothing to join`);
    const first = table[0].shape;
    const dimension = resolveDimension(where, this.dimension, first);
    let size = 0;
    this.shapes.length = table.length;
    for (let t = 0; t < table.length; t++) {
      checkLength(where, table[t]);
      this.checkFits(where, table[t].shape, first, dimension, t);
      size += table[t].shape[dimension];
      this.shapes[t] ??= [];
      copyShape(table[t].shape, this.shapes[t]);
    }
    copyShape(first, this.joinedShape);
    this.joinedShape[dimension] = size;
    this.joined.resizeTo(this.joinedShape);
    const { block, part, whole } = this;
    whole.offset = 0;
    for (let t = 0; t < table.length; t++) {
      this.locate(t, dimension, size);
      this.kernels.copyBlock(block, table[t].data, part, this.joined.data, whole);
      whole.offset += block.cols;
    }
    return this.joined;
  }

  /** @returns the parts of `gradOutput` that belong to the tensors last joined. @throws {ShapeError} for other shapes. */
  cut(gradOutput: Tensor): Table {
    const where = `${this.name}.backward`;
    checkGradOutput(where, gradOutput, this.joined);
    const dimension = resolveDimension(where, this.dimension, this.joinedShape);
    this.pieces.resize(this.shapes.length);
    const { tensors } = this.pieces;
    const { block, part, whole } = this;
    whole.offset = 0;
    for (let t = 0; t < tensors.length; t++) {
      tensors[t].resizeTo(this.shapes[t]);
      this.locate(t, dimension, this.joinedShape[dimension]);
      this.kernels.copyBlock(block, gradOutput.data, whole, tensors[t].data, part);
      whole.offset += block.cols;
    }
    return tensors;
  }

  /** Sets the rectangle that tensor `t` is, and the strides of its rows in itself and in the whole. */
  private locate(t: number, dimension: number, size: number): void {
    const shape = this.shapes[t];
    const inner = sizeBetween(shape, dimension + 1, shape.length);
    this.block.rows = sizeBetween(shape, 0, dimension);
    this.block.cols = shape[dimension] * inner;
    this.part.stride = this.block.cols;
    this.whole.stride = size * inner;
  }

  private checkFits(
    where: string,
    shape: readonly number[],
    first: readonly number[],
    dimension: number,
    t: number,
  ): void {
    let fits = shape.length === first.length;
    for (let i = 0; fits && i < shape.length; i++) fits = i === dimension || shape[i] === first[i];
    if (fits) return;
    const expected = first.map((size, i) => (i === dimension ? "any" : size));
    throw new ShapeError(
      `${where}: expected tensor ${t} as ${formatShape(expected)}, got ${formatShape(shape)}; ` +
        `tensors may differ only in dimension ${dimension}, along which they are joined`,
    );
  }
}

function copyShape(from: readonly number[], to: number[]): void {
  to.length = from.length;
  for (let i = 0; i < from.length; i++) to[i] = from[i];
}
