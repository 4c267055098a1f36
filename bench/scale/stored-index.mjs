/**
 * @file What do others pay? Lists that are stored, and a scan as one would write it at first; answers checked.
 *
 * Both are C programs of the bench (stored-index.c, naive-scan.c), compiled as the kernels are, and the naive scan is also
 * timed in JavaScript. Naive scans run over the first labels only; their time for all is that, times L over their number.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, freemem } from "node:os";
import { join } from "node:path";
import { createKernels } from "../../dist/src/kernels/index.js";
import { compileProgram } from "./compile.mjs";
import { checkSame, percentiles, StoredScores } from "./scores.mjs";

const KS = [10, 100];
/** Times that each query is answered. */
const PASSES = 3;
const NAIVE_LABELS = 2_000_000;
const NAIVE_JAVASCRIPT_LABELS = 100_000;

/** Everything about the two, for the scores in `folder`; programs and answers go to `cache`. */
export function measureIndex(cache, folder, log = console.error) {
  const kernels = createKernels();
  const stored = new StoredScores(kernels, folder, { kind: "probability" });
  const { hashes, numLabels, numBuckets, numWorlds, numQueries } = stored;
  const hashesPath = join(cache, "hashes.u32");
  writeFileSync(hashesPath, Uint32Array.from(hashes.flatMap(({ a, c }) => [a, c])));

  const needed = numWorlds * numLabels * 4 + 2 * 2 ** 30;
  if (freemem() < needed) {
    log(
      `stored lists: ${(needed / 2 ** 30).toFixed(1)} GiB are wanted, ${(freemem() / 2 ** 30).toFixed(1)} are free: it may swap`,
    );
  }
  log(`stored lists: ${numWorlds} worlds of ${numLabels} labels`);
  const { answers } = stored.scanAll(Math.max(...KS));
  const program = compileProgram("stored-index.c", cache);
  const answersPath = join(cache, "stored-answers.bin");
  const numbers = [numLabels, numBuckets, numWorlds, hashes[0].p, numQueries, PASSES, ...KS].map(String);
  const args = [hashesPath, stored.path, answersPath, ...numbers];
  const { runs, ...index } = JSON.parse(execFileSync(program, args, { encoding: "utf8", maxBuffer: 2 ** 26 }));
  checkAnswers(answersPath, answers);
  const latency = runs.map(({ k, ms }) => ({ k, ...percentiles(ms) }));
  log(`stored lists: built in ${index.buildSeconds.toFixed(1)} s; top 100 ${latency.at(-1).p50.toFixed(1)} ms`);
  const naive = { c: naiveInC(cache, stored, hashesPath), javascript: naiveInJavaScript(stored) };
  stored.close();
  return {
    numLabels,
    numBuckets,
    numWorlds,
    numQueries,
    cores: availableParallelism(),
    stored: { ...index, latency },
    naive,
  };
}

/** The program's file: for each k, for each query, k labels and k scores. */
function checkAnswers(path, answers) {
  const bytes = readFileSync(path);
  let at = bytes.byteOffset;
  const take = (Type, length) => {
    const array = new Type(bytes.buffer.slice(at, at + 4 * length));
    at += 4 * length;
    return array;
  };
  for (const k of KS) {
    answers.forEach((expected, q) => {
      const got = { labels: take(Uint32Array, k), scores: take(Float32Array, k), count: k };
      checkSame(`stored lists, query ${q}, top ${k}`, got, expected, k);
    });
  }
}

function naiveInC(cache, stored, hashesPath) {
  const k = 100;
  const program = compileProgram("naive-scan.c", cache);
  const scoresPath = join(cache, "query.f32");
  writeFileSync(scoresPath, stored.read(0));
  const { numLabels, numBuckets, numWorlds, hashes } = stored;
  const numbers = [numLabels, numBuckets, numWorlds, hashes[0].p, NAIVE_LABELS, k];
  const lines = execFileSync(program, [hashesPath, scoresPath, ...numbers.map(String)], { encoding: "utf8" });
  const [[seconds, scanned], ...found] = lines
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  const expected = stored.scanOne(0, k, scanned);
  const labels = found.map(([label]) => label);
  const scores = found.map(([, score]) => Math.fround(score));
  checkSame("naive scan", { labels, scores, count: found.length }, expected, k);
  return { scanned, seconds, ms: (1000 * seconds * numLabels) / scanned };
}

/** a·l + c stays below 2⁵³ here, so that doubles do. */
function naiveInJavaScript(stored) {
  const { numLabels, numBuckets, numWorlds, hashes } = stored;
  if (hashes[0].p * numLabels >= 2 ** 53) throw new Error("naive scan: expected products below 2^53");
  const scores = stored.read(0);
  const expected = stored.scanOne(0, 1, NAIVE_JAVASCRIPT_LABELS);
  stored.read(0);
  const start = performance.now();
  let best = Number.NEGATIVE_INFINITY;
  let bestLabel = -1;
  for (let label = 0; label < NAIVE_JAVASCRIPT_LABELS; label++) {
    let sum = 0;
    for (let r = 0; r < numWorlds; r++) {
      const { a, c, p } = hashes[r];
      sum = Math.fround(sum + scores[r * numBuckets + (((a * label + c) % p) % numBuckets)]);
    }
    if (sum > best) {
      best = sum;
      bestLabel = label;
    }
  }
  const seconds = (performance.now() - start) / 1000;
  checkSame("naive scan in JavaScript", { labels: [bestLabel], scores: [best], count: 1 }, expected, 1);
  return { scanned: NAIVE_JAVASCRIPT_LABELS, seconds, ms: (1000 * seconds * numLabels) / NAIVE_JAVASCRIPT_LABELS };
}
