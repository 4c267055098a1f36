/**
 * @file npm run bench [name …]: measures what the documents claim and writes it to bench/results/, one file a bench.
 *
 * Run it on a machine that does nothing else. Needs the data sets (bench/README.md says which); `kernels`, `convolution`
 * and `dashboard` need none.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const BENCHES = {
  kernels: ["bench/kernels.mjs"],
  convolution: ["bench/convolution.mjs"],
  "step-profile": ["bench/step-profile.mjs"],
  "mlp-tfjs": ["bench/mlp-tfjs.mjs"],
  "output-layers": ["bench/output-layers.mjs"],
  sampled: ["bench/sampled.mjs"],
  scaling: ["bench/scaling.mjs"],
  parallel: ["bench/parallel.mjs"],
  prediction: ["bench/prediction.mjs"],
  serve: ["bench/serve.mjs"],
  speed: ["bench/quality.mjs", "--fast"],
  quality: ["bench/quality.mjs"],
  seeds: ["bench/quality.mjs", "delicious", "--seeds", "5"],
  worlds: ["bench/worlds.mjs", "delicious"],
  curve: ["bench/curve.mjs"],
  glove: ["bench/glove.mjs"],
  hogwild: ["bench/hogwild.mjs"],
  "init-embeddings": ["bench/init-embeddings.mjs"],
  validation: ["bench/validation.mjs"],
  word2vec: ["bench/word2vec.mjs"],
  phrases: ["bench/phrases.mjs"],
  plan: ["bench/plan.mjs"],
  catalogue: ["bench/catalogue.mjs"],
  dashboard: ["bench/dashboard.mjs"],
  http: ["bench/http.mjs"],
  "export-slice": ["bench/export.mjs"],
  export: ["bench/export.mjs", "--data", "nvd", "--worlds", "16"],
};

/** Benches that compare with other libraries; bench/package.json names them, so that nobody else installs them. */
const COMPARE = ["mlp-tfjs"];

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(BENCHES);
const unknown = names.find((name) => !(name in BENCHES));
if (unknown !== undefined) {
  console.error(`no bench "${unknown}"; there are ${Object.keys(BENCHES).join(", ")}`);
  process.exit(2);
}
const build = spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: root, stdio: "inherit" });
if (build.status !== 0) process.exit(build.status ?? 1);
mkdirSync(`${root}/bench/results`, { recursive: true });
if (names.some((name) => COMPARE.includes(name)) && !existsSync(`${root}/bench/node_modules`)) {
  const { status } = spawnSync("npm", ["ci"], { cwd: `${root}/bench`, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
let failed = 0;
for (const name of names) {
  console.log(`\n== ${name}: node ${BENCHES[name].join(" ")}`);
  const { status, stdout } = spawnSync(process.execPath, BENCHES[name], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.stdout.write(stdout);
  if (status === 0) writeFileSync(`${root}/bench/results/${name}.txt`, `$ node ${BENCHES[name].join(" ")}\n${stdout}`);
  else failed++;
}
process.exit(failed === 0 ? 0 : 1);
