/**
 * @file Nonlinear conjugate gradients: each direction keeps clear of what the last one has settled.
 *
 *   d ← −g + β·d,   β = max(0, gᵀ(g − g′)/g′ᵀg′)        g′, d: of the step before (Polak-Ribière+)
 *   restart (β = 0) after n steps, and when |gᵀg′| ≥ 0.1·gᵀg: successive gradients should be nearly orthogonal
 *   first trial     α ← α′·(φ′(0) of the step before)/φ′(0): the same first-order change again
 *
 * Four vectors, whatever the number of steps; L-BFGS needs 2·history more and fewer evaluations. The line search is more
 * exact (curvature 0.1), since directions are conjugate only as far as it is.
 *
 * Sources: Polak, Ribière, "Note sur la convergence de méthodes de directions conjuguées", RIRO 3, 1969; Gilbert, Nocedal,
 * "Global Convergence Properties of Conjugate Gradient Methods for Optimization", SIAM J. Optim. 2, 1992 (max(0, ·));
 * Powell, "Restart Procedures for the Conjugate Gradient Method", Mathematical Programming 12, 1977 (the 0.1);
 * Nocedal, Wright, "Numerical Optimization", 2nd ed., 2006, §5.2 and eq. 3.60 (first trial).
 */
import type { Kernels } from "../kernels/contract.js";
import { BatchOptimizer } from "./batch-optimizer.js";
import { checkLineSearch, type LinePoint, type LineSearchOptions } from "./line-search.js";

/** What `ConjugateGradient` takes where an option is left out. */
export const CONJUGATE_GRADIENT_DEFAULTS: LineSearchOptions = { decrease: 1e-4, curvature: 0.1, maxTrials: 25 };

/** Share of the new gradient that may lie along the old one. */
const ORTHOGONAL = 0.1;
/** A first trial is at most so many times the last step. */
const MOST_GROWTH = 100;

/** Places in `scalars`. */
const SINCE_RESTART = 0;
const LAST_STEP = 1;
const LAST_SLOPE = 2;

/**
 * Polak-Ribière+ with a line search. State: `direction`, `lastGradient`, `scalars` (steps since a restart, length and
 * slope of the last step).
 */
export class ConjugateGradient extends BatchOptimizer {
  private lastDirection: Float32Array = new Float32Array(0);
  private lastGradient: Float32Array = new Float32Array(0);
  private scalars: Float32Array = new Float32Array(3);

  /** @throws {ConfigError} for options out of range. */
  constructor(kernels: Kernels, options: Partial<LineSearchOptions> = {}) {
    const all = { ...CONJUGATE_GRADIENT_DEFAULTS, ...options };
    checkLineSearch("ConjugateGradient", all);
    super(kernels, all, null);
  }

  state(): Record<string, Float32Array> {
    if (this.lastGradient.length === 0) return {};
    return { direction: this.lastDirection, lastGradient: this.lastGradient, scalars: this.scalars };
  }

  reset(): void {
    this.scalars.fill(0);
  }

  protected get hasHistory(): boolean {
    return this.scalars[SINCE_RESTART] > 0;
  }

  protected allocate(length: number): void {
    this.lastDirection = this.kernels.f32(length);
    this.lastGradient = this.kernels.f32(length);
  }

  protected chooseDirection(): void {
    const { kernels, gradient, direction, lastDirection, lastGradient } = this;
    const n = gradient.length;
    kernels.axpby(n, -1, gradient, 0, direction);
    if (!this.hasHistory) return;
    const squared = kernels.dot(n, gradient, gradient);
    const along = kernels.dot(n, gradient, lastGradient);
    const beta = (squared - along) / kernels.dot(n, lastGradient, lastGradient);
    if (this.scalars[SINCE_RESTART] >= n || Math.abs(along) >= ORTHOGONAL * squared || !(beta > 0)) {
      this.scalars[SINCE_RESTART] = 0;
      return;
    }
    kernels.axpby(n, beta, lastDirection, 1, direction);
  }

  protected firstStep(slope: number): number {
    const lastStep = this.scalars[LAST_STEP];
    if (lastStep === 0) return Math.min(1, 1 / Math.sqrt(-slope));
    return lastStep * Math.min(MOST_GROWTH, this.scalars[LAST_SLOPE] / slope);
  }

  protected learn(_moved: Float32Array, from: LinePoint, to: LinePoint): void {
    this.lastDirection.set(this.direction);
    this.lastGradient.set(this.gradient);
    this.scalars[SINCE_RESTART]++;
    this.scalars[LAST_STEP] = to.step;
    this.scalars[LAST_SLOPE] = from.slope;
  }
}
