/** @file Small random ensembles and inputs, and what they should answer, computed in f64 from the definitions. */
import { Rng } from "../../src/core/rng.js";
import type { Kernels } from "../../src/kernels/contract.js";
import { type LoadedWorld, WorldScorer } from "../../src/mach/index.js";
import { LabelHash } from "../../src/mach/label-hash.js";
import type { MergeKind } from "../../src/mach/merge.js";
import { createWorld, type World, type WorldOptions } from "../../src/mach/world.js";
import type { SparseBatch } from "../../src/nn/module.js";

export interface RandomModel {
  readonly hash: LabelHash;
  readonly options: WorldOptions;
  readonly worlds: readonly World[];
  readonly loaded: readonly LoadedWorld[];
}

export function randomModel(
  kernels: Kernels,
  options: WorldOptions,
  sizes: { numLabels: number; numWorlds: number; seed: number },
): RandomModel {
  const hash = new LabelHash({ ...sizes, numBuckets: options.numBuckets });
  const worlds = Array.from({ length: sizes.numWorlds }, (_, world) => {
    const rng = Rng.derive(sizes.seed, "world", world);
    const made = createWorld(kernels, options, rng);
    // Larger than initial weights are, so that worlds disagree; biases too.
    const { value } = made.parameters;
    for (let i = 0; i < value.length; i++) value[i] = Math.fround(3 * rng.nextFloat() - 1.5);
    made.model.setMode("evaluate");
    return made;
  });
  const loaded = worlds.map(({ parameters }, world) => ({
    world,
    scorer: WorldScorer.of(kernels, options, parameters),
  }));
  return { hash, options, worlds, loaded };
}

/** Rows of 0 … 5 features; offsets start above 0, as those of a slice do. */
export function randomBatch(numRows: number, numCols: number, seed: number): SparseBatch {
  const rng = new Rng(seed);
  const offsets = new Uint32Array(numRows + 1).fill(2);
  const columns: number[] = [0, 0];
  const values: number[] = [9, 9];
  for (let i = 0; i < numRows; i++) {
    for (let n = rng.nextBelow(6); n > 0; n--) {
      columns.push(rng.nextBelow(numCols));
      values.push(rng.nextFloat() * 2 - 1);
    }
    offsets[i + 1] = columns.length;
  }
  return { offsets, columns: Uint32Array.from(columns), values: Float32Array.from(values), numRows, numCols };
}

/** Logits of one row of one world, in f64 from its parameters. */
export function logitsOf({ parameters }: World, options: WorldOptions, batch: SparseBatch, row: number): number[] {
  const sizes = [options.numFeatures, ...options.hidden, options.numBuckets];
  let x = new Array<number>(options.numFeatures).fill(0);
  for (let i = batch.offsets[row]; i < batch.offsets[row + 1]; i++) x[batch.columns[i]] += batch.values[i];
  for (let layer = 0; layer < sizes.length - 1; layer++) {
    const weight = parameters.parameters[2 * layer].value;
    const bias = parameters.parameters[2 * layer + 1].value;
    const [numInputs, numOutputs] = [sizes[layer], sizes[layer + 1]];
    const at = (i: number, j: number): number => weight[layer === 0 ? i * numOutputs + j : j * numInputs + i];
    const y = Array.from({ length: numOutputs }, (_, j) => x.reduce((sum, xi, i) => sum + xi * at(i, j), bias[j]));
    const isLinear = layer === sizes.length - 2 || options.activation === "none";
    x = isLinear ? y : y.map((v) => Math.max(0, v));
  }
  return x;
}

export function probabilitiesOf(logits: readonly number[], loss: "softmax" | "sigmoid"): number[] {
  if (loss === "sigmoid") return logits.map((z) => 1 / (1 + Math.exp(-z)));
  const largest = Math.max(...logits);
  const e = logits.map((z) => Math.exp(z - largest));
  const sum = e.reduce((x, y) => x + y, 0);
  return e.map((v) => v / sum);
}

/** The reported score of a label whose buckets have probabilities `p`. */
export function mergeOf(kind: MergeKind, p: readonly number[], prior: number): number {
  const mean = (xs: readonly number[]): number => xs.reduce((x, y) => x + y, 0) / xs.length;
  if (kind === "probability") return mean(p) + prior;
  if (kind === "log-score") return Math.exp(mean(p.map(Math.log)) + prior);
  const sorted = [...p].sort((x, y) => x - y);
  if (kind === "min") return sorted[0] + prior;
  const middle = sorted.length >> 1;
  return (sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2) + prior;
}

/** All labels' scores, row by row: [N][L]. */
export function scoresOf(
  model: RandomModel,
  worldNumbers: readonly number[],
  batch: SparseBatch,
  kind: MergeKind,
  priorOf: (label: number) => number,
): number[][] {
  const { hash, options, worlds } = model;
  return Array.from({ length: batch.numRows }, (_, row) => {
    const p = worldNumbers.map((r) => probabilitiesOf(logitsOf(worlds[r], options, batch, row), options.loss));
    return Array.from({ length: hash.numLabels }, (_, label) =>
      mergeOf(
        kind,
        worldNumbers.map((r, i) => p[i][hash.bucket(label, r)]),
        priorOf(label),
      ),
    );
  });
}
