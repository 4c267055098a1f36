/** @file Bars: lengths on one scale from 0, parts end to end, names and notes that do not cover them. */
import { expect, it } from "vitest";
import { barChart } from "../../src/plot/index.js";
import { parseSvg, withClass } from "./svg.js";

const CHART = {
  title: "Time",
  caption: "seconds",
  parts: ["work", "waiting"],
  bars: [
    { name: "one", values: [4, 0], note: "1.00×" },
    { name: "two & <three>", values: [1, 1], note: "2.00×" },
  ],
};

it("draws lengths on one scale, parts one behind another, notes behind the bars", () => {
  const svg = parseSvg(barChart(CHART));
  const bars = withClass(svg, "mw-bar").map(({ attributes }) => ({
    x: Number(attributes.x),
    y: Number(attributes.y),
    width: Number(attributes.width),
  }));
  expect(bars).toHaveLength(4);
  expect(bars[2].width / bars[0].width).toBeCloseTo(1 / 4, 2);
  expect(bars[1].width).toBe(0);
  expect(bars[3].x).toBeCloseTo(bars[2].x + bars[2].width, 0);
  expect(bars[2].y).toBeGreaterThan(bars[0].y);
  expect(bars[2].x).toBe(bars[0].x);
  const notes = withClass(svg, "mw-note").map(({ attributes }) => Number(attributes.x));
  expect(notes[0]).toBeGreaterThan(bars[0].x + bars[0].width);
  expect(notes[1]).toBeGreaterThan(bars[3].x + bars[3].width);
  for (const { attributes } of withClass(svg, "mw-name")) expect(Number(attributes.x)).toBeLessThan(bars[0].x);
});

it("refuses no bars, numbers that are no lengths, and too little room", () => {
  const refuse = (over: object) => () => barChart({ ...CHART, ...over });
  expect(refuse({ bars: [] })).toThrow(/expected bars of 2 numbers ≥ 0, one of them above 0, got none/);
  expect(refuse({ bars: [{ name: "a", values: [1], note: "" }] })).toThrow(/got a: 1/);
  expect(refuse({ bars: [{ name: "a", values: [1, Number.NaN], note: "" }] })).toThrow(/got a: 1, NaN/);
  expect(refuse({ width: 200 })).toThrow(/expected at least \d+ pixels, got 200/);
});
