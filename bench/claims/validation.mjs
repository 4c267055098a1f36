/**
 * @file Which settings suit the compared systems? Trained on nine tenths of the training split, judged on the rest.
 *
 *   node bench/claims/validation.mjs [--set nvd] [--system huffman]
 *
 * The first of each set is what settings.mjs has. The cheap outputs stand for the full softmax, which they approximate.
 */
import { parseArgs } from "node:util";
import { machineLine, table } from "../machine.mjs";
import { createNetwork } from "./networks.mjs";
import { settingsOf } from "./systems.mjs";
import { judge, loadTask } from "./task.mjs";

const COMPARED = {
  nvd: [{}, { passes: 10, rate: 0.005, inputRateScale: 4 }, { dropout: 0.3 }],
  wikisent: [{}, { rate: 0.01, inputRateScale: 2 }, { dropout: 0.3 }],
};
const OUTPUTS = ["sampled", "hierarchical", "huffman"];
/** Enough for differences of a point: the standard error of P@1 is half a point. */
const JUDGED_ROWS = 8192;

const { values: options } = parseArgs({ options: { set: { type: "string" }, system: { type: "string" } } });
console.log(machineLine());
for (const set of options.set?.split(",") ?? Object.keys(COMPARED)) {
  const task = await loadTask(set, { aside: true });
  const rows = [[set, "P@1", "P@3", "P@5", "R@100", "training s"]];
  for (const system of options.system?.split(",") ?? OUTPUTS) {
    for (const other of COMPARED[set]) {
      const { trainer, rank } = createNetwork(task, system, { ...settingsOf(set, system), ...other });
      const start = performance.now();
      while (!trainer.done) trainer.step();
      const seconds = (performance.now() - start) / 1000;
      trainer.objective.setMode("evaluate");
      const figures = Object.values(judge(task, rank, JUDGED_ROWS)).map((x) => (100 * x).toFixed(2));
      const settings = Object.entries(other).map(([name, value]) => `${name} ${value}`);
      rows.push([`${system}, ${settings.join(", ") || "as compared"}`, ...figures, seconds.toFixed(1)]);
    }
  }
  console.log(`\n${table(rows)}`);
}
