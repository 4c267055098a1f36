/** @file Which commands are there? The tree of commands, ready to parse arguments; it neither exits nor reads `process`. */
import { Command } from "commander";
import { addEmbedCommand } from "./embed/embed.js";
import { addEvaluateCommand } from "./evaluate.js";
import { addExportCommand } from "./export.js";
import { addInfoCommand } from "./info.js";
import { addPlanCommand } from "./plan.js";
import { addPredictCommand } from "./predict.js";
import { addServeCommand } from "./serve.js";
import { addSparsityCommand } from "./sparsity.js";
import { addTrainCommand } from "./train.js";
import { packageVersion } from "./version.js";

/** What a command may touch of the process. */
export interface CommandContext {
  readonly signal: AbortSignal;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** Throws CommanderError on usage errors and after --help instead of exiting. */
export function createProgram(context: CommandContext): Command {
  const program = new Command("manyworlds")
    .description("Which of millions of labels fit this input? MACH classifiers on ordinary hardware.")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help; every command has its own")
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .configureHelp({ sortSubcommands: false })
    .addHelpText(
      "after",
      `
Example:
  $ manyworlds train train.tsv --model m/        learn from rows of labels<TAB>text
  $ manyworlds evaluate m/ test.tsv              P@k, R@k, nDCG@k, PSP@k
  $ manyworlds predict m/ "buffer overflow in nfs server" -k 10
  $ manyworlds serve m/                          a page to search, and an API
  $ manyworlds export m/ --web site/             a page that answers by itself, with no server
  $ manyworlds embed train text.txt --output v.bin   vectors of words`,
    );
  for (const add of [
    addTrainCommand,
    addEvaluateCommand,
    addPredictCommand,
    addServeCommand,
    addInfoCommand,
    addPlanCommand,
    addExportCommand,
    addSparsityCommand,
  ])
    add(program, context);
  addEmbedCommand(program, context);
  settle(program, "manyworlds", context);
  return program;
}

/** Sends a command's texts, and those of the commands below it, where the context says; errors are thrown. */
function settle(command: Command, name: string, context: CommandContext): void {
  command.showHelpAfterError(`see ${name} --help`);
  command.exitOverride().configureOutput({
    writeOut: (text) => context.stdout.write(text),
    writeErr: (text) => context.stderr.write(text),
    outputError: (text, write) => write(text.replace(/^error: /, "manyworlds: ")),
  });
  for (const child of command.commands) settle(child, `${name} ${child.name()}`, context);
}
