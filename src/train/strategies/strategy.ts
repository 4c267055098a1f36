/**
 * @file What is a training strategy? Who of several workers computes what of a training, and what they tell each other.
 *
 *   name            one step is                                    workers share            same bytes again?
 *   sequential      one worker's                                   –                        yes
 *   data-parallel   a batch cut into N parts, gradients added      parameters, gradients    yes, for a fixed N
 *   model-parallel  a batch on N parts of the model                activations              yes, those of sequential
 *   hybrid          groups of model-parallel workers               all of these             yes, for fixed numbers
 *   hogwild         each worker's own, with no lock                parameters               no: order is chance
 *   locked          each worker's own, what it writes locked       parameters               no: order is chance
 *   round-robin     each worker's own, in turn                     parameters               no: what gradients saw is chance
 *   averaging       each worker's own, on parameters of its own    averages, each epoch     yes, for a fixed N
 *
 * That model-parallel has the bytes of sequential asks of the kernels that products of a row do not depend on the rows
 * beside it. Native ones keep to that among batches of more than 24 rows, and among batches of up to 24 (gemm_thin.h):
 * micro-batches stay on the side of their batch.
 *
 * The contract: every worker calls `join` and gets its side of the strategy. Worker 0 leads: it makes a Trainer of
 * `trainerOptions`, and so has checkpoints, validation, early stopping and curves as any training does; the others
 * `serve` until the lead calls `finish`. One strategy a file, each naming its source.
 */
import { ConfigError, OptionError } from "../../core/errors.js";
import type { Kernels } from "../../kernels/contract.js";
import type { FlatParameters } from "../../nn/parameter.js";
import type { Barrier } from "../../parallel/barrier.js";
import type { TrainerOptions } from "../trainer-options.js";
import type { Ledger } from "./ledger.js";

/** Every StrategyName. */
export const STRATEGY_NAMES = [
  "sequential",
  "data-parallel",
  "model-parallel",
  "hybrid",
  "hogwild",
  "locked",
  "round-robin",
  "averaging",
] as const;

/** Who of several workers computes what of a training: docs/parallel.md compares them. */
export type StrategyName = (typeof STRATEGY_NAMES)[number];

/** The strategy, its workers, and what concerns some strategies alone; STRATEGY_DEFAULTS has the defaults. */
export interface StrategyOptions {
  /** Default sequential: one worker. */
  readonly strategy: StrategyName;
  /** Threads that train one model. */
  readonly numWorkers: number;
  /** hogwild, locked, round-robin: factor on the learning rate after each epoch, in (0, 1]. */
  readonly backoff: number;
  /** averaging: epochs between two times that workers go on from their average; 0: they never do. */
  readonly averageEvery: number;
  /** model-parallel, hybrid: parts of a batch, at most, one behind another; by layers of at least 25 rows each. */
  readonly microBatches: number;
  /** hybrid: workers that share one copy of the model. */
  readonly groupSize: number;
  /** model-parallel, hybrid: what workers divide; auto: columns where the output layer is most of the work and wide. */
  readonly modelSplit: ModelSplit;
}

export const MODEL_SPLITS = ["auto", "layers", "columns"] as const;

export type ModelSplit = (typeof MODEL_SPLITS)[number];

/** What holds of a strategy unless told otherwise. */
export const STRATEGY_DEFAULTS: StrategyOptions = {
  strategy: "sequential",
  numWorkers: 1,
  backoff: 1,
  averageEvery: 1,
  microBatches: 4,
  groupSize: 2,
  modelSplit: "auto",
};

/** What a strategy is given about the worker that it runs in. */
export interface Enrolment<B> {
  /** From 0; 0 leads. */
  readonly index: number;
  readonly size: number;
  readonly barrier: Barrier;
  /** Gives a value to all workers, returns everyone's. */
  exchange<T>(value: T): Promise<readonly T[]>;
  readonly kernels: Kernels;
  readonly options: StrategyOptions;
  /** The training as every worker builds it: same data, same initial numbers. Each call makes another. */
  build(): Promise<TrainerOptions<B>>;
  readonly ledger: Ledger;
}

