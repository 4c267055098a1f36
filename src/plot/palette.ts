/**
 * @file Which colours tell series apart, for every kind of colour vision, on white and on black?
 *
 * Six a scheme, found by search: the least difference of two of them (CIE 1976 ΔE, whole sight and simulated protanopia,
 * deuteranopia, tritanopia) is above 33, and each stands out from its background by a contrast of 3 or more (WCAG 2.1,
 * 1.4.11). test/plot/palette.test.ts measures both. Further series repeat the colours with dashes.
 *
 * Source of the simulation: Machado, Oliveira, Fernandes, "A Physiologically-based Model for Simulation of Color Vision
 * Deficiency", IEEE TVCG 2009, table 1.
 */

export interface Palette {
  readonly background: string;
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly series: readonly string[];
}

export const LIGHT: Palette = {
  background: "#ffffff",
  text: "#22262a",
  muted: "#5b646c",
  grid: "#e3e6e8",
  series: ["#0072b2", "#d86078", "#909000", "#7800f0", "#780000", "#480048"],
};

export const DARK: Palette = {
  background: "#14171a",
  text: "#e4e7ea",
  muted: "#9aa4ad",
  grid: "#2c3237",
  series: ["#56b4e9", "#d84878", "#f0c000", "#7860f0", "#f00030", "#d8f090"],
};

export const NUM_COLORS: number = LIGHT.series.length;

/** The style sheet of a chart: light, and dark where the reader prefers it. Every class starts with `mw-`. */
export function styleSheet(): string {
  const colors = ({ background, text, muted, grid, series }: Palette): string =>
    [
      `.mw-background { fill: ${background} } .mw-chart text { fill: ${text}; stroke: ${background} }`,
      `.mw-chart .mw-muted { fill: ${muted} } .mw-grid { stroke: ${grid} } .mw-axis { stroke: ${muted} }`,
      ...series.map((color, i) => `.mw-line${i} { stroke: ${color} } .mw-chart .mw-fill${i} { fill: ${color} }`),
    ].join("\n");
  return `.mw-chart text { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; stroke-width: 3px; stroke-linejoin: round; paint-order: stroke }
.mw-chart .mw-title { font-size: 16px; font-weight: 600 } .mw-chart .mw-small { font-size: 12px }
.mw-line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round } .mw-dashed { stroke-dasharray: 6 5 }
${colors(LIGHT)}
@media (prefers-color-scheme: dark) {
${colors(DARK)}
}`;
}
