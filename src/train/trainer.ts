/**
 * @file How is anything trained? One loop for every model of the toolkit.
 *
 *   for each epoch
 *     for each batch   source.load → objective.lossAndGradient → (clip) → learning rate by schedule → optimizer.step
 *     validate?        in evaluate mode; keep the best parameters, stop when patience is exhausted
 *
 * `step` takes one step; `run` takes all that are left, and lets timers, signals and progress bars have their turn.
 * All state is: the parameters, the optimiser's vectors, the best parameters if they are kept (`arrays`), and a few
 * numbers (`snapshot`). Whoever saves both and gives them back at any step ends with the same bytes as if training had
 * never stopped (trainer-checkpoint.node.ts).
 *
 * Not here: several threads on one model; what the parameters mean.
 */
import { ConfigError, DivergenceError } from "../core/errors.js";
import type { Rng } from "../core/rng.js";
import { type FlatParameters, isCurrent } from "../nn/parameter.js";
import type { Optimizer } from "../optim/optimizer.js";
import type { Schedule } from "../optim/schedules.js";
import type { BatchSource, Objective } from "./objective.js";
import {
  CHECKPOINT_INTERVAL_MS,
  type EpochReport,
  type RunOptions,
  type TrainerOptions,
  type TrainingProgress,
} from "./trainer-options.js";
import type { ResumableTraining, StateArray, TrainerState } from "./trainer-state.js";
import { HistoryRecorder, type TrainingEnd, type TrainingHistory } from "./training-history.js";
import { Monitor } from "./validation.js";

/** Weight of the past in the running loss: a memory of about 100 steps. */
const LOSS_MEMORY = 0.99;
/** Progress is for eyes. */
const PROGRESS_INTERVAL_MS = 100;
/** Longest that timers and signals wait, unless a step takes longer; a turn of the event loop costs microseconds. */
const YIELD_INTERVAL_MS = 20;
/** Weights looked at in one call: a function that is called often is compiled once, a long loop each time it runs. */
const CHECKED_BLOCK = 2 ** 14;

/** The loop that trains anything: an objective, batches and an optimiser, with validation, history and checkpoints. */
export class Trainer<B> implements ResumableTraining {
  readonly objective: Objective<B>;
  readonly source: BatchSource<B>;
  readonly optimizer: Optimizer;
  /** Planned; early stopping may end before. */
  readonly epochs: number;
  /** Planned. */
  readonly numSteps: number;
  private readonly learningRate: number;
  private readonly schedule: Schedule;
  private readonly rngs: readonly Rng[];
  private readonly adjustGradients: TrainerOptions<B>["adjustGradients"];
  private readonly monitor: Monitor | null;
  private readonly bestValue: Float32Array | null;
  private readonly name: string;
  private readonly remedy: string;
  private readonly recorder: HistoryRecorder;
  private stepsDone: number;
  private runningLoss: number;
  private seconds: number;
  /** Reads the time of training into `seconds`, while `run` runs; null: `step` alone does not count time. */
  private readClock: (() => void) | null = null;
  private stoppedEarly: boolean;
  private ended: TrainingEnd | null;

  /** Makes the optimiser's state for the objective's parameters. @throws {ConfigError} for options out of range. */
  constructor(options: TrainerOptions<B>) {
    const { objective, source, optimizer, epochs, validation, earlyStopping, name = "Trainer" } = options;
    const { learningRate = optimizer.learningRate } = options;
    if (!Number.isSafeInteger(epochs) || epochs < 1) {
      throw new ConfigError(`${name}: expected epochs to be an integer of at least 1, got ${epochs}`);
    }
    if (!(learningRate > 0 && Number.isFinite(learningRate))) {
      throw new ConfigError(`${name}: expected learningRate to be a positive number, got ${learningRate}`);
    }
    if (earlyStopping !== undefined && validation === undefined) {
      throw new ConfigError(`${name}: expected validation with earlyStopping, got none; say what to evaluate`);
    }
    this.objective = objective;
    this.source = source;
    this.optimizer = optimizer;
    this.epochs = epochs;
    this.numSteps = epochs * source.batchesPerEpoch;
    this.learningRate = learningRate;
    this.schedule = options.schedule ?? (() => 1);
    this.rngs = options.rngs ?? [];
    this.adjustGradients = options.adjustGradients;
    this.monitor = validation === undefined ? null : new Monitor(validation, earlyStopping);
    this.bestValue = earlyStopping?.restoreBest ? objective.parameters.value.slice() : null;
    this.name = name;
    this.remedy = options.remedy ?? `use a smaller learningRate (it was ${learningRate})`;
    this.recorder = new HistoryRecorder(source.batchesPerEpoch);
    this.stepsDone = 0;
    this.runningLoss = 0;
    this.seconds = 0;
    this.stoppedEarly = false;
    this.ended = null;
    optimizer.prepare(objective.parameters);
  }

