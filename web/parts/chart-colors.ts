/** @file Which colours does a chart on a canvas draw with? Those of plot/palette.ts, for the theme that is shown. */
import { DARK, LIGHT, type Palette } from "../../src/plot/palette.js";
import { currentTheme, type Theme } from "./theme.js";

/** Series colours, text, grid and background; draw again with the new ones when `onTheme` calls. */
export function chartColors(theme: Theme = currentTheme()): Palette {
  return theme === "dark" ? DARK : LIGHT;
}
