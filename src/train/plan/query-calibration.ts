/**
 * @file How long does one query take? Its way through some worlds, and the search among L labels, timed apart.
 *
 *   forward     worlds with weights of their own, as many as 256 MB hold: those of a real ensemble do not stay in the
 *               cache between two queries either. Their mean, times R.
 *   retrieval   for each merge in question, among the labels that may be returned, on scores as trained worlds give them.
 *
 * Such scores decide: with sums of probabilities some thousand labels are looked at, with sums of their logarithms, which
 * are flat, nearly all that may be returned. The made ones follow the worlds of `npm run bench:scale`, whose logarithms of
 * probabilities are about normal, −ln B − 2 with a deviation of 1.85; a label that fits stands out, a second and third
 * less, and so on into the noise. `npm run bench:scale -- plan` compares times with those of the worlds' own scores.
 */
import { Rng } from "../../core/rng.js";
import type { HashParameters, Kernels, LabelPrior } from "../../kernels/contract.js";
import { LabelHash } from "../../mach/label-hash.js";
import { createLabelPrior } from "../../mach/label-prior.js";
import { isLogarithmic, type MergeKind, mergeModeOf } from "../../mach/merge.js";
import { activationOf, worldLayers, worldParameterShapes } from "../../mach/world.js";
import { ScorerScratch, WorldScorer } from "../../mach/world-scorer.js";
import { type ModelOptions, worldOptionsOf } from "../model-options.js";
import type { PlanShape } from "./plan-shape.js";
import { syntheticRows } from "./synthetic-rows.js";

/** Weights that are timed, at most; more than caches hold. */
const WEIGHT_BYTES = 256e6;
/** Results a query. */
const TOP = 10;
/** Scores as trained worlds give them: see above. */
const QUERIES = 4;
const FLOOR = 2;
const FLOOR_DEVIATION = 1.85;
const FITTING_LABELS = 100;
const BEST_FIT = -1;
const FIT_FALL = 3;
const FIT_DEVIATION = 1.5;
/** Input rows of a world: the rows that a query touches, not D. */
const MOST_FEATURES = 4096;

/** Moduli from here on are scanned (contract, retrieveLabels); of such many labels these are timed. */
const RETRIEVABLE = 2 ** 31;
const MOST_SCANNED = 2 ** 24;
/** Labels that are timed with a byte each that tells those seen; of more, the time is in proportion. */
const MOST_MARKED = 2 ** 28;

export interface QueryTimes {
  /** One world's part of a query. */
  readonly forwardSeconds: number;
  /** Finding the best 10 of all labels that may be returned, by merge. */
  readonly retrievalSeconds: ReadonlyMap<MergeKind, number>;
}

export interface QueryTiming {
  /** Merges to time. */
  readonly merges: readonly MergeKind[];
  /** Labels that occur in training; with `seenOnly` no others are returned. */
  readonly numSeen: number;
  /** How long it may take, about; each part runs thrice at least. */
  readonly seconds: number;
}

