/**
 * @file What the losses on pairs share: two inputs of one shape, a label of 1 or −1 for each row.
 *
 *   forward([a, b], labels [N])   loss, the mean over rows;  both gradients kept
 *   backward                      returns [∂/∂a, ∂/∂b]
 */
import { ConfigError, ShapeError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import { Criterion, type Table, type Tensor } from "../module.js";
import { checkGradOutput, checkLength, formatShape } from "../shape-check.js";
import { TensorBuffer } from "../tensor-buffer.js";

/** @throws {ConfigError} unless `margin` is finite. */
export function checkMargin(where: string, margin: number): void {
  if (!Number.isFinite(margin)) throw new ConfigError(`${where}: expected a finite margin, got ${margin}`);
}

/** A loss of two tensors of one shape and a label of ±1 a row, mean over rows. */
export abstract class PairCriterion extends Criterion<Table, Tensor> {
  protected readonly kernels: Kernels;
  private readonly where: string;
  private readonly gradInputs: readonly [TensorBuffer, TensorBuffer];

  protected constructor(kernels: Kernels, where: string) {
    super();
    this.kernels = kernels;
    this.where = where;
    this.gradInputs = [new TensorBuffer(kernels), new TensorBuffer(kernels)];
  }

  /** Writes the gradients of the mean loss and returns that mean; there is at least one row. `cols` numbers a row. */
  protected abstract lossAndGradients(
    rows: number,
    cols: number,
    a: Float32Array,
    b: Float32Array,
    labels: Float32Array,
    gradA: Float32Array,
    gradB: Float32Array,
  ): number;

  /** Says what is wrong with rows of `cols` numbers, or nothing. */
  protected abstract expectedInput(shape: readonly number[]): string | null;

  /** `input` two tensors, `target` [N] or [N, 1] of ±1, read. @returns the mean loss; 0 for no rows. @throws {ShapeError} */
  forward(input: Table, target: Tensor): number {
    this.check(input, target);
    const [a, b] = input;
    const [gradA, gradB] = this.gradInputs;
    const length = gradA.resizeLike(a);
    gradB.resizeLike(b);
    const rows = a.shape[0];
    if (rows === 0) return 0;
    return this.lossAndGradients(rows, length / rows, a.data, b.data, target.data, gradA.data, gradB.data);
  }

  /** @returns the gradients of the mean loss with respect to both inputs, as the last forward computed them. */
  backward(input: Table, _target: Tensor): Table {
    for (let i = 0; i < 2; i++) checkGradOutput(`${this.where}.backward`, input[i], this.gradInputs[i]);
    return this.gradInputs;
  }

  private check(input: Table, target: Tensor): void {
    const where = `${this.where}.forward`;
    if (input.length !== 2) {
      throw new ShapeError(
        `${where}: expected a table of two tensors, got ${input.length}; they are compared in pairs`,
      );
    }
    const [a, b] = input;
    const expected = this.expectedInput(a.shape);
    if (expected !== null) {
      throw new ShapeError(`${where}: expected inputs ${expected}, got ${formatShape(a.shape)}`);
    }
    let same = a.shape.length === b.shape.length;
    for (let i = 0; same && i < a.shape.length; i++) same = a.shape[i] === b.shape[i];
    if (!same) {
      throw new ShapeError(
        `${where}: expected two tensors of one shape, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      );
    }
    checkLength(where, a);
    checkLength(where, b);
    const rows = a.shape[0];
    const single = target.shape.length === 1 || (target.shape.length === 2 && target.shape[1] === 1);
    if (!single || target.shape[0] !== rows) {
      throw new ShapeError(
        `${where}: expected labels ${formatShape([rows])}, one a row, got ${formatShape(target.shape)}`,
      );
    }
    checkLength(where, target);
    for (let i = 0; i < rows; i++) {
      if (target.data[i] === 1 || target.data[i] === -1) continue;
      throw new ShapeError(`${where}: expected labels of 1 or -1, got ${target.data[i]} in row ${i}`);
    }
  }
}
