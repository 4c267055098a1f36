/**
 * @file A table through modules one by one: entry i goes through module i.
 *
 *   [ x₀, ─ module 0 ─▶ [ y₀,
 *     x₁ ]─ module 1 ─▶   y₁ ]
 *
 * The entries may be of several kinds, such as ids for a LookupTable beside numbers for a Linear: the type parameter is
 * the tuple of what the modules take.
 */
import type { Module, Table, Tensor } from "../module.js";
import { checkTable } from "../table-check.js";
import { Container } from "./container.js";

/** Table of as many inputs as there are modules → table of their outputs. */
export class ParallelTable<I extends readonly unknown[] = Table> extends Container<I, Table> {
  private readonly outputs: Tensor[];
  private readonly grads: unknown[];

  /** Takes the modules over, see Container. */
  constructor(...modules: { [K in keyof I]: Module<I[K], Tensor> } & readonly Module<I[number], Tensor>[]) {
    super(modules);
    this.outputs = [];
    this.grads = [];
  }

  /** @throws {ShapeError} unless `input` has an entry for each module. */
  forward(input: I): Table {
    checkTable("ParallelTable.forward", input, this.modules.length, "give one entry for each module");
    for (let i = 0; i < this.modules.length; i++) this.outputs[i] = this.forwardOf(i, input[i]) as Tensor;
    return this.outputs;
  }

  /** @returns the gradients of the entries; null if one of the modules has none, as for ids and sparse batches. */
  backward(input: I, gradOutput: Table): I | null {
    checkTable("ParallelTable.backward", gradOutput, this.modules.length, "give one gradient for each module");
    let isDefined = true;
    for (let i = 0; i < this.modules.length; i++) {
      this.grads[i] = this.backwardOf(i, input[i], gradOutput[i]);
      if (this.grads[i] === null) isDefined = false;
    }
    return isDefined ? (this.grads as unknown as I) : null;
  }
}
