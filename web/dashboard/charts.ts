/**
 * @file What do the charts of a run show? Lines of points with names, from the history; drawing them is line-plot.tsx.
 */
import type { Figures } from "../../src/train/run-history/records.js";
import type { RunHistory, WorldHistory } from "../../src/train/run-history/run-history.js";
import { formatBytes, formatCount, formatLoss, formatPercent, formatSeconds, plural } from "./format.js";

export type Point = readonly [x: number, y: number];

/** How a line stands out: worlds by what they do, figures by a colour each. */
export type LineStyle = "running" | "done" | "stopped" | "series";

export interface Line {
  readonly name: string;
  /** The world that it belongs to, or null. */
  readonly world: number | null;
  readonly style: LineStyle;
  readonly points: readonly Point[];
}

export interface Axis {
  readonly label: string;
  readonly format: (value: number) => string;
  /** Distances that marks on the axis may have. Default: decimal ones. */
  readonly steps?: readonly number[];
}

export interface ChartModel {
  readonly id: string;
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis & { readonly fromZero?: boolean };
  readonly lines: readonly Line[];
  /** What a reader who sees no chart should know. */
  readonly summary: string;
  /** Why there is nothing to draw; null: there is. */
  readonly absent: string | null;
}

const COUNT_STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const TIME_STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 36_000, 86_400, 432_000];
const BYTE_STEPS = Array.from({ length: 30 }, (_, i) => 2 ** (20 + i));

const epochText = (epoch: number): string => String(Number(epoch.toFixed(2)));
const percentText = (value: number): string => `${Number((100 * value).toPrecision(3))} %`;

const styleOf = ({ state }: WorldHistory): LineStyle =>
  state.phase === "running" ? "running" : state.phase === "done" ? "done" : "stopped";

const HOW_TO_SET_ASIDE =
  "No rows were set aside. Train with --validation 0.1 to see this curve, or measure the model with manyworlds evaluate.";

function byWorld(history: RunHistory, pointsOf: (world: WorldHistory) => readonly Point[]): Line[] {
  return history.worlds
    .map((world) => ({
      name: `world ${world.world}`,
      world: world.world,
      style: styleOf(world),
      points: pointsOf(world),
    }))
    .filter(({ points }) => points.length > 0);
}

const lastOf = ({ points }: Line): number => points[points.length - 1][1];

/** `between 2.1 and 2.9`, or `2.1`. */
function range(values: readonly number[], format: (value: number) => string): string {
  const [low, high] = [format(Math.min(...values)), format(Math.max(...values))];
  return low === high ? `at ${low}` : `between ${low} and ${high}`;
}

export function lossChart(history: RunHistory): ChartModel {
  const lines = byWorld(history, ({ points }) => points.map(({ epoch, loss }): Point => [epoch, loss]));
  const first = lines.map(({ points }) => points[0][1]);
  return {
    id: "loss",
    title: "Loss of each world",
    x: { label: "epochs", format: epochText },
    y: { label: "mean of the last 100 steps or so", format: formatLoss },
    lines,
    summary:
      lines.length === 0
        ? ""
        : `${plural(lines.length, "world")} started ${range(first, formatLoss)} and are now ${range(lines.map(lastOf), formatLoss)}.`,
    absent: lines.length === 0 ? "The first points come with the first steps." : null,
  };
}

export function bucketChart(history: RunHistory, k: number): ChartModel {
  const name = `p@${k}`;
  const lines = byWorld(history, ({ epochs }) =>
    epochs.flatMap(({ epoch, buckets }): Point[] => (buckets?.[name] === undefined ? [] : [[epoch, buckets[name]]])),
  );
  const heldOut = history.currentRun?.record.heldOut ?? null;
  const absent =
    heldOut === null
      ? HOW_TO_SET_ASIDE
      : lines.length === 0
        ? "The first points come with the first epoch's end."
        : null;
  return {
    id: "buckets",
    title: `Buckets of each world, P@${k}`,
    x: { label: "epochs", format: epochText },
    y: { label: `on ${plural(heldOut?.epochSample ?? 0, "row")} set aside`, format: percentText },
    lines,
    summary:
      lines.length === 0 ? "" : `${plural(lines.length, "world")}, now ${range(lines.map(lastOf), percentText)}.`,
    absent,
  };
}

export function mergedChart(history: RunHistory): ChartModel {
  const { merged } = history;
  const lines = ["p@1", "p@3", "p@5"]
    .map((name) => ({
      name: name.toUpperCase(),
      world: null,
      style: "series" as const,
      points: merged.flatMap(({ worlds, figures }): Point[] =>
        figures[name] === undefined ? [] : [[worlds, figures[name]]],
      ),
    }))
    .filter(({ points }) => points.length > 0);
  const [first, last] = [merged[0], merged.at(-1)];
  return {
    id: "merged",
    title: "P@k of merged worlds",
    x: { label: "worlds merged", format: formatCount, steps: COUNT_STEPS },
    y: { label: `on ${plural(last?.rows ?? 0, "row")} set aside`, format: percentText, fromZero: true },
    lines,
    summary:
      first === undefined || last === undefined
        ? ""
        : `P@1 is ${p1(first.figures)} with ${plural(first.worlds, "world")} and ${p1(last.figures)} with ${last.worlds}.`,
    absent: absentMerged(history, lines.length),
  };
}

const p1 = (figures: Figures): string => (figures["p@1"] === undefined ? "unknown" : formatPercent(figures["p@1"]));

function absentMerged({ currentRun }: RunHistory, numLines: number): string | null {
  const heldOut = currentRun?.record.heldOut ?? null;
  if (heldOut === null) return HOW_TO_SET_ASIDE;
  if (heldOut.sample === 0) {
    return "The model is too large to keep the scores of all its worlds: it is measured once, when all are there.";
  }
  return numLines === 0 ? "The first point comes with the first finished world." : null;
}

export function rateChart({ samples }: RunHistory): ChartModel {
  const points = samples.filter(({ rate }) => rate > 0).map(({ s, rate }): Point => [s, rate]);
  const highest = Math.max(...points.map(([, y]) => y));
  return {
    id: "rate",
    title: "Throughput",
    x: { label: "time", format: formatSeconds, steps: TIME_STEPS },
    y: { label: "rows a second, all worlds", format: compact, fromZero: true },
    lines: points.length === 0 ? [] : [{ name: "rows a second", world: null, style: "series", points }],
    summary:
      points.length === 0
        ? ""
        : `Last ${formatCount(points[points.length - 1][1])} rows a second, at most ${formatCount(highest)}.`,
    absent: points.length === 0 ? "Measured every second once worlds train." : null,
  };
}

export function memoryChart({ samples }: RunHistory): ChartModel {
  const points = samples.map(({ s, rss }): Point => [s, rss]);
  return {
    id: "memory",
    title: "Memory of the process",
    x: { label: "time", format: formatSeconds, steps: TIME_STEPS },
    y: { label: "resident, every second", format: formatBytes, steps: BYTE_STEPS, fromZero: true },
    lines: points.length === 0 ? [] : [{ name: "resident", world: null, style: "series", points }],
    summary:
      points.length === 0
        ? ""
        : `Last ${formatBytes(points[points.length - 1][1])}, at most ${formatBytes(Math.max(...points.map(([, y]) => y)))}.`,
    absent: points.length === 0 ? "Measured every second once worlds train." : null,
  };
}

/** `1,200` or `84k`. */
function compact(value: number): string {
  return value >= 10_000 ? `${Number((value / 1000).toPrecision(3))}k` : formatCount(value);
}
