/**
 * @file Which numbers make a model? The shape of its worlds, how they are trained, how they are merged: all that a user
 * may set, in one object, as `choose-options.ts` fills it in and the manifest keeps it.
 */
import type { Manifest } from "../checkpoint/manifest.js";
import { ConfigError, OptionError } from "../core/errors.js";
import { MAX_WORLDS } from "../kernels/contract.js";
import { MERGE_KINDS, type MergeKind } from "../mach/merge.js";
import { type HiddenActivation, type Loss, type OutputLayer, type WorldOptions, worldLayers } from "../mach/world.js";
import { OPTIMIZER_NAMES } from "../optim/create-optimizer.js";
import { SCHEDULE_NAMES } from "../optim/schedules.js";
import { checkOptimization, type OptimizationOptions } from "./train-options.js";

/** Which model, and how it is trained: all that a user may set. What is left open `chooseOptions` fits to the data. */
export interface ModelOptions extends OptimizationOptions {
  /** R, 1 … MAX_WORLDS. */
  readonly numWorlds: number;
  /** B of each world, at least 2. */
  readonly numBuckets: number;
  /** Units of each hidden layer; []: a linear world. */
  readonly hidden: readonly number[];
  /** Behind each hidden layer; none: the layers are one linear map. */
  readonly activation: HiddenActivation;
  /** Chance that a hidden unit is dropped in a training step, [0, 1). */
  readonly dropout: number;
  /** softmax: buckets compete for one distribution; sigmoid: each is learnt by itself. */
  readonly loss: Loss;
  /** full: a step computes all B logits; sampled: those of its rows' buckets and of some drawn. */
  readonly output: OutputLayer;
  /** How the worlds' answers become one score a label, unless a query asks for another way. */
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
  const { warmup, weightDecay, numNegatives, inputSpread, inputDropout, validationShare, seed } = options;
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
    inputDropout,
    validationShare,
    seed,
  };
}

/** Values of the options that are names: programs may pass any string. */
const NAMES = {
  activation: ["relu", "none"] satisfies HiddenActivation[],
  loss: ["softmax", "sigmoid"] satisfies Loss[],
  output: ["full", "sampled"] satisfies OutputLayer[],
  merge: MERGE_KINDS,
  optimizer: OPTIMIZER_NAMES,
  schedule: SCHEDULE_NAMES,
} as const;

/**
 * To be called before anything is written: what passes makes worlds of `numFeatures` inputs that train and answer.
 * @throws {ConfigError} naming the option.
 */
export function checkModelOptions(options: ModelOptions, numFeatures: number): void {
  checkOptimization(options);
  const expect = (ok: boolean, name: keyof ModelOptions, expected: string): void => {
    if (!ok) throw new ConfigError(`train: expected ${name} to be ${expected}, got ${options[name]}`);
  };
  for (const [name, known] of Object.entries(NAMES) as [keyof typeof NAMES, readonly string[]][]) {
    expect(known.includes(options[name]), name, `one of ${known.join(", ")}`);
  }
  const { numWorlds, numBuckets, dropout, priorAlpha } = options;
  const countable = Number.isInteger(numWorlds) && numWorlds >= 1 && numWorlds <= MAX_WORLDS;
  expect(countable, "numWorlds", `an integer from 1 to ${MAX_WORLDS}`);
  expect(Number.isInteger(numBuckets) && numBuckets >= 2, "numBuckets", "an integer of at least 2");
  expect(dropout >= 0 && dropout < 1, "dropout", "in [0, 1)");
  expect(priorAlpha >= 0 && Number.isFinite(priorAlpha), "priorAlpha", "zero or a positive number");
  worldLayers(worldOptionsOf(options, numFeatures));
}

/** The options that a stored model was made with. */
export function modelOptionsOf(manifest: Manifest): ModelOptions {
  const { network, hash, merge, prior, training } = manifest;
  // Models of before input dropout do not name it.
  const optimization = { inputDropout: 0, ...training } as unknown as OptimizationOptions;
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
 * @throws {ConfigError} if `given` asks for something else than what the model was made with. Worlds may be added; other
 * ways of merging are asked for where the model answers.
 */
export function checkResumable(given: Partial<ModelOptions>, stored: ModelOptions, modelPath: string): void {
  const { numWorlds: _, ...others } = given;
  checkSame(others, stored, modelPath);
}

/** @throws {OptionError} for the first option of `given` that `stored` has with another value. */
export function checkSame(given: object, stored: object, modelPath: string): void {
  const known = new Map<string, unknown>(Object.entries(stored));
  for (const [key, value] of Object.entries(given)) {
    const [before, now] = [known.get(key), value].map((v) => JSON.stringify(v));
    if (value === undefined || before === now) continue;
    throw new OptionError(
      key,
      (name) =>
        `${modelPath}: this model was trained with ${name} ${before}, got ${now}; ` +
        "leave the option out to resume, or use --overwrite to start anew",
    );
  }
}
