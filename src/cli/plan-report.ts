/** @file How does a plan read? What is recommended and why, sizes beside a full softmax, collisions, times. */

import { labelPairs } from "../mach/label-collisions.js";
import { LabelHash, type LabelHashOptions } from "../mach/label-hash.js";
import type { MergeKind } from "../mach/merge.js";
import type { SharedLabels } from "../mach/shared-labels.js";
import type { Plan } from "../train/plan/plan-model.node.js";
import { formatSeconds } from "./progress.js";
import { formatBytes, formatCount, formatLarge, formatPairs, formatTable } from "./tables.js";

/** What Adam keeps of a full softmax: weight, gradient, two moments. */
const FULL_SOFTMAX_NUMBERS = 4;

/** What `plan --json` prints, and `train --json` under `plan`. Seconds are wall time; bytes are resident memory. */
export interface PlanSummary {
  readonly data: Plan["shape"];
  readonly budgets: Plan["budgets"];
  /** What was chosen; `options` has all of it, as train takes it. */
  readonly recommended: {
    readonly numBuckets: number;
    readonly numWorlds: number;
    readonly hidden: readonly number[];
    readonly epochs: number;
    readonly merge: MergeKind;
    readonly worldsAtOnce: number;
  };
  /** What a budget reduced, in words. */
  readonly reasons: readonly string[];
  readonly options: Plan["options"];
  readonly parameters: Plan["parameters"];
  readonly memory: {
    /** A world in training at its peak, and three of its parts. */
    readonly oneWorldBytes: number;
    readonly weightBytes: number;
    readonly gradientBytes: number;
    readonly optimizerBytes: number;
    /** Peak of the process that trains `worldsAtOnce`, and of one that trains all at once. */
    readonly trainingBytes: number;
    readonly allWorldsAtOnceBytes: number;
    readonly servingBytes: number;
    /** Weights, gradients and Adam's moments of a full softmax with the same hidden layers. */
    readonly fullSoftmaxTrainingBytes: number;
  };
  readonly collisions: Plan["collisions"];
  readonly time: Plan["time"];
  /** null: not timed. `retrievalSeconds` by merge: the recommended one, and the quick one where it was a choice. */
  readonly query: {
    readonly seconds: number;
    readonly forwardSeconds: number;
    readonly retrievalSeconds: Readonly<Partial<Record<MergeKind, number>>>;
    readonly numSeen: number;
  } | null;
}

export function planSummary(plan: Plan): PlanSummary {
  const { shape, budgets, options, worldsAtOnce, reasons, parameters, memory, collisions, time, query } = plan;
  const { world } = memory;
  return {
    data: shape,
    budgets,
    recommended: {
      numBuckets: options.numBuckets,
      numWorlds: options.numWorlds,
      hidden: options.hidden,
      epochs: options.epochs,
      merge: options.merge,
      worldsAtOnce,
    },
    reasons,
    options,
    parameters,
    memory: {
      oneWorldBytes: world.peak,
      weightBytes: world.weights,
      gradientBytes: world.gradients,
      optimizerBytes: world.optimizer,
      trainingBytes: memory.trainingBytes,
      allWorldsAtOnceBytes: memory.allAtOnceBytes,
      servingBytes: memory.serving.total,
      fullSoftmaxTrainingBytes: 4 * FULL_SOFTMAX_NUMBERS * parameters.fullSoftmax,
    },
    collisions,
    time,
    query: query && { ...query, retrievalSeconds: Object.fromEntries(query.retrievalSeconds) },
  };
}

/** What was chosen for a training run and why, a line each. */
export function describePlan({ options, worldsAtOnce, reasons, memory, time }: Plan): string[] {
  const { numWorlds, numBuckets, hidden, epochs } = options;
  const why = reasons.length === 0 ? "nothing had to be reduced" : reasons.join("; ");
  const times = time === null ? "" : `, about ${formatSeconds(time.trainingSeconds)}`;
  return [
    `planned: ${numWorlds} worlds of ${formatCount(numBuckets)} buckets, hidden ${hidden.join("-") || "none"}, ` +
      `${epochs} epochs, ${worldsAtOnce} at once (${why})`,
    `predicted: ${formatBytes(memory.trainingBytes)} at the peak${times}`,
  ];
}

