/** @file The flags of `manyworlds train`: how texts are read, what the worlds look like, how they are trained. */
import { InvalidArgumentError } from "commander";
import { SCALINGS } from "../data/numeric-vectorizer.js";
import { MERGE_KINDS } from "../mach/merge.js";
import { OPTIMIZER_NAMES } from "../optim/create-optimizer.js";
import { SCHEDULE_NAMES } from "../optim/schedules.js";
import { MODEL_SPLITS, STRATEGY_NAMES } from "../train/strategies/strategy.js";
import { byteSize, duration, type Flag, integer, number, sizes, worldSelection } from "./flags.js";

/** `3-5` or `4`; `none` is the empty list, since a flag's value cannot be null. */
function ngramRange(text: string): readonly number[] {
  if (text === "none") return [];
  const match = /^([1-9])(?:-([1-9]))?$/.exec(text);
  const min = Number(match?.[1]);
  const max = Number(match?.[2] ?? match?.[1]);
  if (match === null || max < min)
    throw new InvalidArgumentError(`Expected lengths such as 3-5, or none, got "${text}".`);
  return [min, max];
}

/** `--dashboard rows.tsv` takes the rows for a port: the error says so. */
function portBehindRows(text: string): number {
  if (/^\d+$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError(
    `Expected a port, an integer from 0 to 65535, got "${text}"; if that is a file of rows, name it before --dashboard.`,
  );
}

/** Where the model goes and what happens to one that is there. */
export const RUN_FLAGS: readonly Flag<unknown>[] = [
  { syntax: "-m, --model <dir>", help: "directory of the model (required)" },
  {
    syntax: "--resume",
    help: "continue a model: missing worlds, checkpoints, further worlds; starts it if there is none",
  },
  { syntax: "--overwrite", help: "replace the model that is there, once the new one is complete" },
  {
    syntax: "--threads <count>",
    help: "worlds trained at the same time (default: one a core)",
    parse: integer(1, 1024),
  },
  { syntax: "--checkpoint <seconds>", help: "time between two checkpoints of a world (default: 30)", parse: number(0) },
  {
    syntax: "--dashboard [port]",
    help: "show live curves in a browser on this machine while it trains (default port: 7007; 0: a free one)",
    parse: portBehindRows,
  },
  { syntax: "--json", help: "print the summary as one JSON object" },
  { syntax: "--quiet", help: "no progress" },
];

/** What may be used; what is left open is chosen to fit. */
export const BUDGET_FLAGS: readonly Flag<unknown>[] = [
  {
    syntax: "--memory <size>",
    help: "memory that training and answering may take, such as 4GB; the model is chosen to fit",
    parse: byteSize,
  },
  {
    syntax: "--time <duration>",
    help: "wall time that training may take, such as 10m or 8h; the model is chosen to fit",
    parse: duration,
  },
];

/** Who trains one world. */
export const STRATEGY_FLAGS: readonly (Flag<unknown> & { readonly option: string })[] = [
  {
    option: "strategy",
    syntax: "--strategy <name>",
    help: "how workers share one world, see below (default: sequential, a world a thread)",
    choices: STRATEGY_NAMES,
  },
  {
    option: "numWorkers",
    syntax: "--strategy-workers <count>",
    help: "threads that train one world together (default: one a core; model-parallel 2, hybrid whole groups)",
    parse: integer(1, 256),
  },
  {
    option: "backoff",
    syntax: "--backoff <factor>",
    help: "hogwild, locked, round-robin: factor on the learning rate after each epoch (default: 1)",
    parse: number(1e-6, 1),
  },
  {
    option: "averageEvery",
    syntax: "--average-every <epochs>",
    help: "averaging: epochs after which workers go on from their average; 0: never (default: 1)",
    parse: integer(0),
  },
  {
    option: "modelSplit",
    syntax: "--model-split <what>",
    help: "model-parallel, hybrid: workers divide layers, or columns of the output layer (default: auto)",
    choices: MODEL_SPLITS,
  },
  {
    option: "microBatches",
    syntax: "--micro-batches <count>",
    help: "model-parallel, hybrid: pieces of a batch, one behind another; by layers at least 25 rows (default: 4)",
    parse: integer(1, 1024),
  },
  {
    option: "groupSize",
    syntax: "--group-size <count>",
    help: "hybrid: workers that divide one model (default: 2)",
    parse: integer(2, 256),
  },
];

/** What the strategies are, for help. */
export const STRATEGY_HELP = `Strategies: worlds never need each other, so a world a thread (sequential) is fastest while there are as many worlds as
cores. The others train one world on several threads, worlds one after another; native kernels only:
  data-parallel   each batch cut among the workers, gradients averaged; the same bytes again for the same number of workers
  model-parallel  layers on different workers, or columns of a wide output layer; the very bytes of sequential
  hybrid          groups of model-parallel workers divide the batches
  hogwild         every worker steps the same parameters without locks; fast where features are sparse, never the same bytes
  locked          as hogwild, but what a step writes is locked while it writes: no update is lost, and it costs the waiting
  round-robin     gradients at any time, updates in turn, one at a time: what hogwild does without, for comparison
  averaging       every worker trains a copy on its share of the batches; copies averaged at the ends of epochs
The summary says what crossed between workers, how long they waited, and how many worked at once.`;

export const READ_FLAGS: readonly Flag<unknown>[] = [
  {
    syntax: "--format <name>",
    help: "format of the input (default: recognised)",
    choices: ["xc", "fasttext", "tsv", "csv"],
  },
  { syntax: "--skip-bad-rows", help: "leave out rows that cannot be used, count and report them" },
];

export const FEATURE_FLAGS: readonly Flag<unknown>[] = [
  {
    syntax: "--word-ngrams <n>",
    help: "text: words in a row that make a feature, up to n (default: 2 for less than 8 MiB of text, else 1)",
    parse: integer(1, 5),
  },
  {
    syntax: "--char-ngrams <n-m>",
    help: "text: also parts of words of n to m letters (default: 3-4 for less than 8 MiB of text, else none)",
    parse: ngramRange,
  },
  {
    syntax: "--hash-bits <bits>",
    help: "text: hash features into 2^bits columns, no vocabulary",
    parse: integer(1, 26),
  },
  { syntax: "--min-df <rows>", help: "text: drop features in fewer rows (default: 2)", parse: integer(1) },
  { syntax: "--max-features <n>", help: "text: keep the n most frequent features", parse: integer(1) },
  {
    syntax: "--scale <kind>",
    help: "numbers: divide rows by their norm, largest value, or nothing (default: l2)",
    choices: SCALINGS,
  },
  {
    syntax: "--power <exponent>",
    help: "numbers: raise values to it before scaling, 0.5 tempers tf-idf (default: 1)",
    parse: number(0.01, 10),
  },
];

/** Flags whose value goes into ModelOptions under the same name (commander's camel case). */
export const MODEL_FLAGS: readonly (Flag<unknown> & { readonly option: string })[] = [
  { option: "numBuckets", syntax: "--buckets <count>", help: "B, buckets of a world", parse: integer(2) },
  {
    option: "hidden",
    syntax: "--hidden <sizes>",
    help: "hidden units, such as 256 or 512,512; none for a linear world",
    parse: sizes,
  },
  { option: "epochs", syntax: "--epochs <count>", help: "passes over the data", parse: integer(1) },
  { option: "loss", syntax: "--loss <name>", help: "loss of a world", choices: ["softmax", "sigmoid"] },
  {
    option: "activation",
    syntax: "--activation <name>",
    help: "behind hidden layers; none: a linear map through them",
    choices: ["relu", "none"],
  },
  {
    option: "dropout",
    syntax: "--dropout <rate>",
    help: "share of hidden units dropped while training",
    parse: number(0, 0.95),
  },
  {
    option: "inputDropout",
    syntax: "--input-dropout <rate>",
    help: "share of a row's features left out of a step, the others scaled up",
    parse: number(0, 0.95),
  },
  {
    option: "output",
    syntax: "--output <kind>",
    help: "logits of a step: all buckets, or each row's own and some drawn",
    choices: ["full", "sampled"],
  },
  {
    option: "numNegatives",
    syntax: "--negatives <count>",
    help: "buckets drawn a step, where the output is sampled",
    parse: integer(1),
  },
  { option: "batchSize", syntax: "--batch-size <rows>", help: "rows of a step", parse: integer(1, 65_536) },
  { option: "optimizer", syntax: "--optimizer <name>", help: "update rule", choices: OPTIMIZER_NAMES },
  { option: "learningRate", syntax: "--learning-rate <rate>", help: "peak learning rate", parse: number(1e-12) },
  {
    option: "inputLearningRateScale",
    syntax: "--input-rate-scale <factor>",
    help: "factor on it for input weights",
    parse: number(1e-6),
  },
  {
    option: "inputMoments",
    syntax: "--input-moments <kind>",
    help: "what Adam keeps of input weights: moments of each number, or one a row",
    choices: ["element", "row"],
  },
  {
    option: "inputSpread",
    syntax: "--input-spread <width>",
    help: "initial input weights are uniform in ±width",
    parse: number(0, 10),
  },
  { option: "schedule", syntax: "--schedule <name>", help: "course of the learning rate", choices: SCHEDULE_NAMES },
  { option: "warmup", syntax: "--warmup <share>", help: "share of training in which it rises", parse: number(0, 0.99) },
  {
    option: "weightDecay",
    syntax: "--weight-decay <rate>",
    help: "weight decay of matrices (adam: decoupled)",
    parse: number(0),
  },
  {
    option: "validationShare",
    syntax: "--validation <share>",
    help: "set this share of the rows aside and measure on them",
    parse: number(0, 0.9),
  },
  { option: "merge", syntax: "--merge <kind>", help: "how worlds are merged", choices: MERGE_KINDS },
  {
    option: "priorAlpha",
    syntax: "--prior <weight>",
    help: "weight of a label's log frequency in its score",
    parse: number(0, 10),
  },
  { option: "seed", syntax: "--seed <number>", help: "everything random derives from it", parse: integer(0) },
];

export const EMBEDDINGS_FLAG: Flag<unknown> = {
  syntax: "--init-embeddings <file>",
  help: "text: start input layers from word vectors (see embed train); helps where rows are few",
};

export const WORLDS_FLAG: Flag<unknown> = {
  syntax: "-w, --worlds <count|list>",
  help: "R, or worlds to train now: 16, 0-7, 3,5,8-11",
  parse: worldSelection,
};