/** One worker's side of a running strategy. */
export interface StrategyWorker {
  /** Of the lead: what its Trainer is made of. */
  readonly trainerOptions: TrainerOptions<unknown>;
  /** The parameters that the training is about. */
  readonly parameters: FlatParameters;
  /** Whether the lead may save at any step, or only when an epoch has ended. */
  readonly saves: "any step" | "epoch ends";
  /** Of the lead: acts while nobody changes what a save reads. Default: at once, as nobody does between steps. */
  hold?(act: () => void): void;
  /** Works until the lead finishes. Not for the lead. */
  serve(): void;
  /** Sends the others home. For the lead alone. */
  finish(): void;
}

export interface Strategy {
  join<B>(enrolment: Enrolment<B>): Promise<StrategyWorker>;
}

/** Which strategies an option concerns: elsewhere it would do nothing. */
const CONCERNS: Readonly<
  Record<"backoff" | "averageEvery" | "microBatches" | "groupSize" | "modelSplit", readonly StrategyName[]>
> = {
  backoff: ["hogwild", "locked", "round-robin"],
  averageEvery: ["averaging"],
  microBatches: ["model-parallel", "hybrid"],
  groupSize: ["hybrid"],
  modelSplit: ["model-parallel", "hybrid"],
};

/** The options with defaults. @throws {ConfigError} for ones out of range, or that do nothing with this strategy. */
export function resolveStrategy(given: Partial<StrategyOptions>): StrategyOptions {
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options: StrategyOptions = { ...STRATEGY_DEFAULTS, ...set };
  const { strategy, numWorkers, backoff, averageEvery, microBatches, groupSize, modelSplit } = options;
  const fail = (expected: string, got: unknown, remedy: string): never => {
    throw new ConfigError(`strategy: expected ${expected}, got ${got}; ${remedy}`);
  };
  if (!STRATEGY_NAMES.includes(strategy)) fail(`one of ${STRATEGY_NAMES.join(", ")}`, strategy, "name one of them");
  for (const [name, strategies] of Object.entries(CONCERNS) as [keyof typeof CONCERNS, readonly StrategyName[]][]) {
    if (options[name] !== STRATEGY_DEFAULTS[name] && !strategies.includes(strategy)) {
      throw new OptionError(
        name,
        (called) =>
          `strategy: expected ${called} with ${strategies.join(" or ")}, got ${strategy}; ` +
          `it does nothing there: leave ${called} out`,
      );
    }
  }
  const isCount = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least;
  if (!isCount(numWorkers, 1) || numWorkers > 256) fail("1 to 256 workers", numWorkers, "one a core is a good start");
  if (strategy === "sequential" && numWorkers !== 1) {
    fail("one worker with sequential", numWorkers, "choose another strategy for several");
  }
  if (!(backoff > 0 && backoff <= 1)) fail("a backoff in (0, 1]", backoff, "0.9 is the paper's");
  if (!isCount(averageEvery, 0))
    fail("averageEvery of 0 or more epochs", averageEvery, "0: only what is saved is an average");
  if (!isCount(microBatches, 1)) fail("at least one micro-batch", microBatches, "1: batches pass whole");
  if (!MODEL_SPLITS.includes(modelSplit)) fail(`modelSplit of ${MODEL_SPLITS.join(", ")}`, modelSplit, "auto chooses");
  if (strategy === "model-parallel" && numWorkers < 2) {
    fail("at least two workers with model-parallel", numWorkers, "a worker alone is sequential");
  }
  if (strategy === "hybrid" && !(isCount(groupSize, 2) && numWorkers % groupSize === 0 && numWorkers > groupSize)) {
    fail("several groups of at least two workers", `${numWorkers} workers in groups of ${groupSize}`, "4 and 2, say");
  }
  return options;
}
