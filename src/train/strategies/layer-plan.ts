/**
 * @file Which worker computes which layers? Runs of modules, cut before layers that have parameters, so that the slowest
 * worker has as little to do as can be.
 *
 *   0 SparseLinear  1 ReLU  2 Dropout │ 3 Linear  4 ReLU │ 5 Linear │ loss
 *              worker 0               │    worker 1      │   worker 2
 *
 * A layer's cost is the products of a row: numbers of its weights, times the places at which a convolution applies them;
 * of a sparse input layer, units times the entries of a row.
 */
import { ConfigError } from "../../core/errors.js";
import { Sequential } from "../../nn/containers/sequential.js";
import { Linear } from "../../nn/layers/linear.js";
import type { Criterion, Module, SparseBatch, Tensor } from "../../nn/module.js";
import type { SupervisedBatch } from "../objective.js";
import type { TrainerOptions } from "../trainer-options.js";
import { numRowsOf } from "./micro-batches.js";

type AnyModule = Module<unknown, unknown>;

/** A training whose model is a chain, with all that a plan needs of it. */
export interface Chain {
  readonly modules: readonly AnyModule[];
  readonly criterion: Criterion<unknown, unknown>;
  /** What happens to a batch before the model sees it. */
  prepare(batch: unknown): void;
}

/** What one worker computes: modules [from, to). */
export interface Stage {
  readonly from: number;
  readonly to: number;
}

/** Size of what a module gives, a row. */
export interface OutputShape {
  /** Dimensions behind the rows. */
  readonly tail: readonly number[];
  readonly numbersPerRow: number;
}

/** What a model does with the first batch. */
export interface ModelMeasures {
  /** Of each module. */
  readonly outputs: readonly OutputShape[];
  /** Rows of the batch: no other has more. */
  readonly numRows: number;
  /** Entries of a sparse row; 1 for others. */
  readonly entriesPerRow: number;
}

/** @throws {ConfigError} for an objective that is no chain of layers and a loss. */
export function chainOf<B>(strategy: string, { objective }: TrainerOptions<B>): Chain {
  const { model, criterion, prepare } = objective as Partial<{
    model: unknown;
    criterion: Criterion<unknown, unknown>;
    prepare: (batch: unknown) => void;
  }>;
  const isChain = model instanceof Sequential && criterion !== undefined && prepare !== undefined;
  if (!isChain) {
    throw new ConfigError(
      `${strategy}: expected an objective of a Sequential and a criterion, got ${objective.constructor.name}; ` +
        "use SupervisedObjective, a world with full output (--output full), or the data-parallel strategy",
    );
  }
  return { modules: model.modules, criterion, prepare: prepare.bind(objective) };
}

/** What each module gives for `batch`, a row. Runs the model once, without drawing random numbers. */
export function measureOutputs<B>({ objective, source }: TrainerOptions<B>, { modules }: Chain): ModelMeasures {
  const batch = source.load(0, 0) as unknown as SupervisedBatch<unknown, unknown>;
  objective.setMode("evaluate");
  const outputs: OutputShape[] = [];
  let value: unknown = batch.inputs;
  for (const module of modules) {
    value = module.forward(value);
    const tail = (value as Tensor).shape?.slice(1);
    if (tail === undefined) {
      throw new ConfigError(
        `model-parallel: expected modules that give tensors, got a table from ${module.constructor.name}; ` +
          "put it and what joins the table into one container",
      );
    }
    outputs.push({ tail, numbersPerRow: tail.reduce((a, b) => a * b, 1) });
  }
  objective.setMode("train");
  return { outputs, numRows: numRowsOf(batch.inputs), entriesPerRow: entriesPerRow(batch.inputs) };
}

function entriesPerRow(inputs: unknown): number {
  const { offsets, numRows } = inputs as Partial<SparseBatch>;
  return offsets === undefined || numRows === undefined || numRows === 0
    ? 1
    : (offsets[numRows] - offsets[0]) / numRows;
}

/** Products of a row in each module. */
export function costs(chain: Chain, outputs: readonly OutputShape[], entries: number): number[] {
  return chain.modules.map((module, i) =>
    module.parameters().reduce((sum, { grad, size, cols, shape }) => {
      if (grad.kind === "rows") return sum + cols * entries;
      return sum + size * Math.max(1, outputs[i].numbersPerRow / shape[0]);
    }, 0),
  );
}

/** Cuts the chain into `numStages`. @throws {ConfigError} if there are fewer layers with parameters. */
export function cutStages(strategy: string, chain: Chain, cost: readonly number[], numStages: number): Stage[] {
  const { modules } = chain;
  // Modules without parameters go with the layer before them; those at the start with the first.
  const starts = modules.flatMap((module, i) => (module.parameters().length > 0 ? [i] : []));
  if (starts.length < numStages) {
    throw new ConfigError(
      `${strategy}: expected at most ${starts.length} workers, one a layer with weights, got ${numStages}; ` +
        "use fewer, or the hybrid or data-parallel strategy",
    );
  }
  starts[0] = 0;
  const bounds = [...starts, modules.length];
  const total = (from: number, to: number): number => cost.slice(bounds[from], bounds[to]).reduce((a, b) => a + b, 0);
  // best[k][b]: least cost of the slowest of k stages over the first b layers, and where the last of them starts.
  const numLayers = starts.length;
  let best = Array.from({ length: numLayers + 1 }, (_, b) => ({ cost: b === 0 ? 0 : total(0, b), cuts: [0] }));
  for (let k = 2; k <= numStages; k++) {
    best = best.map((_, b) => {
      let least = { cost: Number.POSITIVE_INFINITY, cuts: [0] };
      for (let from = k - 1; from < b; from++) {
        const slowest = Math.max(best[from].cost, total(from, b));
        if (slowest < least.cost) least = { cost: slowest, cuts: [...best[from].cuts, from] };
      }
      return least;
    });
  }
  const { cuts } = best[numLayers];
  return cuts.map((cut, i) => ({ from: bounds[cut], to: i + 1 < cuts.length ? bounds[cuts[i + 1]] : modules.length }));
}

/** Whether batches may pass in pieces and leave the bits alone: weights' sums go on from piece to piece. */
export function mayCut(chain: Chain): boolean {
  return chain.modules.every(
    (module, i) => module.parameters().length === 0 || module instanceof Linear || (i === 0 && readsData(module)),
  );
}

/** A layer whose input is data and whose gradient is row-sparse: it works on whole batches. */
export function readsData(module: AnyModule): boolean {
  return module.parameters().some(({ grad }) => grad.kind === "rows");
}
