/** @file Charts as a reader's program sees them: series, ticks, names and texts, inside the picture and well-formed. */
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core/errors.js";
import { type LineChart, lineChart, type Point } from "../../src/plot/index.js";
import { parseSvg, type SvgElement, withClass } from "./svg.js";

const curve = (f: (x: number) => number, n = 30): Point[] => Array.from({ length: n }, (_, x) => [x, f(x)]);
const base: LineChart = {
  title: "Loss",
  x: { label: "epoch" },
  y: { label: "mean loss" },
  series: [
    { name: "training", points: curve((x) => Math.exp(-x / 9)) },
    { name: "validation", points: curve((x) => 0.2 + Math.exp(-x / 9)), dashed: true },
  ],
};
const texts = (svg: SvgElement, name: string): string[] => withClass(svg, name).map(({ text }) => text);
const draw = (over: Partial<LineChart> = {}): SvgElement => parseSvg(lineChart({ ...base, ...over }));

/** Coordinates of a path of M and L. */
function pathPoints({ attributes }: SvgElement): number[][] {
  return [...attributes.d.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
}

describe("lineChart", () => {
  it("draws each series once, with its name, inside the picture", () => {
    const svg = draw();
    expect(svg.attributes).toMatchObject({ role: "img", viewBox: "0 0 720 420" });
    expect(svg.children[0]).toMatchObject({ name: "title", text: "Loss" });
    const series = withClass(svg, "mw-series");
    expect(series.map(({ children }) => children[0].text)).toEqual(["training", "validation"]);
    for (const one of series) {
      const points = pathPoints(withClass(one, "mw-line")[0]);
      expect(points).toHaveLength(30);
      for (const [x, y] of points) {
        expect(x).toBeGreaterThan(0);
        expect(x).toBeLessThan(720);
        expect(y).toBeGreaterThan(40);
        expect(y).toBeLessThan(420 - 40);
      }
    }
    expect(withClass(series[0], "mw-dashed")).toHaveLength(0);
    expect(withClass(series[1], "mw-dashed")).toHaveLength(1);
    // Larger is higher, later is further right.
    const [first, last] = [pathPoints(withClass(svg, "mw-line0")[0])[0], pathPoints(withClass(svg, "mw-line0")[0])[29]];
    expect(last[0]).toBeGreaterThan(first[0]);
    expect(last[1]).toBeGreaterThan(first[1]);
  });

  it("names lines at their ends, apart from each other, or in a legend where they end elsewhere", () => {
    const close = draw({ series: base.series.map((one) => ({ ...one, points: curve(() => 1) })) });
    const names = withClass(close, "mw-fill0").concat(withClass(close, "mw-fill1"));
    expect(names.map(({ text }) => text)).toEqual(["training", "validation"]);
    expect(Math.abs(Number(names[0].attributes.y) - Number(names[1].attributes.y))).toBeGreaterThanOrEqual(18);
    expect(texts(close, "mw-legend")).toEqual([]);
    const early = draw({ series: [base.series[0], { ...base.series[1], points: curve((x) => x, 5) }] });
    expect(texts(early, "mw-legend")).toEqual(["training", "validation"]);
    const many = draw({
      series: Array.from({ length: 9 }, (_, i) => ({ name: `series ${i}`, points: curve((x) => i * x) })),
    });
    expect(texts(many, "mw-legend")).toHaveLength(9);
    // Colours come round, with dashes.
    expect(withClass(withClass(many, "mw-series")[6], "mw-line0")[0].attributes.class).toContain("mw-dashed");
  });

  it("breaks lines at numbers that cannot be shown, and puts dots where asked", () => {
    const points: Point[] = [
      [0, 1],
      [1, 2],
      [2, Number.NaN],
      [3, 3],
      [4, Infinity],
      [5, 4],
    ];
    const svg = draw({ series: [{ name: "a", points, dots: true }] });
    expect(withClass(svg, "mw-line0")[0].attributes.d.match(/[ML]/g)?.join("")).toBe("MLMM");
    expect(withClass(svg, "mw-series")[0].children.filter(({ name }) => name === "circle")).toHaveLength(4);
    const log = draw({
      y: { label: "y", scale: "log" },
      series: [
        {
          name: "a",
          points: [
            [0, 0],
            [1, -1],
            [2, 1],
            [3, 9],
          ],
        },
      ],
    });
    expect(pathPoints(withClass(log, "mw-line0")[0])).toHaveLength(2);
    const dots = draw({ series: [{ name: "a", points: curve((x) => x), line: false }] });
    expect(withClass(dots, "mw-line")).toHaveLength(0);
    expect(withClass(dots, "mw-series")[0].children).toHaveLength(31);
  });

  it.each([
    ["linear", [0, 97], ["0", "20", "40", "60", "80", "100"]],
    ["linear", [-0.2, 0.1], ["−0.20", "−0.15", "−0.10", "−0.05", "0", "0.05", "0.10"]],
    ["linear", [0, 60_000], ["0", "10k", "20k", "30k", "40k", "50k", "60k"]],
    ["linear", [0, 2.5e6], ["0", "0.5M", "1.0M", "1.5M", "2.0M", "2.5M"]],
    ["linear", [0, 3e-6], ["0", "5·10⁻⁷", "10⁻⁶", "1.5·10⁻⁶", "2·10⁻⁶", "2.5·10⁻⁶", "3·10⁻⁶"]],
    ["linear", [5, 5], ["4.4", "4.6", "4.8", "5.0", "5.2", "5.4", "5.6"]],
    ["log", [0.01, 0.9], ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5"]],
    ["log", [1, 1e5], ["1", "10", "100", "1000", "10k", "100k"]],
    ["log", [1e-12, 1], ["10⁻¹²", "10⁻¹⁰", "10⁻⁸", "10⁻⁶", "10⁻⁴", "10⁻²", "10⁰"]],
    ["log", [2, 3], ["2.0", "2.2", "2.4", "2.6", "2.8", "3.0"]],
  ] as const)("writes round numbers beside a %s axis of %j", (scale, [low, high], expected) => {
    const points: Point[] = [
      [0, low],
      [1, high],
    ];
    const ticks = texts(draw({ y: { label: "y", scale }, series: [{ name: "a", points }] }), "mw-tick");
    expect(ticks.slice(0, expected.length)).toEqual(expected);
    expect(ticks.slice(expected.length)[0]).toBe("0");
  });

  it("puts annotations beside their points, over neither points nor each other", () => {
    const points = curve((x) => x % 3, 8);
    const annotations = points.map(([x, y], i) => ({ x, y, text: String(i + 2) }));
    const svg = draw({ series: [{ name: "a", points, dots: true }], annotations });
    const placed = withClass(svg, "mw-annotation");
    expect(placed.map(({ text }) => text)).toEqual(annotations.map(({ text }) => text));
    const dots = withClass(svg, "mw-series")[0].children.filter(({ name }) => name === "circle");
    placed.forEach(({ attributes }, i) => {
      const [x, y] = [Number(attributes.x), Number(attributes.y)];
      const [dx, dy] = [x - Number(dots[i].attributes.cx), y - Number(dots[i].attributes.cy)];
      expect(Math.hypot(dx, dy)).toBeLessThan(25);
      expect(Math.hypot(dx, dy)).toBeGreaterThan(8);
    });
    expect(texts(draw({ annotations: [{ x: 1, y: Number.NaN, text: "nowhere" }] }), "mw-annotation")).toEqual([]);
  });

  it("starts where asked, at 0 say", () => {
    const series = [{ name: "a", points: curve((x) => 50 + x) }];
    expect(texts(draw({ series }), "mw-tick")[0]).toBe("50");
    expect(texts(draw({ series, y: { label: "y", include: [0] } }), "mw-tick")[0]).toBe("0");
  });

  it("leaves out of a log axis what cannot be on it, also where it was to start", () => {
    const series = [{ name: "a", points: curve((x) => 50 + x) }];
    const plain = texts(draw({ series, y: { label: "y", scale: "log" } }), "mw-tick");
    expect(texts(draw({ series, y: { label: "y", scale: "log", include: [0, Number.NaN] } }), "mw-tick")).toEqual(
      plain,
    );
    expect(texts(draw({ series, y: { label: "y", scale: "log", include: [1] } }), "mw-tick")[0]).toBe("1");
  });

  it.each(["linear", "log"] as const)("shows a curve that differs by rounding alone, %s", (scale) => {
    const series = [{ name: "a", points: curve((x) => 0.3 + (x % 2) * 2 ** -54, 4) }];
    const ticks = texts(draw({ series, y: { label: "y", scale } }), "mw-tick");
    expect(ticks.map(Number)).toContain(0.3);
    expect(ticks.length).toBeLessThan(20);
  });

  it("draws more points than a call takes arguments", () => {
    const series = [{ name: "a", points: curve((x) => x, 200_000) }];
    expect(withClass(draw({ series }), "mw-series")).toHaveLength(1);
  });

  it("escapes texts and drops what XML forbids", () => {
    const evil = '</text><script a="b">&amp;\u0000\ud800 日本';
    const svg = draw({ title: evil, series: [{ name: evil, points: base.series[0].points }], x: { label: evil } });
    const kept = '</text><script a="b">&amp; 日本';
    expect(svg.children[0].text).toBe(kept);
    expect(texts(svg, "mw-title")).toEqual([kept]);
    expect(texts(svg, "mw-fill0")).toEqual([kept]);
  });

  it("follows the reader's colour scheme", () => {
    expect(lineChart(base)).toContain("@media (prefers-color-scheme: dark)");
  });

  it("refuses a chart of nothing, and one without room", () => {
    const nothing: Point[] = [[0, Number.NaN]];
    expect(() => draw({ series: [{ name: "a", points: nothing }] })).toThrow(ConfigError);
    expect(() => draw({ series: [] })).toThrow(/expected a point to show in "Loss", got none/);
    expect(() => draw({ width: 100 })).toThrow(/expected at least 240 × 180 pixels, got 100 × 420/);
  });
});
