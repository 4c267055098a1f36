/**
 * @file How does the learning rate change while training? As a factor that depends only on how far training is.
 *
 *   progress  0 ─────────────▶ 1      = steps taken / steps planned
 *   constant  ────────────────  1
 *   linear    ╱╲___             up to 1 over `warmup`, then straight down to `end`
 *   cosine    ╱⌒╲__             the same ends, half a cosine between
 *   step      ──┐__┐__          times `decay` at each milestone
 *
 * Use: `optimizer.learningRate = base · schedule((step + 0.5) / numSteps)`, where step counts from 0: the middle of the
 * step, so that neither the first nor the last is one of zero length. Pure functions, so that a resumed run needs no
 * state; fractions instead of steps, so that options fit data of any size.
 *
 * Sources: Loshchilov, Hutter, "SGDR", ICLR 2017, eq. 5 (cosine); Goyal et al., "Accurate, Large Minibatch SGD",
 * 2017, §2.2 (warm-up).
 */
import { ConfigError } from "../core/index.js";

/** Factor on the base learning rate at `progress` ∈ [0, 1]; beyond the ends it stays what it is there. */
export type Schedule = (progress: number) => number;

/** Course of the learning rate. "linear" and "cosine" fall to `end`; "step" falls at milestones. */
export type ScheduleName = "constant" | "linear" | "cosine" | "step";

/** All names that `createSchedule` knows. */
export const SCHEDULE_NAMES: readonly ScheduleName[] = ["constant", "linear", "cosine", "step"];

/** Shape of a schedule, in fractions of training; see {@link SCHEDULE_DEFAULTS}. */
export interface ScheduleOptions {
  /** Fraction of training in which the factor rises from 0 to 1. In [0, 1). Default 0. */
  readonly warmup: number;
  /** Factor at the end, for linear and cosine. In [0, 1]. Default 0. */
  readonly end: number;
  /** When "step" multiplies, ascending fractions of training, in [0, 1]. Default [0.5, 0.75]. */
  readonly milestones: readonly number[];
  /** What "step" multiplies by. At least 0. Default 0.1. */
  readonly decay: number;
}

/** What `createSchedule` takes where an option is left out. */
export const SCHEDULE_DEFAULTS: ScheduleOptions = { warmup: 0, end: 0, milestones: [0.5, 0.75], decay: 0.1 };

/** The schedule of that name. @throws {ConfigError} for an unknown name, and options out of range. */
export function createSchedule(name: ScheduleName, options: Partial<ScheduleOptions> = {}): Schedule {
  const all = { ...SCHEDULE_DEFAULTS, ...options };
  if (!(all.warmup >= 0 && all.warmup < 1)) {
    throw new ConfigError(`createSchedule: expected warmup in [0, 1), got ${all.warmup}; 0.1 is a tenth of training`);
  }
  if (!(all.end >= 0 && all.end <= 1)) {
    throw new ConfigError(
      `createSchedule: expected end in [0, 1], got ${all.end}; it is a factor, not a learning rate`,
    );
  }
  if (!(all.decay >= 0 && Number.isFinite(all.decay))) {
    throw new ConfigError(
      `createSchedule: expected decay of at least 0, got ${all.decay}; 0.1 leaves a tenth of the learning rate`,
    );
  }
  if (!all.milestones.every((milestone, i, list) => milestone >= (list[i - 1] ?? 0) && milestone <= 1)) {
    throw new ConfigError(
      `createSchedule: expected milestones in [0, 1], ascending, got ${all.milestones.join(", ")}; they are fractions of training`,
    );
  }
  switch (name) {
    case "constant":
      return withWarmup(all.warmup, () => 1);
    case "linear":
      return withWarmup(all.warmup, (x) => 1 + (all.end - 1) * x);
    case "cosine":
      return withWarmup(all.warmup, (x) => all.end + ((1 - all.end) * (1 + Math.cos(Math.PI * x))) / 2);
    case "step":
      return stepSchedule(all);
    default:
      throw new ConfigError(`createSchedule: expected one of ${SCHEDULE_NAMES.join(", ")}, got ${String(name)}`);
  }
}

/** Rises to 1 over the first `warmup` of training, then follows `after`, whose argument runs from 0 to 1 in the rest. */
function withWarmup(warmup: number, after: Schedule): Schedule {
  return (progress) => {
    const p = Math.min(1, Math.max(0, progress));
    return p < warmup ? p / warmup : after((p - warmup) / (1 - warmup));
  };
}

/** Milestones are fractions of the whole training, warm-up included. */
function stepSchedule(options: ScheduleOptions): Schedule {
  return (progress) => {
    if (progress < options.warmup) return Math.max(0, progress) / options.warmup;
    let factor = 1;
    for (const milestone of options.milestones) if (progress >= milestone) factor *= options.decay;
    return factor;
  };
}
