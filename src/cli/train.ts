/** @file manyworlds train: files of rows in, a model directory out. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { REPORT_FILE } from "../checkpoint/model-files.node.js";
import { ConfigError } from "../core/errors.js";
import { countParameters } from "../mach/parameter-count.js";
import type { ModelOptions } from "../train/model-options.js";
import { worldOptionsOf } from "../train/model-options.js";
import type { Budgets } from "../train/plan/recommend.js";
import type { GivenFlag } from "../train/run-history/records.js";
import type { StrategyReport } from "../train/strategies/ledger.js";
import { STRATEGY_DEFAULTS, type StrategyOptions } from "../train/strategies/strategy.js";
import { trainModel } from "../train/train-model.node.js";
import type { TrainEvent, TrainReport } from "../train/train-request.js";
import { describeChosenOptions } from "./chosen-options.js";
import { flagOf, keyOf, NUMERIC_OPTION_NAMES, sayingFlags, TEXT_OPTION_NAMES } from "./flag-names.js";
import { addFlags, type WorldSelection } from "./flags.js";
import { formatMetrics } from "./metrics-table.js";
import { describePlan, planSummary } from "./plan-report.js";
import type { CommandContext } from "./program.js";
import { createProgress, formatSeconds, type Progress } from "./progress.js";
import { formatSkipped } from "./skipped-rows.js";
import { formatBytes, formatCount, formatLarge, formatPairs } from "./tables.js";
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
import { collectTypedFlags } from "./typed-flags.js";
import { packageVersion } from "./version.js";

type Options = Record<string, unknown>;

/** Flags that say where the model goes and what is printed: no part of how it is trained. */
const NOT_REPEATED = ["--model", "--resume", "--overwrite", "--dashboard", "--json", "--quiet"];

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

/** What the flags of BUDGET_FLAGS gave, and --latency. */
export function budgetsOf({ memory, time, latency }: Options): Budgets {
  const given = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
  return { memoryBytes: given(memory), seconds: given(time), latencySeconds: given(latency) };
}

/** What the user set by `flags`, under the names of the options. */
function givenOptions(
  options: Options,
  flags: readonly { readonly option: string; readonly syntax: string }[],
): Options {
  const given: Options = {};
  for (const { option, syntax } of flags) {
    const value = options[keyOf(flagOf(syntax))];
    if (value !== undefined) given[option] = value;
  }
  return given;
}

/** @throws {ConfigError} for options that do nothing beside the others. */
function strategyOptions(options: Options): Partial<StrategyOptions> {
  const given = givenOptions(options, STRATEGY_FLAGS) as Partial<StrategyOptions>;
  const isShared = given.strategy !== undefined && given.strategy !== "sequential";
  if (!isShared) return given;
  if (options.threads !== undefined) {
    throw new ConfigError(
      `train: --threads trains several worlds at once, --strategy ${given.strategy} one after another; ` +
        "say --strategy-workers for the threads of one",
    );
  }
  return { numWorkers: defaultWorkers(given), ...given };
}

/** One a core, or as many whole groups as there are cores for, at least two. */
function defaultWorkers({ strategy, groupSize = STRATEGY_DEFAULTS.groupSize }: Partial<StrategyOptions>): number {
  const cores = availableParallelism();
  if (strategy === "model-parallel") return 2;
  return strategy === "hybrid" ? groupSize * Math.max(2, Math.floor(cores / groupSize)) : cores;
}

/** What the user set, under the names of ModelOptions. */
export function modelOptions(options: Options, selection: WorldSelection | undefined): Partial<ModelOptions> {
  const given = givenOptions(options, MODEL_FLAGS);
  if (selection !== undefined) given.numWorlds = selection.count;
  return given as Partial<ModelOptions>;
}

/** The options that flags gave, flag name → option name; an empty list stands for null. */
export function featureOptions(options: Options, names: Readonly<Record<string, string>>): object {
  const given = Object.entries(names).filter(([flag]) => options[flag] !== undefined);
  return Object.fromEntries(
    given.map(([flag, option]) => {
      const value = options[flag];
      return [option, Array.isArray(value) && value.length === 0 ? null : value];
    }),
  );
}