/** The whole plan for a terminal. */
export function formatPlan(plan: Plan): string {
  return [formatChoice(plan), formatMemory(plan), formatCollisions(plan), formatTimes(plan)]
    .filter((part) => part !== "")
    .join("\n\n");
}

function formatChoice({ shape, options, worldsAtOnce, reasons, parameters }: Plan): string {
  const { numWorlds, numBuckets, hidden, activation, output, loss, epochs, batchSize, optimizer } = options;
  const layers = [shape.numFeatures, ...hidden, numBuckets].map(formatCount).join(" → ");
  const kind = hidden.length === 0 || activation === "none" ? "linear" : activation;
  return formatPairs([
    [
      "data",
      `${formatCount(shape.numRows)} rows, ${formatCount(shape.numFeatures)} features ` +
        `(${mean(shape.featuresPerRow)} a row), ${formatCount(shape.numLabels)} labels (${mean(shape.labelsPerRow)} a row)`,
    ],
    [
      "recommended",
      `B ${formatCount(numBuckets)} buckets, R ${numWorlds} worlds, hidden ${hidden.map(formatCount).join("-") || "none"}`,
    ],
    ["reduced", reasons.length === 0 ? "nothing" : reasons.join("; ")],
    ["a world", `${layers}, ${kind}, ${loss}, ${output} output`],
    ["training", `${epochs} epochs in batches of ${batchSize} with ${optimizer}, ${worldsAtOnce} worlds at once`],
    [
      "parameters",
      `${formatLarge(parameters.ensemble)}; a full softmax of the same width has ${formatLarge(parameters.fullSoftmax)} ` +
        `(${formatRatio(parameters.ratio)})`,
    ],
  ]);
}

function formatMemory({ options, worldsAtOnce, parameters, memory }: Plan): string {
  const { numWorlds } = options;
  const { world, serving } = memory;
  const full = 4 * parameters.fullSoftmax;
  const row = (name: string, one: number, ofFull: number): string[] => [
    name,
    formatBytes(one),
    formatBytes(numWorlds * one),
    formatBytes(ofFull),
  ];
  const others = world.peak - world.weights - world.gradients - world.optimizer;
  const table = formatTable([
    ["to train", "one world", `${numWorlds} worlds`, "full softmax, Adam"],
    row("weights", world.weights, full),
    row("gradients", world.gradients, full),
    row("optimiser", world.optimizer, 2 * full),
    row("rows, activations, copies", Math.max(0, others), 0).map((cell, i) => (i === 3 ? "–" : cell)),
  ]);
  const pairs = formatPairs([
    [
      "process",
      `${formatBytes(memory.trainingBytes)} to train ${worldsAtOnce} at once, data included; ` +
        `${formatBytes(memory.allAtOnceBytes)} for all ${numWorlds} at once`,
    ],
    [
      "to answer",
      `${formatBytes(serving.total)}: weights ${formatBytes(serving.weights)}, scores ${formatBytes(serving.scores)}, ` +
        `labels ${formatBytes(serving.labels)}; no index`,
    ],
  ]);
  return `${table}\n\n${pairs}`;
}

function formatCollisions({ shape, options, collisions }: Plan): string {
  const { numWorlds } = options;
  const { expectedPairs, leastWorlds, delta, anyConfused, labelConfused } = collisions;
  const shared = [1, 2, 3]
    .filter((m) => m < numWorlds)
    .map((m) => `${m}+ worlds ${formatExpected(expectedPairs[m - 1])}`);
  return formatPairs([
    [
      "worlds needed",
      `R ≥ log(L(L−1)/2δ)/log B = ${leastWorlds.toFixed(2)} tell all labels apart but for a chance δ = ${delta}`,
    ],
    [
      "pairs",
      `${formatExpected(labelPairs(shape.numLabels))}; expected to share ${[...shared, `all ${numWorlds} worlds ${formatExpected(expectedPairs[numWorlds - 1])}`].join(", ")}`,
    ],
    [
      "confusion",
      `a given label with some other: at most ${formatExpected(labelConfused)}; any pair at all: at most ${formatExpected(anyConfused)}`,
    ],
  ]);
}

