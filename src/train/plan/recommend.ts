/**
 * @file Which model fits a budget of memory, time and latency? The first of a list of ever smaller ones that does.
 *
 *   start     what `chooseOptions` takes for the data: B, hidden, epochs; R = 8, or what telling labels apart takes
 *   latency   where that halves a query's time, probabilities are added, not logarithms ▸ B is halved, twice at most
 *               ▸ hidden shrinks, to an eighth ▸ R falls to the paper's bound
 *   memory,   fewer worlds at once (always tried first) ▸ hidden shrinks ▸ R falls to the bound
 *   time        ▸ time alone: fewer epochs
 *
 * A model fits if a tenth of each budget is left: predictions are some per cent off. What the user gave stays as it is.
 * A larger budget meets whatever a smaller one meets, and a later model of the list is never larger than an earlier one:
 * so more memory, more time or more latency never gives a smaller model. When nothing on the list fits, the error says
 * what the smallest would need.
 *
 * Sums of logarithms rank better, but among tens of millions of labels the best of them take tens of times as long to
 * find (docs/scale.md); that is what the first step saves. Where labels are few it saves nothing and is left out.
 *
 * R never falls below log(L(L − 1)/2δ)/log B, the number of worlds with which all labels can be told apart.
 * Source: Medini et al., NeurIPS 2019, §3 and §4 (8 of 32 worlds keep 97 % of the recall).
 */
import { ConfigError } from "../../core/errors.js";
import { MAX_WORLDS } from "../../kernels/contract.js";
import { distinguishingWorlds } from "../../mach/label-collisions.js";
import type { MergeKind } from "../../mach/merge.js";
import { chooseOptions } from "../choose-options.js";
import type { ModelOptions } from "../model-options.js";
import type { PlanShape } from "./plan-shape.js";

/** What may not be exceeded; absent: anything goes. */
export interface Budgets {
  /** Peak of the process, while it trains and while it answers. */
  readonly memoryBytes?: number | undefined;
  /** Wall time of training all worlds, reading the data included. */
  readonly seconds?: number | undefined;
  /** Wall time of one query. */
  readonly latencySeconds?: number | undefined;
}

/** What models cost. Monotone: no less for more worlds, wider layers or more epochs. */
export interface PlanCosts {
  trainingBytes(options: ModelOptions, worldsAtOnce: number): number;
  servingBytes(options: ModelOptions): number;
  trainingSeconds(options: ModelOptions, worldsAtOnce: number): number;
  querySeconds(options: ModelOptions): number;
}

export interface RecommendRequest {
  readonly shape: PlanShape;
  readonly given: Partial<ModelOptions>;
  readonly budgets: Budgets;
  readonly costs: PlanCosts;
  /** Threads that may train, each a world. */
  readonly numThreads: number;
  /** Chance of any confused pair that the bound allows. */
  readonly delta: number;
  /** The command, for messages. */
  readonly command: string;
}

export interface Recommendation {
  readonly options: ModelOptions;
  readonly worldsAtOnce: number;
  /** What was reduced, and because of which budget; empty: nothing was. */
  readonly reasons: readonly string[];
}

/** Worlds where labels need no more: further ones average, and that levels off. */
const USUAL_WORLDS = 8;
const HIDDEN_SHARES = [1, 3 / 4, 1 / 2, 3 / 8, 1 / 4, 3 / 16, 1 / 8];
const BUCKET_SHARES = [1, 1 / 2, 1 / 4];
const LEAST_BUCKETS = 32;
/** The merge whose best labels are found soonest. */
const QUICK_MERGE: MergeKind = "probability";
/** What it must leave of a query's time to be taken. */
const QUICK_SHARE = 0.5;
/** Predictions are some per cent off; a model is taken only if it fits with this much to spare. */
const RESERVE = 1.1;

type BudgetName = keyof Budgets;
const FLAGS: Readonly<Record<BudgetName, string>> = {
  memoryBytes: "--memory",
  seconds: "--time",
  latencySeconds: "--latency",
};

/** @throws {ConfigError} when no model on the list fits, saying what the smallest needs. */
export function recommend(request: RecommendRequest): Recommendation {
  const start = startingOptions(request);
  const quick = firstFitting(latencyCandidates(start, request), request, ["latencySeconds"]);
  const fitting = firstFitting(smallerModels(quick.options, request, true), request, [
    "memoryBytes",
    "seconds",
    "latencySeconds",
  ]);
  return {
    options: fitting.options,
    worldsAtOnce: mostWorldsAtOnce(fitting.options, request) ?? 1,
    reasons: [...quick.reasons, ...fitting.reasons],
  };
}

