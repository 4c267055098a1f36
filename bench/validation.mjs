/**
 * @file Which settings are better, by rows that training did not see? The comparisons behind the defaults.
 *
 *   node bench/validation.mjs [set …]      three seeds for small sets, one for large; a fifth of the training rows aside
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMPARED, manyworlds, splitPath } from "./datasets.mjs";
import { machineLine, table } from "./machine.mjs";

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(COMPARED);
const folder = mkdtempSync(join(tmpdir(), "manyworlds-validation-"));
console.log(machineLine());
try {
  for (const name of names) {
    const rows = [[name, "P@1", "P@3", "P@5", "CPU-s"]];
    for (const flags of COMPARED[name]) {
      const seeds = name === "nvd" || name === "wikisent" ? ["1"] : ["1", "2", "3"];
      const runs = seeds.map((seed) =>
        manyworlds(
          "train",
          splitPath(name, "train"),
          "--model",
          join(folder, "m"),
          "--overwrite",
          "--validation",
          "0.2",
          "--seed",
          seed,
          ...flags,
        ),
      );
      const mean = (value) => runs.reduce((sum, run) => sum + value(run), 0) / runs.length;
      const percents = ["p@1", "p@3", "p@5"].map((key) => (100 * mean((run) => run.validation[key])).toFixed(2));
      rows.push([flags.join(" ") || "(defaults)", ...percents, mean((run) => run.cpuSeconds).toFixed(1)]);
    }
    console.log(`\n${table(rows)}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
