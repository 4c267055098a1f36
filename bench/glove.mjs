/**
 * @file What does GloVe cost, stage by stage, and how good are its vectors? Beside the authors' C tool on the same text.
 *
 *   node bench/glove.mjs [--seeds 3] [--iterations 15] [--dimension 100] [--keep vectors.bin]
 *
 * The first 20 MB of corpus/enwiki50.txt.gz, dimension 100, window 15, 15 iterations, x_max 10, min-count 5, on one thread
 * and on two, with seeds 1, 2, 3 … each. Times are the least of the seeds, memory the most; scores are the mean ± the
 * standard deviation of a run: another seed alone moves WordSim's ρ by .01, so one run each tells nothing about threads.
 * The C tool's figures come with the data (its README), of one run: all four stages, processor seconds. Scores are those
 * of `embed similarity` and `embed analogy`, which agree with the data's own script to the last digit.
 */
import { createReadStream, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createGunzip } from "node:zlib";
import { dataRoot, manyworlds } from "./datasets.mjs";
import { machineLine, table } from "./machine.mjs";

const PEER = { cpuSeconds: 710, ws353: 0.393, men: 0.388, simlex: 0.149, analogies: 9.4 };
const TEXT_BYTES = 20_000_000;

const { values: options } = parseArgs({
  options: {
    seeds: { type: "string", default: "3" },
    iterations: { type: "string", default: "15" },
    dimension: { type: "string", default: "100" },
    keep: { type: "string" },
  },
});
const numSeeds = Number(options.seeds);
if (!(Number.isInteger(numSeeds) && numSeeds >= 1))
  throw new Error(`--seeds: expected 1 or more, got ${options.seeds}`);
const corpus = join(dataRoot, "corpus/enwiki50.txt.gz");
if (!existsSync(corpus)) throw new Error(`no ${corpus}; set MANYWORLDS_BENCH_DATA to the folder of the data sets`);
const folder = mkdtempSync(join(tmpdir(), "manyworlds-glove-bench-"));
try {
  const text = join(folder, "text");
  writeFileSync(text, await firstBytes(corpus, TEXT_BYTES));
  const runs = [1, 2].map((threads) => {
    const turns = Array.from({ length: numSeeds }, (_, index) => train(text, threads, index + 1));
    const least = (pick) => Math.min(...turns.map(({ summary }) => pick(summary)));
    return { turns, least, scores: (name) => turns.map(({ scores }) => scores[name]) };
  });
  console.log(machineLine());
  const { words, tokens } = runs[0].turns[0].summary;
  console.log(
    `${words} words, ${tokens} of them in the text, dimension ${options.dimension}, window 15, ${options.iterations} iterations, x_max 10`,
  );
  console.log(`seeds 1 … ${numSeeds}: least times, most memory, mean scores ± standard deviation`);
  const least = (pick) => runs.map((run) => run.least(pick).toFixed(1));
  const stage = (name) => least(({ seconds }) => seconds[name]);
  const scores = (name, digits = 3) => runs.map((run) => meanAndSpread(run.scores(name), digits));
  console.log(
    table([
      ["", "1 thread", "2 threads", "GloVe C, quoted"],
      ["reading the text, s", ...stage("reading"), "–"],
      ["counting pairs, s", ...stage("counting"), "–"],
      ["merging, s", ...stage("merging"), "–"],
      ["training, s", ...stage("training"), "–"],
      ["all, wall s", ...stage("total"), "–"],
      ["all, processor s", ...least(({ cpuSeconds }) => cpuSeconds), PEER.cpuSeconds],
      ["peak memory, MiB", ...runs.map(mostMemoryMiB), "–"],
      ["WordSim-353 ρ", ...scores("ws353"), PEER.ws353],
      ["MEN ρ", ...scores("men"), PEER.men],
      ["SimLex-999 ρ", ...scores("simlex"), PEER.simlex],
      ["analogies, %", ...scores("analogies", 1), PEER.analogies],
    ]),
  );
  const [one, two] = runs.map((run) => run.least(({ seconds }) => seconds.training));
  const cpuSeconds = runs[1].least((summary) => summary.cpuSeconds);
  console.log(
    `processor seconds: the C tool's over ours ${(PEER.cpuSeconds / cpuSeconds).toFixed(1)} (2 threads), ` +
      `training on 2 threads against 1: ${(one / two).toFixed(2)} times as fast`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** One whole run: the command's summary, and its vectors' scores. */
function train(text, threads, seed) {
  const kept = options.keep !== undefined && threads === 2 && seed === 1;
  const vectors = kept ? options.keep : join(folder, `vectors-${threads}-${seed}.bin`);
  const summary = manyworlds(
    ...["embed", "train", text, "--output", vectors, "--overwrite", "--model", "glove", "--threads", String(threads)],
    ...["--dimension", options.dimension, "--window", "15", "--iterations", options.iterations, "--x-max", "10"],
    ...["--seed", String(seed)],
  );
  const { losses } = summary;
  if (!(losses[losses.length - 1] < losses[0])) throw new Error(`the loss did not fall: ${losses.join(" ")}`);
  return { summary, scores: score(vectors) };
}

function mostMemoryMiB({ turns }) {
  return (Math.max(...turns.map(({ summary }) => summary.peakMemoryBytes)) / 2 ** 20).toFixed(0);
}

/** .387 ± .006; the mean alone where there is one value. */
function meanAndSpread(values, digits) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return mean.toFixed(digits);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return `${mean.toFixed(digits)} ± ${Math.sqrt(variance).toFixed(digits)}`;
}

/** The beginning of a gzipped file. */
async function firstBytes(path, length) {
  const chunks = [];
  let size = 0;
  for await (const chunk of createReadStream(path).pipe(createGunzip())) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= length) break;
  }
  return Buffer.concat(chunks).subarray(0, length);
}

function score(vectors) {
  const words = (name) => join(dataRoot, "words", name);
  const rho = (name) => manyworlds("embed", "similarity", vectors, words(name)).rho;
  const { total } = manyworlds("embed", "analogy", vectors, "--questions", words("questions-words.txt"));
  return {
    ws353: rho("EN-WS-353-ALL.txt"),
    men: rho("EN-MEN-TR-3k.txt"),
    simlex: rho("EN-SIMLEX-999.txt"),
    analogies: (100 * total.numCorrect) / total.numAsked,
  };
}
