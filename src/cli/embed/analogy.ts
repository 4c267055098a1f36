/** @file manyworlds embed analogy: a is to b as c is to … – for some words, or for a file of questions with answers. */
import type { Command } from "commander";
import { ConfigError, InterruptedError } from "../../core/errors.js";
import {
  type AnalogyResult,
  type AnalogyScore,
  evaluateAnalogies,
  parseAnalogies,
} from "../../embeddings/evaluation/word-analogies.js";
import { VectorSearch } from "../../embeddings/vector-search.js";
import { createKernels } from "../../kernels/index.js";
import { addFlags, integer } from "../flags.js";
import type { CommandContext } from "../program.js";
import { createProgress } from "../progress.js";
import { formatCount, formatPercent, formatTable } from "../tables.js";
import { formatNeighbors } from "./neighbor-table.js";
import { loadVectors, type Options, readText, VECTORS_HELP } from "./vector-input.js";

export function addAnalogyCommand(embed: Command, context: CommandContext): void {
  const command = embed
    .command("analogy")
    .summary("a is to b as c is to …")
    .description(
      "Completes analogies by 3CosAdd: the words nearest to b − a + c that are none of the three. With --questions, asks a " +
        "file of questions with their answers (`: section` lines, then four words a line, as questions-words.txt) and " +
        "prints how many are right, for each section.",
    )
    .argument("<vectors>", VECTORS_HELP)
    .argument("[words...]", "a b c, or several such threes");
  addFlags(command, [
    { syntax: "-k, --top <count>", help: "answers for each three words", parse: integer(1, 100_000), defaultValue: 5 },
    { syntax: "--questions <file>", help: "questions with answers" },
    {
      syntax: "--max-words <count>",
      help: "search the first words only (default: all; with --questions 30000, as is usual)",
      parse: integer(1),
    },
    { syntax: "--json", help: "print JSON" },
  ]);
  command.addHelpText(
    "after",
    `
Example:
  $ manyworlds embed analogy vectors.bin man king woman
  $ manyworlds embed analogy vectors.bin --questions questions-words.txt`,
  );
  command.action(async (path: string, words: string[], options: Options) => {
    const { questions } = options;
    if (words.length > 0 === (typeof questions === "string")) {
      throw new ConfigError("embed analogy: expected three words or --questions <file>, one of the two");
    }
    if (words.length % 3 !== 0) {
      throw new ConfigError(`embed analogy: expected words in threes, a b c, got ${words.length}`);
    }
    const progress = createProgress(context.stderr);
    try {
      if (typeof questions === "string") {
        const sections = parseAnalogies(await readText(questions), questions);
        const vectors = await loadVectors(path, {}, progress, context);
        const result = evaluateAnalogies(vectors, sections, createKernels(), {
          ...(typeof options.maxWords === "number" ? { maxWords: options.maxWords } : {}),
          shouldStop: () => context.signal.aborted,
          onProgress: (numDone, numQuestions) =>
            progress.update({ job: "asking", fraction: numDone / numQuestions, details: {} }),
        });
        if (context.signal.aborted) throw new InterruptedError("embed analogy: interrupted; nothing was written");
        progress.close();
        context.stdout.write(options.json === true ? `${JSON.stringify(result)}\n` : formatResult(result));
        return;
      }
      const search = new VectorSearch(await loadVectors(path, options, progress, context), createKernels());
      const answers = Array.from({ length: words.length / 3 }, (_, i) => {
        const [a, b, c] = words.slice(3 * i, 3 * i + 3);
        return { query: `${a} : ${b} = ${c} :`, neighbors: search.analogy(a, b, c, Number(options.top)) };
      });
      context.stdout.write(formatNeighbors(answers, options.json === true, context.stdout.isTTY));
    } finally {
      progress.close();
    }
  });
}

function formatResult({ total, semantic, syntactic, sections }: AnalogyResult): string {
  const row = (name: string, { numCorrect, numAsked, numQuestions }: AnalogyScore): string[] => [
    name,
    numAsked === 0 ? "–" : formatPercent(numCorrect / numAsked),
    formatCount(numCorrect),
    formatCount(numAsked),
    formatCount(numQuestions - numAsked),
  ];
  return `${formatTable([
    ["section", "%", "right", "asked", "without a vector"],
    ...sections.map((section) => row(section.name, section)),
    row("semantic", semantic),
    row("syntactic", syntactic),
    row("all", total),
  ])}\n`;
}
