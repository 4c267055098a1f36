/**
 * @file npm run bench:claims: the published comparisons, run again side by side; writes docs/claims.md.
 *
 *   npm run bench:claims                                   every system on nvd and wikisent: about an hour and a half
 *   npm run bench:claims -- --set nvd --system sampled     one cell of the table
 *   npm run bench:claims -- --missing                      what has no result yet: goes on after an interruption
 *   npm run bench:claims -- --report                       the tables and pictures from the results that are there
 *
 * Each system is measured in a process of its own, one after another, on one thread; its figures go to
 * bench/results/claims/<set>.<system>.json as soon as they are there.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeReport } from "./claims/report.mjs";
import { resultPath, SETS, SYSTEMS } from "./claims/systems.mjs";
import { root } from "./datasets.mjs";

const { values: options } = parseArgs({
  options: {
    set: { type: "string" },
    system: { type: "string" },
    missing: { type: "boolean", default: false },
    report: { type: "boolean", default: false },
  },
});
const chosen = (given, known, what) => {
  const names = given?.split(",") ?? known;
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return names;
  console.error(`no ${what} "${unknown}"; there are ${known.join(", ")}`);
  process.exit(2);
};
const sets = chosen(options.set, options.set === "bibtex" ? ["bibtex"] : SETS, "data set");
const systems = chosen(options.system, Object.keys(SYSTEMS), "system");

let failed = 0;
if (!options.report) {
  mkdirSync(join(root, "bench/results/claims"), { recursive: true });
  for (const set of sets) {
    for (const system of systems) {
      const path = resultPath(set, system);
      if (SYSTEMS[system].sets?.includes(set) === false || (options.missing && existsSync(path))) continue;
      console.error(`== ${set}: ${SYSTEMS[system].title}`);
      const { status, stdout } = spawnSync(
        process.execPath,
        ["--expose-gc", join(root, "bench/claims/measure.mjs"), set, system],
        { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28, stdio: ["ignore", "pipe", "inherit"] },
      );
      if (status === 0) writeFileSync(path, stdout);
      else failed++;
    }
  }
}
await writeReport();
process.exit(failed === 0 ? 0 : 1);
