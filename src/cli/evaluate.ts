/** @file manyworlds evaluate: a model and labelled rows in, figures of quality out. */
import type { Command } from "commander";
import { InterruptedError } from "../core/errors.js";
import type { LabelLists } from "../data/dataset.js";
import { loadDataset } from "../data/load-dataset.node.js";
import { evaluate } from "../mach/evaluate.js";
import { addFlags } from "./flags.js";
import { formatMetrics } from "./metrics-table.js";
import { ANSWER_FLAGS, createRanker, loadModel } from "./model-flags.js";
import type { CommandContext } from "./program.js";
import { createProgress, formatSeconds } from "./progress.js";
import { describeEmptyRows, formatSkipped } from "./skipped-rows.js";
import { formatCount } from "./tables.js";
import { READ_FLAGS } from "./train-flags.js";

export function addEvaluateCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("evaluate")
    .summary("measure a model on labelled rows")
    .description(
      "Ranks the labels of every row and prints P@k, R@k, nDCG@k and propensity-scored P@k as the XC repository " +
        "defines them (P@k divides hits by k).",
    )
    .argument("<model>", "model directory")
    .argument("<files...>", "rows with their true labels");
  addFlags(command, [...ANSWER_FLAGS, ...READ_FLAGS]);
  command.addHelpText(
    "after",
    "\nExample:\n  $ manyworlds evaluate m/ test.tsv\n  $ manyworlds evaluate m/ test.tsv --worlds 4 --json",
  );
  command.action(async (path: string, files: string[], options: Record<string, unknown>) => {
    const progress = createProgress(context.stderr);
    let ranker: ReturnType<typeof createRanker> | null = null;
    try {
      const model = await loadModel(path, options, progress, true);
      const { dataset, unknownLabelCounts, report } = await loadDataset(files, {
        purpose: "evaluate",
        vectorizer: model.vectorizer,
        labelTable: model.labels,
        skipBadRows: options.skipBadRows === true,
        signal: context.signal,
        ...(typeof options.format === "string" ? { format: options.format } : {}),
      });
      const skipped = formatSkipped(report.skipped);
      if (skipped !== "") progress.note(skipped);
      const numUnlabelled = countUnlabelled(dataset.labels, unknownLabelCounts);
      if (numUnlabelled > 0) {
        progress.note(
          `rows without labels: ${formatCount(numUnlabelled)}; in P@k and nDCG@k they are rows without a hit`,
        );
      }
      const numUnknown = report.numUnknownLabelOccurrences;
      if (numUnknown > 0) {
        const numGiven = numUnknown + dataset.labels.ids.length;
        progress.note(
          `labels that the model does not know: ${formatCount(numUnknown)} of ${formatCount(numGiven)}; it cannot find them`,
        );
      }
      if (report.numEmptyRows > 0) progress.note(describeEmptyRows("rows", report.numEmptyRows, model));
      const startedMs = performance.now();
      const elapsedSeconds = (): number => (performance.now() - startedMs) / 1000;
      const { offsets, ids } = dataset.labels;
      ranker = createRanker(model, options);
      const metrics = await evaluate(
        ranker,
        dataset.features,
        { offsets, ids, ...(unknownLabelCounts === null ? {} : { numUnknown: unknownLabelCounts }) },
        {
          propensity: model.propensity,
          shouldStop: () => context.signal.aborted,
          onProgress: (rows) =>
            progress.update({
              job: "ranking",
              fraction: rows / report.numRows,
              details: {},
              rate: { perSecond: rows / elapsedSeconds(), unit: "rows" },
            }),
        },
      );
      if (context.signal.aborted) throw new InterruptedError("evaluate: interrupted; nothing was written");
      const seconds = elapsedSeconds();
      progress.close();
      const summary = {
        rows: report.numRows,
        skippedRows: report.numSkipped,
        rowsWithoutLabels: numUnlabelled,
        rowsWithoutFeatures: report.numEmptyRows,
        unknownLabels: numUnknown,
        worlds: model.ensemble.numWorlds,
        seconds,
        rowsPerSecond: report.numRows / seconds,
      };
      context.stdout.write(
        options.json === true
          ? `${JSON.stringify({ ...metrics, ...summary })}\n`
          : `${formatMetrics(metrics)}\n${formatCount(report.numRows)} rows, ${summary.worlds} worlds, ` +
              `${formatSeconds(seconds)} (${formatCount(summary.rowsPerSecond)} rows/s)\n`,
      );
    } finally {
      progress.close();
      await ranker?.close();
    }
  });
}

/** Rows without any true label, known to the model or not. */
function countUnlabelled({ numRows, offsets }: LabelLists, unknownCounts: Uint32Array | null): number {
  let count = 0;
  for (let i = 0; i < numRows; i++) if (offsets[i + 1] === offsets[i] && (unknownCounts?.[i] ?? 0) === 0) count++;
  return count;
}
