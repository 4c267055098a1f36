/**
 * @file One chart: uPlot on a canvas, what it shows in words, and the same numbers as a table.
 *
 * uPlot is made again when lines come or go, the theme or the highlight changes; otherwise it gets new data. The canvas is
 * an image to assistive technology, named by title and summary; the table is behind a disclosure.
 */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { chartColors } from "../parts/chart-colors.js";
import { onTheme, type Theme } from "../parts/theme.js";
import type { ChartModel, Line, LineStyle, Point } from "./charts.js";
import { PointTable } from "./point-table.js";

const HEIGHT = 220;
/** Few points are shown as such: a line through two says little. */
const DOTS_UP_TO = 24;
const AXIS_FONT = '12px system-ui, "Segoe UI", Helvetica, Arial, sans-serif';

export interface LinePlotProps {
  readonly chart: ChartModel;
  /** World to bring out; null: none. */
  readonly highlight: number | null;
  /** Stands beside the title. */
  readonly children?: JSX.Element;
}

export function LinePlot({ chart, highlight, children }: LinePlotProps): JSX.Element {
  const { id, title, summary, absent } = chart;
  // What is brought out is drawn last, over the others.
  const lines = [...chart.lines].sort((a, b) => Number(isOf(a, highlight)) - Number(isOf(b, highlight)));
  return (
    <figure class="chart" aria-labelledby={`${id}-title`} data-chart={id} data-lines={lines.length}>
      <figcaption>
        <div class="chart-head">
          <h3 id={`${id}-title`}>{title}</h3>
          {children}
        </div>
        {summary !== "" && <p class="summary">{summary}</p>}
      </figcaption>
      {absent === null ? (
        <>
          <Canvas chart={{ ...chart, lines }} highlight={highlight} />
          <PointTable chart={chart} />
        </>
      ) : (
        <p class="absent">{absent}</p>
      )}
    </figure>
  );
}

const isOf = ({ world }: Line, highlight: number | null): boolean => world !== null && world === highlight;

function Canvas({ chart, highlight }: { readonly chart: ChartModel; readonly highlight: number | null }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLParagraphElement>(null);
  const plot = useRef<uPlot | null>(null);
  // A plot outlives many charts: it asks for the one that is shown.
  const current = useRef(chart);
  current.current = chart;
  const [theme, setTheme] = useState<Theme | null>(null);
  useEffect(() => onTheme(setTheme), []);
  const shape = `${chart.title} ${theme} ${highlight} ${chart.lines.map(({ name, style }) => `${name} ${style}`).join()}`;

  // `shape` stands for all that the plot is made from.
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new uPlot(plotOptions(current, highlight, element.clientWidth, readout), dataOf(chart.lines), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(dataOf(chart.lines)));
  return (
    <div class="plot">
      <p class="y-label">{chart.y.label}</p>
      <div class="canvas" ref={place} role="img" aria-label={`Chart: ${chart.title}. ${chart.summary}`} />
      <p class="readout numbers" ref={readout} aria-hidden="true" />
      {chart.lines.length > 1 && <Key lines={chart.lines} highlight={highlight} />}
    </div>
  );
}

/** All lines on one x axis, with gaps where a line has no point. */
function dataOf(lines: readonly Line[]): uPlot.AlignedData {
  const column = (points: readonly Point[], i: 0 | 1): number[] => points.map((point) => point[i]);
  return uPlot.join(lines.map(({ points }): uPlot.AlignedData => [column(points, 0), column(points, 1)]));
}

interface Look {
  readonly stroke: string;
  readonly width: number;
  readonly dash?: number[];
}

/** Of worlds: those at work in colour, the others behind them, until none is; of figures: a colour each. */
function lookOf(style: LineStyle, index: number, isLit: boolean, isQuiet: boolean): Look {
  const { series, muted } = chartColors();
  if (isLit) return { stroke: colorOf("--lit"), width: 2.5 };
  if (style === "series") return { stroke: series[index % series.length], width: 2 };
  if (!isQuiet && style !== "stopped") return { stroke: colorOf("--accent"), width: 1.5 };
  return { stroke: `${muted}99`, width: 1.2, ...(style === "stopped" ? { dash: [5, 4] } : {}) };
}

