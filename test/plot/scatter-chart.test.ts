/** @file Maps of named points: inside the picture, names that cover nothing, one scale. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { type NamedPoint, scatterChart } from "../../src/plot/index.js";
import { textWidth } from "../../src/plot/label-placement.js";
import { parseSvg, type SvgElement, withClass } from "./svg.js";

const draw = (points: readonly NamedPoint[], over: object = {}): SvgElement =>
  parseSvg(scatterChart({ title: "Map", points, ...over }));
const cloud = (n: number): NamedPoint[] => {
  const rng = new Rng(n);
  return Array.from({ length: n }, (_, i) => ({ x: rng.nextFloat() * 50, y: rng.nextFloat() * 40, label: `word${i}` }));
};

describe("scatterChart", () => {
  it("puts every point inside, larger y higher, both axes on one scale", () => {
    const dots = withClass(
      draw([
        { x: 0, y: 0, label: "a" },
        { x: 10, y: 0, label: "b" },
        { x: 0, y: 5, label: "c" },
      ]),
      "mw-fill0",
    );
    const [a, b, c] = dots.map(({ attributes }) => [Number(attributes.cx), Number(attributes.cy)]);
    expect(b[1]).toBe(a[1]);
    expect(c[1]).toBeLessThan(a[1]);
    expect((b[0] - a[0]) / (a[1] - c[1])).toBeCloseTo(2, 2);
    for (const { attributes } of withClass(draw(cloud(500)), "mw-fill0")) {
      expect(Number(attributes.cx)).toBeGreaterThan(12);
      expect(Number(attributes.cx)).toBeLessThan(888);
      expect(Number(attributes.cy)).toBeGreaterThan(44);
      expect(Number(attributes.cy)).toBeLessThan(668);
    }
  });

  it("writes names where they cover no other name, first points first, and leaves none without its title", () => {
    const svg = draw(cloud(600), { caption: "a caption" });
    const names = withClass(svg, "mw-name");
    expect(names.length).toBeGreaterThan(50);
    expect(names.length).toBeLessThan(600);
    expect(names[0].text).toBe("word0");
    expect(withClass(svg, "mw-fill0")).toHaveLength(600);
    const boxes = names.map(({ attributes, text }) => {
      const width = textWidth(text, 12);
      const anchor = attributes["text-anchor"] ?? "start";
      const left = Number(attributes.x) - (anchor === "start" ? 0 : anchor === "middle" ? width / 2 : width);
      return { left, right: left + width, top: Number(attributes.y) - 12, bottom: Number(attributes.y) + 3 };
    });
    boxes.forEach((a, i) => {
      expect(a.left).toBeGreaterThanOrEqual(11.9);
      expect(a.right).toBeLessThanOrEqual(888.1);
      for (const b of boxes.slice(i + 1)) {
        const covers =
          a.left < b.right - 0.2 && b.left < a.right - 0.2 && a.top < b.bottom - 0.2 && b.top < a.bottom - 0.2;
        expect(covers).toBe(false);
      }
    });
  });

  it("escapes names, passes points over that are not finite, and says when nothing is left", () => {
    const svg = draw([
      { x: 1, y: 1, label: "<&>" },
      { x: Number.NaN, y: 0, label: "nowhere" },
    ]);
    expect(withClass(svg, "mw-name").map(({ text }) => text)).toEqual(["<&>"]);
    expect(() => draw([{ x: Number.NaN, y: 0, label: "a" }])).toThrow(/a point to show in "Map"/);
    expect(() => draw(cloud(1), { width: 5 })).toThrow(/at least 240 × 240 pixels, got 5 × 680/);
  });
});
