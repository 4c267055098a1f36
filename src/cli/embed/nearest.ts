/** @file manyworlds embed nearest: words in, their nearest words out. */
import type { Command } from "commander";
import { VectorSearch } from "../../embeddings/vector-search.js";
import { createKernels } from "../../kernels/index.js";
import { addFlags, integer } from "../flags.js";
import type { CommandContext } from "../program.js";
import { createProgress } from "../progress.js";
import { formatNeighbors } from "./neighbor-table.js";
import { loadVectors, MAX_WORDS_FLAG, type Options, VECTORS_HELP } from "./vector-input.js";

export function addNearestCommand(embed: Command, context: CommandContext): void {
  const command = embed
    .command("nearest")
    .summary("the words nearest to a word")
    .description("Lists the words whose vectors point most nearly the same way (cosine), best first. Exact.")
    .argument("<vectors>", VECTORS_HELP)
    .argument("<words...>", "words to look around");
  addFlags(command, [
    { syntax: "-k, --top <count>", help: "words for each", parse: integer(1, 100_000), defaultValue: 10 },
    MAX_WORDS_FLAG,
    { syntax: "--json", help: "print a JSON object a word" },
  ]);
  command.addHelpText("after", "\nExample:\n  $ manyworlds embed nearest vectors.bin river money -k 5");
  command.action(async (path: string, words: string[], options: Options) => {
    const progress = createProgress(context.stderr);
    try {
      const search = new VectorSearch(await loadVectors(path, options, progress, context), createKernels());
      const answers = words.map((word) => ({ query: word, neighbors: search.nearest(word, Number(options.top)) }));
      context.stdout.write(formatNeighbors(answers, options.json === true, context.stdout.isTTY));
    } finally {
      progress.close();
    }
  });
}