/** A custom property as a colour that a canvas knows: light-dark() is resolved by an element. */
function colorOf(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function plotOptions(
  chart: { readonly current: ChartModel },
  highlight: number | null,
  width: number,
  readout: { readonly current: HTMLParagraphElement | null },
): uPlot.Options {
  const { x, y, lines } = chart.current;
  const { muted, grid } = chartColors();
  const hasLit = lines.some((line) => isOf(line, highlight));
  const isAnyRunning = lines.some(({ style }) => style === "running");
  const axis: uPlot.Axis = {
    stroke: muted,
    font: AXIS_FONT,
    labelFont: AXIS_FONT,
    labelSize: 16,
    labelGap: 2,
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
  };
  return {
    width: Math.max(200, width),
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, focus: { prox: 24 }, points: { size: 7 } },
    focus: { alpha: 0.35 },
    scales: {
      x: { time: false, range: (_, min, max) => (min === max ? [Math.max(0, min - 1), max + 1] : [min, max]) },
      y: { range: (_, min, max) => rangeOf(min, max, y.fromZero === true) },
    },
    axes: [
      {
        ...axis,
        label: x.label,
        size: 26,
        gap: 4,
        space: 56,
        ...(x.steps === undefined ? {} : { incrs: [...x.steps] }),
        values: (_, ticks) => ticks.map(x.format),
      },
      {
        ...axis,
        size: 56,
        space: 36,
        ...(y.steps === undefined ? {} : { incrs: [...y.steps] }),
        values: (_, ticks) => ticks.map(y.format),
      },
    ],
    series: [
      {},
      ...lines.map((line, i): uPlot.Series => {
        const isLit = isOf(line, highlight);
        const isQuiet = hasLit || (isAnyRunning && line.style !== "running");
        const look = lookOf(line.style, i, isLit, isQuiet);
        return {
          label: line.name,
          ...look,
          spanGaps: true,
          points: { show: () => (chart.current.lines[i]?.points.length ?? 0) <= DOTS_UP_TO, size: 5 },
        };
      }),
    ],
    hooks: {
      setCursor: [
        (self) => {
          if (readout.current !== null) readout.current.textContent = textAtCursor(self, chart.current);
        },
      ],
    },
  };
}

/** Room above and below; from zero where amounts are compared. */
function rangeOf(min: number, max: number, fromZero: boolean): [number, number] {
  if (!Number.isFinite(min) || !Number.isFinite(max)) return [0, 1];
  const room = 0.06 * (max - min) || 0.1 * Math.abs(max) || 1;
  return [fromZero ? Math.min(0, min) : min - room, max + room];
}

/** The values nearest to the pointer: of every line where there are few, else of the one that is closest. */
function textAtCursor(plot: uPlot, { x, y, lines }: ChartModel): string {
  const { left = -1, top = -1 } = plot.cursor;
  if (left < 0) return "";
  const at = plot.posToVal(left, "x");
  const nearest = lines.map(({ name, points }) => {
    const point = points.reduce((best, each) => (Math.abs(each[0] - at) < Math.abs(best[0] - at) ? each : best));
    return { name, point, distance: Math.abs(plot.valToPos(point[1], "y") - top) };
  });
  const shown = lines.length <= 3 ? nearest : [...nearest].sort((a, b) => a.distance - b.distance).slice(0, 1);
  const values = shown.map(({ name, point }) => `${name} ${y.format(point[1])}`);
  return `${x.label} ${x.format(shown[0].point[0])}: ${values.join(" · ")}`;
}

/** What the colours mean. */
function Key({
  lines,
  highlight,
}: {
  readonly lines: readonly Line[];
  readonly highlight: number | null;
}): JSX.Element {
  const { series } = chartColors();
  if (lines[0].style === "series") {
    return (
      <ul class="key" aria-hidden="true">
        {lines.map(({ name }, i) => (
          <li key={name}>
            <span class="key-line" style={{ background: series[i % series.length] }} />
            {name}
          </li>
        ))}
      </ul>
    );
  }
  const styles = new Set(lines.map(({ style }) => style));
  return (
    <ul class="key" aria-hidden="true">
      {styles.has("running") && <li class={highlight === null ? "key-bright" : "key-quiet"}>in training</li>}
      {styles.has("done") && (
        <li class={highlight === null && !styles.has("running") ? "key-bright" : "key-quiet"}>finished</li>
      )}
      {styles.has("stopped") && <li class="key-stopped">stopped</li>}
      {highlight !== null && <li class="key-lit">world {highlight}</li>}
    </ul>
  );
}
