/** @file manyworlds embed: vectors of words, trained, asked and drawn. One subcommand a file. */
import type { Command } from "commander";
import type { CommandContext } from "../program.js";
import { addAnalogyCommand } from "./analogy.js";
import { addNearestCommand } from "./nearest.js";
import { addPhrasesCommand } from "./phrases.js";
import { addProjectCommand } from "./project.js";
import { addSimilarityCommand } from "./similarity.js";
import { addEmbedTrainCommand } from "./train.js";

export function addEmbedCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("embed")
    .summary("vectors of words: phrases, train, nearest, analogy, similarity, project")
    .description(
      "Trains vectors of words, and of phrases, from text, and asks those of any file in word2vec's or GloVe's formats.",
    )
    .helpCommand(false)
    .addHelpText(
      "after",
      `
Example:
  $ manyworlds embed phrases text.txt.gz --output joined.txt
  $ manyworlds embed train joined.txt --output vectors.bin --model glove
  $ manyworlds embed nearest vectors.bin river money -k 5
  $ manyworlds embed project vectors.bin --output map.svg`,
    );
  for (const add of [
    addPhrasesCommand,
    addEmbedTrainCommand,
    addNearestCommand,
    addAnalogyCommand,
    addSimilarityCommand,
    addProjectCommand,
  ]) {
    add(command, context);
  }
}