/** What would be taken without any budget. */
export function startingOptions({
  shape,
  given,
  delta,
}: Pick<RecommendRequest, "shape" | "given" | "delta">): ModelOptions {
  const options = chooseOptions(shape, given);
  if (given.numWorlds !== undefined) return options;
  const bound = boundOf(shape, options.numBuckets, delta);
  return { ...options, numWorlds: Math.max(USUAL_WORLDS, bound) };
}

/** Merges that models of the list may have: those of which queries have to be timed. */
export function mergesOf(request: Pick<RecommendRequest, "shape" | "given" | "delta">): readonly MergeKind[] {
  const { merge } = startingOptions(request);
  return request.given.merge !== undefined || merge === QUICK_MERGE ? [merge] : [merge, QUICK_MERGE];
}

/** The bound in whole worlds, at least one. */
function boundOf({ numLabels }: PlanShape, numBuckets: number, delta: number): number {
  return Math.min(MAX_WORLDS, Math.max(1, Math.ceil(distinguishingWorlds(numLabels, numBuckets, delta))));
}

function latencyCandidates(start: ModelOptions, request: RecommendRequest): ModelOptions[] {
  const buckets =
    request.given.numBuckets === undefined
      ? BUCKET_SHARES.map((share) => Math.round(share * start.numBuckets)).filter(
          (count, i) => i === 0 || count >= LEAST_BUCKETS,
        )
      : [start.numBuckets];
  // Fewer buckets may take more worlds; then they are no way to save.
  const usable = buckets.filter(
    (count, i) => i === 0 || boundOf(request.shape, count, request.delta) <= start.numWorlds,
  );
  const { merge } = quickest(start, request);
  const list = usable.map((numBuckets) => ({ ...start, numBuckets, merge }));
  if (merge !== start.merge) list.unshift(start);
  return [...list, ...smallerModels(list[list.length - 1], request, false).slice(1)];
}

/** `options` with the quick merge, where that may be chosen and pays. */
function quickest(options: ModelOptions, request: RecommendRequest): ModelOptions {
  const { budgets, costs } = request;
  if (budgets.latencySeconds === undefined || !mergesOf(request).includes(QUICK_MERGE)) return options;
  const quick = { ...options, merge: QUICK_MERGE };
  return costs.querySeconds(quick) <= QUICK_SHARE * costs.querySeconds(options) ? quick : options;
}

/** `start` and what is smaller, largest first: hidden, then worlds, then epochs. */
function smallerModels(start: ModelOptions, request: RecommendRequest, withEpochs: boolean): ModelOptions[] {
  const { given, shape, delta } = request;
  const list = [start];
  const last = (): ModelOptions => list[list.length - 1];
  if (given.hidden === undefined && start.hidden.length === 1) {
    const [chosen] = chooseOptions(shape, given).hidden;
    for (const share of HIDDEN_SHARES) {
      const units = Math.max(1, Math.round(share * chosen));
      if (units < last().hidden[0]) list.push({ ...last(), hidden: [units] });
    }
  }
  if (given.numWorlds === undefined) {
    const bound = boundOf(shape, start.numBuckets, delta);
    while (last().numWorlds > bound) list.push({ ...last(), numWorlds: last().numWorlds - 1 });
  }
  if (withEpochs && given.epochs === undefined) {
    while (last().epochs > 1) list.push({ ...last(), epochs: last().epochs - 1 });
  }
  return list;
}

/** The most worlds at once whose memory fits; null: not even one. */
function mostWorldsAtOnce(options: ModelOptions, { budgets, costs, numThreads }: RecommendRequest): number | null {
  const { memoryBytes = Number.POSITIVE_INFINITY } = budgets;
  for (let count = Math.min(numThreads, options.numWorlds); count >= 1; count--) {
    if (RESERVE * costs.trainingBytes(options, count) <= memoryBytes) return count;
  }
  return null;
}

