/**
 * @file How is a loss minimised whose gradient is worth much thought? What L-BFGS and conjugate gradients share.
 *
 *   minimize ──▶ [ direction from gradient and history ──▶ line search along it ──▶ what was learnt ] until done
 *                                                            │ ▲
 *                                     parameters.value ◀─ α ─┘ └─ loss = evaluate(), flat gradient
 *
 * `evaluate` is the caller's: it zeroes the gradients, runs forward and backward at the parameters as they stand, and
 * returns the loss. It should be deterministic, over all rows or a large batch, without dropout; between steps the batch
 * may change (then use `step`). Vectors are flat and as long as the parameters, arithmetic is the kernels', in f32 with
 * sums in f64. Parameters that are not trained stay as `evaluate` leaves them.
 *
 * The loss never becomes NaN: a trial point whose loss or slope is not finite is drawn back from, and if no point serves
 * the parameters are left where the step began. After a step the parameters are the best point found; the outputs that
 * modules hold may belong to another trial.
 *
 * Not here: `learningRateScale` and weight decay. The line search finds lengths for all parameters together; a penalty
 * belongs into `evaluate`.
 */
import { ConfigError, ShapeError } from "../core/index.js";
import type { Kernels } from "../kernels/contract.js";
import { type FlatParameters, flatGradientInto, isCurrent } from "../nn/parameter.js";
import { type LinePoint, type LineSearchOptions, searchLine } from "./line-search.js";
import {
  type BatchStep,
  checkStopping,
  type MinimizeResult,
  STOPPING_DEFAULTS,
  type StoppingOptions,
} from "./stopping.js";

/** Computes the loss at the parameters as they stand, and the gradients of all of them. */
export type Evaluate = () => number;

/** A part of the vectors that is trained. */
interface Slice {
  readonly start: number;
  readonly end: number;
}

/** An optimiser that moves all parameters together by steps of its own length. */
export abstract class BatchOptimizer {
  /** Steps taken so far; settable when resuming. */
  stepCount = 0;

  protected readonly kernels: Kernels;
  /** [n] each, of the step in progress; allocated by `prepare`. */
  protected gradient: Float32Array = new Float32Array(0);
  protected direction: Float32Array = new Float32Array(0);
  /** Gradient where the step ended. */
  protected nextGradient: Float32Array = new Float32Array(0);
  private readonly search: LineSearchOptions;
  private readonly fixedRate: number | null;
  private origin: Float32Array = new Float32Array(0);
  private keptGradient: Float32Array = new Float32Array(0);
  private prepared: FlatParameters | null = null;
  private slices: readonly Slice[] = [];

  /** `fixedRate`: factor on the first step's length instead of a search. */
  protected constructor(kernels: Kernels, search: LineSearchOptions, fixedRate: number | null) {
    this.kernels = kernels;
    this.search = search;
    this.fixedRate = fixedRate;
  }

  /** Writes a direction to `direction` from `gradient` and what was learnt. */
  protected abstract chooseDirection(): void;
  /** The length to try first along `direction`. */
  protected abstract firstStep(slope: number): number;
  /** Learns from a step of `moved` [n] from `gradient` to `nextGradient`; `moved` may be overwritten. */
  protected abstract learn(moved: Float32Array, from: LinePoint, to: LinePoint): void;
  /** Allocates what is kept from step to step, for n numbers. */
  protected abstract allocate(length: number): void;
  /** Whether `chooseDirection` would use anything else than the gradient. */
  protected abstract get hasHistory(): boolean;
  /** Forgets what earlier steps taught: the next direction is the steepest descent. */
  abstract reset(): void;
  /** Named vectors that a checkpoint needs besides the parameters, the arrays themselves. None before `prepare`. */
  abstract state(): Record<string, Float32Array>;

