/** @file Normal numbers, and gates that let each row pass to k of E experts. */
import type { MatrixDims } from "./arrays.js";

/** What noise adds to a gate; all [N, E]. */
export interface GateNoise {
  /** Before the softplus. */
  readonly logits: Float32Array;
  /** Standard normal numbers. */
  readonly normals: Float32Array;
  /** Written: ln(1 + e^logits) + 2⁻⁷, the noise's standard deviation. */
  readonly spread: Float32Array;
  /** Written: the chance that the expert would be chosen if its own noise were drawn anew. */
  readonly chance: Float32Array;
}

/** A gate's arrays for one batch, dims N and E. */
export interface GateBatch {
  /** Rows N, columns E. */
  readonly dims: MatrixDims;
  /** Experts chosen for each row, 1 … E. */
  readonly k: number;
  /** [N, E] scores without noise. */
  readonly clean: Float32Array;
  /** Null: the choice is that of the clean scores. */
  readonly noise: GateNoise | null;
  /** [N, E] written: clean, or clean + normals·spread. */
  readonly noisy: Float32Array;
  /** [N, k + 1] written: experts by noisy score, best first, ties by smaller expert; the last is the first left out (k < E). */
  readonly chosen: Uint32Array;
  /** [N, k + 1] written: their noisy scores. */
  readonly scores: Float32Array;
  /** [N, k] written: softmax over the k scores. */
  readonly gates: Float32Array;
}

/** Draws normal numbers, and sends rows to experts by noisy scores. */
export interface GatingKernels {
  /** out[i] ← Φ⁻¹((counterHash(seed, i) + ½)·2⁻³²), a standard normal number. Written; within 1e-6 of max(1, |value|). */
  fillNormal(length: number, seed: number, out: Float32Array): void;
  /**
   * Noisy top-k gates: a row goes to the k experts of greatest noisy score. chance[i, e] ← Φ((clean − t)/spread), t the
   * k-th greatest noisy score of the row's other experts; 1 when k = E. A row with NaN or an infinite score gets gates
   * and chances of NaN, for expert 0. Within 3e-7 of the reference where equal experts are chosen.
   */
  topGates(batch: GateBatch): void;
  /**
   * The gradient, for the same choice: dGates [N, k] and dChance [E] (of each row alike; read only with noise) read,
   * dClean [N, E] and, with noise, dNoise [N, E] (of noise.logits) written. Thresholds t carry gradients too.
   */
  topGatesGrad(
    batch: GateBatch,
    dGates: Float32Array,
    dChance: Float32Array,
    dClean: Float32Array,
    dNoise: Float32Array | null,
  ): void;
}
