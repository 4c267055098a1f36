/**
 * @file What happened while training? Losses, learning rates and metrics, in bounded memory however long it takes.
 *
 *   every step → │ mean of s │ mean of s │ … ≤ 1000 points          full: neighbours are merged, s doubles
 *
 * The same curve class keeps losses of steps and of epochs. All of it turns to JSON and back, so that the curves of a
 * resumed run start where the run did.
 */
import type { BestValidation } from "./validation.js";

/** A point of a loss curve: one step or epoch, or the mean over several, placed at the last of them. */
export interface LossPoint {
  /** Steps done. */
  readonly step: number;
  /** Epochs done, with a fraction inside an epoch. */
  readonly epoch: number;
  /** Mean loss of the steps since the point before. */
  readonly loss: number;
  /** Of the last step. */
  readonly learningRate: number;
  /** Seconds of training so far, validations included. */
  readonly seconds: number;
}

/** What a validation measured, and when. */
export interface ValidationPoint {
  /** Steps done. */
  readonly step: number;
  /** Epochs done. */
  readonly epoch: number;
  /** As ValidationOptions.evaluate gave them. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Of training before it. */
  readonly seconds: number;
}

/** Why a run ended: all epochs done, no improvement for as long as patience lasts, or its signal. */
export type TrainingEnd = "finished" | "early stop" | "interrupted";

/** Curves and end of a run, in bounded memory. */
export interface TrainingHistory {
  /** At most `MAX_POINTS`, over all steps. */
  readonly steps: readonly LossPoint[];
  /** At most `MAX_POINTS`, one an epoch as long as they fit. */
  readonly epochs: readonly LossPoint[];
  /** At most `MAX_POINTS`: of more, the oldest are thinned out. */
  readonly validations: readonly ValidationPoint[];
  /** null without validation. */
  readonly best: BestValidation | null;
  /** Seconds of training, validations and earlier runs included. */
  readonly seconds: number;
  /** null: training has not ended. */
  readonly ended: TrainingEnd | null;
}

/** Points that a curve keeps at most. */
export const MAX_POINTS = 1000;

/** All that was recorded, as JSON. */
export interface HistoryState {
  readonly epochLoss: number;
  readonly steps: CurveState;
  readonly epochs: CurveState;
  readonly validations: readonly ValidationPoint[];
}

/** Gathers a run's history as it goes. */
export class HistoryRecorder {
  private readonly batchesPerEpoch: number;
  private readonly stepCurve: LossCurve;
  private readonly epochCurve: LossCurve;
  private validationPoints: ValidationPoint[];
  /** Sum over the steps of the epoch so far. */
  private epochLoss: number;

  constructor(batchesPerEpoch: number) {
    this.batchesPerEpoch = batchesPerEpoch;
    this.stepCurve = new LossCurve();
    this.epochCurve = new LossCurve();
    this.validationPoints = [];
    this.epochLoss = 0;
  }

  get curves(): Pick<TrainingHistory, "steps" | "epochs" | "validations"> {
    return { steps: this.stepCurve.points, epochs: this.epochCurve.points, validations: this.validationPoints };
  }

  /** Mean loss of the steps of the epoch that has just ended. */
  get lossOfEpoch(): number {
    return this.epochLoss / this.batchesPerEpoch;
  }

  /** `step` counts from 1. */
  addStep(step: number, loss: number, learningRate: number, seconds: number): void {
    const { batchesPerEpoch } = this;
    const epoch = step / batchesPerEpoch;
    this.stepCurve.add(step, epoch, loss, learningRate, seconds);
    this.epochLoss = (step - 1) % batchesPerEpoch === 0 ? loss : this.epochLoss + loss;
    if (step % batchesPerEpoch === 0) this.epochCurve.add(step, epoch, this.lossOfEpoch, learningRate, seconds);
  }

  addValidation(point: ValidationPoint): void {
    this.validationPoints.push(point);
    if (this.validationPoints.length > MAX_POINTS) {
      this.validationPoints = this.validationPoints.filter((_, i) => i % 2 === 0);
    }
  }

  snapshot(): HistoryState {
    return {
      epochLoss: this.epochLoss,
      steps: this.stepCurve.snapshot(),
      epochs: this.epochCurve.snapshot(),
      validations: [...this.validationPoints],
    };
  }

  restore({ epochLoss, steps, epochs, validations }: HistoryState): void {
    this.epochLoss = epochLoss;
    this.stepCurve.restore(steps);
    this.epochCurve.restore(epochs);
    // JSON has no NaN: it comes back as null.
    this.validationPoints = validations.map((point) => ({
      ...point,
      metrics: Object.fromEntries(Object.entries(point.metrics).map(([name, value]) => [name, value ?? Number.NaN])),
    }));
  }
}

/** A curve's JSON: points as tuples in the order of LossPoint's fields. */
interface CurveState {
  readonly stride: number;
  readonly count: number;
  readonly sum: number;
  readonly points: readonly (readonly number[])[];
}

/** A loss curve of at most `MAX_POINTS` points. */
class LossCurve {
  private stride = 1;
  /** Of the point that is being gathered. */
  private count = 0;
  private sum = 0;
  private kept: LossPoint[] = [];

  get points(): readonly LossPoint[] {
    return this.kept;
  }

  add(step: number, epoch: number, loss: number, learningRate: number, seconds: number): void {
    this.sum += loss;
    if (++this.count < this.stride) return;
    this.kept.push({ step, epoch, loss: this.sum / this.count, learningRate, seconds });
    this.count = 0;
    this.sum = 0;
    if (this.kept.length === MAX_POINTS) this.mergePairs();
  }

  snapshot(): CurveState {
    const { stride, count, sum } = this;
    const points = this.kept.map((p) => [p.step, p.epoch, p.loss, p.learningRate, p.seconds]);
    return { stride, count, sum, points };
  }

  restore({ stride, count, sum, points }: CurveState): void {
    this.stride = stride;
    this.count = count;
    this.sum = sum;
    this.kept = points.map(([step, epoch, loss, learningRate, seconds]) => ({
      step,
      epoch,
      loss,
      learningRate,
      seconds,
    }));
  }

  private mergePairs(): void {
    const merged: LossPoint[] = [];
    for (let i = 1; i < this.kept.length; i += 2) {
      merged.push({ ...this.kept[i], loss: (this.kept[i - 1].loss + this.kept[i].loss) / 2 });
    }
    this.kept = merged;
    this.stride *= 2;
  }
}
