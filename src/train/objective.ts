/**
 * @file What does a training step minimise, and on what? The two halves that a Trainer joins.
 *
 *   BatchSource ──load(epoch, index)──▶ batch ──▶ Objective.lossAndGradient ──▶ gradients of `parameters`
 *
 * `SupervisedObjective` is the usual one: a model, and a criterion that compares its output with targets. Anything else
 * that has parameters and a loss (sampled outputs, several heads, embeddings) implements `Objective` itself.
 */
import type { Kernels } from "../kernels/contract.js";
import type { Criterion, Mode, Module, Tensor } from "../nn/module.js";
import { type FlatParameters, flatten } from "../nn/parameter.js";

/** A loss of some parameters, with its gradient. */
export interface Objective<B> {
  /** What the loss depends on: values, and where their gradients go. */
  readonly parameters: FlatParameters;
  /** One step's arithmetic: zeroes, then fills the gradients of `parameters`. @returns the mean loss of the batch. */
  lossAndGradient(batch: B): number;
  /** "train" while steps are taken, "evaluate" while a validation runs. */
  setMode(mode: Mode): void;
}

/** Where batches come from. */
export interface BatchSource<B> {
  /** Rows of an epoch. */
  readonly numRows: number;
  /** Steps of an epoch; the same for all epochs. */
  readonly batchesPerEpoch: number;
  /**
   * Batch `index` < batchesPerEpoch of `epoch`, both from 0: a pure function of its arguments and the source's seed, so
   * that a run can resume anywhere. Its arrays may be reused by the next call.
   */
  load(epoch: number, index: number): B;
  /**
   * Part `part` of `numParts` of the rows that `load` would give, as `partOfRows` cuts them; needed by strategies that
   * split a batch among workers. A part may have no rows: then `batch` is not to be used.
   */
  loadPart?(epoch: number, index: number, part: number, numParts: number): BatchPart<B>;
}

/** Some of a batch's rows. */
export interface BatchPart<B> {
  readonly batch: B;
  readonly numRows: number;
}

/** Rows [from, to) of `numRows` that are part `part` of `numParts`. The first part is empty only if all are. */
export function partOfRows(numRows: number, part: number, numParts: number): { from: number; to: number } {
  return { from: Math.ceil((numRows * part) / numParts), to: Math.ceil((numRows * (part + 1)) / numParts) };
}

/** Rows with what a model should answer to them. */
export interface SupervisedBatch<I = Tensor, T = Tensor> {
  /** [n, …] for a model's `forward`. */
  readonly inputs: I;
  /** [n, …] for a criterion. */
  readonly targets: T;
  /** n. */
  readonly numRows: number;
  /** Where the rows stand in the whole batch, if they are a part of one: rows before, and entries of sparse inputs before. */
  readonly first?: { readonly row: number; readonly entry: number };
}

/** The loss of `criterion` on what `model` answers. */
export class SupervisedObjective<I = Tensor, T = Tensor, O = Tensor> implements Objective<SupervisedBatch<I, T>> {
  readonly model: Module<I, O>;
  readonly criterion: Criterion<O, T>;
  /** Those of the model, then those of the criterion. */
  readonly parameters: FlatParameters;

  /**
   * Flattens the parameters of both; those of the criterion get `criterion.` before their names. A second objective on the
   * same model and criterion, or on the model with another loss that has no parameters, shares their vector.
   */
  constructor(kernels: Pick<Kernels, "f32">, model: Module<I, O>, criterion: Criterion<O, T>) {
    this.model = model;
    this.criterion = criterion;
    const ofCriterion = criterion.parameters();
    for (const parameter of ofCriterion) {
      if (!parameter.name.startsWith("criterion.")) parameter.name = `criterion.${parameter.name}`;
    }
    this.parameters = flatten(kernels, [...model.parameters(), ...ofCriterion]);
  }

  /** What happens to a batch before the model sees it: nothing. Strategies that split the model call it by itself. */
  prepare(_batch: SupervisedBatch<I, T>): void {}

  lossAndGradient({ inputs, targets, first }: SupervisedBatch<I, T>): number {
    const { model, criterion } = this;
    model.setFirstRow(first?.row ?? 0);
    model.zeroGradParameters();
    criterion.zeroGradParameters();
    const output = model.forward(inputs);
    const loss = criterion.forward(output, targets);
    model.backward(inputs, criterion.backward(output, targets));
    return loss;
  }

  /**
   * Mean loss of a row over epoch 0 of `source`, in the mode set; no gradients. What a validation measures. The criterion
   * must average over rows: a sum (`sizeAverage: false`) would count each batch as often as it has rows.
   */
  meanLoss(source: BatchSource<SupervisedBatch<I, T>>): number {
    let sum = 0;
    for (let index = 0; index < source.batchesPerEpoch; index++) {
      const { inputs, targets, numRows } = source.load(0, index);
      sum += numRows * this.criterion.forward(this.model.forward(inputs), targets);
    }
    return sum / source.numRows;
  }

  setMode(mode: Mode): void {
    this.model.setMode(mode);
    this.criterion.setMode(mode);
  }
}
