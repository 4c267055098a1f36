/**
 * @file Which commands are there? The tree of commands, ready to parse arguments; it neither exits nor reads `process`.
 *
 * A command's module brings all that it needs with it, which is most of the time that the program takes to start: of a
 * command that is named, no other is loaded, and for the version none.
 */
import { Command } from "commander";
import { ConfigError } from "../core/errors.js";
import { packageVersion } from "./version.js";

/** What a command may touch of the process. */
export interface CommandContext {
  readonly signal: AbortSignal;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

const VERSION_FLAGS: readonly string[] = ["-V", "--version"];

type AddCommand = (program: Command, context: CommandContext) => void;

/** In the order in which help lists them. */
const COMMANDS: ReadonlyMap<string, () => Promise<AddCommand>> = new Map([
  ["train", async () => (await import("./train.js")).addTrainCommand],
  ["evaluate", async () => (await import("./evaluate.js")).addEvaluateCommand],
  ["predict", async () => (await import("./predict.js")).addPredictCommand],
  ["serve", async () => (await import("./serve.js")).addServeCommand],
  ["info", async () => (await import("./info.js")).addInfoCommand],
  ["combine", async () => (await import("./combine.js")).addCombineCommand],
  ["plan", async () => (await import("./plan.js")).addPlanCommand],
  ["export", async () => (await import("./export.js")).addExportCommand],
  ["sparsity", async () => (await import("./sparsity.js")).addSparsityCommand],
  ["embed", async () => (await import("./embed/embed.js")).addEmbedCommand],
]);

/**
 * A program for `args`, the arguments after node and the script, to be parsed by it: it knows the command that they begin
 * with, or all if they begin with none, or none if they ask for the version. Throws CommanderError on usage errors and after --help instead of exiting.
 */
export async function createProgram(context: CommandContext, args: readonly string[]): Promise<Command> {
  const program = new Command("manyworlds")
    .description("Which of millions of labels fit this input? MACH classifiers on ordinary hardware.")
    .version(packageVersion(), VERSION_FLAGS.join(", "), "print the version")
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
  for (const add of await Promise.all(loadersFor(args).map((load) => load()))) add(program, context);
  settle(program, "manyworlds", context);
  program.hook("preAction", (_, command) => refuseEmptyNames(command));
  return program;
}

function loadersFor([first]: readonly string[]): (() => Promise<AddCommand>)[] {
  if (VERSION_FLAGS.includes(first)) return [];
  const named = COMMANDS.get(first);
  return named === undefined ? [...COMMANDS.values()] : [named];
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

/** Arguments that are texts, in which nothing may stand. */
const TEXTS: readonly string[] = ["queries", "words"];

/** An empty name of a file or directory would mean the working directory: what `--model "$DIR"` gives where DIR is unset. */
function refuseEmptyNames(command: Command): void {
  const named = command.registeredArguments
    .filter((argument) => !TEXTS.includes(argument.name()))
    .map((argument, i): [string, unknown] => [argument.name(), command.processedArgs[i]]);
  for (const option of command.options) {
    if (/<(file|dir|folder)>$/.test(option.flags)) {
      named.push([option.flags, command.getOptionValue(option.attributeName())]);
    }
  }
  const empty = named.find(([, value]) => (Array.isArray(value) ? value.includes("") : value === ""));
  if (empty === undefined) return;
  throw new ConfigError(
    `${command.name()}: expected a name for ${empty[0]}, got an empty one; is a variable of the shell unset?`,
  );
}
