/** @file manyworlds embed phrases: text in, the same text out with words that belong together joined. */
import type { Command } from "commander";
import { ConfigError } from "../../core/errors.js";
import { joinPhrases, type PhrasePass, type PhraseProgress, type PhraseReport } from "../../embeddings/index.js";
import { PHRASE_DEFAULTS } from "../../embeddings/phrases.js";
import { MAX_DISTINCT_WORDS } from "../../embeddings/vocabulary-counter.js";
import { checkNothingLost } from "../check-nothing-lost.js";
import { addFlags, integer, numberList } from "../flags.js";
import type { CommandContext } from "../program.js";
import { createProgress, formatSeconds, type Progress } from "../progress.js";
import { formatBytes, formatCount, formatPairs } from "../tables.js";
import { checkOutput, type Options } from "./vector-input.js";

/** Phrases of a pass that the printed summary shows; JSON has some more. */
const NUM_SHOWN = 6;

interface PhraseSettings {
  /** One a pass. */
  readonly threshold?: readonly number[];
  readonly minCount: number;
  readonly maxDistinct: number;
}

export function addPhrasesCommand(embed: Command, context: CommandContext): void {
  const command = embed
    .command("phrases")
    .summary("join words that belong together: new york → new_york")
    .description(
      "Writes the text again with pairs of words joined that stand together far more often than chance would have it, so " +
        "that `embed train` learns a vector for new_york. The rule is word2phrase's: (count(a b) − min-count) · words / " +
        "(count(a) · count(b)) must pass the threshold. Reads what `embed train` reads, plain or .gz, any size, once more " +
        "than it makes passes.",
    )
    .argument("<files...>", "text files");
  addFlags(command, [
    { syntax: "-o, --output <file>", help: "text file to write (required); not one of the inputs" },
    {
      syntax: "--threshold <scores>",
      help: `score to pass: higher, fewer phrases; 200,100 makes two passes, for longer names (default: ${PHRASE_DEFAULTS.threshold})`,
      parse: numberList(0),
    },
    {
      syntax: "--min-count <count>",
      help: "join no words that occur less often, and take so many off each pair's count",
      parse: integer(1),
      defaultValue: PHRASE_DEFAULTS.discount,
    },
    {
      syntax: "--max-distinct <count>",
      help: "distinct words, and pairs, counted at a time, about 50 bytes each; beyond, the rarest are forgotten",
      parse: integer(1),
      defaultValue: MAX_DISTINCT_WORDS,
    },
    { syntax: "--overwrite", help: "replace the output if it is there" },
    { syntax: "--json", help: "print the summary as one JSON object" },
    { syntax: "--quiet", help: "no progress" },
  ]);
  command.addHelpText(
    "after",
    `
Example:
  $ manyworlds embed phrases text.txt.gz --output joined.txt
  $ manyworlds embed phrases text.txt.gz --output joined.txt --threshold 200,100
  $ manyworlds embed train joined.txt --output vectors.bin`,
  );
  command.action(async (files: string[], options: Options) => runPhrases(files, options, context));
}

async function runPhrases(files: readonly string[], options: Options, context: CommandContext): Promise<void> {
  const output = checkOutput("embed phrases", options.output, options.overwrite === true);
  checkNothingLost("embed phrases", output, files);
  if (/\.gz$/i.test(output)) throw new ConfigError(`embed phrases: expected --output without .gz, got ${output}`);
  const { minCount, maxDistinct, ...given } = options as Options & PhraseSettings;
  const threshold = given.threshold ?? [PHRASE_DEFAULTS.threshold].flat();
  const progress = createProgress(context.stderr, { quiet: options.quiet === true });
  const startedMs = performance.now();
  try {
    const report = await joinPhrases(files, output, {
      threshold,
      discount: minCount,
      maxDistinct,
      signal: context.signal,
      onProgress: showPasses(progress, threshold.length),
    });
    progress.close();
    const seconds = (performance.now() - startedMs) / 1000;
    const summary = summarise(output, report, { threshold, minCount, maxDistinct }, seconds);
    context.stdout.write(options.json === true ? `${JSON.stringify(summary)}\n` : formatSummary(summary));
  } finally {
    progress.close();
  }
}

/** A job for each reading; which pass it is only where there are several. */
function showPasses(progress: Progress, numPasses: number): (now: PhraseProgress) => void {
  let shown: string | null = null;
  return ({ stage, pass, doneBytes, totalBytes }) => {
    const job = stage === "joining" || numPasses === 1 ? stage : `${stage} ${pass}/${numPasses}`;
    if (shown !== null && shown !== job) progress.finish(shown);
    shown = job;
    progress.update({ job, fraction: doneBytes / Math.max(1, totalBytes), details: {} });
  };
}

function summarise(output: string, report: PhraseReport, options: Required<PhraseSettings>, seconds: number) {
  const { user, system } = process.cpuUsage();
  return {
    output,
    bytes: report.numBytes,
    tokens: report.numTokens,
    joined: report.numJoined,
    passes: report.passes.map(({ threshold, numPhrases, numJoined, frequent }) => ({
      threshold,
      phrases: numPhrases,
      joined: numJoined,
      frequent,
    })),
    options,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
}

function formatSummary(summary: ReturnType<typeof summarise>): string {
  const { output, bytes, tokens, joined, passes, seconds, cpuSeconds, peakMemoryBytes } = summary;
  const describe = (threshold: number, phrases: number, times: number, frequent: PhrasePass["frequent"]): string => {
    const shown = frequent.slice(0, NUM_SHOWN).map(({ phrase, count }) => `${phrase} ${formatCount(count)}`);
    const examples = shown.length === 0 ? "; a lower --threshold finds more" : `: ${shown.join(", ")}`;
    const found = `${formatCount(phrases)} ${phrases === 1 ? "phrase" : "phrases"}, joined ${formatCount(times)} times`;
    return `score above ${threshold}: ${found}${examples}${shown.length < phrases ? ", …" : ""}`;
  };
  return `${formatPairs([
    ["joined text", `${output} (${formatBytes(bytes)})`],
    ["words", `${formatCount(tokens)} read, ${formatCount(tokens - joined)} written`],
    ...passes.map((pass, i): [string, string] => [
      passes.length === 1 ? "phrases" : `pass ${i + 1}`,
      describe(pass.threshold, pass.phrases, pass.joined, pass.frequent),
    ]),
    ["time", `${formatSeconds(seconds)}, ${formatSeconds(cpuSeconds)} of processor time`],
    ["peak memory", formatBytes(peakMemoryBytes)],
  ])}\n`;
}
