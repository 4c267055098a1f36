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
import { type DenseGradient, type FlatParameters, Parameter, type RowSparseGradient } from "../nn/parameter.js";
import { Optimizer } from "./optimizer.js";

/** A parameter with what its step needs, made once. */
export interface Slot {
  readonly parameter: Parameter;
  readonly dims: { readonly cols: number; readonly rows: RowList | null };
  /** This parameter's part of each state vector, in the order of `stateNames`. */
  readonly state: readonly Float32Array[];
}

/** A part of a parameter that one thread steps, with the gradient of that part. */
export interface ParameterPart {
  /** Name of the parameter. */
  readonly parameter: string;
  /** First row of the part of a dense parameter; not looked at for a row-sparse gradient. */
  readonly firstRow: number;
  /** Rows of that part; not looked at either. */
  readonly numRows: number;
  /** Dense: of these rows. Row-sparse: the rows to step, numbers of the whole parameter. */
  readonly grad: DenseGradient | RowSparseGradient;
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
  /** What `step` updates, if that is not all. */
  private parts: readonly Slot[] | null;

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
    this.parts = null;
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

  /** Moves the state, which `prepare` has made, to memory of the caller's choice: `move` returns a vector of that length. */
  moveState(move: (name: string, vector: Float32Array) => Float32Array): void {
    const { prepared } = this;
    if (prepared === null) throw new ConfigError("Optimizer.moveState: expected prepared parameters, got none");
    for (const name of this.stateNames) this.stateVectors[name] = move(name, this.stateVectors[name]);
    this.prepared = null;
    this.prepare(prepared);
  }

  /**
   * Restricts `step` to parts of the prepared parameters: other threads step the others, on the same state. Rows of a
   * row-sparse gradient are named by its list; of a dense parameter a part is a run of its rows.
   */
  restrictTo(parts: readonly ParameterPart[]): void {
    this.parts = parts.map(({ parameter: name, firstRow, numRows, grad }) => {
      const slot = this.slots.find(({ parameter }) => parameter.name === name);
      if (slot === undefined) throw new ConfigError(`Optimizer.restrictTo: expected a trained parameter, got ${name}`);
      const { parameter } = slot;
      const { cols } = parameter;
      if (grad.kind === "rows") {
        const part = partOf(parameter, parameter.shape, parameter.value, grad);
        return { parameter: part, dims: { cols, rows: grad }, state: slot.state };
      }
      const [from, to] = [firstRow * cols, (firstRow + numRows) * cols];
      const shape = [numRows, ...parameter.shape.slice(1)];
      const part = partOf(parameter, shape, parameter.value.subarray(from, to), grad);
      // A rule keeps a number for each of a dense parameter's, or none.
      const state = slot.state.map((vector) => (vector.length === 0 ? vector : vector.subarray(from, to)));
      return { parameter: part, dims: { cols: to - from, rows: null }, state };
    });
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
    for (const slot of this.parts ?? this.slots) {
      const { parameter, dims } = slot;
      if (dims.rows !== null && dims.rows.count === 0) continue;
      const learningRate = this.learningRate * parameter.learningRateScale;
      this.update(slot, learningRate, parameter.shape.length > 1 ? this.weightDecay : 0);
    }
  }
}

function partOf(
  whole: Parameter,
  shape: readonly number[],
  value: Float32Array,
  grad: DenseGradient | RowSparseGradient,
): Parameter {
  const part = new Parameter(whole.name, shape, value, grad);
  part.learningRateScale = whole.learningRateScale;
  part.momentsByRow = whole.momentsByRow;
  return part;
}

/** @throws {ConfigError} unless low ≤ value < high (or value is finite and > 0, by `low` = "positive"). */
export function checkOption(where: string, name: string, value: number, low: number | "positive", high: number): void {
  const inside = low === "positive" ? value > 0 && value < high : value >= low && value < high;
  if (inside) return;
  const range = low === "positive" ? `(0, ${high})` : `[${low}, ${high})`;
  throw new ConfigError(`${where}: expected ${name} in ${range}, got ${value}; see the defaults of ${where}`);
}
