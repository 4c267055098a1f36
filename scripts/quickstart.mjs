/**
 * @file npm run quickstart: from a fresh clone to ranked products, on the slice of NVD that comes with the repository.
 *
 * Builds if need be, then runs the same commands that a user would type, each shown before it runs.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const model = "models/quickstart";

function run(program, args) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

function manyworlds(...args) {
  const shown = args.map((arg) => (/^[\w./:-]+$/.test(arg) ? arg : JSON.stringify(arg)));
  console.log(`\n\x1b[1m$ npx manyworlds ${shown.join(" ")}\x1b[0m`);
  run(process.execPath, ["dist/src/cli/main.js", ...args]);
}

run(process.execPath, ["scripts/build.mjs"]);
console.log("\nWhich products does a vulnerability report concern? 60,000 reports to learn from, 51,044 products.");
manyworlds("train", "data/nvd/train.tsv.gz", "--model", model, "--overwrite");
manyworlds("evaluate", model, "data/nvd/test.tsv.gz");
for (const query of [
  "buffer overflow in the nfs server of the linux kernel",
  "cross-site scripting in a wordpress gallery plugin",
  "use after free in v8 in google chrome allows remote code execution",
]) {
  manyworlds("predict", model, query, "-k", "5");
}
console.log(`
What next?
  npx manyworlds info ${model}                 what the model is made of, and what was chosen
  npx manyworlds train your.tsv --model your-model       labels<TAB>text; XC, svmlight, fastText and CSV work too
  npx manyworlds train --help                            every option, and what is chosen if you leave it out
`);
