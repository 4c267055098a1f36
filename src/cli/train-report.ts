/** @file What does `manyworlds train` print? Lines of progress while it goes on, and what it made in the end. */
import { join } from "node:path";
import { REPORT_FILE } from "../checkpoint/model-files.node.js";
import { countParameters } from "../mach/parameter-count.js";
import { type ModelOptions, worldOptionsOf } from "../train/model-options.js";
import type { StrategyReport } from "../train/strategies/ledger.js";
import type { TrainEvent, TrainReport } from "../train/train-request.js";
import { formatMetrics } from "./metrics-table.js";
import { describePlan, type PlanSummary, planSummary } from "./plan-report.js";
import { formatSeconds, type Progress } from "./progress.js";
import { formatSkipped } from "./skipped-rows.js";
import { formatBytes, formatCount, formatLarge, formatPairs } from "./tables.js";

/** Shows on the progress lines what a training says. */
export function showEvent(event: TrainEvent, progress: Progress): void {
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

/** What a training made, as --json prints it. */
export interface TrainSummary {
  /** Directory of the model, as it was given. */
  readonly model: string;
  /** N, rows set aside included. */
  readonly rows: number;
  /** D. */
  readonly features: number;
  /** L. */
  readonly labels: number;
  readonly skippedRows: number;
  readonly trainedWorlds: readonly number[];
  readonly keptWorlds: readonly number[];
  readonly options: ModelOptions;
  /** Wall time of the whole command. */
  readonly seconds: number;
  /** Processor time of all threads. */
  readonly cpuSeconds: number;
  readonly peakMemoryBytes: number;
  /** Of all worlds together. */
  readonly parameters: number;
  /** Of a network of the same hidden units with an output for each label. */
  readonly fullSoftmaxParameters: number;
  /** Only with budgets. */
  readonly plan?: PlanSummary;
  /** Only with --init-embeddings. */
  readonly initEmbeddings?: NonNullable<TrainReport["initEmbeddings"]>;
  /** Only with a strategy other than sequential. */
  readonly strategy?: TrainReport["strategy"];
  /** Figures on the rows set aside, if there are any. */
  readonly validation?: NonNullable<TrainReport["manifest"]["metrics"]>;
}

/** Sums up `report`. `seconds`: wall time of the whole command. */
export function summarise(report: TrainReport, model: string, seconds: number): TrainSummary {
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

/** The same as text. */
export function formatSummary(summary: TrainSummary, { manifest, data }: TrainReport): string {
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