/** What budgets must be for `options` to be taken. */
function needsOf(options: ModelOptions, request: RecommendRequest): Readonly<Record<BudgetName, number>> {
  const { costs } = request;
  return {
    memoryBytes: RESERVE * Math.max(costs.trainingBytes(options, 1), costs.servingBytes(options)),
    seconds: RESERVE * costs.trainingSeconds(options, mostWorldsAtOnce(options, request) ?? 1),
    latencySeconds: RESERVE * costs.querySeconds(options),
  };
}

/** Whether `options` are within all budgets, with the reserve. */
export function fitsBudgets(options: ModelOptions, request: RecommendRequest): boolean {
  const needs = needsOf(options, request);
  return (Object.keys(needs) as BudgetName[]).every(
    (name) => needs[name] <= (request.budgets[name] ?? Number.POSITIVE_INFINITY),
  );
}

function firstFitting(
  candidates: readonly ModelOptions[],
  request: RecommendRequest,
  names: readonly BudgetName[],
): { readonly options: ModelOptions; readonly reasons: string[] } {
  const set = names.filter((name) => request.budgets[name] !== undefined);
  const exceeded: BudgetName[][] = [];
  for (const options of candidates) {
    const needs = set.length === 0 ? null : needsOf(options, request);
    const over = set.filter((name) => needs !== null && needs[name] > (request.budgets[name] as number));
    if (over.length === 0) return { options, reasons: describe(candidates, exceeded) };
    exceeded.push(over);
  }
  throw impossible(candidates[candidates.length - 1], exceeded[exceeded.length - 1], request);
}

/** One line for each thing that was reduced, with the budgets that asked for it. */
function describe(candidates: readonly ModelOptions[], exceeded: readonly (readonly BudgetName[])[]): string[] {
  const chosen = candidates[exceeded.length];
  const reasons: string[] = [];
  for (const [name, text] of [
    ["merge", "merge"],
    ["numBuckets", "buckets"],
    ["hidden", "hidden"],
    ["numWorlds", "worlds"],
    ["epochs", "epochs"],
  ] as const) {
    const before = candidates[0][name];
    if (String(before) === String(chosen[name])) continue;
    const steps = exceeded.filter((_, i) => String(candidates[i][name]) !== String(candidates[i + 1][name]));
    const flags = [...new Set(steps.flat())].map((budget) => FLAGS[budget]).join(" and ");
    reasons.push(`${text} ${before} → ${chosen[name]} for ${flags}`);
  }
  return reasons;
}

function impossible(smallest: ModelOptions, over: readonly BudgetName[], request: RecommendRequest): ConfigError {
  const { budgets, command, given } = request;
  const needs = needsOf(smallest, request);
  const format = { memoryBytes: roundBytes, seconds: roundSeconds, latencySeconds: roundLatency };
  const list = over.map((name) => `${FLAGS[name]} ${format[name](budgets[name] as number)}`).join(", ");
  const wanted = over.map((name) => `${FLAGS[name]} ${format[name](needs[name])}`).join(" and ");
  const { numBuckets, hidden, numWorlds, epochs } = smallest;
  const model = `${numWorlds} worlds of ${numBuckets} buckets, hidden ${hidden.join(",") || "none"}, ${epochs} epochs`;
  const names = {
    ...{ hidden: "--hidden", numWorlds: "--worlds", numBuckets: "--buckets", epochs: "--epochs" },
    ...(over.includes("latencySeconds") ? { merge: "--merge" } : {}),
  };
  const fixed = (Object.keys(names) as (keyof typeof names)[]).filter((name) => given[name] !== undefined);
  const free = fixed.length === 0 ? "" : `, or leave out ${fixed.map((name) => names[name]).join(", ")}`;
  return new ConfigError(
    `${command}: expected a budget that some model fits, got ${list}; the smallest tried (${model}) needs ${wanted}: ` +
      `give that${free}`,
  );
}

/** Rounded up, so that what is printed suffices; as the flags read it. */
function roundBytes(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)}kB`;
  return bytes >= 1e10 ? `${Math.ceil(bytes / 1e9)}GB` : `${Math.ceil(bytes / 1e6)}MB`;
}

function roundSeconds(seconds: number): string {
  return seconds >= 600 ? `${Math.ceil(seconds / 60)}m` : `${Math.ceil(seconds)}s`;
}

function roundLatency(seconds: number): string {
  return `${Math.ceil(10_000 * seconds) / 10}ms`;
}
