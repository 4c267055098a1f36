/**
 * @file Which numbers make a model? The shape of its worlds, how they are trained, how they are merged: all that a user
 * may set, in one object, as `choose-options.ts` fills it in and the manifest keeps it.
 */
import type { Manifest } from "../checkpoint/manifest.js";
import { ConfigError } from "../core/errors.js";
import type { MergeKind } from "../mach/merge.js";
import type { HiddenActivation, Loss, OutputLayer, WorldOptions } from "../mach/world.js";
import { checkOptimization, type OptimizationOptions } from "./train-options.js";

/** See WorldOptions, OptimizationOptions, MergeKind and LabelPriorOptions for what each does. */
export interface ModelOptions extends OptimizationOptions {
  readonly numWorlds: number;
  readonly numBuckets: number;
  readonly hidden: readonly number[];
  readonly activation: HiddenActivation;
  readonly dropout: number;
  readonly loss: Loss;
  readonly output: OutputLayer;
  readonly merge: MergeKind;
  /** Weight of the label prior, in units of the merged score. */
  readonly priorAlpha: number;
  /** Rank only labels that occur in the training rows. */
  readonly seenOnly: boolean;
}

/** The part of `options` that gives a world its shape. */
export function worldOptionsOf(options: ModelOptions, numFeatures: number): WorldOptions {
  const { hidden, numBuckets, activation, dropout, loss, output } = options;
  return { numFeatures, hidden: [...hidden], numBuckets, activation, dropout, loss, output };
}

/** The part of `options` that says how a world is trained. */
export function optimizationOf(options: ModelOptions): OptimizationOptions {
  const { epochs, batchSize, optimizer, learningRate, inputLearningRateScale, inputMoments, schedule } = options;
  const { warmup, weightDecay, numNegatives, inputSpread, validationShare, seed } = options;
  return {
    epochs,
    batchSize,
    optimizer,
    learningRate,
    inputLearningRateScale,
    inputMoments,
    schedule,
    warmup,
    weightDecay,
    numNegatives,
    inputSpread,
    validationShare,
    seed,
  };
}

/** @throws {ConfigError} naming the option. */
export function checkModelOptions(options: ModelOptions): void {
  checkOptimization(options);
  const { numBuckets, dropout } = options;
  if (!Number.isInteger(numBuckets) || numBuckets < 2) {
    throw new ConfigError(`train: expected numBuckets to be an integer of at least 2, got ${numBuckets}`);
  }
  if (!(dropout >= 0 && dropout < 1)) throw new ConfigError(`train: expected dropout in [0, 1), got ${dropout}`);
}

/** The options that a stored model was made with. */
export function modelOptionsOf(manifest: Manifest): ModelOptions {
  const { network, hash, merge, prior, training } = manifest;
  const optimization = training as unknown as OptimizationOptions;
  checkOptimization(optimization);
  return {
    ...optimization,
    numWorlds: hash.numWorlds,
    numBuckets: network.numBuckets,
    hidden: network.hidden,
    activation: network.activation,
    dropout: network.dropout,
    loss: network.loss,
    output: network.output,
    merge,
    priorAlpha: prior.alpha,
    seenOnly: prior.seenOnly,
  };
}

/**
 * @throws {ConfigError} if `given` asks for something else than what the model was made with. Worlds may be added, and
 * merging does not concern what is trained.
 */
export function checkResumable(given: Partial<ModelOptions>, stored: ModelOptions, modelPath: string): void {
  const { numWorlds: _, ...others } = given;
  checkSame(others, stored, modelPath);
}

/** @throws {ConfigError} naming the first option of `given` that `stored` has with another value. */
export function checkSame(given: object, stored: object, modelPath: string): void {
  const known = new Map<string, unknown>(Object.entries(stored));
  for (const [key, value] of Object.entries(given)) {
    const [before, now] = [known.get(key), value].map((v) => JSON.stringify(v));
    if (value === undefined || before === now) continue;
    throw new ConfigError(
      `${modelPath}: this model was trained with ${key} ${before}, got ${now}; ` +
        "leave the option out to resume, or use --overwrite to start anew",
    );
  }
}
