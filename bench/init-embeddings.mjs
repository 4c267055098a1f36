/**
 * @file What do word vectors give a model that has few rows to learn from?
 *
 *   node bench/init-embeddings.mjs [--rows 500,2000,5000] [--slices 3]
 *
 * Vectors are learnt from the text of all of nvd's training rows, without labels: much text of a kind, few of it labelled.
 * Models learn from slices of those rows, and are measured on 5,000 others. Each line is the mean over the slices of a
 * model that starts at random and of one that starts from the vectors; "±" is the standard error of their difference,
 * slice by slice. Features: words alone, or the defaults for short text (pairs of words, pieces of words), most of which
 * have no vector. Training: the defaults, or steps on input weights so small that most of what they start from stays.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { Rng } from "../dist/src/core/index.js";
import { dataRoot, manyworlds } from "./datasets.mjs";
import { machineLine, table } from "./machine.mjs";

const { values: given } = parseArgs({
  options: { rows: { type: "string", default: "500,2000,5000" }, slices: { type: "string", default: "3" } },
});
const sizes = given.rows.split(",").map(Number);
const numSlices = Number(given.slices);
const HELD_OUT = 5000;
const FEATURES = { words: ["--word-ngrams", "1", "--char-ngrams", "none"], "words, pairs, pieces": [] };
const SMALL_STEPS = ["--activation", "none", "--dropout", "0", "--input-spread", "0.6", "--input-rate-scale", "0.05"];
const TRAINING = { default: [], "small steps on inputs": SMALL_STEPS };
const METRICS = ["p@1", "p@5", "r@10"];

const folder = mkdtempSync(join(tmpdir(), "manyworlds-init-"));
const at = (name) => join(folder, name);

/** Lower case, as the rows' words are: letters and digits, joined by . _ + or -. */
const wordsOf = (text) => (text.toLowerCase().match(/[a-z0-9]+(?:[._+-][a-z0-9]+)*/g) ?? []).join(" ");

function prepare() {
  const rows = gunzipSync(readFileSync(join(dataRoot, "nvd/train.tsv.gz")))
    .toString()
    .trimEnd()
    .split("\n");
  writeFileSync(at("text.txt"), rows.map((row) => `${wordsOf(row.slice(row.indexOf("\t") + 1))}\n`).join(""));
  const order = Uint32Array.from(rows.keys());
  Rng.derive(1, "init-embeddings").shuffle(order);
  const write = (name, from, count) =>
    writeFileSync(at(name), [...order.subarray(from, from + count)].map((i) => `${rows[i]}\n`).join(""));
  write("held.tsv", 0, HELD_OUT);
  for (const size of sizes) {
    for (let slice = 0; slice < numSlices; slice++) write(`${size}-${slice}.tsv`, HELD_OUT + slice * size, size);
  }
  manyworlds("embed", "train", at("text.txt"), "--output", at("vectors.bin"), "--quiet");
}

function measure(rows, options) {
  const model = at("model");
  const train = ["train", at(rows), "--model", model, "--overwrite", "--worlds", "4", "--quiet"];
  manyworlds(...train, "--skip-bad-rows", ...options);
  // Labels that the slice has not seen are counted as missed.
  return manyworlds("evaluate", model, at("held.tsv"));
}

try {
  console.log(machineLine());
  prepare();
  console.log(
    `nvd: vectors from the text of all training rows; models of 4 worlds, measured on ${HELD_OUT} held-out rows\n`,
  );
  const lines = [["rows", "features", "training", ...METRICS.flatMap((m) => [`${m} random`, "vectors", "difference"])]];
  for (const size of sizes) {
    for (const [features, featureFlags] of Object.entries(FEATURES)) {
      for (const [training, trainingFlags] of Object.entries(TRAINING)) {
        const runs = Array.from({ length: numSlices }, (_, slice) =>
          [[], ["--init-embeddings", at("vectors.bin")]].map((init) =>
            measure(`${size}-${slice}.tsv`, [...featureFlags, ...trainingFlags, ...init]),
          ),
        );
        const cells = METRICS.flatMap((metric) => {
          const [random, vectors] = [0, 1].map((i) => mean(runs.map((pair) => 100 * pair[i][metric])));
          const differences = runs.map(([a, b]) => 100 * (b[metric] - a[metric]));
          const error = Math.sqrt(
            mean(differences.map((d) => (d - mean(differences)) ** 2)) / Math.max(1, numSlices - 1),
          );
          return [random.toFixed(2), vectors.toFixed(2), `${(vectors - random).toFixed(2)} ± ${error.toFixed(2)}`];
        });
        lines.push([String(size), features, training, ...cells]);
      }
    }
  }
  console.log(table(lines));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