  /** Those of the objective. */
  get parameters(): FlatParameters {
    return this.objective.parameters;
  }

  /** Where training stands; before the first step its loss is 0. */
  get progress(): TrainingProgress {
    const { stepsDone: step, numSteps, epochs, runningLoss: loss } = this;
    const epoch = Math.floor(Math.max(0, step - 1) / this.source.batchesPerEpoch) + 1;
    return { step, numSteps, epoch, epochs, loss };
  }

  /** On average: the last batch of an epoch may be shorter. */
  get rowsPerStep(): number {
    return this.source.numRows / this.source.batchesPerEpoch;
  }

  /** All steps are taken, or early stopping has ended training. */
  get done(): boolean {
    return this.stoppedEarly || this.stepsDone >= this.numSteps;
  }

  /** What happened so far; may be asked for at any time. */
  get history(): TrainingHistory {
    const { seconds, ended } = this;
    return { ...this.recorder.curves, best: this.monitor?.best ?? null, seconds, ended };
  }

  /**
   * Takes one step on the next batch; never validates, `run` does. @returns the batch's mean loss.
   * @throws {DivergenceError} when loss or gradient is NaN or infinite; the parameters are then those before the step.
   * @throws {ConfigError} when training is done.
   */
  step(): number {
    if (this.done) throw new ConfigError(`${this.name}.step: expected steps left, got none of ${this.numSteps}`);
    const { objective, optimizer } = this;
    const { batchesPerEpoch } = this.source;
    const epoch = Math.floor(this.stepsDone / batchesPerEpoch);
    const loss = objective.lossAndGradient(this.source.load(epoch, this.stepsDone % batchesPerEpoch));
    if (!Number.isFinite(loss)) this.diverged("the loss", loss, this.stepsDone + 1);
    const norm = this.adjustGradients?.(objective.parameters.parameters);
    if (norm !== undefined && !Number.isFinite(norm)) this.diverged("the gradient", norm, this.stepsDone + 1);
    optimizer.learningRate = this.learningRate * this.schedule((this.stepsDone + 0.5) / this.numSteps);
    optimizer.step(objective.parameters);
    this.runningLoss = this.stepsDone === 0 ? loss : LOSS_MEMORY * this.runningLoss + (1 - LOSS_MEMORY) * loss;
    this.stepsDone++;
    this.readClock?.();
    this.recorder.addStep(this.stepsDone, loss, optimizer.learningRate, this.seconds);
    return loss;
  }

  /**
   * Takes the steps that are left, or those until early stopping or `signal` ends them, then checks the parameters.
   * Leaves the objective in train mode. @throws {DivergenceError} when the loss or a parameter is not finite.
   * @throws {ConfigError} when the parameters were moved to another vector since.
   */
  async run(options: RunOptions = {}): Promise<TrainingHistory> {
    const { signal, onProgress, onEpoch, checkpoint, checkpointIntervalMs = CHECKPOINT_INTERVAL_MS } = options;
    const startMs = performance.now();
    const secondsBefore = this.seconds;
    const firstStep = this.stepsDone;
    let nowMs = startMs;
    let yieldedMs = startMs;
    let progressMs = startMs;
    let savedMs = startMs;
    const tick = (): void => {
      nowMs = performance.now();
      this.seconds = secondsBefore + (nowMs - startMs) / 1000;
    };
    if (!isCurrent(this.parameters)) {
      throw new ConfigError(
        `${this.name}.run: expected the parameters in the objective's own vector, got some that stand in another; ` +
          "flattened again, for another objective? Make that one first",
      );
    }
    this.ended = null;
    this.objective.setMode("train");
    this.readClock = tick;
    try {
      while (!this.done && signal?.aborted !== true) {
        this.step();
        if (this.stepsDone % this.source.batchesPerEpoch === 0) {
          const report = await this.endEpoch();
          onEpoch?.(report);
          tick();
        }
        if (onProgress !== undefined && (this.done || nowMs - progressMs >= PROGRESS_INTERVAL_MS)) {
          progressMs = nowMs;
          const rows = (this.stepsDone - firstStep) * this.rowsPerStep;
          onProgress({ ...this.progress, rowsPerSecond: (1000 * rows) / Math.max(nowMs - startMs, 1e-3) });
        }
        if (checkpoint !== undefined && !this.done && nowMs - savedMs >= checkpointIntervalMs) {
          await checkpoint.save(this);
          savedMs = performance.now();
        }
        if (nowMs - yieldedMs >= YIELD_INTERVAL_MS) {
          await nextTurn();
          yieldedMs = performance.now();
        }
      }
    } finally {
      this.readClock = null;
    }
    if (!this.done) {
      this.ended = "interrupted";
      await checkpoint?.save(this);
      return this.history;
    }
    this.ended = this.stoppedEarly ? "early stop" : "finished";
    if (this.bestValue !== null && this.monitor?.best) this.parameters.value.set(this.bestValue);
    else this.optimizer.useAverage(this.parameters, true);
    this.checkWeights();
    return this.history;
  }