function showEvent(event: TrainEvent, progress: Progress): void {
  switch (event.kind) {
    case "reading":
      progress.update({
        job: "reading",
        fraction: event.bytesRead / Math.max(1, event.bytesTotal),
        details: { rows: event.rows },
      });
      break;
    case "planned":
      for (const line of describePlan(event.plan)) progress.note(line);
      break;
    case "prepared": {
      const { numRows, numFeatures, numLabels } = event.data;
      const { numBuckets, hidden, epochs, loss } = event.options;
      progress.finish("reading");
      progress.note(
        `${formatCount(numRows)} rows, ${formatCount(numFeatures)} features, ${formatCount(numLabels)} labels → ` +
          `${event.worlds.length} worlds of ${formatCount(numBuckets)} buckets, hidden ${hidden.join("-") || "none"}, ${epochs} epochs, ${loss}`,
      );
      const skipped = formatSkipped(event.data.skipped);
      if (skipped !== "") progress.note(skipped);
      break;
    }
    case "progress":
      progress.update({
        job: `world ${event.world}`,
        fraction: event.step / event.numSteps,
        details: {
          epoch: `${event.epoch}/${event.epochs}`,
          loss: Number(event.loss.toPrecision(6)),
          ...("waitingShare" in event ? describeCost(event) : {}),
        },
        rate: { perSecond: event.rowsPerSecond, unit: "rows" },
      });
      break;
    case "world":
      progress.finish(`world ${event.world}`, describeWorld(event));
      break;
    case "note":
      progress.note(event.message);
      break;
    // Shown by the dashboard and the report; the bars above say where a world stands.
    case "start":
    case "epoch":
    case "merged":
    case "measured":
      break;
  }
}

/** Traffic and waiting, as words of a progress line. */
function describeCost(cost: Pick<StrategyReport, "trafficBytesPerStep" | "waitingShare">): Record<string, string> {
  return {
    traffic: `${formatBytes(cost.trafficBytesPerStep)}/step`,
    waiting: `${Math.round(100 * cost.waitingShare)} %`,
  };
}

function describeWorld({ world, result }: TrainEvent & { kind: "world" }): string {
  if (result.status === "diverged") return result.message;
  return `world ${world}  ${formatSeconds(result.seconds)}  loss ${result.loss.toFixed(3)}  ${formatBytes(result.file.bytes)}`;
}

function summarise(report: TrainReport, model: string, seconds: number) {
  const { options, data } = report;
  const { user, system } = process.cpuUsage();
  const parameters = countParameters(worldOptionsOf(options, data.numFeatures), options.numWorlds, data.numLabels);
  return {
    model,
    rows: data.numRows,
    features: data.numFeatures,
    labels: data.numLabels,
    skippedRows: data.numSkipped,
    trainedWorlds: report.trainedWorlds,
    keptWorlds: report.keptWorlds,
    options,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    parameters: parameters.ensemble,
    fullSoftmaxParameters: parameters.fullSoftmax,
    ...(report.plan === null ? {} : { plan: planSummary(report.plan) }),
    ...(report.initEmbeddings === null ? {} : { initEmbeddings: report.initEmbeddings }),
    ...(report.strategy.length === 0 ? {} : { strategy: report.strategy }),
    ...(report.manifest.metrics === null ? {} : { validation: report.manifest.metrics }),
  };
}

function formatSummary(summary: ReturnType<typeof summarise>, { manifest, data }: TrainReport): string {
  const worlds =
    `${summary.trainedWorlds.length} trained` +
    (summary.keptWorlds.length > 0 ? `, ${summary.keptWorlds.length} kept` : "");
  const pairs: [string, string][] = [
    ["model", summary.model],
    ["report", join(summary.model, REPORT_FILE)],
    ["worlds", worlds],
    ["train time", `${formatSeconds(summary.seconds)} (${formatSeconds(summary.cpuSeconds)} of processor time)`],
    ["peak memory", formatBytes(summary.peakMemoryBytes)],
    [
      "parameters",
      `${formatLarge(summary.parameters)}; a full softmax of the same width has ${formatLarge(summary.fullSoftmaxParameters)}`,
    ],
  ];
  // Here too: with --quiet no note has said so.
  for (const { reason, count, firstFile, firstLine } of data.skipped) {
    pairs.push(["skipped", `${formatCount(count)} rows: ${reason} (first at ${firstFile}:${firstLine})`]);
  }
  if (summary.initEmbeddings !== undefined) {
    const { numFeatures, dimension } = summary.initEmbeddings;
    const share = `${numFeatures.toLocaleString("en")} of ${summary.features.toLocaleString("en")} features`;
    pairs.push(["embeddings", `${share} started from vectors of ${dimension} numbers`]);
  }
  for (const { world, numWorkers, concurrency, ...cost } of summary.strategy ?? []) {
    const { traffic, waiting } = describeCost(cost);
    pairs.push([
      `world ${world}`,
      `${numWorkers === 1 ? "1 worker" : `${numWorkers} workers`}, ${concurrency.toFixed(2)} at work at once, ${waiting} of their time waiting, ${traffic} between them`,
    ]);
  }
  const table = manifest.metrics === null ? "" : `\nOn the rows set aside:\n${formatMetrics(manifest.metrics)}\n`;
  return `${formatPairs(pairs)}\n${table}`;
}
