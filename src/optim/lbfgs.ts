/**
 * @file L-BFGS: Newton's step from the last few moves and what they did to the gradient.
 *
 *   sᵢ = xᵢ₊₁ − xᵢ,  yᵢ = gᵢ₊₁ − gᵢ,  ρᵢ = 1/sᵢᵀyᵢ          the last `history` pairs
 *   q ← −g;  newest to oldest:  aᵢ ← ρᵢ·sᵢᵀq;  q ← q − aᵢ·yᵢ
 *   q ← (sᵀy/yᵀy)·q             of the newest pair
 *            oldest to newest:  q ← q + (aᵢ − ρᵢ·yᵢᵀq)·sᵢ    d = q
 *
 *   s, y [history, n]   │ pair 0 │ pair 1 │ …   a ring: pair j is in place j mod history
 *
 * Costs 4·history·n multiplications and 2·history·n numbers of memory. Pairs without positive curvature are left out, so
 * that the implied Hessian stays positive definite; the line search sees to it that they are few.
 *
 * Sources: Nocedal, "Updating Quasi-Newton Matrices with Limited Storage", Mathematics of Computation 35, 1980 (the
 * recursion); Liu, Nocedal, "On the Limited Memory BFGS Method for Large Scale Optimization", Mathematical Programming
 * 45, 1989 (scaling by sᵀy/yᵀy).
 */
import { ConfigError } from "../core/index.js";
import type { Kernels } from "../kernels/contract.js";
import { BatchOptimizer } from "./batch-optimizer.js";
import { checkLineSearch, type LinePoint, type LineSearchOptions } from "./line-search.js";
import { checkOption } from "./parameter-wise-optimizer.js";

/** How `LBFGS` steps; see {@link LBFGS_DEFAULTS}. */
export interface LBFGSOptions extends LineSearchOptions {
  /** Pairs remembered, at least 1. Default 10. */
  readonly history: number;
  /** "strongWolfe" searches along the direction; "fixed" goes `learningRate` times Newton's step. Default "strongWolfe". */
  readonly lineSearch: "strongWolfe" | "fixed";
  /** Factor on Newton's step with lineSearch "fixed", above 0. Default 1. */
  readonly learningRate: number;
}

/** What `LBFGS` takes where an option is left out. */
export const LBFGS_DEFAULTS: LBFGSOptions = {
  history: 10,
  lineSearch: "strongWolfe",
  learningRate: 1,
  decrease: 1e-4,
  curvature: 0.9,
  maxTrials: 25,
};

/** Pairs whose sᵀy is below this share of |s||y| hold rounding, not curvature: the two differ by some ulp of f32. */
const LEAST_CURVATURE = 2 ** -20;

/**
 * L-BFGS (Nocedal, 1980; Liu, Nocedal, 1989). State: `moves` (s), `gradientChanges` (y), `pairs` (how many were stored,
 * less multiples of `history` once the ring is full).
 */
export class LBFGS extends BatchOptimizer {
  private readonly history: number;
  private moves: Float32Array = new Float32Array(0);
  private changes: Float32Array = new Float32Array(0);
  /** [1] pairs stored so far, kept below 2·history + 1. */
  private pairs: Float32Array = new Float32Array(1);
  private s: readonly Float32Array[] = [];
  private y: readonly Float32Array[] = [];
  /** a of the recursion. */
  private readonly a: Float64Array;

  /** @throws {ConfigError} for options out of range. */
  constructor(kernels: Kernels, options: Partial<LBFGSOptions> = {}) {
    const all = { ...LBFGS_DEFAULTS, ...options };
    if (!(Number.isInteger(all.history) && all.history >= 1)) {
      throw new ConfigError(`LBFGS: expected history to be an integer of at least 1, got ${all.history}`);
    }
    if (all.lineSearch !== "strongWolfe" && all.lineSearch !== "fixed") {
      throw new ConfigError(`LBFGS: expected lineSearch strongWolfe or fixed, got ${String(all.lineSearch)}`);
    }
    checkOption("LBFGS", "learningRate", all.learningRate, "positive", Infinity);
    checkLineSearch("LBFGS", all);
    super(kernels, all, all.lineSearch === "fixed" ? all.learningRate : null);
    this.history = all.history;
    this.a = new Float64Array(all.history);
  }

  state(): Record<string, Float32Array> {
    if (this.s.length === 0) return {};
    return { moves: this.moves, gradientChanges: this.changes, pairs: this.pairs };
  }

  reset(): void {
    this.pairs[0] = 0;
  }

  protected get hasHistory(): boolean {
    return this.pairs[0] > 0;
  }

  protected allocate(length: number): void {
    const { history, kernels } = this;
    this.moves = kernels.f32(history * length);
    this.changes = kernels.f32(history * length);
    const rowsOf = (all: Float32Array): Float32Array[] =>
      Array.from({ length: history }, (_, i) => all.subarray(i * length, (i + 1) * length));
    this.s = rowsOf(this.moves);
    this.y = rowsOf(this.changes);
  }

  protected chooseDirection(): void {
    const { kernels, gradient, direction: q, history, s, y, a } = this;
    const n = gradient.length;
    kernels.axpby(n, -1, gradient, 0, q);
    const stored = this.pairs[0];
    const oldest = Math.max(0, stored - history);
    for (let pair = stored - 1; pair >= oldest; pair--) {
      const i = pair % history;
      a[i] = kernels.dot(n, s[i], q) / kernels.dot(n, s[i], y[i]);
      kernels.axpby(n, -a[i], y[i], 1, q);
    }
    for (let pair = oldest; pair < stored; pair++) {
      const i = pair % history;
      const curvature = kernels.dot(n, s[i], y[i]);
      if (pair === oldest) this.scaleDirection((stored - 1) % history);
      kernels.axpby(n, a[i] - kernels.dot(n, y[i], q) / curvature, s[i], 1, q);
    }
  }

  /** q ← (sᵀy/yᵀy)·q. */
  private scaleDirection(newest: number): void {
    const { kernels, direction, s, y } = this;
    const n = direction.length;
    const gamma = kernels.dot(n, s[newest], y[newest]) / kernels.dot(n, y[newest], y[newest]);
    kernels.axpby(n, gamma, direction, 0, direction);
  }

  /** Newton's own length is 1; without curvature a step of length 1 at most. */
  protected firstStep(slope: number): number {
    return this.hasHistory ? 1 : Math.min(1, 1 / Math.sqrt(-slope));
  }

  protected learn(moved: Float32Array, _from: LinePoint, _to: LinePoint): void {
    const { kernels, gradient, nextGradient } = this;
    const n = gradient.length;
    const i = this.pairs[0] % this.history;
    const [s, y] = [this.s[i], this.y[i]];
    // y is made in the old gradient's place, which nobody needs any more, so that a pair left out overwrites no other.
    kernels.axpby(n, 1, nextGradient, -1, gradient);
    const curvature = kernels.dot(n, moved, gradient);
    if (!(curvature > LEAST_CURVATURE * this.norm(moved) * this.norm(gradient))) return;
    s.set(moved);
    y.set(gradient);
    // Counts on modulo `history`, so that f32 holds it for any number of steps.
    this.pairs[0] += this.pairs[0] < 2 * this.history ? 1 : 1 - this.history;
  }
}
