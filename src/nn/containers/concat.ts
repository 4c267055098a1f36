/**
 * @file One input for several modules, their outputs joined along a dimension.
 *
 *   x ─┬─ module 0 ─▶ [N, 3] ─┐
 *      └─ module 1 ─▶ [N, 5] ─┴▶ [N, 8]        gradInput = Σᵢ gradInput of module i
 *
 * Source: Torch7's nn.Concat; joined along the channels this is the Inception block of Szegedy et al., "Going Deeper
 * with Convolutions", CVPR 2015, §4.
 */
import type { Kernels } from "../../kernels/contract.js";
import type { Module, Tensor } from "../module.js";
import { Branches } from "./branches.js";
import { TensorJoin } from "./tensor-join.js";

/** One input → the modules' outputs, joined along `dimension`, which counts from 0 or, below, from the end. */
export class Concat<I = Tensor> extends Branches<I, Tensor> {
  private readonly joining: TensorJoin;

  /** Takes the modules over, see Container. @throws {ConfigError} unless `dimension` is a whole number. */
  constructor(kernels: Kernels, dimension: number, ...modules: Module<I, Tensor>[]) {
    super(kernels, modules);
    this.joining = new TensorJoin("Concat", kernels, dimension);
  }

  /** @throws {ShapeError} for outputs that differ in another dimension. */
  forward(input: I): Tensor {
    return this.joining.join(this.forwardAll(input));
  }

  /** @returns the gradient of `input`; null if one of the modules has none. */
  backward(input: I, gradOutput: Tensor): I | null {
    return this.backwardAll(input, this.joining.cut(gradOutput));
  }
}
