/**
 * @file Which rows of a batch does each expert compute? Lists of rows, with the gates that their outputs are weighted by.
 *
 *   chosen [N, k + 1]   row 0: 2 0 ·        expert 0: rows 0 1     slots 1 2     slot = row·k + place: where the gate's
 *                       row 1: 0 1 ·        expert 1: row  1       slot  3               gradient goes
 *                                           expert 2: row  0       slot  0
 */
import type { GateBatch, Kernels } from "../../kernels/contract.js";
import type { Tensor } from "../module.js";
import { atLeastF32, atLeastU32, TensorBuffer } from "../tensor-buffer.js";

/** An expert's share of a batch, in arrays that are reused. */
export class ExpertRoute {
  /** n, rows of the expert. */
  count: number;
  /** [≥ n] batch rows, ascending. */
  rows: Uint32Array;
  /** [≥ n] places in gates [N, k]. */
  slots: Uint32Array;
  /** [≥ n] */
  gates: Float32Array;
  dGates: Float32Array;
  /** [n, D] and [n, O]. */
  readonly input: TensorBuffer;
  readonly gradOutput: TensorBuffer;
  /** The expert's own tensor; null where it had no rows. */
  output: Tensor | null;

  private readonly kernels: Kernels;

  constructor(kernels: Kernels) {
    this.kernels = kernels;
    this.count = 0;
    this.rows = new Uint32Array(0);
    this.slots = new Uint32Array(0);
    this.gates = new Float32Array(0);
    this.dGates = new Float32Array(0);
    this.input = new TensorBuffer(kernels);
    this.gradOutput = new TensorBuffer(kernels);
    this.output = null;
  }

  /** Makes room for `count` rows, and holds none. */
  reserve(count: number): void {
    const { kernels } = this;
    this.rows = atLeastU32(kernels, this.rows, count);
    this.slots = atLeastU32(kernels, this.slots, count);
    this.gates = atLeastF32(kernels, this.gates, count);
    this.dGates = atLeastF32(kernels, this.dGates, count);
    this.count = 0;
  }

  add(row: number, slot: number, gate: number): void {
    this.rows[this.count] = row;
    this.slots[this.count] = slot;
    this.gates[this.count++] = gate;
  }
}

/** Lists the rows of each of `routes`, one an expert, as the gate has chosen for `numRows` rows. */
export function dispatchRows(routes: readonly ExpertRoute[], numRows: number, { k, chosen, gates }: GateBatch): void {
  for (const route of routes) route.count = 0;
  for (let i = 0; i < numRows; i++) for (let j = 0; j < k; j++) routes[chosen[i * (k + 1) + j]].count++;
  for (const route of routes) route.reserve(route.count);
  for (let i = 0; i < numRows; i++) {
    for (let j = 0; j < k; j++) routes[chosen[i * (k + 1) + j]].add(i, i * k + j, gates[i * k + j]);
  }
}
