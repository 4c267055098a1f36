/**
 * @file How much more likely is a frequent label before anything is known of the input? One byte a label.
 *
 *   code   0: never seen in training      c ≥ 1: n = 2^((c − 1)/8) occurrences, to within 4.4 %; 255: 2³¹·⁷⁵
 *   bias   [256]  alpha · ln(n / n_max)   ≤ 0, so that a merged score keeps its upper bound
 *
 * The merged score of label l is merge(worlds) + bias[code(l)]: with log-scores a factor (n/n_max)^alpha on the
 * probability. Two labels that share most of their buckets are told apart by it. alpha is chosen on held-out rows.
 * With `seenOnly`, labels never seen in training are excluded (bias −Infinity): no world can have learned them, they
 * only borrow the scores of their buckets.
 *
 * Differs from the paper: it has no prior (alpha = 0, seenOnly = false).
 */
import { ConfigError } from "../core/errors.js";
import type { Kernels, LabelPrior } from "../kernels/contract.js";

/** How much the frequency of a label counts beside what the worlds say. */
export interface LabelPriorOptions {
  /** Weight of ln(n/n_max), in units of one world's score whatever their number; at least 0. 0: none. */
  readonly alpha: number;
  /** Leave out labels that never occurred in training. */
  readonly seenOnly: boolean;
}

/** The worlds alone decide, as in the paper. */
export const NO_PRIOR: LabelPriorOptions = { alpha: 0, seenOnly: false };

/** Steps an octave of counts: 8 covers 32 octaves with 255 codes. */
const CODES_PER_OCTAVE = 8;

/** Code of a label that occurred `count` times. */
export function priorCode(count: number): number {
  return count === 0 ? 0 : Math.min(255, 1 + Math.round(CODES_PER_OCTAVE * Math.log2(count)));
}

/** ln of the count that a code stands for; an unseen label counts as half an occurrence. */
export function logCountOf(code: number): number {
  return (code === 0 ? -1 : (code - 1) / CODES_PER_OCTAVE) * Math.LN2;
}

/** Codes of all labels, [L], in the kernels' memory. `counts` [L]: training occurrences. */
export function priorCodes(kernels: Pick<Kernels, "u8">, counts: Uint32Array): Uint8Array {
  const codes = kernels.u8(counts.length);
  for (let l = 0; l < counts.length; l++) codes[l] = priorCode(counts[l]);
  return codes;
}

/** The prior that `options` make of `codes` [L]; null where it would change nothing. @throws {ConfigError} for alpha below 0. */
export function createLabelPrior(
  kernels: Pick<Kernels, "f32">,
  codes: Uint8Array,
  options: LabelPriorOptions,
): LabelPrior | null {
  if (!(options.alpha >= 0 && Number.isFinite(options.alpha))) {
    throw new ConfigError(`createLabelPrior: expected alpha of at least 0, got ${options.alpha}; 0 is no prior`);
  }
  if (options.alpha === 0 && !options.seenOnly) return null;
  let largest = 0;
  for (let l = 0; l < codes.length; l++) if (codes[l] > largest) largest = codes[l];
  const bias = kernels.f32(256);
  for (let code = 0; code < 256; code++) {
    bias[code] = code === 0 && options.seenOnly ? -Infinity : options.alpha * (logCountOf(code) - logCountOf(largest));
  }
  return { codes, bias };
}
