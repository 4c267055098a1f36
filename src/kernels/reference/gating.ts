/**
 * @file The oracle for normal numbers and gates. The normal distribution by series and continued fraction, its inverse by
 * bisection.
 */
import type { GateBatch, GatingKernels } from "../contract.js";
import { logSumExp, sigmoid, softplus } from "./dense.js";
import { counterHash } from "./random.js";

const LEAST_SPREAD = 2 ** -7;

/** 1 − Φ(z) for z ≥ 0: 1/2 minus the series of Φ below 3, a continued fraction above (both to 1e-15). */
function upperTail(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let n = 1; n < 80; n++) {
      term *= (z * z) / (2 * n + 1);
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let fraction = z;
  for (let n = 80; n > 0; n--) fraction = z + n / fraction;
  return density / fraction;
}

/** Φ(z). */
export function normalCdf(z: number): number {
  return z < 0 ? upperTail(-z) : 1 - upperTail(z);
}

function fillNormal(length: number, seed: number, out: Float32Array): void {
  for (let i = 0; i < length; i++) {
    const p = (counterHash(seed, i) + 0.5) / 2 ** 32;
    const tail = Math.min(p, 1 - p);
    let [low, high] = [0, 8];
    for (let step = 0; step < 50; step++) {
      const middle = (low + high) / 2;
      if (upperTail(middle) > tail) low = middle;
      else high = middle;
    }
    out[i] = p < 0.5 ? -low : low;
  }
}

/** The k-th greatest noisy score of the experts other than `e`. */
function threshold({ k, chosen, scores }: GateBatch, row: number, e: number): { score: number; slot: number } {
  const start = row * (k + 1);
  const slot = start + (chosen.subarray(start, start + k).includes(e) ? k : k - 1);
  return { score: scores[slot], slot };
}

function topGates(batch: GateBatch): void {
  const { dims, k, clean, noise, noisy, chosen, scores, gates } = batch;
  const { rows, cols } = dims;
  for (let i = 0; i < rows; i++) {
    const at = i * cols;
    for (let e = at; e < at + cols; e++) {
      noisy[e] = clean[e];
      if (noise === null) continue;
      noise.spread[e] = softplus(noise.logits[e]) + LEAST_SPREAD;
      noisy[e] = clean[e] + noise.normals[e] * noise.spread[e];
    }
    const row = noisy.subarray(at, at + cols);
    const sound = row.every(Number.isFinite);
    const order = Array.from(row, (_, e) => e).sort((a, b) => row[b] - row[a] || a - b);
    for (let j = 0; j <= k; j++) {
      const given = sound && j < cols;
      chosen[i * (k + 1) + j] = given ? order[j] : 0;
      scores[i * (k + 1) + j] = given ? row[order[j]] : Number.NaN;
    }
    const best = scores.slice(i * (k + 1), i * (k + 1) + k);
    const { maximum, logSum } = logSumExp(best);
    for (let j = 0; j < k; j++) gates[i * k + j] = sound ? Math.exp(best[j] - maximum - logSum) : Number.NaN;
    if (noise === null) continue;
    for (let e = 0; e < cols; e++) {
      const u = (clean[at + e] - threshold(batch, i, e).score) / noise.spread[at + e];
      noise.chance[at + e] = k === cols ? (sound ? 1 : Number.NaN) : normalCdf(u);
    }
  }
}

function topGatesGrad(
  batch: GateBatch,
  dGates: Float32Array,
  dChance: Float32Array,
  dClean: Float32Array,
  dNoise: Float32Array | null,
): void {
  const { dims, k, clean, noise, chosen, gates } = batch;
  const { rows, cols } = dims;
  for (let i = 0; i < rows; i++) {
    const at = i * cols;
    const [dc, dn] = [new Float64Array(cols), new Float64Array(cols)];
    const dNoisy = new Float64Array(cols);
    let mean = 0;
    for (let j = 0; j < k; j++) mean += gates[i * k + j] * dGates[i * k + j];
    for (let j = 0; j < k; j++) {
      dNoisy[chosen[i * (k + 1) + j]] += gates[i * k + j] * (dGates[i * k + j] - mean);
    }
    for (let e = 0; noise !== null && k < cols && e < cols; e++) {
      const { score, slot } = threshold(batch, i, e);
      const u = (clean[at + e] - score) / noise.spread[at + e];
      const c = (dChance[e] * Math.exp((-u * u) / 2)) / Math.sqrt(2 * Math.PI) / noise.spread[at + e];
      dc[e] += c;
      dn[e] -= c * u;
      dNoisy[chosen[slot]] -= c;
    }
    for (let e = 0; e < cols; e++) {
      dClean[at + e] = dc[e] + dNoisy[e];
      if (noise === null || dNoise === null) continue;
      dNoise[at + e] = (dn[e] + dNoisy[e] * noise.normals[at + e]) * sigmoid(noise.logits[at + e]);
    }
  }
}

export const gating: GatingKernels = { fillNormal, topGates, topGatesGrad };
