/** @file The tensors of a table as one, side by side along a dimension: [N, 3], [N, 5] → [N, 8] along 1. */
import type { Kernels } from "../../kernels/contract.js";
import { Module, type Table, type Tensor } from "../module.js";
import { TensorJoin } from "./tensor-join.js";

/** Table → tensor, joined along `dimension`, which counts from 0 or, below, from the end. */
export class JoinTable extends Module<Table, Tensor> {
  private readonly joining: TensorJoin;

  /** @throws {ConfigError} unless `dimension` is a whole number. */
  constructor(kernels: Kernels, dimension: number) {
    super();
    this.joining = new TensorJoin("JoinTable", kernels, dimension);
  }

  /** @throws {ShapeError} for an empty table, or tensors that differ in another dimension. */
  forward(input: Table): Tensor {
    return this.joining.join(input);
  }

  backward(_input: Table, gradOutput: Tensor): Table {
    return this.joining.cut(gradOutput);
  }
}
