/**
 * @file How do curves become a picture that reads well in a README, light or dark? As one SVG text, without a browser.
 *
 *   title
 *   label of y            ── a    ── b      legend, where lines do not end at the right edge
 *   ┤            ╭──── a                    else their names stand at their ends
 *   ┤     ╭──────╯
 *   ┼──────┬───────┬──
 *            label of x
 *
 * Colours follow the reader's scheme by a media query, each series has a <title> for pointers and screen readers, and
 * the whole a <title> and <desc>. Not here: bars, several axes, interaction.
 */
import { ConfigError } from "../core/errors.js";
import { type Axis, type AxisLayout, layOutAxis } from "./axis.js";
import { type Box, placeBeside, spreadApart, textWidth } from "./label-placement.js";
import { NUM_COLORS, styleSheet } from "./palette.js";
import { escapeXml, fixed, text } from "./svg-text.js";

/** A point of a curve, in the units of the axes. */
export type Point = readonly [x: number, y: number];

/** One curve of a chart, or points that are not joined. */
export interface Series {
  /** Written at the line's end or in a legend; a single series gets no legend. */
  readonly name: string;
  /** In the order in which they are joined; a point that cannot be shown (NaN, ≤ 0 on a log axis) breaks the line. */
  readonly points: readonly Point[];
  /** Default true; false for points that are not joined. */
  readonly line?: boolean;
  /** Default false. */
  readonly dashed?: boolean;
  /** A dot at each point. Default false, true without a line. */
  readonly dots?: boolean;
}

/**
 * A text beside the point (x, y), in the units of the axes, which widen to show the point as they do for a series'; on a
 * log axis it is left out where it has no place.
 */
export interface Annotation {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** What `lineChart` draws. */
export interface LineChart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Default none. */
  readonly annotations?: readonly Annotation[];
  /** Pixels. Default 720. */
  readonly width?: number;
  /** Pixels. Default 420. */
  readonly height?: number;
}

const FONT_SIZE = 13;
const LINE_HEIGHT = 18;
const SMALLEST = { width: 240, height: 180 };

/** A chart as the text of an SVG file. @throws {ConfigError} if there is nothing to show or no room for it. */
export function lineChart(chart: LineChart): string {
  const { title, series, annotations = [], width = 720, height = 420 } = chart;
  if (!(width >= SMALLEST.width && height >= SMALLEST.height && Number.isFinite(width + height))) {
    throw new ConfigError(
      `lineChart: expected at least ${SMALLEST.width} × ${SMALLEST.height} pixels, got ${width} × ${height}`,
    );
  }
  const isOn = (value: number, { scale }: Axis): boolean => Number.isFinite(value) && (scale !== "log" || value > 0);
  const isShown = ([x, y]: Point): boolean => isOn(x, chart.x) && isOn(y, chart.y);
  const included = (axis: Axis): number[] => (axis.include ?? []).filter((value) => isOn(value, axis));
  const shown = series.map(({ points }) => points.filter(isShown));
  const all = shown.flat();
  if (all.length === 0) {
    throw new ConfigError(
      `lineChart: expected a point to show in "${title}", got none; is every number NaN, or ≤ 0 on a log axis?`,
    );
  }

  const spanned = [...all, ...annotations.map(({ x, y }): Point => [x, y]).filter(isShown)];
  const endsAtEdge = nameAtEnds(series, shown, all, height);
  const nameWidth = Math.max(...series.map(({ name }) => textWidth(name, FONT_SIZE)));
  const legend = endsAtEdge ? [] : legendRows(series, width - 32);
  const top = 62 + (legend.length === 0 ? 0 : LINE_HEIGHT * legend.length + 8);
  const bottom = height - 48;
  const yAxis = layOutAxis(
    [...spanned.map(([, y]) => y), ...included(chart.y)],
    chart.y.scale ?? "linear",
    Math.max(2, (bottom - top) / 48),
    true,
  );
  const left = 26 + Math.max(...yAxis.ticks.map(({ text }) => textWidth(text, 12)), 14);
  const right = width - (endsAtEdge ? nameWidth + 20 : 24);
  const xAxis = layOutAxis(
    [...spanned.map(([x]) => x), ...included(chart.x)],
    chart.x.scale ?? "linear",
    Math.max(2, (right - left) / 80),
    false,
  );
  const toX = (x: number): number => left + xAxis.position(x) * (right - left);
  const toY = (y: number): number => bottom - yAxis.position(y) * (bottom - top);

  const parts = [
    text(16, 28, title, "mw-title"),
    ...legend.flatMap((row, i) => row.map((entry) => legendEntry(series[entry.index], entry, 54 + i * LINE_HEIGHT))),
    text(16, top - 14, chart.y.label, "mw-small mw-muted"),
    text((left + right) / 2, height - 12, chart.x.label, "mw-small mw-muted", "middle"),
    ...axes(xAxis, yAxis, toX, toY, { left, top, width: right - left, height: bottom - top }),
    ...series.map((one, i) => curve(one, i, isShown, toX, toY)),
  ];
  if (endsAtEdge) {
    const ends = shown.map((points) => toY(points[points.length - 1][1]));
    spreadApart(ends, LINE_HEIGHT, top, bottom).forEach((y, i) => {
      parts.push(text(right + 10, y + FONT_SIZE * 0.35, series[i].name, `mw-fill${i % NUM_COLORS}`));
    });
  }
  const frame = { left: left - 8, top: top - 26, width: width - left, height: bottom - top + 26 };
  const obstacles = shown.flatMap((points, i) =>
    obstaclesOf(
      points.map(([x, y]): Point => [toX(x), toY(y)]),
      series[i].line !== false,
    ),
  );
  obstacles.push({ left: 16, top: top - 26, width: textWidth(chart.y.label, 12), height: 16 });
  for (const { x, y, text: content } of annotations) {
    if (!isShown([x, y])) continue;
    const at = placeBeside(content, FONT_SIZE, toX(x), toY(y), frame, obstacles);
    parts.push(text(at.x, at.y, content, "mw-annotation", at.anchor));
  }
  const description = `${chart.y.label} against ${chart.x.label}: ${series.map(({ name }) => name).join(", ")}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" class="mw-chart" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escapeXml(title)}</title>
<desc>${escapeXml(description)}</desc>
<style>
${styleSheet()}
</style>
<rect class="mw-background" width="${width}" height="${height}"/>
${parts.join("\n")}
</svg>
`;
}

