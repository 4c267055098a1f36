/**
 * @file How do workers take a training's steps together? All do the same part of a step at the same time.
 *
 *   lead (a Trainer)         │ order COMPUTE ─▶ compute ─▶│ merge ─▶ (adjust) │ order STEP ─▶ step ─▶│ validate, save …
 *   the others               │ ◀── wait          compute ─▶│ merge               │               step ─▶│ wait
 *                            barrier                     barrier             barrier               barrier
 *
 * What a compute is, a `StepCompute` decides: a part of the batch (data-parallel.ts), a part of the model
 * (model-parallel.ts), or both. Generators start a step where the lead's stand, so that all draw the same numbers: masks
 * of a part of the rows are those that the whole batch would have had.
 *
 * Not here: how orders and what came of them stand in memory (step-orders.ts).
 */
import { ConfigError } from "../../core/errors.js";
import type { Mode } from "../../nn/module.js";
import type { FlatParameters } from "../../nn/parameter.js";
import { Optimizer } from "../../optim/optimizer.js";
import type { ParameterWiseOptimizer } from "../../optim/parameter-wise-optimizer.js";
import type { BatchSource, Objective } from "../objective.js";
import type { TrainerOptions } from "../trainer-options.js";
import { GradientMerge, type OwnedRows } from "./gradient-merge.js";
import {
  adoptModel,
  attachGradients,
  checkOptimizer,
  type GroupGradients,
  publishGradients,
  type SharedModel,
  shareGradients,
  shareModel,
} from "./shared-model.js";
import {
  type BatchOrder,
  COMPUTE,
  createStepMemory,
  FINISH,
  STEP,
  type StepMemory,
  StepOrders,
} from "./step-orders.js";
import type { Enrolment, StrategyWorker } from "./strategy.js";

/** What one worker does of a step's arithmetic. */
export interface StepCompute {
  /** Adds this worker's part to its group's gradients. @returns its part of the group's mean loss, and the group's rows. */
  compute(order: BatchOrder): { readonly loss: number; readonly numRows: number };
  /** Parameters whose gradients this worker computes, by index. */
  readonly computed: readonly number[];
  /** Rows of parameters that workers of this place own. */
  readonly owned: readonly OwnedRows[];
  /** Whether this worker is the last to draw random numbers: where its generators stand, the next step starts. */
  readonly drawsLast: boolean;
  /** Bytes that this worker gave to others while it computed. */
  readonly traffic: number;
}

/** How a strategy divides a step. */
export interface LockstepPlan<B> {
  /** Workers of a group: worker w is member w mod groupSize of group ⌊w / groupSize⌋. */
  readonly groupSize: number;
  /** Makes this worker's part, when parameters and gradients stand where they belong. May exchange values. */
  createCompute(options: TrainerOptions<B>, gradients: GroupGradients): Promise<StepCompute>;
}

interface Handout {
  readonly model: SharedModel;
  readonly steps: StepMemory;
}

/** A worker of a strategy that goes step by step. */
export class Lockstep<B> implements StrategyWorker {
  readonly saves = "any step";
  readonly parameters: FlatParameters;
  readonly trainerOptions: TrainerOptions<unknown>;
  private readonly enrolment: Enrolment<B>;
  private readonly options: TrainerOptions<B>;
  private readonly plan: LockstepPlan<B>;
  private readonly optimizer: ParameterWiseOptimizer;
  private readonly orders: StepOrders;
  private readonly gradients: GroupGradients;
  private readonly stepCompute: StepCompute;
  private readonly merge: GradientMerge;
  private readonly weights: number[];

  static async join<B>(enrolment: Enrolment<B>, plan: LockstepPlan<B>): Promise<Lockstep<B>> {
    const { index, kernels } = enrolment;
    const options = await enrolment.build();
    const { parameters } = options.objective;
    const optimizer = checkOptimizer(enrolment.options.strategy, options.optimizer);
    const isLead = index === 0;
    const handout: Handout | null = isLead
      ? {
          model: shareModel(kernels, parameters, optimizer),
          steps: createStepMemory(options.rngs?.length ?? 0, enrolment.size),
        }
      : null;
    const [given] = (await enrolment.exchange(handout)) as readonly [Handout];
    if (!isLead) adoptModel(parameters, optimizer, given.model);
    const isFirst = index % plan.groupSize === 0;
    const memories = await enrolment.exchange(isFirst ? shareGradients(kernels, parameters) : null);
    const groups = memories.filter((memory) => memory !== null);
    const gradients = groups[Math.floor(index / plan.groupSize)];
    attachGradients(parameters.parameters, gradients);
    const compute = await plan.createCompute(options, gradients);
    return new Lockstep(enrolment, options, plan, optimizer, given, groups, compute);
  }

