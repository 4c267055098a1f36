/**
 * @file What threads do on parts of a step, on a bridge.
 */
import { type PartKernels, SUM_BLOCK } from "../contract.js";
import type { Bridge, Pointer } from "./flat-operations.js";
import { readCsr, readIds } from "./sparse.js";

/** Any column that 32 bits name: the parts pick those that concern them. */
const MOST_COLUMNS = 2 ** 32 - 1;

/** kernels/ops.h, PART_OPERATIONS. */
export interface FlatPartOperations {
  f32_merge_rows(
    count: number,
    cols: number,
    part: number,
    parts: number,
    scale: number,
    ids: Pointer,
    src: Pointer,
    slotOf: Pointer,
    slots: number,
    outIds: Pointer,
    out: Pointer,
  ): number;
  f32_row_maxima(rows: number, cols: number, x: Pointer, maxima: Pointer): void;
  f32_exp_sums(rows: number, cols: number, x: Pointer, maxima: Pointer, exps: Pointer, sums: Pointer): void;
  f32_softmax_part(
    rows: number,
    cols: number,
    first: number,
    numSums: number,
    x: Pointer,
    maxima: Pointer,
    sums: Pointer,
    offsets: Pointer,
    columns: Pointer,
    values: Pointer,
    gradScale: number,
    grad: Pointer,
  ): number;
  csr_select_columns(
    rows: number,
    offsets: Pointer,
    columns: Pointer,
    values: Pointer,
    first: number,
    count: number,
    outOffsets: Pointer,
    outColumns: Pointer,
    outValues: Pointer,
  ): void;
}

export function partOperations(bridge: Bridge): PartKernels {
  const { flat } = bridge;
  return {
    mergeRows(count, cols, { index, count: parts }, scale, ids, src, slots, out) {
      bridge.begin();
      const idsAt = readIds(bridge, "mergeRows: ids", ids, count, out.slotOf.length);
      const srcAt = bridge.read("mergeRows: src", src, count * cols);
      const slotOfAt = bridge.update("mergeRows: slotOf", out.slotOf, out.slotOf.length);
      // No more new slots than ids.
      const outIdsAt = bridge.update("mergeRows: out.ids", out.ids, slots + count);
      const outAt = bridge.update("mergeRows: out.values", out.values, (slots + count) * cols);
      const used = flat.f32_merge_rows(
        count,
        cols,
        index,
        parts,
        scale,
        idsAt,
        srcAt,
        slotOfAt,
        slots,
        outIdsAt,
        outAt,
      );
      bridge.end();
      return used;
    },
    rowMaxima({ rows, cols }, x, maxima) {
      bridge.begin();
      const xAt = bridge.read("rowMaxima: x", x, rows * cols);
      flat.f32_row_maxima(rows, cols, xAt, bridge.write("rowMaxima: maxima", maxima, rows));
      bridge.end();
    },
    expSums({ rows, cols }, x, maxima, exps, sums) {
      bridge.begin();
      const xAt = bridge.read("expSums: x", x, rows * cols);
      const maximaAt = bridge.read("expSums: maxima", maxima, rows);
      const expsAt = bridge.write("expSums: exps", exps, rows * cols);
      const sumsAt = bridge.write("expSums: sums", sums, rows * Math.ceil(cols / SUM_BLOCK));
      flat.f32_exp_sums(rows, cols, xAt, maximaAt, expsAt, sumsAt);
      bridge.end();
    },
    softmaxPart({ rows, cols }, { first, numSums }, x, maxima, sums, targets, gradScale, grad) {
      bridge.begin();
      const t = readCsr(bridge, "softmaxPart: targets", rows, targets, MOST_COLUMNS);
      const loss = flat.f32_softmax_part(
        rows,
        cols,
        first,
        numSums,
        bridge.read("softmaxPart: x", x, rows * cols),
        bridge.read("softmaxPart: maxima", maxima, rows),
        bridge.read("softmaxPart: sums", sums, rows * numSums),
        t.offsets,
        t.columns,
        t.values,
        gradScale,
        bridge.update("softmaxPart: grad", grad, rows * cols),
      );
      bridge.end();
      return loss;
    },
    csrSelectColumns(numRows, x, first, count, out) {
      bridge.begin();
      const from = readCsr(bridge, "csrSelectColumns: x", numRows, x, MOST_COLUMNS);
      const room = from.end - x.offsets[0];
      flat.csr_select_columns(
        numRows,
        from.offsets,
        from.columns,
        from.values,
        first,
        count,
        bridge.write("csrSelectColumns: out.offsets", out.offsets, numRows + 1),
        bridge.update("csrSelectColumns: out.columns", out.columns, room),
        bridge.update("csrSelectColumns: out.values", out.values, room),
      );
      bridge.end();
    },
  };
}