function formatTimes({ shape, options, worldsAtOnce, time, query }: Plan): string {
  const pairs: [string, string][] = [];
  if (time !== null) {
    pairs.push([
      "train time",
      `${formatSeconds(time.trainingSeconds)} for all worlds; ${formatSeconds(time.worldSeconds)} a world: ` +
        `${formatCount(time.stepsPerWorld)} steps of ${formatMilliseconds(time.stepSeconds)} ` +
        `(${formatCount(time.rowsPerSecond)} rows/s on each of ${worldsAtOnce} threads)` +
        `${time.scaled ? ", scaled from a smaller shape" : ""}`,
    ]);
  }
  if (query !== null) {
    const { forwardSeconds, retrievalSeconds, numSeen } = query;
    const retrieval = (merge: MergeKind): string => formatMilliseconds(retrievalSeconds.get(merge) ?? 0);
    const others = [...retrievalSeconds.keys()].filter((merge) => merge !== options.merge);
    const among =
      options.seenOnly && numSeen < shape.numLabels
        ? `${formatLarge(numSeen)} labels that occur in training`
        : `${formatLarge(shape.numLabels)} labels`;
    pairs.push(
      [
        "a query",
        `${formatMilliseconds(query.seconds)}: ${options.numWorlds} worlds in ` +
          `${formatMilliseconds(options.numWorlds * forwardSeconds)}, the best 10 labels in ` +
          `${retrieval(options.merge)}, on one core`,
      ],
      [
        "merge",
        `${options.merge}, of ${among}${others.map((merge) => `; the best 10 by ${merge} in ${retrieval(merge)}`).join("")}`,
      ],
    );
  }
  return pairs.length === 0 ? "" : `Measured on this machine:\n${formatPairs(pairs)}`;
}

/** What a count of shared labels found, worlds as far as there are pairs. */
export function formatVerification(hash: LabelHashOptions, { pairs, expected }: SharedLabels): string {
  const last = Math.min(pairs.length, 1 + pairs.findLastIndex((count) => count > 0) + 1);
  const shown = pairs.slice(0, last).map((count, r) => [r, count, expected[r]]);
  if (last < pairs.length) shown.push([pairs.length - 1, pairs[pairs.length - 1], expected[pairs.length - 1]]);
  const table = formatTable([
    ["pairs that share", "counted", "expected over all seeds"],
    ...shown.map(([r, count, mean]) => [
      r === 0 ? "world 0" : r === pairs.length - 1 ? `all ${pairs.length} worlds` : `worlds 0–${r}`,
      formatCount(count),
      formatExpected(mean),
    ]),
  ]);
  const confused = pairs[pairs.length - 1];
  const verdict =
    confused === 0
      ? "No two labels share all buckets: every label can be told from every other."
      : `${formatCount(confused)} pairs of labels can never be told apart; take another --seed or more --worlds.`;
  const { p } = new LabelHash(hash);
  const head = `${formatCount(hash.numLabels)} labels, ${formatCount(hash.numBuckets)} buckets, seed ${hash.seed}, p = ${p}`;
  return `${head}\n${table}\n${verdict}`;
}

/** Expectations run from 10¹⁵ down to 10⁻¹⁰⁰. */
function formatExpected(value: number): string {
  if (value >= 999.95e9) return `${formatCount(value / 1e12)} trillion`;
  if (value >= 1000) return formatLarge(value);
  return value === 0 || value >= 0.01 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}

function formatMilliseconds(seconds: number): string {
  if (seconds >= 9.95) return formatSeconds(seconds);
  const ms = 1000 * seconds;
  return `${ms >= 99.5 ? ms.toFixed(0) : ms >= 9.95 ? ms.toFixed(1) : ms.toFixed(2)} ms`;
}

function formatRatio(ratio: number): string {
  return ratio >= 1 ? `${ratio.toFixed(1)} times as many` : `${(1 / ratio).toFixed(1)} times fewer`;
}

function mean(value: number): string {
  return Number.isInteger(value) ? formatCount(value) : value.toFixed(1);
}
