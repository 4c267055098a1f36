/**
 * @file One input for several modules, their outputs as a table.
 *
 *   x ─┬─ module 0 ─▶ [ y₀,        gradInput = Σᵢ gradInput of module i
 *      └─ module 1 ─▶   y₁ ]
 *
 * With Identity as one of the modules and CAddTable behind, this is a residual connection.
 */
import type { Kernels } from "../../kernels/contract.js";
import type { Module, Table, Tensor } from "../module.js";
import { checkTable } from "../table-check.js";
import { Branches } from "./branches.js";

/** One input → table with one tensor a module. */
export class ConcatTable<I = Tensor> extends Branches<I, Table> {
  /** Takes the modules over, see Container. */
  constructor(kernels: Kernels, ...modules: Module<I, Tensor>[]) {
    super(kernels, modules);
  }

  forward(input: I): Table {
    return this.forwardAll(input);
  }

  /** @returns the gradient of `input`; null if one of the modules has none. */
  backward(input: I, gradOutput: Table): I | null {
    checkTable("ConcatTable.backward", gradOutput, this.modules.length, "give one gradient for each module");
    return this.backwardAll(input, gradOutput);
  }
}