  /**
   * Allocates vectors for these parameters; the first step does it too.
   * @throws {ShapeError} for parameters of another size than before: one optimiser serves one model.
   * @throws {ConfigError} for parameters that were moved to another vector since.
   */
  prepare(parameters: FlatParameters): void {
    if (!isCurrent(parameters)) {
      throw new ConfigError(
        `${this.constructor.name}.prepare: expected the parameters in their vector, got some that stand in another; ` +
          "use the vector of the last flatten",
      );
    }
    if (parameters === this.prepared) return;
    const { length } = parameters.value;
    if (this.prepared === null) {
      this.gradient = this.kernels.f32(length);
      this.direction = this.kernels.f32(length);
      this.nextGradient = this.kernels.f32(length);
      this.keptGradient = this.kernels.f32(length);
      this.origin = this.kernels.f32(length);
      this.allocate(length);
    } else if (length !== this.origin.length) {
      throw new ShapeError(
        `${this.constructor.name}.prepare: expected parameters of ${this.origin.length} numbers, got ${length}; ` +
          "make one optimiser for each model",
      );
    }
    this.slices = trainedSlices(parameters);
    this.prepared = parameters;
  }

  /** One step from the parameters as they stand; `evaluate` may be over another batch than in the step before. */
  step(parameters: FlatParameters, evaluate: Evaluate): BatchStep {
    this.prepare(parameters);
    const loss = this.evaluateInto(parameters, evaluate, this.gradient);
    const step = this.descend(parameters, evaluate, loss, this.search.maxTrials);
    return { ...step, evaluations: step.evaluations + 1 };
  }

