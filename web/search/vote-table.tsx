/**
 * @file The heat map of R worlds × best buckets, which is a table: each row a world, its strip of cells drawn, and beside it
 * in words what the strip shows, so that nothing is said by colour alone.
 */
import type { JSX } from "preact";
import type { Vote, WorldView } from "../../src/mach/search-contract.js";
import { count, counted, percent, readableLabel } from "./label-text.js";

export interface VoteTableProps {
  readonly name: string;
  readonly votes: readonly Vote[];
  /** Best buckets of each world, best first. */
  readonly worlds: readonly WorldView[];
}

export function VoteTable({ name, votes, worlds }: VoteTableProps): JSX.Element {
  const numTop = Math.max(0, ...worlds.map(({ buckets }) => buckets.length));
  return (
    <>
      <table class="votes">
        <caption class="unseen">
          In which bucket of each world {name} is, how probable the world finds that bucket, and who shares it
        </caption>
        <thead>
          <tr>
            <th scope="col">world</th>
            <th scope="col">its likeliest buckets</th>
            <th scope="col" class="number">
              rank
            </th>
            <th scope="col" class="number">
              gives
            </th>
            <th scope="col" class="beside">
              also in that bucket
            </th>
          </tr>
        </thead>
        <tbody>
          {votes.map((vote) => (
            <tr key={vote.world}>
              <th scope="row" class="numbers">
                {vote.world}
              </th>
              <td class="strip-cell">
                <Strip vote={vote} view={worlds.find(({ world }) => world === vote.world)} numTop={numTop} />
                <span class="unseen">bucket {vote.bucket}</span>
                <span class="sharers below">
                  with <Sharers vote={vote} />
                </span>
              </td>
              <td class={vote.rank <= 3 ? "number numbers good" : "number numbers"}>{count(vote.rank)}</td>
              <td class="number numbers">{percent(vote.probability)}</td>
              <td class="sharers beside">
                <Sharers vote={vote} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <Legend name={name} />
    </>
  );
}

/** Side of a cell, the gap after it, and the gap before a bucket that is not among the best. */
const CELL = 18;
const STEP = CELL + 3;
const APART = 9;

/** How dark a cell is: by the cube root, so that one in a thousand is still seen beside a certainty. */
const shade = (probability: number): string => Math.cbrt(probability).toFixed(3);

/** A world's best buckets as squares, darker for likelier, the label's own with a ring. */
function Strip({ vote, view, numTop }: { vote: Vote; view: WorldView | undefined; numTop: number }): JSX.Element {
  const buckets = view?.buckets ?? [];
  const at = buckets.findIndex(({ bucket }) => bucket === vote.bucket);
  const x = at >= 0 ? at * STEP : numTop * STEP + APART;
  return (
    <svg class="strip" viewBox={`-2 -2 ${(numTop + 1) * STEP + APART + 1} ${CELL + 4}`} aria-hidden="true">
      {buckets.map(({ bucket, probability }, i) => (
        <Cell key={bucket} x={i * STEP} bucket={bucket} probability={probability} />
      ))}
      {at < 0 && <Cell x={x} bucket={vote.bucket} probability={vote.probability} />}
      <rect class="ring" x={x - 0.25} y={-0.25} width={CELL + 0.5} height={CELL + 0.5} rx="4" />
    </svg>
  );
}

/** What the shades and the ring mean. */
function Legend({ name }: { readonly name: string }): JSX.Element {
  return (
    <p class="legend numbers" aria-hidden="true">
      {[0.0001, 0.01, 0.1, 1].map((probability) => (
        <span key={probability}>
          <svg viewBox={`0 0 ${CELL} ${CELL}`} aria-hidden="true">
            <rect class="cell-ground" width={CELL} height={CELL} rx="3.5" />
            <rect class="cell" width={CELL} height={CELL} rx="3.5" fill-opacity={shade(probability)} />
          </svg>
          {100 * probability}&#8239;%
        </span>
      ))}
      <span>
        <svg viewBox={`0 0 ${CELL} ${CELL}`} aria-hidden="true">
          <rect class="ring" x="1.5" y="1.5" width={CELL - 3} height={CELL - 3} rx="3" />
        </svg>
        holds {name}
      </span>
    </p>
  );
}

function Cell({ x, bucket, probability }: { x: number; bucket: number; probability: number }): JSX.Element {
  return (
    <g>
      <title>{`bucket ${count(bucket)}: ${percent(probability)}`}</title>
      <rect class="cell-ground" x={x} width={CELL} height={CELL} rx="3.5" />
      <rect class="cell" x={x} width={CELL} height={CELL} rx="3.5" fill-opacity={shade(probability)} />
    </g>
  );
}

/** The first of them are enough to see that they have nothing to do with the query. */
const SHARERS_SHOWN = 3;

function Sharers({ vote: { shared } }: { readonly vote: Vote }): JSX.Element {
  const labels = shared.labels.slice(0, SHARERS_SHOWN);
  if (shared.count === 0) return <>nobody else</>;
  return (
    <>
      {counted(shared.count, "other")}:{" "}
      {labels.map((label, i) => (
        <span key={label} title={label}>
          {i > 0 && ", "}
          {readableLabel(label).title}
        </span>
      ))}
      {shared.count > labels.length && " …"}
    </>
  );
}
