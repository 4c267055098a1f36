/**
 * @file How many worlds does a set deserve, and of how many buckets, by rows that training did not see?
 *
 *   node bench/worlds.mjs [set] [buckets …]      five folds, 64 worlds each; default: delicious, its own buckets
 *
 * The training split is cut into five parts at random; each is scored by a model of the other four, so every row counts
 * once. A line's differences are to the first line, with the standard error of the rows' paired differences. The test
 * split is not read.
 */
import { execFileSync } from "node:child_process";
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { gunzipSync } from "node:zlib";
import { cli, DATASETS, manyworlds, splitPath } from "./datasets.mjs";
import { machineLine, table } from "./machine.mjs";

const FOLDS = 5;
const COUNTS = [64, 32, 16, 8];
const MERGES = ["probability", "log-score"];
const DEPTHS = [1, 3, 5];

const name = process.argv[2] ?? "delicious";
const bucketCounts = process.argv.slice(3);
if (bucketCounts.length === 0) bucketCounts.push(undefined);

const packed = readFileSync(splitPath(name, "train"));
const [header, ...lines] = String(packed[0] === 0x1f ? gunzipSync(packed) : packed)
  .trimEnd()
  .split("\n");
const [, features, labels] = header.split(" ");
const foldOf = foldsAtRandom(lines.length);

/** Hits of the best 1, 3 and 5 labels of each row, by candidate: the first is what the others are compared with. */
const hits = new Map();
const folder = mkdtempSync(join(tmpdir(), "manyworlds-worlds-"));
console.log(machineLine());
try {
  for (const buckets of bucketCounts) {
    for (let fold = 0; fold < FOLDS; fold++) await scoreFold(fold, buckets);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const first = hits.values().next().value;
console.log(
  `\n${name}, ${lines.length} rows, ${FOLDS} folds\n${table([
    ["candidate", ...DEPTHS.flatMap((k) => [`P@${k}`, "difference"])],
    ...[...hits].map(([candidate, own]) => [candidate, ...DEPTHS.flatMap((_, d) => compared(own[d], first[d]))]),
  ])}`,
);

/** Trains without fold's rows, scores them with the first 8 to 64 worlds and both merges, and adds their hits. */
async function scoreFold(fold, buckets) {
  const [train, held, model] = ["train.xc", "held.xc", "model"].map((file) => join(folder, file));
  const heldRows = [...foldOf.keys()].filter((row) => foldOf[row] === fold);
  writeRows(
    train,
    lines.filter((_, row) => foldOf[row] !== fold),
  );
  writeRows(
    held,
    heldRows.map((row) => lines[row]),
  );
  const flags = withFlag(DATASETS[name].flags, "--worlds", String(COUNTS[0]));
  const { seconds } = manyworlds(
    "train",
    train,
    "--model",
    model,
    "--overwrite",
    ...withFlag(flags, "--buckets", buckets),
  );
  for (const merge of MERGES) {
    for (const count of COUNTS) {
      const candidate = `${buckets === undefined ? "" : `${buckets} buckets, `}${count} worlds, ${merge}`;
      if (!hits.has(candidate)) {
        hits.set(
          candidate,
          DEPTHS.map(() => new Float64Array(lines.length)),
        );
      }
      const output = join(folder, "predictions.tsv");
      const which = ["--worlds", String(count), "--merge", merge, "-k", "5"];
      execFileSync(process.execPath, [cli, "predict", model, "--input", held, "--output", output, ...which], {
        stdio: "ignore",
      });
      await addHits(hits.get(candidate), output, heldRows);
    }
  }
  console.error(`${buckets ?? "own"} buckets, fold ${fold + 1} of ${FOLDS}: trained in ${seconds.toFixed(0)} s`);
}

/** The flags with one of them set to `value`, or as they are where that is undefined. */
function withFlag(flags, flag, value) {
  if (value === undefined) return flags;
  const at = flags.indexOf(flag);
  return at < 0 ? [...flags, flag, value] : flags.with(at + 1, value);
}

function writeRows(path, rows) {
  writeFileSync(path, `${rows.length} ${features} ${labels}\n${rows.join("\n")}\n`);
}

async function addHits(own, predictions, rows) {
  let i = 0;
  for await (const line of createInterface({ input: createReadStream(predictions) })) {
    const row = rows[i++];
    const truth = new Set(lines[row].split(" ", 1)[0].split(","));
    const best = line.split("\t").map((pair) => pair.slice(0, pair.lastIndexOf(":")));
    DEPTHS.forEach((k, d) => {
      own[d][row] = best.slice(0, k).filter((label) => truth.has(label)).length / k;
    });
  }
  if (i !== rows.length) throw new Error(`${i} rows of predictions for ${rows.length} rows held out`);
}

/** Two cells: the mean in per cent, and by how much it differs from the first candidate's. */
function compared(own, other) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const difference = own.map((value, row) => value - other[row]);
  const middle = mean(difference);
  const error = Math.sqrt(mean(difference.map((value) => (value - middle) ** 2)) / difference.length);
  const percent = (100 * mean(own)).toFixed(2);
  if (own === other) return [percent, ""];
  return [percent, `${middle < 0 ? "−" : "+"}${Math.abs(100 * middle).toFixed(2)} ± ${(100 * error).toFixed(2)}`];
}

/** Fold of each row: equal parts, shuffled with a fixed seed. */
function foldsAtRandom(count) {
  const fold = Array.from({ length: count }, (_, row) => row % FOLDS);
  let state = 1;
  for (let i = count - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [fold[i], fold[j]] = [fold[j], fold[i]];
  }
  return fold;
}
