/**
 * @file Which model for this data and these budgets, and what will it cost? Recommendation, measurement, figures.
 *
 *   recommend ─▶ time what the budgets ask for (steps, queries) ─▶ recommend ─┬─▶ the same: time the rest; done
 *                       ▲                                                    │
 *                       └──────── another shape: time that one ◀─────────────┘
 *
 * So the figures of a plan are those of steps that were taken with its own shape. A shape that was timed and found too
 * slow is not taken again, so that this ends.
 */
import type { Dataset } from "../../data/dataset.js";
import { createKernels } from "../../kernels/index.js";
import {
  anyConfusionChance,
  collisionChance,
  DEFAULT_CONFUSION_CHANCE,
  distinguishingWorlds,
  expectedSharedPairs,
  labelConfusionChance,
} from "../../mach/label-collisions.js";
import { nextPrime } from "../../mach/modular.js";
import { countParameters, type ParameterCount } from "../../mach/parameter-count.js";
import { checkModelOptions, type ModelOptions, worldOptionsOf } from "../model-options.js";
import { type Calibration, calibrate } from "./calibrate.node.js";
import { MeasuredCosts, type TrainingTime } from "./plan-costs.js";
import { type PlanShape, seenLabels } from "./plan-shape.js";
import { type QueryTimes, timeQuery } from "./query-calibration.js";
import {
  type Budgets,
  fitsBudgets,
  mergesOf,
  type Recommendation,
  type RecommendRequest,
  recommend,
  startingOptions,
} from "./recommend.js";
import { type ServingMemory, servingMemory } from "./serving-memory.js";
import { settle } from "./settle.js";
import { type ProcessMemory, type WorldMemory, worldMemory } from "./training-memory.js";

/** The data, what is asked of the model, and what may be spent on measuring. */
export interface PlanRequest {
  /** Of the data. */
  readonly shape: PlanShape;
  /** Options that are not chosen. */
  readonly given: Partial<ModelOptions>;
  /** What the model may cost; one that is left out sets no bound. */
  readonly budgets: Budgets;
  /** Threads that may train, each a world. */
  readonly numThreads: number;
  /** Rows to time steps on; null: synthetic ones. */
  readonly dataset: Dataset | null;
  /** Resident bytes of the program before it reads, and once it has read the data. */
  readonly startedBytes: number;
  /** Memory of this process once it has read the data, or what that would be. */
  readonly process: ProcessMemory;
  /** Seconds that pass before worlds are trained. Default 0. */
  readonly secondsBefore?: number;
  /** Worlds to train, where that is not all. */
  readonly numTrained?: number | undefined;
  /** Chance of confused labels that the bound on R allows. Default DEFAULT_CONFUSION_CHANCE. */
  readonly delta?: number;
  /** What is timed: everything, or what a budget asks for. Default everything. */
  readonly measure?: "everything" | "budgets";
  /** How long steps are timed, and queries half as long. Default 2. */
  readonly calibrationSeconds?: number;
  /** Named by errors. Default "plan". */
  readonly command?: string;
  /** Aborting it ends planning with an InterruptedError. */
  readonly signal?: AbortSignal | undefined;
  /** Called when a measurement begins. */
  readonly onMeasure?: (what: string) => void;
}

/** Pairs of labels that share buckets: expectations over draws of the hash. */
export interface CollisionForecast {
  /** Expected pairs that share at least m worlds, m = 1 … R. */
  readonly expectedPairs: readonly number[];
  /** Chance that a given label shares all buckets with another, at most. */
  readonly labelConfused: number;
  /** Chance that any pair shares all buckets, at most. */
  readonly anyConfused: number;
  /** log(L(L − 1)/2δ)/log B, not rounded. */
  readonly leastWorlds: number;
  /** δ of `leastWorlds`. */
  readonly delta: number;
}

/** A recommended model and what it will cost. */
export interface Plan extends Recommendation {
  /** As requested. */
  readonly shape: PlanShape;
  /** As requested. */
  readonly budgets: Budgets;
  /** Of the model as recommended, all worlds. */
  readonly parameters: ParameterCount;
  /** Bytes, by estimate. */
  readonly memory: {
    readonly world: WorldMemory;
    /** Peak of training, with `worldsAtOnce`. */
    readonly trainingBytes: number;
    /** Peak, were all worlds trained at once. */
    readonly allAtOnceBytes: number;
    readonly serving: ServingMemory;
  };
  /** With the recommended R and B. */
  readonly collisions: CollisionForecast;
  /** null: not measured. `scaled`: steps of a smaller shape were timed, since this one does not fit the free memory. */
  readonly time: (TrainingTime & { readonly rowsPerSecond: number; readonly scaled: boolean }) | null;
  /** null: not measured. `numSeen`: labels that occur in training; of stated sizes, the expected number. */
  readonly query: (QueryTimes & { readonly seconds: number; readonly numSeen: number }) | null;
}

/** Times that shapes are timed before one is taken by scaling. */
const MOST_CALIBRATIONS = 5;

/**
 * Recommends a model for the data and the budgets, and says what it will cost. Some seconds for each shape it times.
 * @throws {ConfigError} for options that make no model, and for budgets that none meets. @throws {InterruptedError}
 */