  private constructor(
    enrolment: Enrolment<B>,
    options: TrainerOptions<B>,
    plan: LockstepPlan<B>,
    optimizer: ParameterWiseOptimizer,
    handout: Handout,
    groups: readonly GroupGradients[],
    compute: StepCompute,
  ) {
    const { parameters } = options.objective;
    const group = Math.floor(enrolment.index / plan.groupSize);
    const wholeRowsAtLead = options.adjustGradients !== undefined;
    const ownsElsewhere = enrolment.index === 0 && wholeRowsAtLead && plan.groupSize > 1;
    if (
      ownsElsewhere &&
      parameters.parameters.some((p, i) => p.grad.kind === "rows" && !compute.computed.includes(i))
    ) {
      throw new ConfigError(
        `${enrolment.options.strategy}: expected row-sparse gradients at worker 0 alone where gradients are adjusted, ` +
          "got some at others; leave clipping out, or use the data-parallel strategy",
      );
    }
    this.enrolment = enrolment;
    this.options = options;
    this.plan = plan;
    this.optimizer = optimizer;
    this.parameters = parameters;
    this.orders = new StepOrders(handout.steps, options.rngs ?? []);
    this.gradients = groups[group];
    this.stepCompute = compute;
    this.merge = new GradientMerge(enrolment.kernels, parameters, {
      groups,
      group,
      owned: compute.owned,
      wholeRowsAtLead,
    });
    optimizer.restrictTo(this.merge.parts);
    this.weights = groups.map(() => 0);
    this.trainerOptions = this.leadOptions();
  }

  serve(): void {
    const { barrier, ledger } = this.enrolment;
    for (;;) {
      barrier.wait();
      const { what } = this.orders;
      if (what === FINISH) return;
      if (what === COMPUTE) this.computeAndMerge();
      else this.takeStep();
      ledger.addTime(barrier);
    }
  }

  finish(): void {
    this.give(FINISH);
    this.enrolment.ledger.addTime(this.enrolment.barrier);
  }

  /** Tells all workers what to do next. */
  private give(what: number): void {
    // RACE: the others read orders only behind the barrier.
    this.orders.what = what;
    this.enrolment.barrier.wait();
  }

  private leadOptions(): TrainerOptions<unknown> {
    const { options } = this;
    const source: BatchSource<BatchOrder> = {
      numRows: options.source.numRows,
      batchesPerEpoch: options.source.batchesPerEpoch,
      load: (epoch, index) => ({ epoch, index }),
    };
    const objective: Objective<BatchOrder> = {
      parameters: this.parameters,
      lossAndGradient: (order) => this.lead(order),
      setMode: (mode: Mode) => options.objective.setMode(mode),
    };
    const learningRate = options.learningRate ?? options.optimizer.learningRate;
    const together = {
      ...options,
      source,
      objective,
      learningRate,
      optimizer: new LeadOptimizer(this.optimizer, this),
    };
    return together as unknown as TrainerOptions<unknown>;
  }

  /** The lead's computation of a step. @returns the mean loss over the batch. */
  private lead(order: BatchOrder): number {
    const { orders, weights, plan } = this;
    orders.batch = order;
    orders.saveStates("before");
    this.give(COMPUTE);
    this.computeAndMerge();
    orders.restoreStates("after");
    let loss = 0;
    weights.forEach((weight, group) => {
      if (weight === 0) return;
      for (let member = 0; member < plan.groupSize; member++) {
        loss += weight * orders.lossOf(group * plan.groupSize + member);
      }
    });
    return loss;
  }

  /** To be called by the lead's optimiser alone. */
  leadStep(learningRate: number, stepCount: number): void {
    this.orders.setStep(learningRate, stepCount);
    this.give(STEP);
    this.takeStep();
    this.enrolment.ledger.addTime(this.enrolment.barrier);
  }

  private computeAndMerge(): void {
    const { orders, weights, plan, parameters, gradients, stepCompute } = this;
    const { barrier, index, ledger } = this.enrolment;
    orders.restoreStates("before");
    // The lead's list of rows may show what was merged; it is to be filled again.
    attachGradients(parameters.parameters, gradients);
    const { loss, numRows } = stepCompute.compute(orders.batch);
    if (numRows > 0) publishGradients(parameters.parameters, gradients, stepCompute.computed);
    orders.report(index, loss, numRows);
    if (stepCompute.drawsLast && numRows > 0) orders.saveStates("after");
    barrier.wait();
    let total = 0;
    for (let group = 0; group < weights.length; group++) {
      weights[group] = orders.numRowsOf(group * plan.groupSize);
      total += weights[group];
    }
    for (let group = 0; group < weights.length; group++) weights[group] /= total;
    this.merge.merge(weights);
    ledger.addTraffic(stepCompute.traffic + this.merge.traffic);
    // Who looks at all gradients must wait until all are merged.
    if (this.options.adjustGradients !== undefined) barrier.wait();
  }

  private takeStep(): void {
    const { optimizer, orders } = this;
    optimizer.learningRate = orders.learningRate;
    optimizer.stepCount = orders.stepCount - 1;
    optimizer.step(this.parameters);
    this.enrolment.barrier.wait();
  }
}

/** What the lead's Trainer steps: all workers, each its part; the state is that of one optimiser. */
class LeadOptimizer<B> extends Optimizer {
  override learningRate: number;
  private readonly inner: ParameterWiseOptimizer;
  private readonly team: Lockstep<B>;

  constructor(inner: ParameterWiseOptimizer, team: Lockstep<B>) {
    super();
    this.learningRate = inner.learningRate;
    this.inner = inner;
    this.team = team;
  }

  state(): Record<string, Float32Array> {
    return this.inner.state();
  }

  prepare(_parameters: FlatParameters): void {}

  step(_parameters: FlatParameters): void {
    this.stepCount++;
    this.team.leadStep(this.learningRate, this.stepCount);
  }

  override useAverage(parameters: FlatParameters, use: boolean): void {
    this.inner.stepCount = this.stepCount;
    this.inner.useAverage(parameters, use);
  }
}
