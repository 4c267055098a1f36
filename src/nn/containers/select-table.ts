/** @file One entry of a table; the others' gradient is zero. */
import { ConfigError, ShapeError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import { checkKernels } from "../kernels-check.js";
import { Module, type Table, type Tensor } from "../module.js";
import { checkGradOutput } from "../shape-check.js";
import { TensorBuffer } from "../tensor-buffer.js";

/** Table → its entry `index`, which counts from 0 or, below, from the end. */
export class SelectTable extends Module<Table, Tensor> {
  /** As given: below 0 it counts from the end. */
  readonly index: number;

  private readonly kernels: Kernels;
  private readonly zeros: TensorBuffer[];
  private readonly grads: Tensor[];

  /** @throws {ConfigError} unless `index` is a whole number. */
  constructor(kernels: Kernels, index: number) {
    super();
    checkKernels("SelectTable", kernels);
    if (!Number.isInteger(index)) {
      throw new ConfigError(`SelectTable: expected a whole number as index, got ${index}; 0 is the first, -1 the last`);
    }
    this.kernels = kernels;
    this.index = index;
    this.zeros = [];
    this.grads = [];
  }

  /** @returns the entry itself. @throws {ShapeError} for a table without it. */
  forward(input: Table): Tensor {
    return input[this.resolve("SelectTable.forward", input)];
  }

  backward(input: Table, gradOutput: Tensor): Table {
    const selected = this.resolve("SelectTable.backward", input);
    checkGradOutput("SelectTable.backward", gradOutput, input[selected]);
    this.grads.length = input.length;
    for (let t = 0; t < input.length; t++) {
      if (t === selected) {
        this.grads[t] = gradOutput;
        continue;
      }
      this.zeros[t] ??= new TensorBuffer(this.kernels);
      const length = this.zeros[t].resizeLike(input[t]);
      // Anew each time: the array may be longer than it was, or hold what another shape left behind.
      this.zeros[t].data.fill(0, 0, length);
      this.grads[t] = this.zeros[t];
    }
    return this.grads;
  }

  private resolve(where: string, table: Table): number {
    const index = this.index < 0 ? this.index + table.length : this.index;
    if (index >= 0 && index < table.length) return index;
    throw new ShapeError(
      `${where}: expected a table with entry ${this.index}, got ${table.length} entries; entries count from 0`,
    );
  }
}
