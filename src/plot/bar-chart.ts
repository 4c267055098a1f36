/**
 * @file How do a few named quantities, each made of parts, become a picture? Lying bars, one a row, as one SVG text.
 *
 *   title
 *   caption                      ■ work  ■ waiting
 *   data-parallel   ██████████░  1.73×
 *   hogwild         █████████░   1.84×
 *
 * Lengths share one linear scale that starts at 0. Colours, titles for pointers and screen readers: as line-chart.ts.
 */
import { ConfigError } from "../core/errors.js";
import { textWidth } from "./label-placement.js";
import { NUM_COLORS, styleSheet } from "./palette.js";
import { escapeXml, fixed, text } from "./svg-text.js";

/** One row of a bar chart. */
export interface Bar {
  /** Written left of the bar. */
  readonly name: string;
  /** One number ≥ 0 for each part of the chart, one behind another. */
  readonly values: readonly number[];
  /** Written at the bar's end. */
  readonly note: string;
}

/** What `barChart` draws. */
export interface BarChart {
  readonly title: string;
  /** What lengths mean, with their unit. */
  readonly caption: string;
  /** Names of the parts, for the legend. */
  readonly parts: readonly string[];
  /** From top to bottom; at least one, and one number of them above 0. */
  readonly bars: readonly Bar[];
  /** Pixels. Default 720; the height follows from the bars. */
  readonly width?: number;
}

const ROW_HEIGHT = 30;
const BAR_HEIGHT = 18;
const TOP = 84;
const FONT_SIZE = 13;

/** A chart as the text of an SVG file. @throws {ConfigError} without bars or room, or for numbers that are no lengths. */
export function barChart({ title, caption, parts, bars, width = 720 }: BarChart): string {
  const bad = bars.find(
    ({ values }) => values.length !== parts.length || !values.every((x) => x >= 0 && Number.isFinite(x)),
  );
  const totals = bars.map(({ values }) => values.reduce((sum, value) => sum + value, 0));
  const longest = Math.max(...totals);
  if (bad !== undefined || !(longest > 0)) {
    throw new ConfigError(
      `barChart: expected bars of ${parts.length} numbers ≥ 0, one of them above 0, got ${bad === undefined ? "none" : `${bad.name}: ${bad.values.join(", ")}`}`,
    );
  }
  const left = 32 + Math.max(...bars.map(({ name }) => textWidth(name, FONT_SIZE)));
  const right = width - 32 - Math.max(...bars.map(({ note }) => textWidth(note, FONT_SIZE)));
  if (right - left < 80) {
    throw new ConfigError(`barChart: expected at least ${Math.ceil(width + 80 - right + left)} pixels, got ${width}`);
  }
  const height = TOP + ROW_HEIGHT * bars.length + 12;
  const rows = bars.flatMap(({ name, values, note }, row) => {
    const y = TOP + row * ROW_HEIGHT;
    let x = left;
    const pieces = values.map((value, part) => {
      const length = ((right - left) * value) / longest;
      const piece = `<rect class="mw-fill${part % NUM_COLORS} mw-bar" x="${fixed(x)}" y="${fixed(y)}" width="${fixed(length)}" height="${BAR_HEIGHT}"><title>${escapeXml(`${name}, ${parts[part]}: ${Number(value.toPrecision(3))}`)}</title></rect>`;
      x += length;
      return piece;
    });
    const baseline = y + BAR_HEIGHT / 2 + FONT_SIZE * 0.35;
    return [text(left - 10, baseline, name, "mw-name", "end"), ...pieces, text(x + 8, baseline, note, "mw-note")];
  });
  let legendX = 16;
  const legend = parts.flatMap((name, part) => {
    const x = legendX;
    legendX += 34 + textWidth(name, FONT_SIZE);
    return [
      `<rect class="mw-fill${part % NUM_COLORS}" x="${fixed(x)}" y="57" width="12" height="12"/>`,
      text(x + 18, 68, name, "mw-legend"),
    ];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" class="mw-chart" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escapeXml(title)}</title>
<desc>${escapeXml(`${caption}: ${bars.map(({ name, note }) => `${name} ${note}`).join("; ")}`)}</desc>
<style>
${styleSheet()}
</style>
<rect class="mw-background" width="${width}" height="${height}"/>
${text(16, 28, title, "mw-title")}
${text(16, 47, caption, "mw-small mw-muted")}
${legend.join("\n")}
${rows.join("\n")}
</svg>
`;
}
