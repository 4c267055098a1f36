/** @file A tensor as a table of its slices along a dimension, which disappears: [N, 3, 4] along 1 → three of [N, 4]. */
import type { Kernels } from "../../kernels/contract.js";
import { Module, type Table, type Tensor } from "../module.js";
import { TensorSlices } from "./tensor-slices.js";

/** Tensor → table of slices along `dimension`, which counts from 0 or, below, from the end. */
export class SplitTable extends Module<Tensor, Table> {
  private readonly slicing: TensorSlices;

  /** @throws {ConfigError} unless `dimension` is a whole number. */
  constructor(kernels: Kernels, dimension: number) {
    super();
    this.slicing = new TensorSlices("SplitTable", kernels, dimension);
  }

  /** @throws {ShapeError} for fewer than two dimensions, or too few. */
  forward(input: Tensor): Table {
    return this.slicing.slice(input);
  }

  backward(_input: Tensor, gradOutput: Table): Tensor {
    return this.slicing.stack(gradOutput);
  }
}
