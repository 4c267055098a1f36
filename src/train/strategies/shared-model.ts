/**
 * @file Where do several workers find one model? Parameters, the optimiser's state and gradients on memory that they share.
 *
 *   flat value  [n]                 one for all                 the lead's numbers count, the others adopt its memory
 *   state       [≤ n] each          one for all                 so that checkpoints are those of a single worker
 *   gradients   dense [n of dense]  one a group of workers      group g's gradient of parameter p: a view
 *               rows  ids, values   one a row-sparse parameter  room for all D rows is reserved; only rows that batches
 *                                                               touch ever take memory
 *
 * Parameters that are not trained (running statistics) stay each worker's own but for the lead's, whose are saved: all
 * would write them at once.
 */
import { ConfigError } from "../../core/errors.js";
import type { Kernels } from "../../kernels/contract.js";
import { type DenseGradient, type FlatParameters, moveParameters, type Parameter } from "../../nn/parameter.js";
import type { Optimizer } from "../../optim/optimizer.js";
import { ParameterWiseOptimizer } from "../../optim/parameter-wise-optimizer.js";

/** What the lead hands out: arrays on shared memory. */
export interface SharedModel {
  readonly value: Float32Array;
  readonly state: Readonly<Record<string, Float32Array>>;
}

/** Gradients of one row-sparse parameter, on shared memory. */
export interface SharedRows {
  readonly ids: Uint32Array;
  readonly values: Float32Array;
  /** [1] */
  readonly count: Uint32Array;
}

/** Gradients of one group, on shared memory. */
export interface GroupGradients {
  /** Of parameter i: its dense gradient, or null. */
  readonly dense: readonly (Float32Array | null)[];
  /** Of parameter i: its row-sparse gradient, or null. */
  readonly rows: readonly (SharedRows | null)[];
}

/** @throws {ConfigError} for an optimiser that does not treat each number for itself. */
export function checkOptimizer(strategy: string, optimizer: Optimizer): ParameterWiseOptimizer {
  if (optimizer instanceof ParameterWiseOptimizer) return optimizer;
  throw new ConfigError(
    `${strategy}: expected an optimiser that steps each parameter for itself, got ${optimizer.constructor.name}; ` +
      "use one of createOptimizer's, or the sequential strategy",
  );
}

/** The lead's side: moves parameters and state to shared memory. */
export function shareModel(kernels: Kernels, flat: FlatParameters, optimizer: ParameterWiseOptimizer): SharedModel {
  const value = kernels.sharedF32(flat.value.length);
  moveParameters(flat, value, "copy");
  optimizer.prepare(flat);
  optimizer.moveState((_, vector) => {
    const shared = kernels.sharedF32(vector.length);
    shared.set(vector);
    return shared;
  });
  return { value, state: optimizer.state() };
}

/** The others' side: their parameters and state are the lead's from now on. */
export function adoptModel(flat: FlatParameters, optimizer: ParameterWiseOptimizer, shared: SharedModel): void {
  const own = flat.parameters.map(({ trainable, value }) => (trainable ? null : value));
  moveParameters(flat, shared.value, "adopt");
  flat.parameters.forEach((parameter, i) => {
    const value = own[i];
    if (value !== null) parameter.value = value;
  });
  optimizer.prepare(flat);
  optimizer.moveState((name) => shared.state[name]);
}

/** Room for a group's gradients. */
export function shareGradients(kernels: Kernels, { parameters }: FlatParameters): GroupGradients {
  return {
    dense: parameters.map(({ grad, trainable, size }) =>
      grad.kind === "dense" && trainable ? kernels.sharedF32(size) : null,
    ),
    rows: parameters.map(({ grad, trainable, size, shape }) =>
      grad.kind === "rows" && trainable
        ? { ids: kernels.sharedU32(shape[0]), values: kernels.sharedF32(size), count: kernels.sharedU32(1) }
        : null,
    ),
  };
}

/** Points the gradients of some parameters to their group's memory: backward passes then write there. */
export function attachGradients(parameters: readonly Parameter[], group: GroupGradients): void {
  parameters.forEach(({ grad }, i) => {
    const dense = group.dense[i];
    const rows = group.rows[i];
    if (dense !== null) (grad as DenseGradient).values = dense;
    // Big enough for any batch: modules keep an array that is long enough.
    if (rows !== null && grad.kind === "rows") grad.values = rows.values;
  });
}

/**
 * After a backward pass: makes the gradients of `parameters` whole for other threads. Dense ones are; of row-sparse ones
 * the ids are copied, and the values where the module put them elsewhere.
 */
export function publishGradients(
  parameters: readonly Parameter[],
  group: GroupGradients,
  indices: readonly number[],
): void {
  for (const i of indices) {
    const { grad, cols } = parameters[i];
    const rows = group.rows[i];
    // A gradient that nothing was added to counts as zero until it is read.
    if (grad.kind === "dense") void grad.values;
    if (grad.kind !== "rows" || rows === null) continue;
    rows.count[0] = grad.count;
    rows.ids.set(grad.ids.subarray(0, grad.count));
    if (grad.values !== rows.values) rows.values.set(grad.values.subarray(0, grad.count * cols));
  }
}
