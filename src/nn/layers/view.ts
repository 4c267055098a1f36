/**
 * @file The same numbers under another shape: no copy, the batch dimension stays.
 *
 *   new View(12)          [N, 3, 4] → [N, 12]           before a Linear behind convolutions
 *   new View(1, 28, 28)   [N, 784]  → [N, 1, 28, 28]
 *   new View(-1)          [N, …]    → [N, all others]
 *
 * Source: Torch7's nn.View and nn.Reshape, which differ only in copying; here all tensors are contiguous.
 */
import { ConfigError, ShapeError } from "../../core/index.js";
import { Module, type Tensor } from "../module.js";
import { checkGradOutput, checkLength, formatShape } from "../shape-check.js";

/** [N, …] → [N, ...sizes]; the output has the input's array. */
export class View extends Module {
  /** One of them may be −1: whatever is left. */
  readonly sizes: readonly number[];

  private readonly output: { data: Float32Array; shape: number[] };
  private readonly gradInput: { data: Float32Array; shape: number[] };

  /** @throws {ConfigError} unless the sizes are positive whole numbers, but for one that may be −1. */
  constructor(...sizes: number[]) {
    super();
    const isSize = (size: number): boolean => size === -1 || (Number.isInteger(size) && size > 0);
    if (!sizes.every(isSize) || sizes.filter((size) => size === -1).length > 1) {
      throw new ConfigError(
        `View: expected positive sizes, at most one of them -1, got ${formatShape(sizes)}; the batch is not among them`,
      );
    }
    this.sizes = sizes;
    this.output = { data: new Float32Array(0), shape: [] };
    this.gradInput = { data: new Float32Array(0), shape: [] };
  }

  /** @throws {ShapeError} unless a row has as many numbers as the sizes say. */
  forward(input: Tensor): Tensor {
    checkLength("View.forward", input);
    const { sizes, output } = this;
    let row = 1;
    for (let i = 1; i < input.shape.length; i++) row *= input.shape[i];
    let known = 1;
    for (const size of sizes) if (size !== -1) known *= size;
    const fits = sizes.includes(-1) ? row % known === 0 : row === known;
    if (!fits || input.shape.length === 0) {
      throw new ShapeError(
        `View.forward: expected input [N, …] of ${known} numbers a row${sizes.includes(-1) ? " or a multiple" : ""}, ` +
          `got ${formatShape(input.shape)}; its rows are to become ${formatShape(sizes)}`,
      );
    }
    output.data = input.data;
    output.shape.length = sizes.length + 1;
    output.shape[0] = input.shape[0];
    for (let i = 0; i < sizes.length; i++) output.shape[i + 1] = sizes[i] === -1 ? row / known : sizes[i];
    return output;
  }

  /** @returns the numbers of `gradOutput`, in the shape of `input`. @throws {ShapeError} for another shape. */
  backward(input: Tensor, gradOutput: Tensor): Tensor {
    checkGradOutput("View.backward", gradOutput, this.output);
    const { gradInput } = this;
    gradInput.data = gradOutput.data;
    gradInput.shape.length = input.shape.length;
    for (let i = 0; i < input.shape.length; i++) gradInput.shape[i] = input.shape[i];
    return gradInput;
  }
}
