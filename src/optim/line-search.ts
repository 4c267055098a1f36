/**
 * @file How far along a direction? A step that satisfies the strong Wolfe conditions.
 *
 *   φ(α) = loss at x + α·d, φ′ its slope                     loss │╲
 *   enough decrease   φ(α) ≤ φ(0) + decrease·α·φ′(0)              │ ╲      ╱ high
 *   flat enough       |φ′(α)| ≤ curvature·|φ′(0)|                 │  ╲_low╱
 *                                                                 └────────── α
 * `low` is the best point so far that has decreased enough; `high` the other end of an interval that holds an acceptable
 * one, or nothing yet. Without `high` steps grow; with it they fall between, at the minimum of the cubic through both
 * values and slopes, kept a tenth away from the ends, and at the middle when two trials have not halved the interval.
 * A point whose loss or slope is not finite is a `high` end with nothing to interpolate: a tenth of the way to it is next.
 *
 * Source: Nocedal, Wright, "Numerical Optimization", 2nd ed., 2006, Algorithms 3.5 and 3.6, eq. 3.59 (cubic).
 * Differs from the book: both algorithms are one loop, since they tell `low` and `high` by the same tests; and it ends,
 * saying so, when the number of trials is used up or the interval has shrunk to nothing.
 */
import { ConfigError } from "../core/index.js";

/** When a point on the line is good enough, and how long to look for one. */
export interface LineSearchOptions {
  /** Share of the slope's promise that the loss must keep, in (0, curvature). Default 1e-4. */
  readonly decrease: number;
  /** How much of the slope may remain, in (decrease, 1). Default 0.9 (L-BFGS) or 0.1 (conjugate gradients). */
  readonly curvature: number;
  /** Trials of one search at most, from 1. Default 25. */
  readonly maxTrials: number;
}

/** A point on the line. */
export interface LinePoint {
  /** α. */
  readonly step: number;
  readonly loss: number;
  /** φ′(α), the gradient's product with the direction: below 0 where the loss falls. */
  readonly slope: number;
}

/** The function along the line, with side effects at the caller's. */
export interface Line {
  /** Goes to `step` and evaluates there. */
  at(step: number): LinePoint;
  /** The point of the last `at` is the best so far; the search may return it later, after others. */
  keep(): void;
}

/** Where a search along a line ended. */
export interface LineSearchResult {
  /**
   * wolfe: both conditions hold, at the point of the last `at`. decrease: only the first, at the point of the last
   * `keep`. failed: no trial has decreased enough; `point` is the start.
   */
  readonly outcome: "wolfe" | "decrease" | "failed";
  /** The point chosen; see `outcome`. */
  readonly point: LinePoint;
  /** Calls of `Line.at`. */
  readonly trials: number;
  /** Trials whose loss or slope was NaN or infinite. */
  readonly notFinite: number;
}

/** @throws {ConfigError} for options out of range. */
export function checkLineSearch(where: string, { decrease, curvature, maxTrials }: LineSearchOptions): void {
  if (!(decrease > 0 && decrease < curvature && curvature < 1)) {
    throw new ConfigError(
      `${where}: expected 0 < decrease < curvature < 1, got ${decrease} and ${curvature}; 1e-4 and 0.9 are usual`,
    );
  }
  if (!(maxTrials >= 1)) throw new ConfigError(`${where}: expected maxTrials of at least 1, got ${maxTrials}`);
}

/** Steps grow by at least this factor, and at most by the next. */
const LEAST_GROWTH = 1.25;
const MOST_GROWTH = 10;

/**
 * Searches from `start` (step 0, slope below 0), trying `firstStep` first.
 * Calls `line.at` at most `options.maxTrials` times.
 */
export function searchLine(
  line: Line,
  start: LinePoint,
  firstStep: number,
  { decrease, curvature, maxTrials }: LineSearchOptions,
): LineSearchResult {
  let low = start;
  let high: LinePoint | null = null;
  let step = firstStep;
  let width = Infinity;
  let notFinite = 0;
  for (let trials = 1; trials <= maxTrials; trials++) {
    const trial = line.at(step);
    if (!Number.isFinite(trial.loss) || !Number.isFinite(trial.slope)) {
      notFinite++;
      high = { step, loss: Infinity, slope: Number.NaN };
    } else if (trial.loss > start.loss + decrease * step * start.slope) {
      high = trial;
    } else if (Math.abs(trial.slope) <= -curvature * start.slope) {
      return { outcome: "wolfe", point: trial, trials, notFinite };
    } else if (trial.loss >= low.loss) {
      high = trial;
    } else {
      const before = low;
      low = trial;
      line.keep();
      // The minimum lies where the slope at the new low end leads down to: back towards the old one, or on.
      if (high === null ? trial.slope >= 0 : trial.slope * (high.step - trial.step) >= 0) high = before;
      else if (high === null) {
        step = grow(before, trial);
        continue;
      }
    }
    const next = between(low, high as LinePoint, width);
    width = Math.abs((high as LinePoint).step - low.step);
    if (next === low.step || next === (high as LinePoint).step) return ended(low, start, trials, notFinite);
    step = next;
  }
  return ended(low, start, maxTrials, notFinite);
}

function ended(low: LinePoint, start: LinePoint, trials: number, notFinite: number): LineSearchResult {
  return { outcome: low === start ? "failed" : "decrease", point: low, trials, notFinite };
}

/** The next step beyond `to`, which still leads down: the minimum of the cubic, within the least and most growth. */
function grow(from: LinePoint, to: LinePoint): number {
  const cubic = cubicMinimum(from, to);
  const wanted = cubic > to.step ? cubic : Infinity;
  return Math.min(to.step * MOST_GROWTH, Math.max(to.step * LEAST_GROWTH, wanted));
}

/** A step between `low` and `high`; `width` is that of the interval before the last trial. */
function between(low: LinePoint, high: LinePoint, width: number): number {
  const span = high.step - low.step;
  if (high.loss === Infinity) return low.step + 0.1 * span;
  if (Math.abs(span) > 0.66 * width) return low.step + 0.5 * span;
  const share = (cubicMinimum(low, high) - low.step) / span;
  // NaN where the cubic has no minimum.
  return low.step + span * (share >= 0.1 ? Math.min(share, 0.9) : share < 0.1 ? 0.1 : 0.5);
}

/** Where the cubic with the values and slopes of both points is least; NaN if nowhere. */
function cubicMinimum(a: LinePoint, b: LinePoint): number {
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.step - b.step);
  const d2 = Math.sign(b.step - a.step) * Math.sqrt(d1 * d1 - a.slope * b.slope);
  return b.step - ((b.step - a.step) * (b.slope + d2 - d1)) / (b.slope - a.slope + 2 * d2);
}