/** Times queries of a model of these options. */
export function timeQuery(
  kernels: Kernels,
  options: ModelOptions,
  shape: PlanShape,
  { merges, numSeen, seconds }: QueryTiming,
): QueryTimes {
  const rng = Rng.derive(options.seed, "plan", "query");
  const forwardSeconds = timeForward(kernels, options, shape, rng, seconds / 2);
  const share = options.seenOnly ? Math.min(1, numSeen / shape.numLabels) : 1;
  const each = seconds / 2 / merges.length;
  const retrievalSeconds = new Map(
    merges.map((merge) => [merge, timeRetrieval(kernels, { ...options, merge }, shape.numLabels, share, each)]),
  );
  return { forwardSeconds, retrievalSeconds };
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

function timeRetrieval(
  kernels: Kernels,
  options: ModelOptions,
  numLabels: number,
  seenShare: number,
  seconds: number,
): number {
  const { numBuckets, numWorlds, seed } = options;
  const hash = new LabelHash({ numLabels, numBuckets, numWorlds, seed });
  const hashes = Array.from({ length: numWorlds }, (_, world) => hash.parameters(world));
  const merge = mergeModeOf(options.merge);
  const scans = merge !== "sum" || hash.p >= RETRIEVABLE;
  // A scan costs the same for each label: some tell what all cost.
  const most = scans ? MOST_SCANNED : seenShare < 1 ? MOST_MARKED : numLabels;
  const numTimed = Math.min(numLabels, most);
  const rng = Rng.derive(seed, "plan", "scores");
  const made = Array.from({ length: QUERIES }, () => {
    const fitting = Uint32Array.from({ length: Math.min(FITTING_LABELS, numTimed) }, () => rng.nextBelow(numTimed));
    return { fitting, scores: trainedScores(kernels, hashes, fitting, isLogarithmic(options.merge), rng) };
  });
  const fits = made.map(({ fitting }) => fitting);
  const prior = seenShare < 1 ? seenPrior(kernels, numTimed, seenShare, fits) : null;
  const k = Math.min(TOP, numTimed);
  const outLabels = kernels.u32(k);
  const outScores = kernels.f32(k);
  const scratch = kernels.u8(kernels.retrievalScratchBytes(numWorlds, numBuckets));
  const query = (i: number): void => {
    const input = { scores: made[i % QUERIES].scores, hashes, numLabels: numTimed, prior, k };
    if (!scans) kernels.retrieveLabels({ ...input, scratch }, outLabels, outScores);
    else kernels.topLabels({ ...input, numQueries: 1, merge }, outLabels, outScores);
  };
  return (medianSeconds(query, seconds) * numLabels) / numTimed;
}

/** [R, B] probabilities or their logarithms: a floor of noise, from which the buckets of `fitting`, best first, stand out. */
function trainedScores(
  kernels: Kernels,
  hashes: readonly HashParameters[],
  fitting: Uint32Array,
  logarithms: boolean,
  rng: Rng,
): Float32Array {
  const [{ numBuckets }] = hashes;
  const scores = kernels.f32(hashes.length * numBuckets);
  const floor = -Math.log(numBuckets) - FLOOR;
  kernels.fillNormal(scores.length, rng.nextUint32(), scores);
  for (let i = 0; i < scores.length; i++) scores[i] = Math.min(0, floor + FLOOR_DEVIATION * scores[i]);
  const buckets = new Uint32Array(fitting.length);
  const normals = new Float32Array(fitting.length);
  hashes.forEach((parameters, world) => {
    kernels.hashLabels(parameters, fitting.length, fitting, buckets);
    kernels.fillNormal(normals.length, rng.nextUint32(), normals);
    buckets.forEach((bucket, i) => {
      const at = world * numBuckets + bucket;
      const fit = BEST_FIT - FIT_FALL * Math.log(i + 1) + FIT_DEVIATION * normals[i];
      scores[at] = Math.min(0, Math.max(scores[at], fit));
    });
  });
  if (!logarithms) for (let i = 0; i < scores.length; i++) scores[i] = Math.exp(scores[i]);
  return scores;
}

/** Excludes all labels but a share, in no order, and those that fit. */
function seenPrior(kernels: Kernels, numLabels: number, share: number, fitting: Uint32Array[]): LabelPrior | null {
  const codes = kernels.u8(numLabels);
  const limit = share * 2 ** 32;
  for (let label = 0; label < numLabels; label++) {
    const mixed = Math.imul(label ^ (label >>> 15), 0x2c1b3c6d);
    codes[label] = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39) >>> 0 < limit ? 1 : 0;
  }
  for (const labels of fitting) for (const label of labels) codes[label] = 1;
  return createLabelPrior(kernels, codes, { alpha: 0, seenOnly: true });
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
