/** @file Every world in a row: how far, how good, how large. A row's button brings the world out in the charts. */
import type { JSX } from "preact";
import type { RunHistory, WorldHistory } from "../../src/train/run-history/run-history.js";
import { formatBytes, formatCount, formatLoss, formatPercent, formatSeconds } from "./format.js";
import { fractionOf, worldsOfRun } from "./run-status.js";
import { ScrollRegion } from "./scroll-region.js";

const WORDS: Readonly<Record<WorldHistory["state"]["phase"], string>> = {
  waiting: "waiting",
  running: "in training",
  done: "finished",
  stopped: "stopped",
  diverged: "diverged",
};

export interface WorldTableProps {
  readonly history: RunHistory;
  readonly highlight: number | null;
  readonly onHighlight: (world: number | null) => void;
}

export function WorldTable({ history, highlight, onHighlight }: WorldTableProps): JSX.Element {
  const { worlds } = history;
  const ofRun = new Set(worldsOfRun(history).map(({ world }) => world));
  const hasBuckets = worlds.some(({ epochs }) => epochs.some(({ buckets }) => buckets !== null));
  return (
    <section aria-labelledby="worlds">
      <h2 id="worlds">Worlds</h2>
      <ScrollRegion label="Table of worlds">
        <table class="numbers worlds">
          <thead>
            <tr>
              <th scope="col">World</th>
              <th scope="col">State</th>
              <th scope="col">Done</th>
              <th scope="col">Epoch</th>
              <th scope="col">Loss</th>
              {hasBuckets && (
                <th scope="col">
                  <abbr title="P@1 of its buckets, on rows set aside">Buckets P@1</abbr>
                </th>
              )}
              <th scope="col">Rows/s</th>
              <th scope="col">Memory</th>
              <th scope="col">Time</th>
              <th scope="col">Size</th>
            </tr>
          </thead>
          <tbody>
            {worlds.map((world) => (
              <Row
                key={world.world}
                world={world}
                epochs={Number(history.currentRun?.record.options.epochs)}
                hasBuckets={hasBuckets}
                isOfRun={ofRun.has(world.world)}
                isLit={highlight === world.world}
                onHighlight={onHighlight}
              />
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </section>
  );
}

interface RowProps extends Pick<WorldTableProps, "onHighlight"> {
  readonly world: WorldHistory;
  readonly epochs: number;
  readonly hasBuckets: boolean;
  readonly isOfRun: boolean;
  readonly isLit: boolean;
}

function Row({ world: { world, state, latest, epochs: ended, ...rest }, ...props }: RowProps): JSX.Element {
  const { epochs, hasBuckets, isOfRun, isLit, onHighlight } = props;
  const isDone = state.phase === "done";
  const fraction = fractionOf({ world, state, latest, epochs: ended, ...rest });
  const buckets = ended.at(-1)?.buckets?.["p@1"];
  const loss = state.loss ?? latest?.loss;
  const or = <T,>(value: T | null | undefined, format: (value: T) => string): string =>
    value === null || value === undefined ? "–" : format(value);
  return (
    <tr class={isLit ? "is-lit" : ""} data-phase={state.phase}>
      <th scope="row">
        <button
          type="button"
          class="world-button"
          aria-pressed={isLit}
          aria-label={`Bring out world ${world} in the charts`}
          onClick={() => onHighlight(isLit ? null : world)}
        >
          {world}
        </button>
      </th>
      <td class={`phase is-${state.phase}`}>
        {isOfRun || state.phase !== "waiting" ? WORDS[state.phase] : "not in this run"}
      </td>
      <td>{Math.floor(100 * fraction)} %</td>
      <td>{isDone ? `${epochs}/${epochs}` : or(latest, ({ epoch }) => `${epoch.toFixed(1)}/${epochs}`)}</td>
      <td>{or(loss, formatLoss)}</td>
      {hasBuckets && <td>{or(buckets, formatPercent)}</td>}
      <td>{or(latest, ({ rate }) => formatCount(rate))}</td>
      <td>{or(latest?.memory, formatBytes)}</td>
      <td>{or(state.seconds, formatSeconds)}</td>
      <td>{or(state.bytes, formatBytes)}</td>
    </tr>
  );
}
