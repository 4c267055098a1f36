/** @file A history as a picture: training and validation against epochs, with the best validation marked. */
import { expect, it } from "vitest";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { lossPlot } from "../../src/train/index.js";
import { parseSvg, withClass } from "../plot/svg.js";
import { smallNetwork, smallSource, smallTrainer } from "./small-network.js";

const kernels = createReferenceKernels();

function trained(epochs: number, monitor: string): ReturnType<ReturnType<typeof smallTrainer>["run"]> {
  const { objective, rng } = smallNetwork(kernels);
  const held = smallSource(kernels, 20);
  const evaluate = (): Record<string, number> => ({ [monitor]: objective.meanLoss(held) });
  const validation = { evaluate, monitor, goal: "min" } as const;
  return smallTrainer(kernels, { objective, rngs: [rng], epochs, validation }).run();
}

const numPoints = (svg: string): number[] =>
  withClass(parseSvg(svg), "mw-line").map(({ attributes }) => attributes.d.match(/[ML]/g)?.length ?? 0);

it("draws epochs and validations, and marks the best", async () => {
  const history = await trained(12, "loss");
  const svg = lossPlot(history, { title: "Corners", scale: "log" });
  expect(numPoints(svg)).toEqual([12, 12]);
  const names = withClass(parseSvg(svg), "mw-series").map(({ children }) => children[0].text);
  expect(names).toEqual(["training", "validation"]);
  const [best] = withClass(parseSvg(svg), "mw-annotation");
  expect(best.text).toBe(`best ${Number(history.best?.value.toPrecision(3))}`);
});

it("draws few epochs step by step, and only the metric it is asked for", async () => {
  const history = await trained(3, "held-out");
  expect(numPoints(lossPlot(history))).toEqual([21]);
  expect(numPoints(lossPlot(history, { metric: "held-out" }))).toEqual([21, 3]);
  expect(withClass(parseSvg(lossPlot(history)), "mw-annotation")).toEqual([]);
});

it("refuses a history without a step", () => {
  expect(() => lossPlot(smallTrainer(kernels).history)).toThrow(/expected a point to show/);
});