export async function planModel(request: PlanRequest): Promise<Plan> {
  const { shape, given, budgets, delta = DEFAULT_CONFUSION_CHANCE, command = "plan" } = request;
  const measured: Measured = { calibration: null, query: null };
  const costsNow = (): MeasuredCosts =>
    new MeasuredCosts({ ...costsOf(request), training: measured.calibration, query: measured.query });
  const requestNow = (): RecommendRequest => {
    return { shape, given, budgets, costs: costsNow(), numThreads: trainable(request), delta, command };
  };
  checkModelOptions(startingOptions({ shape, given, delta }), shape.numFeatures);
  const [steps, queries] = [budgets.seconds !== undefined, budgets.latencySeconds !== undefined];
  const chosen = await settle<Recommendation>({
    choose: () => recommend(requestNow()),
    time: (choice) => time(request, choice, { steps, queries }, measured),
    fits: ({ options }) => fitsBudgets(options, requestNow()),
    keyOf,
    mostTimings: steps || queries ? MOST_CALIBRATIONS : 0,
  });
  if (request.measure !== "budgets") await time(request, chosen, { steps: !steps, queries: !queries }, measured);
  return describePlan(request, chosen, costsNow(), measured.calibration, delta);
}

/** The latest measurements. */
interface Measured {
  calibration: Calibration | null;
  query: { readonly options: ModelOptions; readonly times: QueryTimes } | null;
}

/** Times steps or queries of the shape that is chosen, or both. */
async function time(
  request: PlanRequest,
  { options, worldsAtOnce }: Recommendation,
  { steps, queries }: { readonly steps: boolean; readonly queries: boolean },
  measured: Measured,
): Promise<void> {
  const { shape, dataset, calibrationSeconds: seconds = 2, signal, onMeasure } = request;
  if (steps) {
    onMeasure?.("training steps");
    measured.calibration = await calibrate({ options, shape, dataset, worldsAtOnce, seconds, signal });
  }
  if (!queries) return;
  onMeasure?.("queries");
  const kernels = createKernels();
  const merges = mergesOf({ delta: DEFAULT_CONFUSION_CHANCE, ...request });
  try {
    const timing = { merges, numSeen: numSeenOf(request), seconds: seconds / 2 };
    measured.query = { options, times: timeQuery(kernels, options, shape, timing) };
  } finally {
    kernels.dispose();
  }
}

/** All labels of rows that were read occur in them. */
function numSeenOf({ dataset, shape }: PlanRequest): number {
  return dataset === null ? seenLabels(shape) : shape.numLabels;
}

/** Threads that have a world to train. */
function trainable({ numThreads, numTrained = Number.POSITIVE_INFINITY }: PlanRequest): number {
  return Math.max(1, Math.min(numThreads, numTrained));
}

function costsOf({ shape, startedBytes, process, secondsBefore = 0, numTrained }: PlanRequest) {
  return { shape, startedBytes, process, secondsBefore, numTrained };
}

function keyOf({ options, worldsAtOnce }: Recommendation): string {
  return JSON.stringify([options, worldsAtOnce]);
}

/** Whether what was timed is another shape than the plan's. */
function isScaled(timed: Calibration, options: ModelOptions, shape: PlanShape): boolean {
  const same = (["hidden", "numBuckets"] as const).every(
    (name) => String(timed.options[name]) === String(options[name]),
  );
  return timed.shape !== shape || !same;
}

function describePlan(
  request: PlanRequest,
  chosen: Recommendation,
  costs: MeasuredCosts,
  calibration: Calibration | null,
  delta: number,
): Plan {
  const { shape, budgets, startedBytes } = request;
  const { options, worldsAtOnce } = chosen;
  const { numWorlds, numBuckets } = options;
  const { numLabels } = shape;
  const p = nextPrime(Math.max(numLabels, numBuckets));
  const q = collisionChance(p, numBuckets);
  const time = costs.trainingTime(options, worldsAtOnce);
  const query = costs.queryTimes(options);
  return {
    ...chosen,
    shape,
    budgets,
    parameters: countParameters(worldOptionsOf(options, shape.numFeatures), numWorlds, numLabels),
    memory: {
      world: worldMemory(options, shape),
      trainingBytes: costs.trainingBytes(options, worldsAtOnce),
      allAtOnceBytes: costs.trainingBytes(options, numWorlds),
      serving: servingMemory(options, shape, startedBytes),
    },
    collisions: {
      expectedPairs: Array.from({ length: numWorlds }, (_, i) => expectedSharedPairs(numLabels, q, numWorlds, i + 1)),
      labelConfused: labelConfusionChance(numLabels, q, numWorlds),
      anyConfused: anyConfusionChance(numLabels, p, numBuckets, numWorlds),
      leastWorlds: distinguishingWorlds(numLabels, numBuckets, delta),
      delta,
    },
    time: time && {
      ...time,
      rowsPerSecond: options.batchSize / time.stepSeconds,
      scaled: calibration !== null && isScaled(calibration, options, shape),
    },
    query: query && { ...query, seconds: costs.querySeconds(options), numSeen: numSeenOf(request) },
  };
}
