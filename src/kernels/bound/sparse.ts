/**
 * @file Sparse operations and losses of the contract on a bridge.
 *
 * Column numbers come from data files, so here the contents are checked too, not only the extents: a pass over the
 * columns costs a fraction of the rows of w that they name, and a bad one would corrupt memory.
 */
import type { CompactTranspose, Csr, Kernels } from "../contract.js";
import type { Bridge, Pointer } from "./flat-operations.js";

export interface CsrPointers {
  readonly offsets: Pointer;
  readonly columns: Pointer;
  readonly values: Pointer;
  /** offsets[N]: one past the last entry. */
  readonly end: number;
}

/** A batch of `numRows` rows, read; its columns are known to be below `numColumns`. */
export function readCsr(bridge: Bridge, what: string, numRows: number, x: Csr, numColumns: number): CsrPointers {
  const offsets = bridge.read(`${what}.offsets`, x.offsets, numRows + 1);
  const end = x.offsets[numRows];
  const columns = bridge.read(`${what}.columns`, x.columns, end);
  const values = bridge.read(`${what}.values`, x.values, end);
  const fault = bridge.flat.csr_fault(numRows, offsets, columns, end, numColumns);
  if (fault === 1) throw new RangeError(`${what}.offsets: expected numbers that do not fall`);
  if (fault === 2) throw new RangeError(`${what}.columns: expected numbers below ${numColumns}`);
  return { offsets, columns, values, end };
}

/** Checks that `count` ids are below `limit`. */
export function readIds(bridge: Bridge, what: string, ids: Uint32Array, count: number, limit: number): Pointer {
  const pointer = bridge.read(what, ids, count);
  if (bridge.flat.ids_fault(count, pointer, limit)) throw new RangeError(`${what}: expected numbers below ${limit}`);
  return pointer;
}

/** Rows of `cols` numbers that the array holds. */
export function rowsOf(array: Float32Array, cols: number): number {
  return cols === 0 ? 2 ** 32 - 1 : Math.floor(array.length / cols);
}

/** What csr_gather_rows found. */
function gatherFault(fault: number, numRows: number, available: number, room: number): string {
  if (fault === -1) return `ids: expected numbers below ${numRows}`;
  if (fault === -2) return "source.offsets: expected numbers that do not fall";
  if (fault === -3) return `source.offsets: expected at most ${available}, the entries that source holds`;
  return `out: expected room for all entries of the rows, got ${room}`;
}

function crossEntropy(
  bridge: Bridge,
  name: "softmaxCrossEntropy" | "sigmoidCrossEntropy",
): Kernels["softmaxCrossEntropy"] {
  const operation =
    name === "softmaxCrossEntropy" ? bridge.flat.f32_softmax_cross_entropy : bridge.flat.f32_sigmoid_cross_entropy;
  const targetsName = `${name}: targets`;
  return ({ rows, cols }, x, targets, gradScale, grad) => {
    bridge.begin();
    const t = readCsr(bridge, targetsName, rows, targets, cols);
    const xAt = bridge.read(`${name}: x`, x, rows * cols);
    const gradAt = bridge.write(`${name}: grad`, grad, rows * cols);
    const loss = operation(rows, cols, xAt, t.offsets, t.columns, t.values, gradScale, gradAt);
    bridge.end();
    return loss;
  };
}

type SparseNames =
  | "csrGatherRows"
  | "csrGemm"
  | "csrCompactTranspose"
  | "csrGradRows"
  | "gatherRows"
  | "softmaxCrossEntropy"
  | "sigmoidCrossEntropy";

export function sparseOperations(bridge: Bridge): Pick<Kernels, SparseNames> {
  const { flat } = bridge;
  return {
    csrGatherRows(source, ids, count, out) {
      bridge.begin();
      const numRows = source.offsets.length - 1;
      const available = Math.min(source.columns.length, source.values.length);
      const room = Math.min(out.columns.length, out.values.length);
      const copied = flat.csr_gather_rows(
        numRows,
        bridge.read("csrGatherRows: source.offsets", source.offsets, numRows + 1),
        bridge.read("csrGatherRows: source.columns", source.columns, available),
        bridge.read("csrGatherRows: source.values", source.values, available),
        available,
        bridge.read("csrGatherRows: ids", ids, count),
        count,
        bridge.write("csrGatherRows: out.offsets", out.offsets, count + 1),
        bridge.update("csrGatherRows: out.columns", out.columns, room),
        bridge.update("csrGatherRows: out.values", out.values, room),
        room,
      );
      if (copied < 0) throw new RangeError(`csrGatherRows: ${gatherFault(copied, numRows, available, room)}`);
      bridge.end();
      return copied;
    },
    csrGemm({ rows, cols }, x, w, y, mode) {
      bridge.begin();
      const { offsets, columns, values } = readCsr(bridge, "csrGemm: x", rows, x, rowsOf(w, cols));
      const accumulate = mode === "accumulate" ? 1 : 0;
      const wAt = bridge.read("csrGemm: w", w, w.length);
      const yAt = bridge.update("csrGemm: y", y, rows * cols);
      flat.csr_gemm(rows, cols, offsets, columns, values, wAt, yAt, accumulate);
      bridge.end();
    },
    csrCompactTranspose(numRows, x, slotOf, out) {
      bridge.begin();
      const { offsets, columns, values, end } = readCsr(bridge, "csrCompactTranspose: x", numRows, x, slotOf.length);
      const entries = end - x.offsets[0];
      const slots = Math.min(entries, slotOf.length);
      const numColumns = flat.csr_compact_transpose(
        numRows,
        offsets,
        columns,
        values,
        bridge.update("csrCompactTranspose: slotOf", slotOf, slotOf.length),
        bridge.update("csrCompactTranspose: out.columns", out.columns, slots),
        bridge.update("csrCompactTranspose: out.offsets", out.offsets, slots + 1),
        bridge.write("csrCompactTranspose: out.rows", out.rows, entries),
        bridge.write("csrCompactTranspose: out.values", out.values, entries),
      );
      bridge.end();
      return numColumns >>> 0;
    },
    csrGradRows(numColumns, cols, x: CompactTranspose, dy, dw) {
      bridge.begin();
      const { offsets, columns, values } = readCsr(
        bridge,
        "csrGradRows: x",
        numColumns,
        { offsets: x.offsets, columns: x.rows, values: x.values },
        rowsOf(dy, cols),
      );
      const dyAt = bridge.read("csrGradRows: dy", dy, dy.length);
      const dwAt = bridge.write("csrGradRows: dw", dw, numColumns * cols);
      flat.csr_grad_rows(numColumns, cols, offsets, columns, values, dyAt, dwAt);
      bridge.end();
    },
    gatherRows(count, cols, ids, src, out) {
      bridge.begin();
      const idsAt = readIds(bridge, "gatherRows: ids", ids, count, rowsOf(src, cols));
      const srcAt = bridge.read("gatherRows: src", src, src.length);
      flat.f32_gather_rows(count, cols, idsAt, srcAt, bridge.write("gatherRows: out", out, count * cols));
      bridge.end();
    },
    softmaxCrossEntropy: crossEntropy(bridge, "softmaxCrossEntropy"),
    sigmoidCrossEntropy: crossEntropy(bridge, "sigmoidCrossEntropy"),
  };
}
