/**
 * @file How long does one query take? Its way through some worlds, and the search among L labels, timed apart.
 *
 *   forward     worlds with weights of their own, as many as 256 MB hold: those of a real ensemble do not stay in the
 *               cache between two queries either. Their mean, times R.
 *   retrieval   on scores as trained worlds give: nearly all buckets unlikely, those of some labels likely in every world.
 */
import { Rng } from "../../core/rng.js";
import type { HashParameters, Kernels } from "../../kernels/contract.js";
import { LabelHash } from "../../mach/label-hash.js";
import { mergeModeOf } from "../../mach/merge.js";
import { activationOf, worldLayers, worldParameterShapes } from "../../mach/world.js";
import { ScorerScratch, WorldScorer } from "../../mach/world-scorer.js";
import { type ModelOptions, worldOptionsOf } from "../model-options.js";
import type { PlanShape } from "./plan-shape.js";
import { syntheticRows } from "./synthetic-rows.js";

/** Weights that are timed, at most; more than caches hold. */
const WEIGHT_BYTES = 256e6;
/** Results a query. */
const TOP = 10;
/** Labels that fit a query to some degree. */
const FITTING_LABELS = 100;
/** Input rows of a world: the rows that a query touches, not D. */
const MOST_FEATURES = 4096;

/** Moduli from here on are scanned (contract, retrieveLabels); of such many labels these are timed. */
const RETRIEVABLE = 2 ** 31;
const MOST_SCANNED = 2 ** 24;

export interface QueryTimes {
  /** One world's part of a query. */
  readonly forwardSeconds: number;
  /** Finding the best 10 of all labels. */
  readonly retrievalSeconds: number;
}

/** Times queries for about `seconds`, at least one of each part. */
export function timeQuery(kernels: Kernels, options: ModelOptions, shape: PlanShape, seconds: number): QueryTimes {
  const rng = Rng.derive(options.seed, "plan", "query");
  return {
    forwardSeconds: timeForward(kernels, options, shape, rng, seconds / 2),
    retrievalSeconds: timeRetrieval(kernels, options, shape, rng, seconds / 2),
  };
}

function timeForward(kernels: Kernels, options: ModelOptions, shape: PlanShape, rng: Rng, seconds: number): number {
  // A query touches few input rows; those of a smaller layer are as far apart.
  const numFeatures = Math.min(shape.numFeatures, MOST_FEATURES);
  const world = worldOptionsOf(options, numFeatures);
  const numbers = worldLayers(world).reduce((sum, layer) => sum + layer.numInputs * layer.numOutputs, 0);
  const count = Math.max(1, Math.min(options.numWorlds, Math.floor(WEIGHT_BYTES / (4 * numbers))));
  const scorers = Array.from({ length: count }, () => {
    const arrays = worldParameterShapes(world).map(({ name, shape: sizes }): [string, Float32Array] => {
      const array = kernels.f32(sizes.reduce((a, b) => a * b, 1));
      kernels.fillUniform(array.length, -0.1, 0.1, rng.nextUint32(), array);
      return [name, array];
    });
    return new WorldScorer(kernels, world, new Map(arrays));
  });
  const { features } = syntheticRows({ ...shape, numFeatures }, 64, rng);
  const scratch = new ScorerScratch();
  const activation = activationOf(options.loss, true);
  const query = (i: number): void => {
    const row = i % features.numRows;
    const offsets = features.offsets.subarray(row, row + 2);
    const input = { ...features, offsets, numRows: 1 };
    for (const scorer of scorers) {
      const logits = scorer.logitsInto(input, scratch);
      kernels.activate(activation, { rows: 1, cols: options.numBuckets }, logits);
    }
  };
  return medianSeconds(query, seconds) / count;
}

function timeRetrieval(kernels: Kernels, options: ModelOptions, shape: PlanShape, rng: Rng, seconds: number): number {
  const { numBuckets, numWorlds, seed } = options;
  const hash = new LabelHash({ numLabels: shape.numLabels, numBuckets, numWorlds, seed });
  const hashes = Array.from({ length: numWorlds }, (_, world) => hash.parameters(world));
  const scores = peakedScores(kernels, hash, hashes, rng);
  const k = Math.min(TOP, shape.numLabels);
  const outLabels = kernels.u32(k);
  const outScores = kernels.f32(k);
  const { numLabels } = shape;
  const merge = mergeModeOf(options.merge);
  const scans = merge !== "sum" || hash.p >= RETRIEVABLE;
  // A scan costs the same for each label: some tell what all cost.
  const numTimed = scans ? Math.min(numLabels, MOST_SCANNED) : numLabels;
  const input = { scores, hashes, numLabels: numTimed, prior: null, k };
  const scratch = kernels.u8(kernels.retrievalScratchBytes(numWorlds, numBuckets));
  const query = (): void => {
    if (!scans) kernels.retrieveLabels({ ...input, scratch }, outLabels, outScores);
    else kernels.topLabels({ ...input, numQueries: 1, merge }, outLabels, outScores);
  };
  return (medianSeconds(query, seconds) * numLabels) / numTimed;
}

/** [R, B] logarithms of probabilities: a floor with noise, and labels that fit, better or worse, in all worlds. */
function peakedScores(kernels: Kernels, hash: LabelHash, hashes: readonly HashParameters[], rng: Rng): Float32Array {
  const { numBuckets, numLabels } = hash;
  const scores = kernels.f32(hashes.length * numBuckets);
  const normal = (): number => rng.nextFloat() + rng.nextFloat() + rng.nextFloat() + rng.nextFloat() - 2;
  for (let i = 0; i < scores.length; i++) scores[i] = -Math.log(numBuckets) - 4 + 2 * normal();
  const fitting = Uint32Array.from({ length: Math.min(FITTING_LABELS, numLabels) }, () => rng.nextBelow(numLabels));
  const buckets = new Uint32Array(fitting.length);
  hashes.forEach((parameters, world) => {
    kernels.hashLabels(parameters, fitting.length, fitting, buckets);
    buckets.forEach((bucket, i) => {
      const at = world * numBuckets + bucket;
      scores[at] = Math.max(scores[at], -1 - 0.08 * i + 0.5 * normal());
    });
  });
  return scores;
}

/** Median time of `run`, once for warming up, then for `seconds` or at least twice. */
function medianSeconds(run: (i: number) => void, seconds: number): number {
  run(0);
  const times: number[] = [];
  const startMs = performance.now();
  let beforeMs = startMs;
  do {
    run(times.length + 1);
    const nowMs = performance.now();
    times.push(nowMs - beforeMs);
    beforeMs = nowMs;
  } while (times.length < 2 || (beforeMs - startMs < 1000 * seconds && times.length < 10_000));
  times.sort((a, b) => a - b);
  return times[times.length >> 1] / 1000;
}
