/** @file manyworlds plan: sizes or files of rows and budgets in, a recommended model and what it will cost out. */
import { existsSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import type { Command } from "commander";
import { ModelDirectory } from "../checkpoint/model-directory.node.js";
import { ConfigError } from "../core/errors.js";
import type { Dataset } from "../data/dataset.js";
import { createKernels } from "../kernels/index.js";
import { DEFAULT_CONFUSION_CHANCE } from "../mach/label-collisions.js";
import { LabelHash } from "../mach/label-hash.js";
import { countSharedLabels, type SharedLabels } from "../mach/shared-labels.js";
import { chooseBuckets } from "../train/choose-options.js";
import { checkIdleFeatures, checkIdleOptions } from "../train/idle-options.js";
import { type Plan, planModel } from "../train/plan/plan-model.node.js";
import type { PlanShape } from "../train/plan/plan-shape.js";
import { currentProcess, planShapeOf } from "../train/plan/plan-training.node.js";
import { type ProcessMemory, processAfterReading } from "../train/plan/training-memory.js";
import { readTrainingRows } from "../train/training-rows.node.js";
import { flagOf, keyOf, NUMERIC_OPTION_NAMES, sayingFlags, TEXT_OPTION_NAMES } from "./flag-names.js";
import { addFlags, duration, type Flag, integer, number, type WorldSelection } from "./flags.js";
import { budgetsOf, featureOptions, modelOptions } from "./given-options.js";
import { formatPlan, formatVerification, planSummary } from "./plan-report.js";
import type { CommandContext } from "./program.js";
import { createProgress, type Progress } from "./progress.js";
import { formatSkipped } from "./skipped-rows.js";
import { BUDGET_FLAGS, FEATURE_FLAGS, MODEL_FLAGS, READ_FLAGS, WORLDS_FLAG } from "./train-flags.js";

type Options = Record<string, unknown>;

/** The size of a data set, where there is no file. */
const SHAPE_FLAGS: readonly Flag<unknown>[] = [
  { syntax: "--labels <count>", help: "L, labels", parse: integer(1, 4_294_967_291) },
  { syntax: "--queries <count>", help: "N, training rows", parse: integer(1) },
  { syntax: "--features <count>", help: "D, features", parse: integer(1, 2 ** 31) },
  { syntax: "--features-per-row <mean>", help: "features of a row (default: 20)", parse: number(1) },
  { syntax: "--labels-per-row <mean>", help: "labels of a row (default: 1)", parse: number(1) },
];

const PLAN_FLAGS: readonly Flag<unknown>[] = [
  { syntax: "--latency <duration>", help: "time that one query may take, such as 50ms", parse: duration },
  { syntax: "--threads <count>", help: "threads that may train (default: one a core)", parse: integer(1, 1024) },
  {
    syntax: "--confusion <chance>",
    help: `δ, chance of any two labels alike in all worlds (default: ${DEFAULT_CONFUSION_CHANCE})`,
    parse: number(1e-300, 0.999),
  },
  { syntax: "--verify", help: "count the pairs of labels that share all buckets, exactly; also of a model" },
  { syntax: "--json", help: "print JSON" },
  { syntax: "--quiet", help: "no progress" },
];

/** Options of a model that a plan depends on. */
const PLANNED = [
  ...["numBuckets", "hidden", "epochs", "loss", "activation", "output", "numNegatives", "batchSize", "optimizer"],
  ...["inputMoments", "validationShare", "merge", "seed"],
];
const PLANNED_FLAGS = MODEL_FLAGS.filter(({ option }) => PLANNED.includes(option));

/** A row of text has some twenty words. */
const DEFAULT_FEATURES_PER_ROW = 20;

export function addPlanCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("plan")
    .summary("choose a model for given sizes and budgets, and say what it will cost")
    .description(
      "Recommends buckets, worlds and hidden units for data of the given sizes, or for the rows of files, within budgets " +
        "of memory, time and latency; prints sizes beside a full softmax, collisions to expect, and times from steps " +
        "that it takes on this machine for some seconds.",
    )
    .argument("[paths...]", "training rows; with --verify also a model directory");
  addFlags(command, [
    ...SHAPE_FLAGS,
    ...BUDGET_FLAGS,
    ...PLAN_FLAGS,
    WORLDS_FLAG,
    ...PLANNED_FLAGS,
    ...READ_FLAGS,
    ...FEATURE_FLAGS,
  ]);
  command.addHelpText(
    "after",
    `
What you give stays. For a latency that is too long probabilities are added instead of their logarithms, if finding
labels takes most of it, and buckets are halved, twice at most; then, and for memory and time, hidden shrinks to an eighth
at most, then worlds fall from 8 to what tells all labels apart, then (for time) epochs.

Example:
  $ manyworlds plan --labels 49460000 --queries 70000000 --features 80000 --hidden 2000 --memory 24GB --latency 50ms
  $ manyworlds plan train.tsv --memory 1GB --time 10m
  $ manyworlds plan m/ --verify
  $ manyworlds plan --verify --labels 49460000 --buckets 10000 --worlds 2 --seed 1`,
  );
  command.action(async (paths: string[], options: Options) => {
    const progress = createProgress(context.stderr, { quiet: options.quiet === true });
    try {
      await sayingFlags(() => runPlan(paths, options, context, progress));
    } finally {
      progress.close();
    }
  });
}

