/** @file How does the run go? Its state in words, a bar, a cell a world, and the four figures that one looks for first. */
import type { JSX } from "preact";
import type { RunHistory, WorldHistory } from "../../src/train/run-history/run-history.js";
import { formatBytes, formatCount, formatPercent, formatSeconds, plural } from "./format.js";
import type { Connection } from "./history-source.js";
import { fractionOf, type RunState, type RunStatus, worldsOfRun } from "./run-status.js";

const WORDS: Readonly<Record<RunState, string>> = {
  connecting: "Connecting",
  reading: "Reading rows",
  running: "Training",
  finished: "Finished",
  interrupted: "Interrupted",
  failed: "Failed",
  "cut off": "Cut off",
};

export interface StatusPanelProps {
  readonly history: RunHistory;
  readonly status: RunStatus;
  readonly connection: Connection;
}

export function StatusPanel({ history, status, connection }: StatusPanelProps): JSX.Element {
  const { state, fraction } = status;
  const record = history.currentRun?.record;
  const percent = Math.floor(100 * fraction);
  return (
    <section class={`status is-${state.replace(" ", "-")}`} aria-labelledby="title">
      <div class="status-head">
        <h1 id="title">
          <span class="state">{WORDS[state]}</span>
          {record !== undefined && <span class="model"> {record.model}</span>}
        </h1>
        <p class="progress-text numbers">{percent} %</p>
      </div>
      <div
        class="bar"
        role="progressbar"
        aria-label="Work done"
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <span class="bar-fill" style={{ width: `${100 * fraction}%` }} />
      </div>
      <p class="sentence" role="status">
        {sentence(history, status)}
      </p>
      {connection === "lost" && <p class="warning">The training's server does not answer; trying again.</p>}
      {connection === "ended" && (
        <p class="hint">
          The run is over and its server has gone. The same page stands in the model directory as{" "}
          <code>report.html</code>.
        </p>
      )}
      {history.notes.map(({ message }) => (
        <p class="warning" key={message}>
          {message}
        </p>
      ))}
      {status.numWorlds > 0 && <Cells worlds={worldsOfRun(history)} />}
      {record !== undefined && <Tiles history={history} status={status} />}
    </section>
  );
}

/** One sentence, which changes when a world does: it is read out. */
function sentence({ currentRun, rowsRead }: RunHistory, { state, counts, numWorlds }: RunStatus): string {
  if (state === "connecting") return "Waiting for the first record.";
  if (state === "reading") return `${plural(rowsRead?.rows ?? 0, "row")} so far.`;
  const { done, running, waiting, stopped, diverged } = counts;
  const others = [
    running > 0 ? `${running} in training` : "",
    waiting > 0 ? `${waiting} waiting` : "",
    stopped > 0 ? `${stopped} stopped on the way` : "",
    diverged > 0 ? `${diverged} diverged` : "",
  ].filter((part) => part !== "");
  const worlds = `${done} of ${plural(numWorlds, "world")} finished${others.map((part) => `, ${part}`).join("")}.`;
  if (state === "interrupted") return `${worlds} The run was stopped; --resume goes on.`;
  if (state === "failed") return `${worlds} ${currentRun?.end?.message ?? "The run ended with an error"}`;
  if (state === "cut off") return `${worlds} No record says how the run ended; --resume goes on.`;
  return worlds;
}

/** A cell a world, filled as far as it is. The table below says the same in words. */
function Cells({ worlds }: { readonly worlds: readonly WorldHistory[] }): JSX.Element {
  return (
    <ol class="cells" aria-hidden="true">
      {worlds.map((world) => (
        <li
          key={world.world}
          class={`cell is-${world.state.phase}`}
          title={`world ${world.world}: ${world.state.phase}, ${Math.floor(100 * fractionOf(world))} %`}
        >
          <span class="cell-fill" style={{ height: `${100 * fractionOf(world)}%` }} />
        </li>
      ))}
    </ol>
  );
}

function Tiles({ history, status }: { readonly history: RunHistory; readonly status: RunStatus }): JSX.Element {
  const { state, etaSeconds, rssBytes, peakBytes } = status;
  const { currentRun, samples, worlds } = history;
  const end = currentRun?.end ?? null;
  const spent = end?.seconds ?? history.seconds - (currentRun?.record.s ?? 0);
  const rates = samples.map(({ rate }) => rate).filter((rate) => rate > 0);
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / Math.max(1, rates.length);
  const held = worlds.flatMap(({ state: world, latest }) =>
    world.phase === "running" && latest?.memory ? [latest.memory] : [],
  );
  return (
    <dl class="tiles numbers">
      {state === "running" ? (
        <Tile
          name="Time left"
          value={etaSeconds === null ? "…" : `about ${formatSeconds(etaSeconds)}`}
          note={`${formatSeconds(spent)} so far`}
        />
      ) : (
        <Tile
          name="Took"
          value={formatSeconds(spent)}
          note={end === null ? "" : `${formatSeconds(end.cpuSeconds)} of processor time`}
        />
      )}
      {state === "running" ? (
        <Tile name="Throughput" value={`${formatCount(samples.at(-1)?.rate ?? 0)} rows/s`} note="all worlds together" />
      ) : (
        <Tile name="Throughput" value={mean === 0 ? "–" : `${formatCount(mean)} rows/s`} note="on average" />
      )}
      <Tile
        name="Memory"
        value={
          state === "running" && rssBytes !== null
            ? formatBytes(rssBytes)
            : peakBytes === null
              ? "–"
              : formatBytes(peakBytes)
        }
        note={
          state !== "running"
            ? "at its peak"
            : held.length > 0
              ? `${formatBytes(Math.max(...held))} for a world in training`
              : `${formatBytes(peakBytes ?? 0)} at most`
        }
      />
      <Precision history={history} />
    </dl>
  );
}

function Precision({ history }: { readonly history: RunHistory }): JSX.Element {
  const { measured, merged, currentRun } = history;
  const last = merged.at(-1);
  if (measured !== null) {
    const note = `${plural(measured.worlds, "world")}, ${plural(measured.rows, "row")} set aside`;
    return <Tile name="P@1" value={formatPercent(measured.figures["p@1"])} note={note} />;
  }
  if (last !== undefined) {
    const note = `${plural(last.worlds, "world")} so far, ${plural(last.rows, "row")} set aside`;
    return <Tile name="P@1" value={formatPercent(last.figures["p@1"])} note={note} />;
  }
  const note = currentRun?.record.heldOut ? "with the first finished worlds" : "needs --validation";
  return <Tile name="P@1" value="–" note={note} />;
}

function Tile({
  name,
  value,
  note,
}: {
  readonly name: string;
  readonly value: string;
  readonly note: string;
}): JSX.Element {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd>
        <strong class="tile-value">{value}</strong>
        <span class="tile-note">{note}</span>
      </dd>
    </div>
  );
}
