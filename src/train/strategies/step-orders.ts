/**
 * @file What do the workers of a step tell each other? The lead what is to be done, each worker what came of it.
 *
 *   orders  Float64Array  │ 0 what │ 1 epoch │ 2 batch │ 3 learning rate │ 4 step │ 5 … states of generators, 4 each: of
 *                           all before the step, then of all after it │
 *   results Float64Array  │ [w, 0] loss of worker w's group, or a part of it │ [w, 1] rows that its group had │
 *
 * RACE: the lead writes orders between two barriers at which the others wait, and they read them behind the second. A
 * worker writes its own results before a barrier, all read them behind it. Of all workers one draws last and writes the
 * states after the step; the lead reads them behind the barrier.
 */
import type { Rng } from "../../core/rng.js";

/** Each worker is to compute its part of a batch, and all are to merge their gradients. */
export const COMPUTE = 1;
/** Each worker is to step the parameters that it owns. */
export const STEP = 2;
/** There are no more steps. */
export const FINISH = 3;

/** Before the states of generators. */
const ORDER_FIELDS = 5;
const RESULT_FIELDS = 2;

/** Which batch a step is about. */
export interface BatchOrder {
  readonly epoch: number;
  readonly index: number;
}

/** What all workers of a training share of this. */
export interface StepMemory {
  readonly orders: Float64Array;
  readonly results: Float64Array;
}

/** Memory for models that draw from `numRngs` generators. */
export function createStepMemory(numRngs: number, numWorkers: number): StepMemory {
  return {
    orders: new Float64Array(new SharedArrayBuffer(8 * (ORDER_FIELDS + 8 * numRngs))),
    results: new Float64Array(new SharedArrayBuffer(8 * RESULT_FIELDS * numWorkers)),
  };
}

/** One worker's view of the memory, with the generators of its own model. RACE: as above, in all that it reads and writes. */
export class StepOrders {
  private readonly orders: Float64Array;
  private readonly results: Float64Array;
  private readonly rngs: readonly Rng[];
  private readonly rngState: number[];

  constructor({ orders, results }: StepMemory, rngs: readonly Rng[]) {
    this.orders = orders;
    this.results = results;
    this.rngs = rngs;
    this.rngState = [0, 0, 0, 0];
  }

  /** COMPUTE, STEP or FINISH. */
  get what(): number {
    return this.orders[0];
  }

  set what(what: number) {
    this.orders[0] = what;
  }

  /** The batch to compute. */
  get batch(): BatchOrder {
    return { epoch: this.orders[1], index: this.orders[2] };
  }

  set batch({ epoch, index }: BatchOrder) {
    this.orders[1] = epoch;
    this.orders[2] = index;
  }

  get learningRate(): number {
    return this.orders[3];
  }

  /** Steps that will have been taken with this one. */
  get stepCount(): number {
    return this.orders[4];
  }

  setStep(learningRate: number, stepCount: number): void {
    this.orders[3] = learningRate;
    this.orders[4] = stepCount;
  }

  /** Writes down what `worker` computed. */
  report(worker: number, loss: number, numRows: number): void {
    this.results[RESULT_FIELDS * worker] = loss;
    this.results[RESULT_FIELDS * worker + 1] = numRows;
  }

  lossOf(worker: number): number {
    return this.results[RESULT_FIELDS * worker];
  }

  numRowsOf(worker: number): number {
    return this.results[RESULT_FIELDS * worker + 1];
  }

  /** Writes down where the generators of this worker stand. */
  saveStates(when: "before" | "after"): void {
    this.rngs.forEach((rng, generator) => {
      this.orders.set(rng.snapshot(), this.stateAt(when, generator));
    });
  }

  /** Brings the generators of this worker to what was written down. */
  restoreStates(when: "before" | "after"): void {
    this.rngs.forEach((rng, generator) => {
      const from = this.stateAt(when, generator);
      for (let i = 0; i < 4; i++) this.rngState[i] = this.orders[from + i];
      rng.restore(this.rngState);
    });
  }

  private stateAt(when: "before" | "after", generator: number): number {
    const before = when === "before" ? 0 : this.rngs.length;
    return ORDER_FIELDS + 4 * (before + generator);
  }
}