async function runPlan(paths: string[], options: Options, context: CommandContext, progress: Progress): Promise<void> {
  const print = (json: object, text: string): void => {
    progress.close();
    context.stdout.write(options.json === true ? `${JSON.stringify(json)}\n` : `${text}\n`);
  };
  const isModel = paths.length === 1 && existsSync(paths[0]) && statSync(paths[0]).isDirectory();
  const onlyVerify = options.verify === true && (isModel || (paths.length === 0 && options.queries === undefined));
  if (isModel && options.verify !== true) {
    throw new ConfigError(`${paths[0]}: expected files of rows, got a directory; add --verify to check a model's hash`);
  }
  if (onlyVerify) {
    const hash = isModel ? LabelHash.fromJSON(ModelDirectory.open(paths[0]).manifest.hash) : statedHash(options);
    const found = await verify(hash, context, progress);
    print(verificationSummary(hash, found), formatVerification(hash, found));
    return;
  }
  const plan = await makePlan(paths, options, context, progress);
  if (options.verify !== true) {
    print(planSummary(plan), formatPlan(plan));
    return;
  }
  const hash = new LabelHash({ ...plan.options, numLabels: plan.shape.numLabels });
  const found = await verify(hash, context, progress);
  const json = { ...planSummary(plan), verification: verificationSummary(hash, found) };
  print(json, `${formatPlan(plan)}\n\n${formatVerification(hash, found)}`);
}

async function makePlan(paths: string[], options: Options, context: CommandContext, progress: Progress): Promise<Plan> {
  const startedBytes = process.memoryUsage().rss;
  const startMs = performance.now();
  const { shape, dataset, memory } =
    paths.length === 0 ? statedRows(options, startedBytes) : await readRows(paths, options, context, progress);
  const given = modelOptions(options, options.worlds as WorldSelection | undefined);
  const plan = await planModel({
    shape,
    dataset,
    process: memory,
    startedBytes,
    secondsBefore: paths.length === 0 ? 0 : (performance.now() - startMs) / 1000,
    given,
    budgets: budgetsOf(options),
    numThreads: typeof options.threads === "number" ? options.threads : availableParallelism(),
    ...(typeof options.confusion === "number" ? { delta: options.confusion } : {}),
    signal: context.signal,
    onMeasure: (what) => progress.note(`timing ${what} …`),
  });
  checkIdleOptions("plan", given, plan.options);
  return plan;
}

