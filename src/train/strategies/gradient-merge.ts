/**
 * @file How do the gradients of groups become one? Each worker adds up its own part of all of them, in a fixed order.
 *
 *   group 0  │ ········ │ ········ │        g ← w₀·g₀ + w₁·g₁ + … + w_{G−1}·g_{G−1},   w: share of the batch's rows
 *   group 1  │ ········ │ ········ │
 *              worker 0   worker 1          a reduce-scatter: every number is added by one worker, always in this order,
 *                                           so that a fixed number of groups gives the same bits again and again
 *
 * Dense parts are runs of rows, added into group 0's memory. Row-sparse lists are merged (union of rows, never a dense
 * matrix): worker g takes the ids that are g modulo G, so that frequent features, which stand first in a vocabulary, are
 * spread over the workers. Then each worker steps the optimiser on what it has added up.
 */
import type { Kernels } from "../../kernels/contract.js";
import { DenseGradient, type FlatParameters, type RowSparseGradient } from "../../nn/parameter.js";
import { atLeastF32, atLeastU32 } from "../../nn/tensor-buffer.js";
import type { ParameterPart } from "../../optim/parameter-wise-optimizer.js";
import type { GroupGradients, SharedRows } from "./shared-model.js";

/** Rows of a parameter that the workers of one place in their groups own together; a row-sparse one is owned whole. */
export interface OwnedRows {
  /** Index of the parameter in the flat vector. */
  readonly parameter: number;
  readonly firstRow: number;
  readonly numRows: number;
}

/** Parts start at multiples of it, so that vector loops split where those over the whole would. */
const ROW_MULTIPLE = 16;

interface DensePart {
  readonly length: number;
  /** This part of each group's gradient. */
  readonly sources: readonly Float32Array[];
}

interface RowPart {
  readonly cols: number;
  readonly lists: readonly SharedRows[];
  /** This worker's memory for what it merges; `slotOf` [D] is zero between steps. */
  readonly out: { slotOf: Uint32Array; ids: Uint32Array; values: Float32Array };
  /** What shows it to the optimiser. */
  readonly merged: RowSparseGradient;
  /** The ids that this worker merges. */
  readonly ids: { readonly index: number; readonly count: number };
}

export interface MergeOptions {
  readonly groups: readonly GroupGradients[];
  /** This worker's group. */
  readonly group: number;
  readonly owned: readonly OwnedRows[];
  /** The lead merges whole lists, so that it can look at all of a gradient before the step. */
  readonly wholeRowsAtLead: boolean;
}

/** One worker's part of all gradients. */
export class GradientMerge {
  /** What this worker steps. */
  readonly parts: readonly ParameterPart[];
  /** Bytes of others' gradients that the last merge read, and of parameters that others will want of this worker. */
  traffic: number;
  private readonly kernels: Kernels;
  private readonly denseParts: readonly DensePart[];
  private readonly rowParts: readonly RowPart[];
  private readonly numGroups: number;

  constructor(kernels: Kernels, flat: FlatParameters, { groups, group, owned, wholeRowsAtLead }: MergeOptions) {
    this.kernels = kernels;
    this.numGroups = groups.length;
    this.traffic = 0;
    const dense: DensePart[] = [];
    const rows: RowPart[] = [];
    const parts: ParameterPart[] = [];
    for (const { parameter: index, firstRow, numRows } of owned) {
      const parameter = flat.parameters[index];
      if (!parameter.trainable) continue;
      const { cols, grad, name } = parameter;
      if (grad.kind === "rows") {
        if (wholeRowsAtLead && group > 0) continue;
        const ids = wholeRowsAtLead ? { index: 0, count: 1 } : { index: group, count: groups.length };
        const lists = groups.map((gradients) => gradients.rows[index] as SharedRows);
        // One group: its list is the sum. Merged whole, it is what the lead's own parameter shows.
        const isOwn = groups.length === 1 || wholeRowsAtLead;
        const merged: RowSparseGradient = isOwn
          ? grad
          : { kind: "rows", ids: new Uint32Array(0), count: 0, values: new Float32Array(0) };
        const slotOf = kernels.u32(groups.length === 1 ? 0 : parameter.shape[0]);
        const out = { slotOf, ids: new Uint32Array(0), values: new Float32Array(0) };
        rows.push({ cols, lists, out, merged, ids });
        parts.push({ parameter: name, firstRow: 0, numRows: parameter.shape[0], grad: merged });
        continue;
      }
      const cut = (share: number): number => {
        const row = (numRows * share) / groups.length;
        return share === groups.length ? numRows : Math.min(numRows, Math.ceil(row / ROW_MULTIPLE) * ROW_MULTIPLE);
      };
      const [from, to] = [firstRow + cut(group), firstRow + cut(group + 1)];
      if (from === to) continue;
      const sources = groups.map(
        (gradients) => gradients.dense[index]?.subarray(from * cols, to * cols) ?? new Float32Array(0),
      );
      dense.push({ length: (to - from) * cols, sources });
      parts.push({ parameter: name, firstRow: from, numRows: to - from, grad: new DenseGradient(sources[0]) });
    }
    this.parts = parts;
    this.denseParts = dense;
    this.rowParts = rows;
  }

  /** Adds up this worker's part. `weights` [G], 0 where a group had no rows; those are not read. */
  merge(weights: readonly number[]): void {
    this.traffic = 0;
    if (this.numGroups === 1) return;
    for (const part of this.denseParts) this.mergeDense(part, weights);
    for (const part of this.rowParts) this.mergeRows(part, weights);
  }

  private mergeDense({ length, sources }: DensePart, weights: readonly number[]): void {
    const [sum] = sources;
    let isFirst = true;
    for (let group = 1; group < sources.length; group++) {
      if (weights[group] === 0) continue;
      this.kernels.axpby(length, weights[group], sources[group], isFirst ? weights[0] : 1, sum);
      isFirst = false;
    }
    // In both directions: gradients of this part come from the other groups, its parameters go back to them.
    this.traffic += 2 * 4 * length * (sources.length - 1);
  }

  private mergeRows({ cols, lists, out, merged, ids }: RowPart, weights: readonly number[]): void {
    let entries = 0;
    lists.forEach(({ count }, group) => {
      if (weights[group] !== 0) entries += count[0];
    });
    out.ids = atLeastU32(this.kernels, out.ids, entries);
    out.values = atLeastF32(this.kernels, out.values, entries * cols);
    let slots = 0;
    lists.forEach((list, group) => {
      if (weights[group] === 0) return;
      slots = this.kernels.mergeRows(list.count[0], cols, ids, weights[group], list.ids, list.values, slots, out);
    });
    for (let slot = 0; slot < slots; slot++) out.slotOf[out.ids[slot]] = 0;
    merged.ids = out.ids;
    merged.values = out.values;
    merged.count = slots;
    const others = this.numGroups - 1;
    this.traffic += (4 * cols * entries * others) / this.numGroups / ids.count + 4 * cols * slots * others;
  }
}
