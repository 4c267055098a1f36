/** @file manyworlds train: files of rows in, a model directory out. */
import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";
import type { Command } from "commander";
import { ConfigError } from "../core/errors.js";
import type { GivenFlag } from "../train/run-history/records.js";
import { trainModel } from "../train/train-model.node.js";
import { describeChosenOptions } from "./chosen-options.js";
import { NUMERIC_OPTION_NAMES, sayingFlags, TEXT_OPTION_NAMES } from "./flag-names.js";
import { addFlags, type WorldSelection } from "./flags.js";
import { budgetsOf, featureOptions, modelOptions, strategyOptions } from "./given-options.js";
import type { CommandContext } from "./program.js";
import { createProgress } from "./progress.js";
import { openDashboard } from "./train-dashboard.js";
import {
  BUDGET_FLAGS,
  EMBEDDINGS_FLAG,
  FEATURE_FLAGS,
  MODEL_FLAGS,
  READ_FLAGS,
  RUN_FLAGS,
  STRATEGY_FLAGS,
  STRATEGY_HELP,
  WORLDS_FLAG,
} from "./train-flags.js";
import { formatSummary, showEvent, summarise } from "./train-report.js";
import { collectTypedFlags } from "./typed-flags.js";
import { packageVersion } from "./version.js";

type Options = Record<string, unknown>;

/** Flags that say where the model goes and what is printed: no part of how it is trained. */
const NOT_REPEATED = ["--model", "--resume", "--overwrite", "--dashboard", "--json", "--quiet"];

/**
 * Bytecode that a function runs before V8 optimises it, six times as much as V8's own. Worlds are in kernels for 98 % of
 * their time: of the rest the loops are worth optimising; the others cost more on the cores that worlds train on than
 * they save there.
 */
const OPTIMISED_AFTER_BYTES = 400_000;

/** Adds `manyworlds train`. */
export function addTrainCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("train")
    .summary("learn a model from rows of labels and text or features")
    .description(
      "Learns a model from rows of labels and text (TSV, CSV, fastText) or feature numbers (XC repository, svmlight); " +
        "plain or .gz. Whatever you leave out is chosen from the data.",
    )
    .argument("<files...>", "training rows");
  const runFlags = [...RUN_FLAGS, ...BUDGET_FLAGS, ...STRATEGY_FLAGS, WORLDS_FLAG];
  addFlags(command, [...runFlags, ...MODEL_FLAGS, ...READ_FLAGS, ...FEATURE_FLAGS, EMBEDDINGS_FLAG]);
  command.addHelpText(
    "after",
    `
${describeChosenOptions()}

${STRATEGY_HELP}

Example:
  $ manyworlds train train.tsv --model m/
  $ manyworlds train train.tsv --model m/ --validation 0.1 --dashboard      curves in a browser; m/report.html afterwards
  $ manyworlds train train.tsv --model m/ --memory 1GB --time 10m
  $ manyworlds train train.tsv --model m/ --worlds 16 --buckets 2000 --hidden 256 --epochs 5 --seed 1
  $ manyworlds train train.tsv --model m/ --worlds 16-23 --resume        add eight worlds to it
  $ manyworlds train train.tsv --model m/ --worlds 1 --strategy data-parallel --strategy-workers 2`,
  );
  const typedFlags = collectTypedFlags(command, NOT_REPEATED);
  command.action((files: string[], options: Options) =>
    sayingFlags(() => runTrain(files, options, typedFlags(), context)),
  );
}

async function runTrain(
  files: string[],
  options: Options,
  flags: readonly GivenFlag[],
  context: CommandContext,
): Promise<void> {
  if (typeof options.model !== "string") {
    throw new ConfigError("train: expected --model <dir>, the directory to write; add for example --model m/");
  }
  if (options.resume === true && options.overwrite === true) {
    throw new ConfigError("train: --resume continues a model and --overwrite replaces it; give one of them");
  }
  const selection = options.worlds as WorldSelection | undefined;
  setFlagsFromString(`--interrupt-budget=${OPTIMISED_AFTER_BYTES}`);
  const progress = createProgress(context.stderr, { quiet: options.quiet === true });
  const startedMs = performance.now();
  const dashboard = await openDashboard(options.dashboard, (line) =>
    options.quiet === true ? context.stderr.write(`${line}\n`) : progress.note(line),
  );
  try {
    const report = await trainModel({
      inputs: files,
      modelPath: options.model,
      mode: options.resume === true ? "resume" : options.overwrite === true ? "overwrite" : "create",
      options: modelOptions(options, selection),
      worlds: selection?.worlds ?? null,
      textOptions: featureOptions(options, TEXT_OPTION_NAMES),
      numericOptions: featureOptions(options, NUMERIC_OPTION_NAMES),
      ...(typeof options.initEmbeddings === "string" ? { initEmbeddings: options.initEmbeddings } : {}),
      ...(typeof options.format === "string" ? { format: options.format } : {}),
      skipBadRows: options.skipBadRows === true,
      strategy: strategyOptions(options),
      numThreads: typeof options.threads === "number" ? options.threads : availableParallelism(),
      ...(typeof options.checkpoint === "number" ? { checkpointIntervalMs: 1000 * options.checkpoint } : {}),
      budgets: budgetsOf(options),
      writtenBy: `manyworlds ${packageVersion()}`,
      flags,
      signal: context.signal,
      ...(dashboard === null ? {} : { history: dashboard.feed }),
      onEvent: (event) => {
        showEvent(event, progress);
        dashboard?.observe(event);
      },
    });
    progress.close();
    const summary = summarise(report, options.model, (performance.now() - startedMs) / 1000);
    context.stdout.write(options.json === true ? `${JSON.stringify(summary)}\n` : formatSummary(summary, report));
  } finally {
    progress.close();
    await dashboard?.close();
  }
}
