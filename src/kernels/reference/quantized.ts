/**
 * @file The oracle for products with weights of few bits.
 */
import {
  type CodeBits,
  type Csr,
  groupBytes,
  type QuantizedGemmDims,
  type QuantizedKernels,
  type QuantizedRowDims,
} from "../contract.js";

/** The code at place `s` of the group whose codes start at `start`. */
function codeAt(codes: Uint8Array, start: number, groupSize: number, bits: CodeBits, s: number): number {
  if (bits === 8) return (codes[start + s] << 24) >> 24;
  const half = Math.ceil(groupSize / 2);
  return s < half ? (codes[start + s] & 15) - 8 : (codes[start + s - half] >> 4) - 8;
}

function quantizedGemm(
  { m, n, k, bits }: QuantizedGemmDims,
  a: Float32Array,
  codes: Uint8Array,
  scales: Float32Array,
  c: Float32Array,
): void {
  const bytes = groupBytes(k, bits);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += a[i * k + l] * codeAt(codes, j * bytes, k, bits, l);
      c[i * n + j] = scales[j] * sum;
    }
  }
}

function quantizedCsrGemm(
  { rows, groups, groupSize, bits }: QuantizedRowDims,
  x: Csr,
  codes: Uint8Array,
  scales: Float32Array,
  y: Float32Array,
): void {
  const bytes = groupBytes(groupSize, bits);
  const cols = groups * groupSize;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const g = Math.floor(j / groupSize);
      let sum = 0;
      for (let e = x.offsets[i]; e < x.offsets[i + 1]; e++) {
        const group = x.columns[e] * groups + g;
        sum += x.values[e] * scales[group] * codeAt(codes, group * bytes, groupSize, bits, j % groupSize);
      }
      y[i * cols + j] = sum;
    }
  }
}

export const quantized: QuantizedKernels = { quantizedGemm, quantizedCsrGemm };
