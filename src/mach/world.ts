/**
 * @file What is a world? A small classifier that only has to name a bucket.
 *
 *   position   0                1      2         3              4      5         6
 *   module     SparseLinear  →  ReLU → Dropout → Linear      →  ReLU → Dropout → Linear | SampledLinear
 *              [D, H₀]                           [H₀, H₁]                        [H₁, B]
 *   names      0.weight 0.bias                   3.weight 3.bias                 6.weight 6.bias
 *
 * One ReLU and Dropout behind each hidden layer, whatever the rate, so that names in a checkpoint do not depend on it.
 * `activation: "none"` leaves out the ReLUs: positions 0, 2, 4. A linear bottleneck learns rare words faster.
 * `hidden: []` is a linear world: SparseLinear(D, B) alone. Sparse weights are stored [in, out], dense ones [out, in].
 * `output` changes only how a training step computes logits; the parameters and their names are the same.
 *
 * Source: Medini et al., NeurIPS 2019, §4 (one or two hidden ReLU layers behind sparse input).
 */
import { ConfigError } from "../core/errors.js";
import type { Activation, Kernels } from "../kernels/contract.js";
import { ReLU } from "../nn/activations/relu.js";
import { Sequential } from "../nn/containers/sequential.js";
import type { SeedSource } from "../nn/init.js";
import { Dropout } from "../nn/layers/dropout.js";
import { Linear } from "../nn/layers/linear.js";
import { SampledLinear } from "../nn/layers/sampled-linear.js";
import { SparseLinear } from "../nn/layers/sparse-linear.js";
import type { Module, SparseBatch, Tensor } from "../nn/module.js";
import { type FlatParameters, flatten } from "../nn/parameter.js";

/** What a world learns of a row's buckets. softmax: a distribution over all B; sigmoid: yes or no for each. */
export type Loss = "softmax" | "sigmoid";
/** What stands behind each hidden layer. */
export type HiddenActivation = "relu" | "none";
/** Which of the B logits a training step computes: all, or some drawn at random. Answers are made of all. */
export type OutputLayer = "full" | "sampled";

/** What a world is built of, and what it learns by; the same for all worlds of a model. */
export interface WorldOptions {
  /** D. */
  readonly numFeatures: number;
  /** Units of each hidden layer; [] for a linear world. */
  readonly hidden: readonly number[];
  /** B. */
  readonly numBuckets: number;
  /** Behind each hidden layer. none: the layers are one linear map of rank at most the smallest hidden size. */
  readonly activation: HiddenActivation;
  /** Chance that a hidden unit is dropped while training, [0, 1). */
  readonly dropout: number;
  /** softmax: one of B; sigmoid: any of B. */
  readonly loss: Loss;
  /** full: every step computes all B logits; sampled: those of some buckets drawn at random and of each row's own. */
  readonly output: OutputLayer;
}

/** A layer with parameters, in the order of the model. */
export interface WorldLayer {
  /** Position in the Sequential; parameters are `<position>.weight` and `<position>.bias`. */
  readonly position: number;
  /** sparse: weight [numInputs, numOutputs]; dense: weight [numOutputs, numInputs]. */
  readonly kind: "sparse" | "dense";
  readonly numInputs: number;
  readonly numOutputs: number;
}

/** A world under training. */
export interface World {
  /** Rows [N, D] to logits [N, B], or those that `sampled` chooses. */
  readonly model: Sequential<SparseBatch>;
  /** All parameters as one vector. */
  readonly parameters: FlatParameters;
  /** The output layer where `output` is "sampled": call its `setSample` or `setActive` before each forward. */
  readonly sampled: SampledLinear | null;
  /** In the order of the model; give them a generator an epoch so that training can resume. */
  readonly dropouts: readonly Dropout[];
}

/** Half the width of the initial input weights: standard deviation 0.1. */
export const DEFAULT_INPUT_SPREAD = 0.17;

/** The layers that hold parameters. @throws {ConfigError} for sizes or combinations that make no world. */
export function worldLayers(options: WorldOptions): WorldLayer[] {
  const { numFeatures, hidden, numBuckets } = options;
  const sizes = [numFeatures, ...hidden, numBuckets];
  if (sizes.some((size) => !Number.isSafeInteger(size) || size < 1)) {
    throw new ConfigError(
      `world: expected sizes of at least 1, got ${sizes.join(" → ")}; check features, hidden, buckets`,
    );
  }
  if (options.output === "sampled" && hidden.length === 0) {
    throw new ConfigError("world: a sampled output needs a hidden layer; use full output, or hidden sizes such as 256");
  }
  return sizes.slice(1).map((numOutputs, i) => ({
    position: i * (options.activation === "relu" ? 3 : 2),
    kind: i === 0 ? "sparse" : "dense",
    numInputs: sizes[i],
    numOutputs,
  }));
}

/** Names and shapes of a world's parameters, in the order of the flat vector. */
export function worldParameterShapes(
  options: WorldOptions,
): { readonly name: string; readonly shape: readonly number[] }[] {
  return worldLayers(options).flatMap(({ position, kind, numInputs, numOutputs }) => [
    { name: `${position}.weight`, shape: kind === "sparse" ? [numInputs, numOutputs] : [numOutputs, numInputs] },
    { name: `${position}.bias`, shape: [numOutputs] },
  ]);
}

/**
 * A world with initial weights drawn from `rng`: one number for each layer in order, then one a training forward for
 * each dropout layer unless its generator is replaced. Sigmoid outputs start near one positive a row. Input weights are
 * uniform in ±inputSpread: rows have norm 1, so that D says nothing about the size of the layer's sums.
 */
export function createWorld(
  kernels: Kernels,
  options: WorldOptions,
  rng: SeedSource,
  { inputSpread = DEFAULT_INPUT_SPREAD }: { readonly inputSpread?: number } = {},
): World {
  const layers = worldLayers(options);
  const outputBias = options.loss === "sigmoid" ? -Math.log(options.numBuckets) : 0;
  const dropouts: Dropout[] = [];
  let sampled: SampledLinear | null = null;
  const modules: Module[] = [];
  for (const [i, { kind, numInputs, numOutputs }] of layers.entries()) {
    const isLast = i === layers.length - 1;
    const init = { bias: isLast ? outputBias : 0 };
    if (kind === "sparse") {
      // Stands first: Sequential is told so below.
      const inputInit = { ...init, init: "uniform", gain: inputSpread } as const;
      modules.push(new SparseLinear(kernels, numInputs, numOutputs, rng, inputInit) as unknown as Module);
    } else if (isLast && options.output === "sampled") {
      sampled = new SampledLinear(kernels, numInputs, numOutputs, rng, init);
      modules.push(sampled);
    } else {
      modules.push(new Linear(kernels, numInputs, numOutputs, rng, init));
    }
    if (isLast) continue;
    const dropout = new Dropout(kernels, options.dropout, rng);
    dropouts.push(dropout);
    if (options.activation === "relu") modules.push(new ReLU(kernels));
    modules.push(dropout);
  }
  const [first, ...rest] = modules;
  const model = new Sequential<SparseBatch>(first as unknown as Module<SparseBatch, Tensor>, ...rest);
  return { model, parameters: flatten(kernels, model.parameters()), sampled, dropouts };
}

/** How a world's logits become probabilities, or their logarithms. */
export function activationOf(loss: Loss, logarithm: boolean): Activation {
  if (loss === "softmax") return logarithm ? "logSoftmax" : "softmax";
  return logarithm ? "logSigmoid" : "sigmoid";
}
