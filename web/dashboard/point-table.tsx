/** @file A chart's numbers as a table: every point of a short line, some at even distances of a long one. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ChartModel, Line, Point } from "./charts.js";
import { ScrollRegion } from "./scroll-region.js";

const MOST_ROWS = 12;

export function PointTable({ chart }: { readonly chart: ChartModel }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="points" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary class="points-summary">
        Numbers<span class="unseen"> of {chart.title}</span>
      </summary>
      {isOpen && <Rows chart={chart} />}
    </details>
  );
}

function Rows({ chart }: { readonly chart: ChartModel }): JSX.Element {
  const { x, y, lines, title } = chart;
  const places = placesOf(lines);
  return (
    <ScrollRegion label={`Numbers of ${title}`}>
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">{x.label}</th>
            {lines.map(({ name }) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {places.map((place) => (
            <tr key={place}>
              <th scope="row">{x.format(place)}</th>
              {lines.map(({ name, points }) => {
                const value = lastUpTo(points, place);
                return <td key={name}>{value === null ? "–" : y.format(value)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}

/** Places of the longest line, at most MOST_ROWS of them, the last included. */
function placesOf(lines: readonly Line[]): number[] {
  const all = [...new Set(lines.flatMap(({ points }) => points.map(([place]) => place)))].sort((a, b) => a - b);
  if (all.length <= MOST_ROWS) return all;
  return Array.from({ length: MOST_ROWS }, (_, i) => all[Math.round((i * (all.length - 1)) / (MOST_ROWS - 1))]);
}

/** The value of a line at `place`: its last one up to there; null before its first. */
function lastUpTo(points: readonly Point[], place: number): number | null {
  const point = points.findLast(([at]) => at <= place);
  return point === undefined ? null : point[1];
}
