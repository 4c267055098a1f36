/**
 * @file npm run quickstart: from a fresh clone to ranked products, on the slice of NVD that comes with the repository.
 *
 *   npm run quickstart                            builds if need be, trains, measures, asks
 *   npm run quickstart -- --serve [flags …]       then serves the model: a page in which to type; flags are those of serve
 *
 * It runs the same commands that a user would type, each shown before it runs.
 */
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const model = "models/quickstart";
const MAIN = "dist/src/cli/main.js";
const [first, ...serveFlags] = process.argv.slice(2);
if (first !== undefined && first !== "--serve") {
  console.error(`quickstart: expected --serve or nothing, got ${first}; npm run quickstart -- --serve`);
  process.exit(2);
}

function run(program, args) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

function show(args) {
  const shown = args.map((arg) => (/^[\w./:-]+$/.test(arg) ? arg : JSON.stringify(arg)));
  console.log(`\n\x1b[1m$ npx manyworlds ${shown.join(" ")}\x1b[0m`);
}

function manyworlds(...args) {
  show(args);
  run(process.execPath, [MAIN, ...args]);
}

/** Serves until Ctrl-C, which reaches the server too: this process only waits for it to end. */
function serve(...args) {
  show(args);
  console.log("Open the address below, type, and ask why; Ctrl-C ends it.");
  const server = spawn(process.execPath, [MAIN, ...args], { cwd: root, stdio: "inherit" });
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => server.kill("SIGTERM"));
  server.on("exit", (code) => process.exit(code ?? 1));
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
if (first === "--serve") serve("serve", model, ...serveFlags);
else {
  console.log(`
See it: answers as you type, and how each world voted for them.
  npx manyworlds serve ${model}                then open http://127.0.0.1:8080/
  npm run quickstart -- --serve                          all of this again, and then the page

What next?
  npx manyworlds info ${model}                 what the model is made of, and what was chosen
  npx manyworlds train your.tsv --model your-model       labels<TAB>text; XC, svmlight, fastText and CSV work too
  npx manyworlds train --help                            every option, and what is chosen if you leave it out
  docs/guide/README.md                                   from your CSV to a page of your own in ten minutes
`);
}
