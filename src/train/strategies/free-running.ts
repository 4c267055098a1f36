/**
 * @file How do workers train without waiting for each other? Each takes batches of its own through an epoch.
 *
 *   batches of an epoch   │ 0 │ 1 │ 2 │ 3 │ 4 │ 5 │ …      worker w of N takes w, N + w, 2N + w, …: a round is N batches
 *
 *   lead (a Trainer)      │ order EPOCH │ round ─ round ─ round ─ … │ endEpoch │ validate, save …
 *   the others            │    wait     │ round ── round ─ round …  │ endEpoch │ wait
 *                        barrier                                 barrier
 *
 * What they train is the strategy's: all the same parameters (one-vector.ts) or each some of its own (averaging.ts). A step
 * of the lead's Trainer is one of its rounds; the loss that it reports is the mean of all workers' latest. On one vector a
 * gate says when each may step (step-gate.ts).
 *
 *   orders Float64Array │ 0 what │ 1 epoch │ 2 first round │     losses Float64Array [N]     flags Int32Array │ 0 halt │ 1 steps │
 */
import { DivergenceError } from "../../core/errors.js";
import { Rng } from "../../core/rng.js";
import type { Mode } from "../../nn/module.js";
import type { FlatParameters } from "../../nn/parameter.js";
import { Optimizer } from "../../optim/optimizer.js";
import type { ParameterWiseOptimizer } from "../../optim/parameter-wise-optimizer.js";
import type { Schedule } from "../../optim/schedules.js";
import type { BatchSource, Objective } from "../objective.js";
import type { TrainerOptions } from "../trainer-options.js";
import type { StepGate } from "./step-gate.js";
import type { Enrolment, StrategyWorker } from "./strategy.js";

const EPOCH = 1;
const FINISH = 2;

/** Memory that the workers of a free-running strategy share. */
export interface FreeBoard {
  readonly orders: Float64Array;
  /** [N] latest loss of each worker. */
  readonly losses: Float64Array;
  readonly flags: Int32Array;
}

export function createBoard(numWorkers: number): FreeBoard {
  return {
    orders: new Float64Array(new SharedArrayBuffer(3 * 8)),
    losses: new Float64Array(new SharedArrayBuffer(8 * numWorkers)).fill(Number.NaN),
    flags: new Int32Array(new SharedArrayBuffer(2 * 4)),
  };
}

/** What distinguishes free-running strategies. */
export interface FreeScheme<B> {
  /** What this worker trains. */
  readonly local: TrainerOptions<B>;
  readonly optimizer: ParameterWiseOptimizer;
  /** The training that the lead's Trainer shows and saves: `local` where all train the same parameters. */
  readonly published: TrainerOptions<B>;
  /** "shared": steps of all workers count as one optimiser's; "own": each worker's count alone. */
  readonly stepCount: "shared" | "own";
  /** What every step passes; null: none is in another's way, nor in that of a save. */
  readonly gate: StepGate | null;
  /** Factor on the learning rate in `epoch`, from 0. */
  rateOfEpoch(epoch: number): number;
  /** Called by all workers when all have ended `epoch`. */
  endEpoch(epoch: number): void;
  /** Vectors that a checkpoint holds. */
  state(): Record<string, Float32Array>;
  readonly saves: "any step" | "epoch ends";
}

interface Round {
  readonly epoch: number;
  readonly round: number;
}

/** A worker that takes its own batches. */
export class FreeRunning<B> implements StrategyWorker {
  readonly saves: "any step" | "epoch ends";
  readonly parameters: FlatParameters;
  readonly trainerOptions: TrainerOptions<unknown>;
  private readonly enrolment: Enrolment<B>;
  private readonly scheme: FreeScheme<B>;
  private readonly board: FreeBoard;
  private readonly numBatches: number;
  private readonly numRounds: number;
  private readonly learningRate: number;
  private readonly schedule: Schedule;
  /** Where this worker's generators stood at first; those of others than the lead start each epoch from it. */
  private readonly firstStates: readonly (readonly number[])[];
  private isRunning: boolean;

