/**
 * @file Does the first score beat the second by a margin, or the other way round?
 *
 *   loss = 1/N · Σᵢ max(0, margin − y·(a − b))       y = 1: a should be the larger; y = −1: b
 *   gradient = ∓ y/N where that is positive, 0 elsewhere and at the kink
 *
 * As Torch7's MarginRankingCriterion. The difference goes through the kernels' hinge loss.
 */
import type { Kernels } from "../../kernels/contract.js";
import { atLeastF32 } from "../tensor-buffer.js";
import { checkMargin, PairCriterion } from "./pair-criterion.js";

/** How far `MarginRankingCriterion` wants scores apart. */
export interface MarginRankingCriterionOptions {
  /** Distance that the scores must keep, finite. Default 1. */
  readonly margin: number;
}

/** What `MarginRankingCriterion` takes where an option is left out. */
export const MARGIN_RANKING_CRITERION_DEFAULTS: MarginRankingCriterionOptions = { margin: 1 };

/** Ranking loss of two scores [N] or [N, 1] and labels of ±1. */
export class MarginRankingCriterion extends PairCriterion {
  private readonly margin: number;
  private readonly dims: { rows: number; cols: number };
  private difference: Float32Array;

  /** @throws {ConfigError} unless the margin is finite. */
  constructor(kernels: Kernels, options: Partial<MarginRankingCriterionOptions> = {}) {
    const { margin } = { ...MARGIN_RANKING_CRITERION_DEFAULTS, ...options };
    checkMargin("MarginRankingCriterion", margin);
    super(kernels, "MarginRankingCriterion");
    this.margin = margin;
    this.dims = { rows: 1, cols: 0 };
    this.difference = new Float32Array(0);
  }

  protected expectedInput(shape: readonly number[]): string | null {
    return shape.length === 1 || (shape.length === 2 && shape[1] === 1) ? null : "[N] or [N, 1]";
  }

  protected lossAndGradients(
    rows: number,
    _cols: number,
    a: Float32Array,
    b: Float32Array,
    labels: Float32Array,
    gradA: Float32Array,
    gradB: Float32Array,
  ): number {
    const { kernels, dims, margin } = this;
    this.difference = atLeastF32(kernels, this.difference, rows);
    kernels.axpby(rows, 1, a, 0, this.difference);
    kernels.axpby(rows, -1, b, 1, this.difference);
    dims.cols = rows;
    const loss = kernels.elementLoss("hinge", dims, margin, this.difference, labels, null, 1 / rows, gradA);
    kernels.axpby(rows, -1, gradA, 0, gradB);
    return loss / rows;
  }
}