  /** The last step's loss was that of the weights before it. @throws {DivergenceError} when a weight is not finite. */
  checkWeights(): void {
    for (const { value } of this.parameters.parameters) {
      for (let start = 0; start < value.length; start += CHECKED_BLOCK) {
        const at = firstNotFinite(value, start, Math.min(value.length, start + CHECKED_BLOCK));
        if (at >= 0) this.diverged("a weight", value[at], this.stepsDone);
      }
    }
  }

  arrays(): StateArray[] {
    const vector = (name: string, data: Float32Array): StateArray => ({ name, shape: [data.length], data });
    const arrays: StateArray[] = this.parameters.parameters.map(({ name, shape, value }) => ({
      name,
      shape,
      data: value,
    }));
    for (const [name, data] of Object.entries(this.optimizer.state())) arrays.push(vector(`optimizer.${name}`, data));
    if (this.bestValue !== null) arrays.push(vector("trainer.best", this.bestValue));
    return arrays;
  }

  snapshot(): TrainerState {
    return {
      step: this.stepsDone,
      batchesPerEpoch: this.source.batchesPerEpoch,
      rngs: this.rngs.map((rng) => rng.snapshot()),
      loss: this.runningLoss,
      seconds: this.seconds,
      stoppedEarly: this.stoppedEarly,
      monitor: this.monitor?.snapshot() ?? null,
      history: this.recorder.snapshot(),
    };
  }

  /** @throws {ConfigError} if the state is that of other data or other generators. */
  restore(state: TrainerState): void {
    const { batchesPerEpoch } = this.source;
    if (state.batchesPerEpoch !== batchesPerEpoch || state.rngs.length !== this.rngs.length) {
      throw new ConfigError(
        `${this.name}.restore: expected a state of ${batchesPerEpoch} batches an epoch and ${this.rngs.length} generators, ` +
          `got ${state.batchesPerEpoch} and ${state.rngs.length}; resume with the data and options of the first run`,
      );
    }
    this.stepsDone = state.step;
    this.optimizer.stepCount = state.step;
    this.rngs.forEach((rng, i) => {
      rng.restore(state.rngs[i]);
    });
    this.runningLoss = state.loss;
    this.seconds = state.seconds;
    this.stoppedEarly = state.stoppedEarly;
    if (state.monitor !== null) this.monitor?.restore(state.monitor);
    this.recorder.restore(state.history);
  }

  /** Validates if it is time to. */
  private async endEpoch(): Promise<EpochReport> {
    const { epochs, monitor, seconds, optimizer } = this;
    const epoch = this.stepsDone / this.source.batchesPerEpoch;
    const metrics = monitor?.isDue(epoch, epochs) ? await this.validate(monitor, epoch) : null;
    return { epoch, epochs, loss: this.recorder.lossOfEpoch, learningRate: optimizer.learningRate, metrics, seconds };
  }

  private async validate(monitor: Monitor, epoch: number): Promise<Readonly<Record<string, number>>> {
    this.objective.setMode("evaluate");
    this.optimizer.useAverage(this.parameters, true);
    let metrics: Readonly<Record<string, number>>;
    try {
      metrics = await monitor.evaluate();
      if (monitor.observe(epoch, metrics)) this.bestValue?.set(this.parameters.value);
    } finally {
      this.optimizer.useAverage(this.parameters, false);
      this.objective.setMode("train");
    }
    this.stoppedEarly = monitor.isExhausted;
    this.recorder.addValidation({ step: this.stepsDone, epoch, metrics, seconds: this.seconds });
    return metrics;
  }

  private diverged(what: string, value: number, step: number): never {
    throw new DivergenceError(
      `${this.name}: ${what} became ${value} at step ${step} of ${this.numSteps}; ${this.remedy}`,
      step,
    );
  }
}

/** @returns where the first of `values` is that is NaN or infinite, −1 if none from `start` to before `end` is. */
function firstNotFinite(values: Float32Array, start: number, end: number): number {
  for (let i = start; i < end; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

/** Lets everything that waits for the event loop run. A timer costs a millisecond: it stands in where there is no other. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
