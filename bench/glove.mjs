/**
 * @file What does GloVe cost, stage by stage, and how good are its vectors? Beside the authors' C tool on the same text.
 *
 *   node bench/glove.mjs [--iterations 15] [--dimension 100] [--keep vectors.bin]
 *
 * The first 20 MB of corpus/enwiki50.txt.gz, dimension 100, window 15, 15 iterations, x_max 10, min-count 5, once on one
 * thread and once on two. The C tool's figures come with the data (its README): all four stages, processor seconds. Scores
 * are those of `embed similarity` and `embed analogy`, which agree with the data's own script to the last digit.
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
    iterations: { type: "string", default: "15" },
    dimension: { type: "string", default: "100" },
    keep: { type: "string" },
  },
});
const corpus = join(dataRoot, "corpus/enwiki50.txt.gz");
if (!existsSync(corpus)) throw new Error(`no ${corpus}; set MANYWORLDS_BENCH_DATA to the folder of the data sets`);
const folder = mkdtempSync(join(tmpdir(), "manyworlds-glove-bench-"));
try {
  const text = join(folder, "text");
  writeFileSync(text, await firstBytes(corpus, TEXT_BYTES));
  const runs = [1, 2].map((threads) => {
    const vectors = options.keep !== undefined && threads === 2 ? options.keep : join(folder, `vectors-${threads}.bin`);
    const summary = manyworlds(
      ...["embed", "train", text, "--output", vectors, "--overwrite", "--model", "glove", "--threads", String(threads)],
      ...["--dimension", options.dimension, "--window", "15", "--iterations", options.iterations, "--x-max", "10"],
    );
    return { threads, summary, scores: score(vectors) };
  });
  for (const { summary } of runs) {
    const { losses } = summary;
    if (!(losses[losses.length - 1] < losses[0])) throw new Error(`the loss did not fall: ${losses.join(" ")}`);
  }
  console.log(machineLine());
  const { words, tokens } = runs[0].summary;
  console.log(
    `${words} words, ${tokens} of them in the text, dimension ${options.dimension}, window 15, ${options.iterations} iterations, x_max 10`,
  );
  const seconds = (value) => value.toFixed(1);
  const stage = (name) => runs.map(({ summary }) => seconds(summary.seconds[name]));
  const scores = (name) => runs.map(({ scores: s }) => s[name].toFixed(name === "analogies" ? 1 : 3));
  console.log(
    table([
      ["", "1 thread", "2 threads", "GloVe C, quoted"],
      ["reading the text, s", ...stage("reading"), "–"],
      ["counting pairs, s", ...stage("counting"), "–"],
      ["merging, s", ...stage("merging"), "–"],
      ["training, s", ...stage("training"), "–"],
      ["all, wall s", ...stage("total"), "–"],
      ["all, processor s", ...runs.map(({ summary }) => seconds(summary.cpuSeconds)), PEER.cpuSeconds],
      ["peak memory, MiB", ...runs.map(({ summary }) => (summary.peakMemoryBytes / 2 ** 20).toFixed(0)), "–"],
      ["WordSim-353 ρ", ...scores("ws353"), PEER.ws353],
      ["MEN ρ", ...scores("men"), PEER.men],
      ["SimLex-999 ρ", ...scores("simlex"), PEER.simlex],
      ["analogies, %", ...scores("analogies"), PEER.analogies],
    ]),
  );
  const [one, two] = runs.map(({ summary }) => summary);
  console.log(
    `processor seconds: the C tool's over ours ${(PEER.cpuSeconds / two.cpuSeconds).toFixed(1)} (2 threads), ` +
      `training on 2 threads against 1: ${(one.seconds.training / two.seconds.training).toFixed(2)} times as fast`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
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
