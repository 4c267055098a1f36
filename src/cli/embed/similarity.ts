/** @file manyworlds embed similarity: do cosines order pairs of words as people do? */
import { basename } from "node:path";
import type { Command } from "commander";
import { ConfigError } from "../../core/errors.js";
import { isAnalogies } from "../../embeddings/evaluation/word-analogies.js";
import { evaluateSimilarity, parseWordPairs } from "../../embeddings/evaluation/word-similarity.js";
import { addFlags } from "../flags.js";
import type { CommandContext } from "../program.js";
import { createProgress } from "../progress.js";
import { formatCount, formatTable } from "../tables.js";
import { loadVectors, MAX_WORDS_FLAG, type Options, readText, VECTORS_HELP } from "./vector-input.js";

export function addSimilarityCommand(embed: Command, context: CommandContext): void {
  const command = embed
    .command("similarity")
    .summary("compare cosines with people's judgments")
    .description(
      "Prints Spearman's rank correlation of the cosines of pairs of words with the scores that people gave them. Pairs " +
        "without a vector are left out and counted.",
    )
    .argument("<vectors>", VECTORS_HELP)
    .argument(
      "<files...>",
      "pairs with scores, such as WordSim-353, SimLex-999, MEN, RG-65: word, word, number a line",
    );
  addFlags(command, [MAX_WORDS_FLAG, { syntax: "--json", help: "print a JSON object a file" }]);
  command.addHelpText(
    "after",
    "\nExample:\n  $ manyworlds embed similarity vectors.bin EN-WS-353-ALL.txt EN-MEN-TR-3k.txt",
  );
  command.action(async (path: string, files: string[], options: Options) => {
    const progress = createProgress(context.stderr);
    try {
      const tests = [];
      for (const file of files) {
        const text = await readText(file);
        if (isAnalogies(text)) {
          throw new ConfigError(`embed similarity: ${file} holds analogies; give it to embed analogy --questions`);
        }
        tests.push({ file, pairs: parseWordPairs(text, file) });
      }
      const vectors = await loadVectors(path, options, progress, context);
      const results = tests.map(({ file, pairs }) => ({ file, ...evaluateSimilarity(vectors, pairs) }));
      if (options.json === true) {
        // NaN, for too few pairs, becomes null.
        context.stdout.write(results.map((result) => `${JSON.stringify(result)}\n`).join(""));
        return;
      }
      const rows = results.map(({ file, rho, numFound, numPairs }) => [
        basename(file),
        Number.isNaN(rho) ? "–" : rho.toFixed(4),
        formatCount(numFound),
        formatCount(numPairs - numFound),
      ]);
      context.stdout.write(`${formatTable([["file", "Spearman", "pairs", "without a vector"], ...rows])}\n`);
    } finally {
      progress.close();
    }
  });
}
