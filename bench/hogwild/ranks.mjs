/**
 * @file Which rank completes Jester's ratings best, and does Hogwild! reach serial descent's error at each?
 *
 *   node bench/hogwild/ranks.mjs        root mean squared errors on training and held-out ratings after 20 epochs
 *
 * Errors, not times: nothing else need be idle.
 */
import { createKernels } from "../../dist/src/kernels/index.js";
import { descend } from "../../dist/src/sparse-problems/index.js";
import { machineLine, table } from "../machine.mjs";
import { jester } from "./problems.mjs";

const STRATEGIES = ["serial", "hogwild", "delayed", "averaging"];
const kernels = createKernels();
console.log(machineLine());
const rows = [["rank", ...STRATEGIES]];
for (const rank of [1, 2, 3, 4, 8, 16, 32]) {
  const { problem, learningRate, quality, format } = await jester(rank);
  const cells = [];
  for (const strategy of STRATEGIES) {
    const { vector } = await descend(problem, { learningRate, strategy });
    cells.push(quality(kernels, vector).map(format).join(" / "));
  }
  rows.push([rank, ...cells]);
}
console.log(table(rows));
