/** @file A graph whose arrays differ in length is refused, not padded. */
import { expect, it } from "vitest";
import { ShapeError } from "../../src/core/errors.js";
import { createCutProblem } from "../../src/sparse-problems/index.js";
import { FIXED, smallGraph } from "./small-problems.js";

it.each(["heads", "tails"] as const)("refuses more or fewer %s than weights", (name) => {
  const graph = smallGraph();
  const longer = Uint32Array.of(...graph[name], 0);
  for (const ends of [longer, graph[name].slice(1)]) {
    const make = () => createCutProblem({ ...graph, [name]: ends }, { numTerminals: 3, fixed: FIXED });
    expect(make).toThrow(ShapeError);
    expect(make).toThrow("expected as many heads and tails as weights");
  }
});
