/**
 * @file How far is a run, and how long will it take? Sums over its worlds: those that it trains, and those that the model
 * had finished. Others, left behind by an earlier run, are not waited for.
 *
 *   work left of a world = 1 − step / steps
 *   ETA = the larger of: all work left, at the rate of as many worlds as train at once · the longest work left of one world
 */
import type { RunHistory, WorldHistory } from "../../src/train/run-history/run-history.js";
import type { Connection } from "./history-source.js";

/** What the page calls the state of a run. `cut off`: no record of its end, and nobody sends any more. */
export type RunState = "connecting" | "reading" | "running" | "finished" | "interrupted" | "failed" | "cut off";

export interface RunStatus {
  readonly state: RunState;
  readonly counts: Readonly<Record<"done" | "running" | "waiting" | "stopped" | "diverged", number>>;
  readonly numWorlds: number;
  /** 0 … 1, of the run's worlds; of the reading before they start. */
  readonly fraction: number;
  /** null: not known, or nothing left. */
  readonly etaSeconds: number | null;
  readonly rssBytes: number | null;
  /** Largest seen. */
  readonly peakBytes: number | null;
}

/** Share of its steps that a world has done. */
export function fractionOf({ state, latest }: WorldHistory): number {
  if (state.phase === "done") return 1;
  return latest === null ? 0 : latest.step / latest.numSteps;
}

/** The worlds that the current run trains, and those that were finished when it began; all before any run has begun. */
export function worldsOfRun({ worlds, currentRun }: RunHistory): readonly WorldHistory[] {
  if (currentRun === null) return worlds;
  const { record } = currentRun;
  const ofRun = new Set([...record.worlds, ...record.kept.map(({ world }) => world)]);
  return worlds.filter(({ world }) => ofRun.has(world));
}

export function statusOf(history: RunHistory, connection: Connection): RunStatus {
  const { currentRun, samples, rowsRead } = history;
  const worlds = worldsOfRun(history);
  const counts = { done: 0, running: 0, waiting: 0, stopped: 0, diverged: 0 };
  for (const { state } of worlds) counts[state.phase]++;
  const sample = samples.at(-1);
  const running = worlds.filter(({ state }) => state.phase === "running");
  const rowsPerSecond = running.reduce((sum, { latest }) => sum + (latest?.rate ?? 0), 0);
  const state = stateOf(history, connection);
  const isReading = state === "reading";
  const peaks = [...samples.map(({ rss }) => rss), ...(currentRun?.end ? [currentRun.end.peakBytes] : [])];
  return {
    state,
    counts,
    numWorlds: worlds.length,
    fraction: isReading
      ? (rowsRead?.fraction ?? 0)
      : worlds.reduce((sum, world) => sum + fractionOf(world), 0) / Math.max(1, worlds.length),
    etaSeconds: state === "running" ? etaSeconds(history, worlds, rowsPerSecond) : null,
    rssBytes: sample?.rss ?? null,
    peakBytes: peaks.length === 0 ? null : Math.max(...peaks),
  };
}

function stateOf({ currentRun, rowsRead }: RunHistory, connection: Connection): RunState {
  const isOver = connection === "ended" || connection === "report";
  if (rowsRead !== null) return isOver ? "cut off" : "reading";
  if (currentRun === null) return isOver ? "cut off" : "connecting";
  if (currentRun.end !== null) return currentRun.end.end;
  return isOver ? "cut off" : "running";
}

function etaSeconds(history: RunHistory, worlds: readonly WorldHistory[], rowsPerSecond: number): number | null {
  const record = history.currentRun?.record;
  if (record === undefined || rowsPerSecond <= 0) return null;
  const rowsOfWorld = record.data.trainingRows * Number(record.options.epochs);
  const running = worlds.filter(({ state }) => state.phase === "running");
  const waiting = worlds.filter(({ state }) => state.phase === "waiting");
  const left = [...running, ...waiting].map((world) => 1 - fractionOf(world));
  const rateOfOne = rowsPerSecond / running.length;
  // A strategy's workers train one world at a time.
  const atOnce = record.strategy === null ? Math.max(running.length, Math.min(record.threads, left.length)) : 1;
  const allLeft = left.reduce((sum, each) => sum + each, 0);
  return (rowsOfWorld * Math.max(allLeft / atOnce, ...left)) / rateOfOne;
}