  /** Steps until a tolerance is met or a limit reached. @throws {ConfigError} for options out of range. */
  minimize(parameters: FlatParameters, evaluate: Evaluate, options: Partial<StoppingOptions> = {}): MinimizeResult {
    const stopping = { ...STOPPING_DEFAULTS, ...options };
    checkStopping(`${this.constructor.name}.minimize`, stopping);
    this.prepare(parameters);
    let loss = this.evaluateInto(parameters, evaluate, this.gradient);
    let gradientNorm = this.norm(this.gradient);
    let evaluations = 1;
    let steps = 0;
    const result = (reason: MinimizeResult["reason"]): MinimizeResult => {
      return { loss, gradientNorm, steps, evaluations, reason };
    };
    for (;;) {
      if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) return result("notFinite");
      if (gradientNorm <= stopping.gradientTolerance) return result("gradient");
      if (steps >= stopping.maxSteps) return result("steps");
      if (evaluations >= stopping.maxEvaluations) return result("evaluations");
      const fresh = !this.hasHistory;
      const trials = Math.min(this.search.maxTrials, stopping.maxEvaluations - evaluations);
      const step = this.descend(parameters, evaluate, loss, trials);
      evaluations += step.evaluations;
      if (step.outcome === "failed") {
        if (evaluations >= stopping.maxEvaluations) return result("evaluations");
        if (fresh) return result("noDescent");
        this.reset();
        continue;
      }
      steps++;
      const fallen = loss - step.to.loss;
      loss = step.to.loss;
      gradientNorm = step.gradientNorm;
      stopping.onStep(step);
      const negligible = stopping.lossTolerance * Math.max(1, Math.abs(loss));
      if (fallen >= 0 && fallen <= negligible && gradientNorm > stopping.gradientTolerance) return result("loss");
    }
  }

  /** A step from where `gradient` and `loss` belong; afterwards `gradient` is that of the end. */
  private descend(parameters: FlatParameters, evaluate: Evaluate, loss: number, maxTrials: number): BatchStep {
    const { kernels, gradient, direction, origin } = this;
    const { length } = origin;
    this.chooseDirection();
    let slope = kernels.dot(length, gradient, direction);
    if (!(slope < 0 && slope > -Infinity)) {
      this.reset();
      kernels.axpby(length, -1, gradient, 0, direction);
      slope = kernels.dot(length, gradient, direction);
    }
    origin.set(parameters.value);
    const from = { step: 0, loss, slope };
    if (!(slope < 0 && slope > -Infinity) || !Number.isFinite(loss)) {
      const gradientNorm = this.norm(gradient);
      return { from, to: from, gradientNorm, evaluations: 0, notFinite: 0, outcome: "failed" };
    }
    const { outcome, point, trials, notFinite } = this.walk(parameters, evaluate, from, maxTrials);
    if (outcome === "failed") {
      this.moveTo(parameters, 0);
      const gradientNorm = this.norm(gradient);
      return { from, to: from, gradientNorm, evaluations: trials, notFinite, outcome };
    }
    if (outcome === "decrease") {
      this.moveTo(parameters, point.step);
      [this.nextGradient, this.keptGradient] = [this.keptGradient, this.nextGradient];
    }
    this.stepCount++;
    const moved = this.keptGradient;
    this.movedInto(parameters, moved);
    this.learn(moved, from, point);
    [this.gradient, this.nextGradient] = [this.nextGradient, this.gradient];
    return { from, to: point, gradientNorm: this.norm(this.gradient), evaluations: trials, notFinite, outcome };
  }

  /** Looks for a point along `direction`; its gradient is then `nextGradient`, or after "decrease" `keptGradient`. */
  private walk(
    parameters: FlatParameters,
    evaluate: Evaluate,
    from: LinePoint,
    maxTrials: number,
  ): { outcome: BatchStep["outcome"]; point: LinePoint; trials: number; notFinite: number } {
    const at = (step: number): LinePoint => {
      this.moveTo(parameters, step);
      const loss = this.evaluateInto(parameters, evaluate, this.nextGradient);
      return { step, loss, slope: this.kernels.dot(this.origin.length, this.nextGradient, this.direction) };
    };
    const first = this.firstStep(from.slope);
    if (this.fixedRate === null) {
      const keep = (): void => {
        [this.keptGradient, this.nextGradient] = [this.nextGradient, this.keptGradient];
      };
      return searchLine({ at, keep }, from, first, { ...this.search, maxTrials });
    }
    let step = this.fixedRate * first;
    for (let trials = 1; trials <= maxTrials; trials++, step /= 10) {
      const point = at(step);
      if (Number.isFinite(point.loss) && Number.isFinite(point.slope)) {
        return { outcome: "fixed", point, trials, notFinite: trials - 1 };
      }
    }
    return { outcome: "failed", point: from, trials: maxTrials, notFinite: maxTrials };
  }

  protected norm(vector: Float32Array): number {
    return Math.sqrt(this.kernels.dot(this.origin.length, vector, vector));
  }

  /** Parameters ← origin + step·direction, where they are trained. */
  private moveTo({ value }: FlatParameters, step: number): void {
    for (const { start, end } of this.slices) {
      const to = value.subarray(start, end);
      to.set(this.origin.subarray(start, end));
      if (step !== 0) this.kernels.axpby(end - start, step, this.direction.subarray(start, end), 1, to);
    }
  }

  /** out ← parameters − origin where they are trained, else 0: the step as f32 has made it. */
  private movedInto({ value }: FlatParameters, out: Float32Array): void {
    out.fill(0);
    for (const { start, end } of this.slices) {
      const to = out.subarray(start, end);
      to.set(value.subarray(start, end));
      this.kernels.axpby(end - start, -1, this.origin.subarray(start, end), 1, to);
    }
  }

  private evaluateInto(parameters: FlatParameters, evaluate: Evaluate, gradient: Float32Array): number {
    const loss = evaluate();
    flatGradientInto(this.kernels, parameters, gradient);
    return loss;
  }
}

/** Neighbours that are trained, joined. */
function trainedSlices({ parameters, offsets }: FlatParameters): Slice[] {
  const slices: { start: number; end: number }[] = [];
  parameters.forEach(({ size, trainable }, i) => {
    const last = slices.at(-1);
    if (!trainable) return;
    if (last?.end === offsets[i]) last.end += size;
    else slices.push({ start: offsets[i], end: offsets[i] + size });
  });
  return slices;
}