/** What labels should not cover: the points and, every few pixels, the lines between them. */
function obstaclesOf(points: readonly Point[], areJoined: boolean): Box[] {
  const boxes: Box[] = [];
  points.forEach(([x, y], i) => {
    boxes.push({ left: x - 4, top: y - 4, width: 8, height: 8 });
    if (!areJoined || i === 0) return;
    const [fromX, fromY] = points[i - 1];
    const pieces = Math.floor(Math.hypot(x - fromX, y - fromY) / 6);
    for (let piece = 1; piece < pieces; piece++) {
      const part = piece / pieces;
      boxes.push({ left: fromX + part * (x - fromX) - 2, top: fromY + part * (y - fromY) - 2, width: 4, height: 4 });
    }
  });
  return boxes;
}

/** Names stand at the ends of lines if all lines end near the right edge and their names fit beneath each other. */
function nameAtEnds(
  series: readonly Series[],
  shown: readonly (readonly Point[])[],
  all: readonly Point[],
  height: number,
): boolean {
  let [last, first] = [-Infinity, Infinity];
  for (const [x] of all) [last, first] = [Math.max(last, x), Math.min(first, x)];
  const areNear = shown.every(
    (points) => points.length > 0 && points[points.length - 1][0] >= last - (last - first) / 10,
  );
  const areLines = series.every(({ line = true }) => line);
  return areNear && areLines && series.length * LINE_HEIGHT < height / 2 && series.length <= NUM_COLORS;
}

interface LegendEntry {
  readonly index: number;
  readonly x: number;
}

/** Entries from left to right, in as many rows as they need. A single series needs no legend: the title names it. */
function legendRows(series: readonly Series[], width: number): LegendEntry[][] {
  if (series.length < 2) return [];
  const rows: LegendEntry[][] = [[]];
  let x = 16;
  series.forEach(({ name }, index) => {
    const entryWidth = 46 + textWidth(name, FONT_SIZE);
    if (x + entryWidth > width + 16 && x > 16) {
      rows.push([]);
      x = 16;
    }
    rows[rows.length - 1].push({ index, x });
    x += entryWidth;
  });
  return rows;
}

function legendEntry(one: Series, { index, x }: LegendEntry, y: number): string {
  const color = index % NUM_COLORS;
  const { line = true, dots = !line } = one;
  const sample = line ? `<path class="${lineClass(one, index)}" d="M${x} ${y - 4}h22"/>` : "";
  const dot = dots ? `<circle class="mw-fill${color}" cx="${x + 11}" cy="${y - 4}" r="3.5"/>` : "";
  return `${sample}${dot}${text(x + 29, y, one.name, "mw-legend")}`;
}

function axes(
  xAxis: AxisLayout,
  yAxis: AxisLayout,
  toX: (x: number) => number,
  toY: (y: number) => number,
  plot: Box,
): string[] {
  const { left, top, width, height } = plot;
  const bottom = top + height;
  return [
    ...yAxis.ticks.flatMap(({ value, text: content }) => [
      `<path class="mw-grid" d="M${left} ${fixed(toY(value))}h${fixed(width)}"/>`,
      text(left - 8, toY(value) + 4, content, "mw-small mw-muted mw-tick", "end"),
    ]),
    `<path class="mw-axis" d="M${left} ${fixed(bottom)}h${fixed(width)}"/>`,
    ...xAxis.ticks.flatMap(({ value, text: content }) => [
      `<path class="mw-axis" d="M${fixed(toX(value))} ${fixed(bottom)}v5"/>`,
      text(toX(value), bottom + 19, content, "mw-small mw-muted mw-tick", "middle"),
    ]),
  ];
}

function lineClass({ dashed = false }: Series, index: number): string {
  const isDashed = dashed !== index >= NUM_COLORS;
  return `mw-line mw-line${index % NUM_COLORS}${isDashed ? " mw-dashed" : ""}`;
}

function curve(
  one: Series,
  index: number,
  isShown: (point: Point) => boolean,
  toX: (x: number) => number,
  toY: (y: number) => number,
): string {
  const { name, points, line = true, dots = !line } = one;
  const marks: string[] = [];
  let path = "";
  let command = "M";
  for (const point of points) {
    if (!isShown(point)) {
      command = "M";
      continue;
    }
    const [x, y] = [fixed(toX(point[0])), fixed(toY(point[1]))];
    path += `${command}${x} ${y}`;
    command = "L";
    if (dots) marks.push(`<circle class="mw-fill${index % NUM_COLORS}" cx="${x}" cy="${y}" r="3.5"/>`);
  }
  const stroke = line && path !== "" ? `<path class="${lineClass(one, index)}" d="${path}"/>` : "";
  return `<g class="mw-series"><title>${escapeXml(name)}</title>${stroke}${marks.join("")}</g>`;
}
