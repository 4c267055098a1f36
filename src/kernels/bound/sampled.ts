/**
 * @file Training on a sample of the columns, on a bridge. Nothing here is as long as the layer: extents are checked, and
 * contents of what follows the batch.
 */
import type { SampledKernels } from "../contract.js";
import type { Bridge, Pointer } from "./flat-operations.js";
import { readCsr } from "./sparse.js";

type SampledLoss = (
  rows: number,
  cols: number,
  x: Pointer,
  correction: Pointer,
  offsets: Pointer,
  columns: Pointer,
  values: Pointer,
  restOffsets: Pointer,
  rest: Pointer,
  gradScale: number,
  grad: Pointer,
) => number;

/** kernels/ops.h, OUTPUT_OPERATIONS, as far as it samples. */
export interface FlatSampledOperations {
  /** counts: chosen, drawn. */
  u32_sample_columns(
    rows: number,
    offsets: Pointer,
    columns: Pointer,
    numColumns: number,
    numDraws: number,
    thresholds: Pointer,
    aliases: Pointer,
    seed: number,
    scratch: Pointer,
    out: Pointer,
    restOffsets: Pointer,
    restColumns: Pointer,
    counts: Pointer,
  ): void;
  f32_sampled_softmax: SampledLoss;
  f32_sampled_sigmoid: SampledLoss;
}

/** Positions have no upper end of their own: what is not below `cols` stands in `rest`. */
const ANY_POSITION = 2 ** 32 - 1;

export function sampledOperations(bridge: Bridge): SampledKernels {
  const { flat } = bridge;
  const counts = new Uint32Array(2);
  const loss =
    (name: "sampledSoftmax" | "sampledSigmoid", operation: SampledLoss): SampledKernels["sampledSoftmax"] =>
    ({ rows, cols }, x, correction, targets, rest, gradScale, grad) => {
      bridge.begin();
      const t = readCsr(bridge, `${name}: targets`, rows, targets, ANY_POSITION);
      const others = readCsr(bridge, `${name}: rest`, rows, rest, ANY_POSITION);
      const result = operation(
        rows,
        cols,
        bridge.read(`${name}: x`, x, rows * cols),
        bridge.read(`${name}: correction`, correction, cols),
        t.offsets,
        t.columns,
        t.values,
        others.offsets,
        bridge.update(`${name}: rest.values`, rest.values, others.end),
        gradScale,
        bridge.write(`${name}: grad`, grad, rows * cols),
      );
      bridge.end();
      return result;
    };
  return {
    sampleColumns(numRows, targets, numColumns, numDraws, draws, seed, scratch, out, rest) {
      bridge.begin();
      const offsets = bridge.read("sampleColumns: targets.offsets", targets.offsets, numRows + 1);
      const end = targets.offsets[numRows];
      const columns = bridge.update("sampleColumns: targets.columns", targets.columns, end);
      if (flat.csr_fault(numRows, offsets, columns, end, numColumns)) {
        throw new RangeError(`sampleColumns: targets: expected rising offsets and columns below ${numColumns}`);
      }
      const entries = end - targets.offsets[0];
      flat.u32_sample_columns(
        numRows,
        offsets,
        columns,
        numColumns,
        numDraws,
        draws === null ? null : bridge.read("sampleColumns: draws.thresholds", draws.thresholds, numColumns),
        draws === null ? null : bridge.read("sampleColumns: draws.aliases", draws.aliases, numColumns),
        seed,
        bridge.update("sampleColumns: scratch", scratch, numColumns),
        bridge.update("sampleColumns: out", out, Math.min(numColumns, numDraws + entries)),
        bridge.write("sampleColumns: rest.offsets", rest.offsets, numRows + 1),
        bridge.update("sampleColumns: rest.columns", rest.columns, entries),
        bridge.write("sampleColumns: counts", counts, 2),
      );
      bridge.end();
      return [counts[0], counts[1]];
    },
    sampledSoftmax: loss("sampledSoftmax", flat.f32_sampled_softmax),
    sampledSigmoid: loss("sampledSigmoid", flat.f32_sampled_sigmoid),
  };
}
