/** @file What the thread that owns a run and the one that merges its finished worlds say to each other. */
import type { MetricValues } from "../../mach/metrics.js";
import type { MergeCurveOptions } from "./merge-curve.js";

export type MergeCurveShared = MergeCurveOptions;

export interface MergeCurveJob {
  /** A world to take in, and its file; null: none. */
  readonly added: { readonly world: number; readonly path: string } | null;
  /** Rank and measure what is there. */
  readonly isMeasured: boolean;
}

export interface MergeCurveResult {
  /** null: not measured. */
  readonly figures: MetricValues | null;
  readonly numWorlds: number;
  /** Time that ranking took. */
  readonly seconds: number;
}
