/**
 * @file How fast is word2vec, and how good are its vectors? On the first 20 MB of corpus/enwiki50, as the peers were
 * measured: size 100, window 5, 5 negatives, sample 1e-3, 5 iterations, min-count 5.
 *
 *   node bench/word2vec.mjs [--turns 3] [--tool PATH]     PATH: the C tool, compiled; it is run once on the same machine
 *
 * Each figure of time is the least of `turns` whole processes, from the text to the vectors in memory: process start,
 * counting, encoding to disk and all. Words a second count the training alone, as the C tool does. Scores are those of
 * the first turn: with two threads they differ from run to run by about a point of ρ.
 */
import { execFileSync } from "node:child_process";
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createGunzip } from "node:zlib";
import {
  evaluateAnalogies,
  evaluateSimilarity,
  parseAnalogies,
  parseWordPairs,
  readWordVectors,
  trainWord2Vec,
} from "../dist/src/embeddings/index.js";
import { createKernels } from "../dist/src/kernels/index.js";
import { dataRoot } from "./datasets.mjs";
import { machineLine, table } from "./machine.mjs";

const CORPUS_BYTES = 20_000_000;
/** Of them, words that occur five times or more: what words a second count. */
const NUM_WORDS = 3_268_435;
const SIMILARITY = { "WordSim ρ": "EN-WS-353-ALL.txt", "MEN ρ": "EN-MEN-TR-3k.txt", "SimLex ρ": "EN-SIMLEX-999.txt" };
/** The data's README: 2-core Xeon with AVX-512, 2.5 GHz, two threads. */
const PEERS = [
  ["word2vec C, skip-gram", "2", "129.3", "255.8", "126", ".488", ".440", ".257", "10.3 %"],
  ["pWord2Vec, skip-gram", "2", "15.5", "29.1", "1054", ".524", ".454", ".265", "10.7 %"],
];
const CASES = [
  { architecture: "skipgram", numThreads: 1 },
  { architecture: "skipgram", numThreads: 2 },
  { architecture: "skipgram", numThreads: 2, hierarchicalSoftmax: true, negative: 0 },
  { architecture: "cbow", numThreads: 2 },
];

/** The first 20 MB of the text, in a file of their own. */
async function cutCorpus(path) {
  let left = CORPUS_BYTES;
  const source = createReadStream(join(dataRoot, "corpus/enwiki50.txt.gz")).pipe(createGunzip());
  await pipeline(
    source,
    async function* (chunks) {
      for await (const chunk of chunks) {
        yield chunk.subarray(0, left);
        left -= Math.min(left, chunk.length);
        if (left === 0) return;
      }
    },
    createWriteStream(path),
  );
}

function scoresOf(vectors) {
  const read = (name) => readFileSync(join(dataRoot, "words", name), "utf8");
  const rho = (name) => evaluateSimilarity(vectors, parseWordPairs(read(name), name)).rho.toFixed(3);
  const questions = parseAnalogies(read("questions-words.txt"), "questions-words.txt");
  const { numCorrect, numAsked } = evaluateAnalogies(vectors, questions, createKernels()).total;
  return [...Object.values(SIMILARITY).map(rho), `${((100 * numCorrect) / numAsked).toFixed(1)} %`];
}

/** The word2vec C tool with the same settings, on this machine. */
async function runTool(tool, corpus, output) {
  const settings = {
    size: 100,
    window: 5,
    negative: 5,
    hs: 0,
    sample: 1e-3,
    iter: 5,
    "min-count": 5,
    cbow: 0,
    threads: 2,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`-${name}`, String(value)]);
  const start = performance.now();
  execFileSync(tool, ["-train", corpus, "-output", output, "-debug", "0", ...flags]);
  const wall = (performance.now() - start) / 1000;
  const vectors = await readWordVectors(output);
  return [
    "word2vec C, on this machine",
    "2",
    wall.toFixed(1),
    "",
    ((5 * NUM_WORDS) / wall / 1000).toFixed(0),
    ...scoresOf(vectors),
    "",
  ];
}

/** In a process of its own: trains once and prints what it took; scores when asked. */
async function runCase({ corpus, numThreads, isScored, ...options }) {
  const report = await trainWord2Vec({ corpus: [corpus], numThreads, options });
  const { user, system } = process.cpuUsage();
  const measured = {
    wall: performance.now() / 1000,
    cpu: (user + system) / 1e6,
    training: report.trainingSeconds,
    wordsPerSecond: report.wordsPerSecond,
    peakMb: process.resourceUsage().maxRSS / 1e3,
    numWords: report.vocabulary.numTokens,
  };
  console.log(JSON.stringify({ ...measured, scores: isScored ? scoresOf(report.vectors) : null }));
}

async function main(turns, tool) {
  const folder = mkdtempSync(join(tmpdir(), "manyworlds-word2vec-"));
  const run = (options) =>
    JSON.parse(execFileSync(process.execPath, [fileURLToPath(import.meta.url), JSON.stringify(options)]).toString());
  try {
    const corpus = join(folder, "text");
    await cutCorpus(corpus);
    const rows = [["", "threads", "wall s", "CPU-s", "kwords/s", ...Object.keys(SIMILARITY), "analogies", "peak MB"]];
    for (const peer of PEERS) rows.push([...peer, ""]);
    const training = {};
    if (tool !== undefined) rows.push(await runTool(tool, corpus, join(folder, "vectors")));
    for (const options of CASES) {
      const measured = Array.from({ length: turns }, (_, i) => run({ ...options, corpus, isScored: i === 0 }));
      const least = (name) => Math.min(...measured.map((one) => one[name]));
      const name = `${options.architecture}${options.hierarchicalSoftmax ? ", tree" : ""}`;
      training[`${name} ${options.numThreads}`] = least("training");
      rows.push([
        `manyworlds, ${name}`,
        options.numThreads,
        least("wall").toFixed(1),
        least("cpu").toFixed(1),
        (Math.max(...measured.map((one) => one.wordsPerSecond)) / 1000).toFixed(0),
        ...measured[0].scores,
        Math.max(...measured.map((one) => one.peakMb)).toFixed(0),
      ]);
    }
    console.log(`${machineLine()} · ${createKernels().info.isa}`);
    console.log(`word2vec, 20 MB of enwiki50, least of ${turns} turns; peers quoted, on a 2.5 GHz Xeon\n`);
    console.log(table(rows));
    const speedUp = training["skipgram 1"] / training["skipgram 2"];
    console.log(`\nskip-gram's training on 2 threads: ${speedUp.toFixed(2)}× of 1 thread`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values, positionals } = parseArgs({
  options: { turns: { type: "string", default: "3" }, tool: { type: "string" } },
  allowPositionals: true,
});
if (positionals.length > 0) await runCase(JSON.parse(positionals[0]));
else await main(Number(values.turns), values.tool);
