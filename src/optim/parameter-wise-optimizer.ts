/**
 * @file What do the rules share that treat each number for itself? A walk over the parameters, each with its own rows and slices of the state.
 *
 *   flat value    │ 0.weight │ 0.bias │ 2.weight │ 2.bias │
 *   flat velocity │ slice    │ slice  │ slice    │ slice  │      one such vector per name in `stateNames`; slices are as
 *                                                               long as `stateLength` says, by default as the parameter
 *
 * A dense gradient is one kernel call over all numbers of the parameter; a row-sparse one a call over its `count` rows,
 * in which the others do not move: their momentum, moments and decay wait until the row occurs again ("lazy").
 *
 * Parameters that are not `trainable` are passed over: they have no slot and no state.
 *
 * Weight decay applies to matrices only: a bias needs no shrinking, since it sets a level and cannot overfit inputs
 * (Goodfellow, Bengio, Courville, "Deep Learning", 2016, §7.1).
 */
import { ConfigError, ShapeError } from "../core/index.js";
import type { Kernels, RowList } from "../kernels/contract.js";
import type { FlatParameters, Parameter } from "../nn/parameter.js";
import { Optimizer } from "./optimizer.js";

/** A parameter with what its step needs, made once. */
export interface Slot {
  readonly parameter: Parameter;
  readonly dims: { readonly cols: number; readonly rows: RowList | null };
  /** This parameter's part of each state vector, in the order of `stateNames`. */
  readonly state: readonly Float32Array[];
}

/** An optimiser whose rule looks at one parameter at a time. */
export abstract class ParameterWiseOptimizer extends Optimizer {
  override learningRate: number;

  protected readonly kernels: Kernels;
  private readonly weightDecay: number;
  private readonly stateNames: readonly string[];
  private readonly initialState: number;
  private stateVectors: Record<string, Float32Array>;
  private prepared: FlatParameters | null;
  protected slots: readonly Slot[];

  /** `initialState` fills new state vectors. */
  protected constructor(
    kernels: Kernels,
    options: { readonly learningRate: number; readonly weightDecay: number },
    stateNames: readonly string[],
    initialState: number,
  ) {
    super();
    this.weightDecay = options.weightDecay;
    this.kernels = kernels;
    this.learningRate = options.learningRate;
    this.stateNames = stateNames;
    this.initialState = initialState;
    this.stateVectors = {};
    this.prepared = null;
    this.slots = [];
  }

  /** Called at the start of a step, after `stepCount` was raised: brings the kernel's options up to date. */
  protected beginStep(): void {}

  /** One kernel call: value and state of the slot accumulated at the rows of its dims, its gradient read. */
  protected abstract update(slot: Slot, learningRate: number, weightDecay: number): void;

  /** Numbers that state vector `name` keeps for `parameter`, if that is trainable. Default one for each of its numbers. */
  protected stateLength(_name: string, parameter: Parameter): number {
    return parameter.size;
  }

  state(): Record<string, Float32Array> {
    return this.stateVectors;
  }

  /**
   * Set `momentsByRow` of the parameters before: it decides how long the state is.
   * @throws {ShapeError} when called for parameters of another size than before: one optimiser serves one model.
   */
  prepare(parameters: FlatParameters): void {
    if (parameters === this.prepared) return;
    const trainable = parameters.parameters.filter((parameter) => parameter.trainable);
    const starts = this.stateNames.map((name) => this.layOut(name, trainable));
    this.slots = trainable.map((parameter, i) => {
      const dims =
        parameter.grad.kind === "rows"
          ? { cols: parameter.cols, rows: parameter.grad }
          : { cols: parameter.size, rows: null };
      const state = this.stateNames.map((name, j) =>
        this.stateVectors[name].subarray(starts[j][i], starts[j][i] + this.stateLength(name, parameter)),
      );
      return { parameter, dims, state };
    });
    this.prepared = parameters;
  }

  /** Makes state vector `name`, or checks that it has the right length. @returns where each parameter's part starts. */
  private layOut(name: string, parameters: readonly Parameter[]): number[] {
    const starts: number[] = [];
    let length = 0;
    for (const parameter of parameters) {
      starts.push(length);
      length += this.stateLength(name, parameter);
    }
    const vector = this.stateVectors[name];
    if (vector === undefined) {
      const fresh = this.kernels.f32(length);
      if (this.initialState !== 0) fresh.fill(this.initialState);
      this.stateVectors[name] = fresh;
    } else if (vector.length !== length) {
      throw new ShapeError(
        `${this.constructor.name}.prepare: expected ${name} of ${vector.length} numbers, got ${length}; ` +
          "make one optimiser for each model",
      );
    }
    return starts;
  }

  step(parameters: FlatParameters): void {
    this.prepare(parameters);
    this.stepCount++;
    this.beginStep();
    for (const slot of this.slots) {
      const { parameter, dims } = slot;
      if (dims.rows !== null && dims.rows.count === 0) continue;
      const learningRate = this.learningRate * parameter.learningRateScale;
      this.update(slot, learningRate, parameter.shape.length > 1 ? this.weightDecay : 0);
    }
  }
}

/** @throws {ConfigError} unless low ≤ value < high (or value is finite and > 0, by `low` = "positive"). */
export function checkOption(where: string, name: string, value: number, low: number | "positive", high: number): void {
  const inside = low === "positive" ? value > 0 && value < high : value >= low && value < high;
  if (inside) return;
  const range = low === "positive" ? `(0, ${high})` : `[${low}, ${high})`;
  throw new ConfigError(`${where}: expected ${name} in ${range}, got ${value}; see the defaults of ${where}`);
}