/** Rows of files, as train would read them. */
async function readRows(
  paths: string[],
  options: Options,
  context: CommandContext,
  progress: Progress,
): Promise<{ shape: PlanShape; dataset: Dataset; memory: ProcessMemory }> {
  const stated = SHAPE_FLAGS.map(({ syntax }) => flagOf(syntax)).find((flag) => options[keyOf(flag)] !== undefined);
  if (stated !== undefined) {
    throw new ConfigError(`plan: ${stated} does nothing beside files, which say it themselves; leave it out`);
  }
  const textOptions = featureOptions(options, TEXT_OPTION_NAMES);
  const numericOptions = featureOptions(options, NUMERIC_OPTION_NAMES);
  const { dataset, report, vectorizer } = await readTrainingRows({
    ...{ inputs: paths, textOptions, numericOptions },
    ...(typeof options.format === "string" ? { format: options.format } : {}),
    skipBadRows: options.skipBadRows === true,
    signal: context.signal,
    onEvent: (event) => {
      if (event.kind !== "reading") return;
      const { bytesRead, bytesTotal, rows } = event;
      progress.update({ job: "reading", fraction: bytesRead / Math.max(1, bytesTotal), details: { rows } });
    },
  });
  progress.finish("reading");
  checkIdleFeatures("plan", vectorizer.kind, textOptions, numericOptions);
  const skipped = formatSkipped(report.skipped);
  if (skipped !== "") progress.note(skipped);
  return { shape: planShapeOf(report), dataset, memory: currentProcess() };
}

function statedRows(
  options: Options,
  startedBytes: number,
): { shape: PlanShape; dataset: null; memory: ProcessMemory } {
  const idle = [...READ_FLAGS, ...FEATURE_FLAGS]
    .map(({ syntax }) => flagOf(syntax))
    .find((flag) => options[keyOf(flag)] !== undefined);
  if (idle !== undefined) throw new ConfigError(`plan: ${idle} does nothing without files of rows; leave it out`);
  const stated = (name: string): number => {
    const value = options[name];
    if (typeof value === "number") return value;
    throw new ConfigError(
      `plan: expected --${name} <count>, or files of rows; for example plan train.tsv, or ` +
        "plan --labels 50000 --queries 100000 --features 60000",
    );
  };
  const [numLabels, numRows, numFeatures] = ["labels", "queries", "features"].map(stated);
  const perRow = (name: string, otherwise: number, most: number): number => {
    const value = Number(options[name] ?? Math.min(otherwise, most));
    if (value <= most) return value;
    throw new ConfigError(
      `plan: expected at most ${most} for --${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}, got ${value}`,
    );
  };
  const shape: PlanShape = {
    numRows,
    numFeatures,
    numLabels,
    featuresPerRow: perRow("featuresPerRow", DEFAULT_FEATURES_PER_ROW, numFeatures),
    labelsPerRow: perRow("labelsPerRow", 1, numLabels),
  };
  return { shape, dataset: null, memory: processAfterReading(shape, startedBytes) };
}

/** The hash that --labels, --buckets, --worlds and --seed name. */
function statedHash(options: Options): LabelHash {
  const { labels } = options;
  if (typeof labels !== "number") {
    throw new ConfigError("plan: --verify expects a model directory, files of rows, or --labels <count>; give one");
  }
  return new LabelHash({
    numLabels: labels,
    numBuckets: typeof options.buckets === "number" ? options.buckets : chooseBuckets(labels),
    numWorlds: (options.worlds as WorldSelection | undefined)?.count ?? 8,
    seed: typeof options.seed === "number" ? options.seed : 1,
  });
}

async function verify(hash: LabelHash, context: CommandContext, progress: Progress): Promise<SharedLabels> {
  const found = await countSharedLabels(createKernels(), hash, {
    shouldStop: () => context.signal.aborted,
    onProgress: async (fraction) => {
      progress.update({ job: "counting", fraction, details: {} });
      await setImmediate();
    },
  });
  progress.finish("counting");
  return found;
}

function verificationSummary(hash: LabelHash, { pairs, expected }: SharedLabels) {
  const { numLabels, numBuckets, numWorlds, seed } = hash;
  return {
    ...{ labels: numLabels, buckets: numBuckets, worlds: numWorlds, seed },
    confusedPairs: pairs[numWorlds - 1],
    expectedConfusedPairs: expected[numWorlds - 1],
    pairsSharingFirstWorlds: pairs,
    expectedPairsSharingFirstWorlds: expected,
  };
}
