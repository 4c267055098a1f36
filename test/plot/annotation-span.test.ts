/** @file An annotation beyond the data stands in the picture: the axes widen for it. */
import { expect, it } from "vitest";
import { lineChart } from "../../src/plot/index.js";
import { parseSvg, withClass } from "./svg.js";

it.each(["linear", "log"] as const)("widens both axes to an annotation, %s", (scale) => {
  const svg = parseSvg(
    lineChart({
      title: "t",
      x: { label: "x", scale },
      y: { label: "y", scale },
      series: [
        {
          name: "a",
          points: [
            [1, 1],
            [2, 2],
          ],
        },
      ],
      annotations: [{ x: 40, y: 30, text: "far" }],
    }),
  );
  const [{ attributes }] = withClass(svg, "mw-annotation");
  expect(Number(attributes.x)).toBeLessThanOrEqual(720);
  expect(Number(attributes.y)).toBeGreaterThan(20);
  expect(withClass(svg, "mw-tick").some(({ text }) => Number(text) >= 20)).toBe(true);
});
