/**
 * @file A model in the browser: how large, how exact, how fast? `manyworlds export` in 32, 8 and 4 bits.
 *
 *   node bench/export.mjs [--data nvd] [--worlds 16] [--model DIR] [--rows 1500]
 *
 *   --data slice   the slice of nvd in this repository, as `npm run quickstart` trains it (default)
 *   --data nvd     the whole of it, from MANYWORLDS_BENCH_DATA (train.tsv.gz and test.tsv.gz)
 *   --worlds COUNT worlds to train (default: as train chooses)
 *   --model DIR    do not train; a model of that data
 *   --rows COUNT   so many test rows, spread evenly over the file, which is sorted by time (default all)
 *
 * P@k of all test rows, answered by PortableModel with native kernels, beside the library's own with f32 weights: they
 * must agree at 32 bits. Bytes a query: of short queries, the first six words of test rows, and of whole rows. Latency:
 * Chromium on this machine, files from a host on this machine, so that it is that of computing, not of a network.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { createKernels } from "../dist/src/kernels/index.js";
import { Model } from "../dist/src/mach/index.js";
import { PortableModel } from "../dist/src/portable/index.js";
import { dataRoot, manyworlds, root } from "./datasets.mjs";
import { measureBrowser } from "./export/browser.mjs";
import { queryBytes } from "./export/query-bytes.mjs";
import { machineLine, table } from "./machine.mjs";

const { values: options } = parseArgs({
  options: {
    data: { type: "string", default: "slice" },
    model: { type: "string" },
    worlds: { type: "string" },
    rows: { type: "string" },
  },
});
const BITS = [32, 8, 4];
const SHORT_WORDS = 6;
const BROWSER_QUERIES = 300;

const dataFolder = options.data === "slice" ? join(root, "data/nvd") : join(dataRoot, options.data);
const work = mkdtempSync(join(tmpdir(), "manyworlds-export-"));
try {
  const path = options.model ?? join(work, "model");
  const worlds = options.worlds === undefined ? [] : ["--worlds", options.worlds];
  if (!options.model) manyworlds("train", join(dataFolder, "train.tsv.gz"), "--model", path, ...worlds);
  const rows = spread(readRows(join(dataFolder, "test.tsv.gz")), options.rows);
  const model = await Model.load(path);
  const { hash, worldOptions, numWorlds } = model.ensemble;
  console.log(machineLine());
  console.log(
    `${options.data}: ${numWorlds} worlds, ${[worldOptions.numFeatures, ...worldOptions.hidden, worldOptions.numBuckets].join(" → ")}, ${hash.numLabels} labels; ${rows.length} test rows`,
  );
  const library = precision(rows, model.predict(texts(rows), { k: 5 }));
  console.log(`library, f32: P@1 ${percent(library[0])}, P@5 ${percent(library[1])}\n`);

  const sizes = [["bits", "P@1", "P@5", "first answer MB", "all worlds MB", "rows ahead MB", "total MB", "files"]];
  const bytes = [
    ["bits", "shard kB", "6 words: mean kB", "p90 kB", "after 100 kB", "whole row: mean kB", "after 100 kB"],
  ];
  const times = [["bits", "first answer ms", "all worlds ms", "new words p50 ms", "p99", "words seen p50 ms", "p99"]];
  const short = texts(rows).map((text) => text.split(/\s+/).slice(0, SHORT_WORDS).join(" "));
  for (const bits of BITS) {
    const site = join(work, `site${bits}`);
    const report = manyworlds("export", path, "--web", site, "--bits", String(bits));
    const modelFolder = join(site, "model");
    const found = precision(rows, await answers(modelFolder, texts(rows)));
    if (bits === 32 && found.some((share, i) => Math.abs(share - library[i]) > 1e-3)) {
      throw new Error(`32 bits: expected the library's P@k, ${library}, got ${found}`);
    }
    const [words, whole] = [short, texts(rows)].map((queries) => queryBytes(modelFolder, model.vectorizer, queries));
    const first = report.bytes.first + report.pageBytes;
    const all = first + report.bytes.worlds * (1 - 1 / report.worlds.length);
    sizes.push([
      ...[bits, percent(found[0]), percent(found[1]), mega(first), mega(all), mega(words.prefetched)],
      ...[mega(report.bytes.total + report.pageBytes), report.numFiles],
    ]);
    bytes.push([
      ...[bits, kilo(report.bytes.input / report.numShards), kilo(mean(words.each)), kilo(quantile(words.each, 0.9))],
      ...[kilo(mean(words.session.slice(100, 200))), kilo(mean(whole.each)), kilo(mean(whole.session.slice(100, 200)))],
    ]);
    const browser = await measureBrowser(site, short.slice(0, BROWSER_QUERIES));
    if (browser === null) console.log("no Chromium: latency was not measured");
    else {
      const ms = (list) => [quantile(list, 0.5), quantile(list, 0.99)].map((x) => x.toFixed(1));
      times.push([
        ...[bits, browser.firstAnswer.toFixed(0), browser.allWorlds.toFixed(0)],
        ...ms(browser.cold),
        ...ms(browser.warm),
      ]);
    }
    rmSync(site, { recursive: true, force: true });
  }
  console.log(`${table(sizes)}\n`);
  console.log(
    `Bytes of rows that a query fetches beside those loaded ahead; "after 100": queries 101 to 200 of a session\n${table(bytes)}\n`,
  );
  if (times.length > 1)
    console.log(`Chromium, files from this machine, ${BROWSER_QUERIES} queries of 6 words, k = 10\n${table(times)}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Labels and text of each row of a TSV file. */
function readRows(file) {
  return gunzipSync(readFileSync(file))
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const tab = line.indexOf("\t");
      return { labels: new Set(line.slice(0, tab).split(",")), text: line.slice(tab + 1) };
    });
}

/** `count` of `rows`, evenly spaced. */
function spread(rows, count = rows.length) {
  return Array.from(
    { length: Math.min(rows.length, Number(count)) },
    (_, i) => rows[Math.floor((i * rows.length) / count)],
  );
}

function texts(rows) {
  return rows.map(({ text }) => text);
}

/** The best 5 labels of each text. */
async function answers(folder, queries) {
  const files = async (name) => readFileSync(join(folder, name));
  const model = await PortableModel.load({ files, kernels: createKernels(), maxShardBytes: 2 ** 40 });
  await model.complete;
  const found = [];
  for (let at = 0; at < queries.length; at += 512) {
    const { results } = await model.search({ queries: queries.slice(at, at + 512), k: 5 });
    found.push(...results.map(({ labels }) => labels));
  }
  return found;
}

/** P@1 and P@5 of ranked labels, as shares. */
function precision(rows, ranked) {
  const hits = (k) =>
    ranked.reduce(
      (sum, labels, i) => sum + labels.slice(0, k).filter(({ label }) => rows[i].labels.has(label)).length,
      0,
    );
  return [hits(1) / rows.length, hits(5) / (5 * rows.length)];
}

function mean(numbers) {
  return numbers.reduce((a, b) => a + b, 0) / Math.max(1, numbers.length);
}

function quantile(numbers, share) {
  return [...numbers].sort((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(share * numbers.length))];
}

function percent(share) {
  return (100 * share).toFixed(2);
}

function mega(count) {
  return (count / 1e6).toFixed(1);
}

function kilo(count) {
  return (count / 1e3).toFixed(0);
}
