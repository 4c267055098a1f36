/** @file manyworlds embed project: a picture of the space, some hundred words on a plane, as SVG. */
import { basename } from "node:path";
import type { Command } from "commander";
import { writeFileAtomic } from "../../checkpoint/atomic-write.node.js";
import { ConfigError, InterruptedError } from "../../core/errors.js";
import {
  PROJECTION_METHODS,
  type ProjectionMethod,
  projectWords,
  wordMap,
} from "../../embeddings/projection/word-map.js";
import type { WordVectors } from "../../embeddings/word-vectors.js";
import { createKernels } from "../../kernels/index.js";
import { checkNothingLost } from "../check-nothing-lost.js";
import { addFlags, integer, number } from "../flags.js";
import type { CommandContext } from "../program.js";
import { createProgress } from "../progress.js";
import { checkOutput, loadVectors, type Options, readText, VECTORS_HELP } from "./vector-input.js";

export function addProjectCommand(embed: Command, context: CommandContext): void {
  const command = embed
    .command("project")
    .summary("draw words on a plane")
    .description(
      "Projects vectors to two dimensions and draws the words there, as an SVG that reads on light and dark pages.",
    )
    .argument("<vectors>", VECTORS_HELP);
  addFlags(command, [
    { syntax: "-o, --output <file>", help: "SVG file to write (required)" },
    {
      syntax: "--words <count>",
      help: "draw so many words, the most frequent",
      parse: integer(2, 100_000),
      defaultValue: 300,
    },
    {
      syntax: "--skip <count>",
      help: "leave out so many of the most frequent before them",
      parse: integer(0),
      defaultValue: 0,
    },
    { syntax: "--list <file>", help: "draw the words of this file instead, parted by blanks or lines" },
    {
      syntax: "--method <name>",
      help: "tsne keeps neighbours together, at most 2000 words; pca keeps the large distances",
      choices: PROJECTION_METHODS,
      defaultValue: "tsne",
    },
    {
      syntax: "--perplexity <number>",
      help: "tsne: about how many neighbours count (default: 30)",
      parse: number(1, 1000),
    },
    { syntax: "--steps <count>", help: "tsne: steps of its search (default: 1000)", parse: integer(1, 100_000) },
    { syntax: "--title <text>", help: "title of the picture (default: the file's name)" },
    { syntax: "--overwrite", help: "replace the output if it is there" },
    { syntax: "--json", help: "print the words' coordinates as one JSON object" },
  ]);
  command.addHelpText(
    "after",
    `
Example:
  $ manyworlds embed project vectors.bin --output map.svg --words 300 --skip 100
  $ manyworlds embed project vectors.bin --output plane.svg --list words.txt --method pca`,
  );
  command.action(async (path: string, options: Options) => {
    const output = checkOutput("embed project", options.output, options.overwrite === true);
    checkNothingLost("embed project", output, [path, ...(typeof options.list === "string" ? [options.list] : [])]);
    const method = options.method as ProjectionMethod;
    const idle = ["perplexity", "steps"].find((name) => method !== "tsne" && options[name] !== undefined);
    if (idle !== undefined) throw new ConfigError(`embed project: --${idle} is for --method tsne; leave it out`);
    const progress = createProgress(context.stderr);
    try {
      const list = typeof options.list === "string" ? await readText(options.list) : null;
      const vectors = await loadVectors(path, {}, progress, context);
      const indices = list === null ? mostFrequent(vectors, options) : listed(vectors, list);
      const projection = projectWords(vectors, indices, createKernels(), method, {
        ...(typeof options.perplexity === "number" ? { perplexity: options.perplexity } : {}),
        ...(typeof options.steps === "number" ? { numSteps: options.steps } : {}),
        onStep: (step, numSteps) => {
          progress.update({ job: "projecting", fraction: step / numSteps, details: {} });
          return context.signal.aborted;
        },
      });
      if (context.signal.aborted) throw new InterruptedError("embed project: interrupted; nothing was written");
      progress.close();
      const title = typeof options.title === "string" ? options.title : basename(path);
      const { bytes } = writeFileAtomic(output, [new TextEncoder().encode(wordMap(projection, title))]);
      const { words, points, shares } = projection;
      context.stdout.write(
        options.json === true
          ? `${JSON.stringify({ output, bytes, method, shares, words: words.map((word, i) => ({ word, x: points[2 * i], y: points[2 * i + 1] })) })}\n`
          : `${output}: ${words.length} words\n`,
      );
    } finally {
      progress.close();
    }
  });
}

function mostFrequent({ numWords }: WordVectors, options: Options): number[] {
  const first = Number(options.skip);
  const count = Math.min(Number(options.words), numWords - first);
  if (count < 2) {
    throw new ConfigError(
      `embed project: expected at least 2 words to draw, got ${Math.max(0, count)} after --skip ${first} of ${numWords}`,
    );
  }
  return Array.from({ length: count }, (_, i) => first + i);
}

function listed(vectors: WordVectors, text: string): number[] {
  const words = [...new Set(text.split(/\s+/).filter((word) => word !== ""))];
  const missing = words.filter((word) => vectors.indexOf(word) < 0);
  if (missing.length > 0) {
    throw new ConfigError(
      `embed project: expected words that have a vector, got ${missing.slice(0, 5).join(", ")} in --list`,
    );
  }
  return words.map((word) => vectors.indexOf(word));
}