  constructor(enrolment: Enrolment<B>, scheme: FreeScheme<B>, board: FreeBoard) {
    const { local, published } = scheme;
    this.enrolment = enrolment;
    this.scheme = scheme;
    this.board = board;
    this.saves = scheme.saves;
    this.parameters = published.objective.parameters;
    this.numBatches = local.source.batchesPerEpoch;
    this.numRounds = Math.ceil(this.numBatches / enrolment.size);
    this.learningRate = local.learningRate ?? local.optimizer.learningRate;
    const schedule = local.schedule ?? (() => 1);
    this.schedule = (share) =>
      schedule(share) * scheme.rateOfEpoch(Math.min(local.epochs - 1, Math.floor(share * local.epochs)));
    this.firstStates = (local.rngs ?? []).map((rng) => rng.snapshot());
    this.isRunning = false;
    this.trainerOptions = this.leadOptions();
    local.objective.setMode("train");
  }

  serve(): void {
    const { barrier, index, size, ledger } = this.enrolment;
    const { orders, flags } = this.board;
    for (;;) {
      barrier.wait();
      const [what, epoch, firstRound] = orders;
      if (what === FINISH) return;
      this.reseed(epoch);
      // RACE: set once by the lead; seen late it costs a step.
      for (let round = firstRound; Atomics.load(flags, 0) === 0; round++) {
        if (round * size + index >= this.numBatches) break;
        this.train({ epoch, round });
        const share = (epoch * this.numRounds + round + 0.5) / (this.numRounds * this.scheme.local.epochs);
        this.step(this.learningRate * this.schedule(share), epoch * this.numRounds + round);
      }
      this.endEpoch(epoch);
      ledger.addTime(barrier);
    }
  }

  /** Ends an epoch that was not finished, too. */
  finish(): void {
    const { barrier, ledger } = this.enrolment;
    if (this.isRunning) {
      Atomics.store(this.board.flags, 0, 1);
      this.scheme.gate?.close();
      barrier.wait();
    }
    this.board.orders[0] = FINISH;
    barrier.wait();
    ledger.addTime(barrier);
  }

  /** Between epochs all stand still; within one the gate keeps them from stepping. */
  hold(act: () => void): void {
    const { gate } = this.scheme;
    if (gate !== null && this.isRunning) gate.hold(act);
    else act();
  }

  private leadOptions(): TrainerOptions<unknown> {
    const { local, published } = this.scheme;
    const source: BatchSource<Round> = {
      numRows: local.source.numRows,
      batchesPerEpoch: this.numRounds,
      load: (epoch, round) => {
        if (!this.isRunning) this.beginEpoch(epoch, round);
        return { epoch, round };
      },
    };
    const objective: Objective<Round> = {
      parameters: this.parameters,
      lossAndGradient: (round) => this.train(round),
      setMode: (mode: Mode) => published.objective.setMode(mode),
    };
    const optimizer = new FreeOptimizer(this.learningRate, this.scheme, (rate, step) => this.leadStep(rate, step));
    const { adjustGradients: _, ...rest } = published;
    const { learningRate, schedule } = this;
    const rngs = local.rngs ?? [];
    return {
      ...rest,
      source,
      objective,
      optimizer,
      learningRate,
      schedule,
      rngs,
    } as unknown as TrainerOptions<unknown>;
  }

  private beginEpoch(epoch: number, round: number): void {
    const { orders, flags } = this.board;
    orders[0] = EPOCH;
    orders[1] = epoch;
    orders[2] = round;
    const batch = epoch * this.numBatches + round * this.enrolment.size;
    Atomics.store(flags, 1, batch);
    this.scheme.gate?.open(batch);
    this.enrolment.barrier.wait();
    this.isRunning = true;
  }

  /** A lead's step on its batch of round `step` of all. */
  private leadStep(learningRate: number, step: number): void {
    this.step(learningRate, step);
    this.enrolment.ledger.addTime(this.enrolment.barrier);
    if ((step + 1) % this.numRounds > 0) return;
    this.isRunning = false;
    this.endEpoch(Math.floor(step / this.numRounds));
  }

