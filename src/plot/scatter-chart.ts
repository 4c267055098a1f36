/**
 * @file How do many named points become a picture in which names can be read? A map: dots, and beside them what fits.
 *
 * Names are placed in the order of the points, so put the important ones first; a name that would cover another, or a dot, is
 * left out and shows only when a pointer rests on its dot. There are no axes: the places mean something only to each other.
 * Both axes have the same scale, so distances can be compared.
 */
import { ConfigError } from "../core/errors.js";
import { type Box, placeIfFree } from "./label-placement.js";
import { styleSheet } from "./palette.js";
import { escapeXml, fixed, text } from "./svg-text.js";

/** A dot of a map with its name. */
export interface NamedPoint {
  readonly x: number;
  readonly y: number;
  readonly label: string;
}

/** What `scatterChart` draws. */
export interface ScatterChart {
  readonly title: string;
  /** A line below the title. Default none. */
  readonly caption?: string;
  /** The important ones first: names are placed in this order. Points that are not finite are left out. */
  readonly points: readonly NamedPoint[];
  /** Pixels. Default 900. */
  readonly width?: number;
  /** Pixels. Default 680. */
  readonly height?: number;
}

const FONT_SIZE = 12;
const SMALLEST = 240;
const RADIUS = 2.5;

/** A map as the text of an SVG file. @throws {ConfigError} without a finite point, or without room. */
export function scatterChart({ title, caption = "", points, width = 900, height = 680 }: ScatterChart): string {
  if (!(width >= SMALLEST && height >= SMALLEST && Number.isFinite(width + height))) {
    throw new ConfigError(`scatterChart: expected at least ${SMALLEST} × ${SMALLEST} pixels, got ${width} × ${height}`);
  }
  const shown = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  if (shown.length === 0) {
    throw new ConfigError(`scatterChart: expected a point to show in "${title}", got none; is every number NaN?`);
  }
  const frame: Box = {
    left: 12,
    top: caption === "" ? 44 : 62,
    width: width - 24,
    height: height - (caption === "" ? 56 : 74),
  };
  const places = fit(shown, frame);
  const reach = RADIUS + 1;
  const obstacles: Box[] = places.map(([x, y]) => ({
    left: x - reach,
    top: y - reach,
    width: 2 * reach,
    height: 2 * reach,
  }));
  const labels = shown.flatMap(({ label }, i) => {
    const place = placeIfFree(label, FONT_SIZE, places[i][0], places[i][1], frame, obstacles);
    return place === null ? [] : [text(place.x, place.y, label, "mw-small mw-name", place.anchor)];
  });
  const dots = shown.map(
    ({ label }, i) =>
      `<circle class="mw-fill0" cx="${fixed(places[i][0])}" cy="${fixed(places[i][1])}" r="${RADIUS}"><title>${escapeXml(label)}</title></circle>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" class="mw-chart" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escapeXml(title)}</title>
<desc>${escapeXml(`${shown.length} points by name${caption === "" ? "" : `; ${caption}`}`)}</desc>
<style>
${styleSheet()}
</style>
<rect class="mw-background" width="${width}" height="${height}"/>
${text(16, 28, title, "mw-title")}
${caption === "" ? "" : `${text(16, 48, caption, "mw-small mw-muted")}\n`}<g class="mw-series">${dots.join("\n")}</g>
${labels.join("\n")}
</svg>
`;
}

/** Pixels of the points: one scale for both axes, the whole in the middle of the frame, with room for names at the sides. */
function fit(points: readonly NamedPoint[], frame: Box): [number, number][] {
  const [marginX, marginY] = [Math.min(48, frame.width / 8), 18];
  const range = (values: readonly number[]): [number, number] => [
    values.reduce((a, b) => Math.min(a, b)),
    values.reduce((a, b) => Math.max(a, b)),
  ];
  const [lowX, highX] = range(points.map(({ x }) => x));
  const [lowY, highY] = range(points.map(({ y }) => y));
  const scale = Math.min((frame.width - 2 * marginX) / (highX - lowX), (frame.height - 2 * marginY) / (highY - lowY));
  const used = Number.isFinite(scale) ? scale : 0;
  const [middleX, middleY] = [frame.left + frame.width / 2, frame.top + frame.height / 2];
  return points.map(({ x, y }) => [
    middleX + used * (x - (lowX + highX) / 2),
    middleY - used * (y - (lowY + highY) / 2),
  ]);
}
