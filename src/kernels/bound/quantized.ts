/**
 * @file Products with weights of few bits on a bridge.
 */
import { groupBytes, type QuantizedKernels } from "../contract.js";
import type { Bridge, Pointer } from "./flat-operations.js";
import { readCsr } from "./sparse.js";

/** kernels/ops.h, QUANTIZED_OPERATIONS. */
export interface FlatQuantizedOperations {
  f32_quantized_gemm(
    m: number,
    n: number,
    k: number,
    bits: number,
    a: Pointer,
    codes: Pointer,
    scales: Pointer,
    c: Pointer,
  ): void;
  csr_quantized_gemm(
    rows: number,
    groups: number,
    groupSize: number,
    bits: number,
    offsets: Pointer,
    columns: Pointer,
    values: Pointer,
    codes: Pointer,
    scales: Pointer,
    y: Pointer,
  ): void;
}

export function quantizedOperations(bridge: Bridge): QuantizedKernels {
  const { flat } = bridge;
  return {
    quantizedGemm({ m, n, k, bits }, a, codes, scales, c) {
      bridge.begin();
      const aAt = bridge.read("quantizedGemm: a", a, m * k);
      const codesAt = bridge.read("quantizedGemm: codes", codes, n * groupBytes(k, bits));
      const scalesAt = bridge.read("quantizedGemm: scales", scales, n);
      flat.f32_quantized_gemm(m, n, k, bits, aAt, codesAt, scalesAt, bridge.write("quantizedGemm: c", c, m * n));
      bridge.end();
    },
    quantizedCsrGemm({ rows, groups, groupSize, bits }, x, codes, scales, y) {
      const rowBytes = groups * groupBytes(groupSize, bits);
      const numColumns = Math.min(
        rowBytes === 0 ? 2 ** 32 - 1 : Math.floor(codes.length / rowBytes),
        groups === 0 ? 2 ** 32 - 1 : Math.floor(scales.length / groups),
      );
      bridge.begin();
      const { offsets, columns, values } = readCsr(bridge, "quantizedCsrGemm: x", rows, x, numColumns);
      flat.csr_quantized_gemm(
        rows,
        groups,
        groupSize,
        bits,
        offsets,
        columns,
        values,
        bridge.read("quantizedCsrGemm: codes", codes, codes.length),
        bridge.read("quantizedCsrGemm: scales", scales, scales.length),
        bridge.write("quantizedCsrGemm: y", y, rows * groups * groupSize),
      );
      bridge.end();
    },
  };
}