  private endEpoch(epoch: number): void {
    this.enrolment.barrier.wait();
    // Stopped in the middle: there is no epoch to conclude.
    if (Atomics.load(this.board.flags, 0) === 0) this.scheme.endEpoch(epoch);
  }

  /** This worker's batch of a round. @returns the mean of all workers' latest losses. @throws {DivergenceError} */
  private train({ epoch, round }: Round): number {
    const { index, size } = this.enrolment;
    const { objective, source, adjustGradients, name = "Trainer" } = this.scheme.local;
    const loss = objective.lossAndGradient(source.load(epoch, round * size + index));
    const norm = adjustGradients?.(objective.parameters.parameters) ?? 0;
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      const what = Number.isFinite(loss) ? `the gradient became ${norm}` : `the loss became ${loss}`;
      const step = epoch * this.numRounds + round + 1;
      const remedy = this.scheme.local.remedy ?? `use a smaller learningRate (it was ${this.learningRate})`;
      throw new DivergenceError(`${name}: ${what} at step ${step} of worker ${index}; ${remedy}`, step);
    }
    const { losses } = this.board;
    losses[index] = loss;
    // RACE: the others' losses are for the eye; one that is a round old does no harm.
    let sum = 0;
    let count = 0;
    for (const latest of losses) {
      if (Number.isNaN(latest)) continue;
      sum += latest;
      count++;
    }
    return sum / count;
  }

  /** This worker's step on its batch of round `step` of all. */
  private step(learningRate: number, step: number): void {
    const { gate, local } = this.scheme;
    if (gate === null) {
      this.update(learningRate, step);
      return;
    }
    // Sums that were put off are the gradient's, not the update's: nobody should wait for them.
    for (const { grad, trainable } of local.objective.parameters.parameters) if (trainable) void grad.values;
    const epoch = Math.floor(step / this.numRounds);
    const { size, index } = this.enrolment;
    const batch = epoch * this.numBatches + (step % this.numRounds) * size + index;
    gate.pass(batch, () => this.update(learningRate, step));
  }

  private update(learningRate: number, step: number): void {
    const { optimizer, stepCount, local } = this.scheme;
    optimizer.learningRate = learningRate;
    // RACE: every worker adds 1, so that moments are corrected for all steps that were taken, whoever took them.
    optimizer.stepCount = stepCount === "shared" ? Atomics.add(this.board.flags, 1, 1) : step;
    optimizer.step(local.objective.parameters);
    if (stepCount === "shared") this.enrolment.ledger.addTraffic(this.updateBytes());
  }

  /** What a step's changes weigh, sent to every other worker. */
  private updateBytes(): number {
    let numbers = 0;
    for (const { grad, size, cols, trainable } of this.scheme.local.objective.parameters.parameters) {
      if (trainable) numbers += grad.kind === "rows" ? grad.count * cols : size;
    }
    return 4 * numbers * (this.enrolment.size - 1);
  }

  /** Draws of its own for each worker and epoch; the lead's go on, as checkpoints keep them. */
  private reseed(epoch: number): void {
    const { index } = this.enrolment;
    this.scheme.local.rngs?.forEach((rng, i) => {
      rng.restore(Rng.derive(this.firstStates[i][0] >>> 0, "worker", index, epoch, i).snapshot());
    });
  }
}

/** What the lead's Trainer steps: its own worker. */
class FreeOptimizer<B> extends Optimizer {
  override learningRate: number;
  private readonly scheme: FreeScheme<B>;
  private readonly take: (learningRate: number, step: number) => void;

  constructor(learningRate: number, scheme: FreeScheme<B>, take: (learningRate: number, step: number) => void) {
    super();
    this.learningRate = learningRate;
    this.scheme = scheme;
    this.take = take;
  }

  state(): Record<string, Float32Array> {
    return this.scheme.state();
  }

  prepare(_parameters: FlatParameters): void {}

  step(_parameters: FlatParameters): void {
    this.take(this.learningRate, this.stepCount);
    this.stepCount++;
  }

  override useAverage(parameters: FlatParameters, use: boolean): void {
    if (this.scheme.stepCount === "shared") this.scheme.optimizer.useAverage(parameters, use);
  }
}
