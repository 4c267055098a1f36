/** @file manyworlds embed train: text in, vectors of its words out. */
import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { ConfigError } from "../../core/errors.js";
import { type VectorFormat, vectorFormatOf, writeWordVectors } from "../../embeddings/word-vector-file.node.js";
import { checkNothingLost } from "../check-nothing-lost.js";
import { addFlags } from "../flags.js";
import type { CommandContext } from "../program.js";
import { createProgress, formatSeconds } from "../progress.js";
import { formatBytes, formatCount, formatPairs } from "../tables.js";
import { trainGloveFiles } from "./glove-trainer.js";
import { EMBED_MODEL_FLAGS, EMBED_RUN_FLAGS, type EmbeddingModel } from "./train-flags.js";
import type { Trainer, TrainOutcome } from "./trainer.js";
import { checkOutput, type Options } from "./vector-input.js";
import { trainWord2VecFiles } from "./word2vec-trainer.js";

const TRAINERS: Readonly<Record<EmbeddingModel, Trainer>> = {
  skipgram: (request) => trainWord2VecFiles("skipgram", request),
  cbow: (request) => trainWord2VecFiles("cbow", request),
  glove: trainGloveFiles,
};

export function addEmbedTrainCommand(embed: Command, context: CommandContext): void {
  const command = embed
    .command("train")
    .summary("learn vectors of words from text")
    .description(
      "Learns a vector for every word of the text that is not too rare: words that are used alike get vectors that point the " +
        "same way. Text files hold words parted by blanks, a sentence or document a line; plain or .gz; any size.",
    )
    .argument("<files...>", "text files");
  addFlags(command, [...EMBED_RUN_FLAGS, ...EMBED_MODEL_FLAGS]);
  command.addHelpText(
    "after",
    `
Example:
  $ manyworlds embed train text.txt --output vectors.bin
  $ manyworlds embed train text.txt.gz --output vectors.txt --model glove --dimension 100 --x-max 10 --iterations 15`,
  );
  command.action(async (files: string[], options: Options) => runTrain(files, options, context));
}

async function runTrain(files: string[], options: Options, context: CommandContext): Promise<void> {
  const model = options.model as EmbeddingModel;
  const output = checkOutput("embed train", options.output, options.overwrite === true);
  checkNothingLost("embed train", output, files);
  if (/\.gz$/i.test(output)) throw new ConfigError(`embed train: expected --output without .gz, got ${output}`);
  const progress = createProgress(context.stderr, { quiet: options.quiet === true });
  const startedMs = performance.now();
  try {
    const outcome = await TRAINERS[model]({
      corpus: files,
      options: modelOptions(model, options),
      numThreads: typeof options.threads === "number" ? options.threads : availableParallelism(),
      temporaryDirectory: typeof options.temporary === "string" ? options.temporary : null,
      progress,
      signal: context.signal,
    });
    const format = (options.format as VectorFormat | undefined) ?? vectorFormatOf(output);
    const { bytes } = writeWordVectors(output, outcome.vectors, format);
    progress.close();
    const summary = summarise(output, bytes, model, outcome, (performance.now() - startedMs) / 1000);
    context.stdout.write(options.json === true ? `${JSON.stringify(summary)}\n` : formatSummary(summary));
  } finally {
    progress.close();
  }
}

/** What the user set. @throws {ConfigError} for a flag of another model: it would do nothing. */
function modelOptions(model: EmbeddingModel, options: Options): Options {
  const given = EMBED_MODEL_FLAGS.filter(({ option }) => options[option] !== undefined);
  const idle = given.find(({ models }) => !models.includes(model));
  if (idle !== undefined) {
    const flag = idle.syntax.replace(/ <.*/, "");
    throw new ConfigError(
      `embed train: ${flag} is for --model ${idle.models.join(" or ")}, got ${model}; leave it out`,
    );
  }
  return Object.fromEntries(given.map(({ option }) => [option, options[option]]));
}

/** What stands in a word for bytes that are not UTF-8. */
const REPLACEMENT = "\ufffd";

function summarise(output: string, bytes: number, model: EmbeddingModel, outcome: TrainOutcome, totalSeconds: number) {
  const { vectors, numTokens, numUnknown, numThreads, options, losses, seconds } = outcome;
  const { user, system } = process.cpuUsage();
  return {
    output,
    bytes,
    model,
    words: vectors.numWords,
    dimension: vectors.dimension,
    tokens: numTokens,
    unknownTokens: numUnknown,
    notUtf8Words: vectors.words.filter((word) => word.includes(REPLACEMENT)).length,
    threads: numThreads,
    options,
    losses,
    seconds: { ...seconds, total: totalSeconds },
    cpuSeconds: (user + system) / 1e6,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
}

function formatSummary(summary: ReturnType<typeof summarise>): string {
  const { output, bytes, words, dimension, tokens, unknownTokens, losses, seconds, cpuSeconds, threads } = summary;
  const { total, ...stages } = seconds as Readonly<Record<string, number>>;
  const parts = Object.entries(stages).map(([stage, value]) => `${stage} ${formatSeconds(value)}`);
  const share = (100 * unknownTokens) / Math.max(1, tokens + unknownTokens);
  return `${formatPairs([
    ["vectors", `${output} (${formatBytes(bytes)})`],
    ["words", `${formatCount(words)} of ${dimension} numbers`],
    ["text", `${formatCount(tokens + unknownTokens)} words, ${share.toFixed(1)} % of them too rare for a vector`],
    ...(summary.notUtf8Words === 0 ? [] : [notUtf8(summary.notUtf8Words)]),
    [
      "time",
      `${formatSeconds(total)} (${parts.join(", ")}), ${formatSeconds(cpuSeconds)} of processor time, threads: ${threads}`,
    ],
    ["peak memory", formatBytes(summary.peakMemoryBytes)],
    ["loss", `${formatLoss(losses[0])} in the first iteration, ${formatLoss(losses[losses.length - 1])} in the last`],
  ])}\n`;
}

/** Some of them may have become the same word. */
function notUtf8(count: number): [string, string] {
  const words = count === 1 ? "1 word is" : `${formatCount(count)} words are`;
  return [
    "not UTF-8",
    `${words} written with ${REPLACEMENT} for what could not be read; convert the text (iconv) and train again`,
  ];
}

/** word2vec measures the loss on some windows only: of very little text perhaps on none. */
function formatLoss(loss: number): string {
  return Number.isFinite(loss) ? loss.toFixed(4) : "not measured";
}
