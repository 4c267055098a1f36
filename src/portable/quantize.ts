/**
 * @file How do weights become codes of few bits, and what is lost?
 *
 *   a group of weights   w₀ w₁ … w_{S−1}          one scale a group: scale = max|w| / 127 (8 bits) or / 7 (4 bits)
 *   codes                qₛ = round(wₛ / scale)   |wₛ − scale·qₛ| ≤ scale/2
 *
 * Groups are what one scale fits well: the row of one word in one world's input layer, and the weights of one output of
 * a dense layer. Rounding is to the nearest, symmetric about 0, with no clipping: on nvd a scale that minimises the
 * squared error is not better than the largest weight's. The layout of codes is that of kernels/contract/quantized.ts.
 */
import { ConfigError } from "../core/errors.js";
import { type CodeBits, groupBytes } from "../kernels/contract.js";

/** Bits of a stored weight; 32: f32, not rounded. */
export type WeightBits = CodeBits | 32;

/** The largest code. */
export function largestCode(bits: CodeBits): number {
  return bits === 8 ? 127 : 7;
}

/** Bytes of a group of `groupSize` weights, less its scale. */
export function weightBytes(groupSize: number, bits: WeightBits): number {
  return bits === 32 ? 4 * groupSize : groupBytes(groupSize, bits);
}

/**
 * Writes the codes of `weights` [groupSize] to `codes` [groupBytes]. @returns the scale, 0 for a group of zeros.
 * @throws {ConfigError} for weights that are not finite.
 */
export function quantizeGroup(weights: Float32Array, bits: CodeBits, codes: Uint8Array): number {
  let largest = 0;
  let sum = 0;
  for (let s = 0; s < weights.length; s++) {
    largest = Math.max(largest, Math.abs(weights[s]));
    sum += weights[s];
  }
  if (!Number.isFinite(largest) || !Number.isFinite(sum)) {
    throw new ConfigError("quantizeGroup: expected finite weights, got others; did the training diverge?");
  }
  const most = largestCode(bits);
  const scale = Math.fround(largest / most);
  // The smallest numbers have no reciprocal: they are as good as zeros.
  const inverse = scale > 0 && Number.isFinite(1 / scale) ? 1 / scale : 0;
  const codeOf = (weight: number): number => Math.max(-most, Math.min(most, Math.round(weight * inverse)));
  if (bits === 8) {
    for (let s = 0; s < weights.length; s++) codes[s] = codeOf(weights[s]);
  } else {
    const half = groupBytes(weights.length, 4);
    for (let s = 0; s < half; s++) {
      const high = half + s < weights.length ? codeOf(weights[half + s]) : 0;
      codes[s] = (codeOf(weights[s]) + 8) | ((high + 8) << 4);
    }
  }
  return scale;
}

/** Writes the weights that `codes` and `scale` stand for to `weights` [groupSize]. */
export function dequantizeGroup(codes: Uint8Array, scale: number, bits: CodeBits, weights: Float32Array): void {
  const half = groupBytes(weights.length, 4);
  for (let s = 0; s < weights.length; s++) {
    if (bits === 8) weights[s] = scale * ((codes[s] << 24) >> 24);
    else weights[s] = scale * ((s < half ? codes[s] & 15 : codes[s - half] >> 4) - 8);
  }
}
