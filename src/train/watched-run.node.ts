/**
 * @file What does a run say of itself while it trains? Events for who called, records for the history, and how well the
 * worlds finished so far answer together.
 *
 *   train-worlds ─event──▶ WatchedRun ─▶ onEvent (command line)
 *                              │ ───────▶ RunRecorder ─▶ feed, history.jsonl, report.html
 *                              │ world done ─▶ MergeCurveThread ─▶ "merged" event
 */
import { basename, join } from "node:path";
import type { ModelDirectory } from "../checkpoint/model-directory.node.js";
import { REPORT_FILE } from "../checkpoint/model-files.node.js";
import type { Dataset } from "../data/dataset.js";
import type { LoadReport } from "../data/load-dataset.node.js";
import { createKernels } from "../kernels/index.js";
import { countParameters } from "../mach/parameter-count.js";
import type { DataParts } from "./data-parts.node.js";
import { epochSampleSize, mergeSampleSize, sampleRows } from "./held-out/held-out-sample.js";
import { MergeCurveThread } from "./held-out/merge-curve-thread.node.js";
import { type ModelOptions, worldOptionsOf } from "./model-options.js";
import { RunRecorder } from "./run-history/run-recorder.node.js";
import { resolveStrategy } from "./strategies/strategy.js";
import type { TrainEvent, TrainRequest } from "./train-request.js";

/** What is trained, as train-worlds.node.ts knows it when worlds are about to start. */
export interface WatchedRunOptions {
  readonly request: TrainRequest;
  readonly directory: ModelDirectory;
  readonly isNew: boolean;
  /** performance.now() when the run began. */
  readonly startedMs: number;
  readonly report: LoadReport;
  readonly parts: DataParts;
  readonly labelCounts: Uint32Array | null;
  readonly options: ModelOptions;
  /** Worlds to train now. */
  readonly worlds: readonly number[];
  readonly threads: number;
}

export class WatchedRun {
  /** Rows on which worlds are measured epoch by epoch; null: none are set aside. */
  readonly epochRows: Dataset | null;
  private readonly watched: WatchedRunOptions;
  private readonly recorder: RunRecorder;
  private readonly mergeRows: Dataset | null;
  private curve: MergeCurveThread | null;

  constructor(watched: WatchedRunOptions) {
    this.watched = watched;
    const { request, directory, isNew, startedMs, parts, options, report } = watched;
    const { validation, training } = parts;
    const numHeldOut = validation?.features.numRows ?? 0;
    const epochRows = epochSampleSize(training.features.numRows, numHeldOut);
    const mergeRows = mergeSampleSize(numHeldOut, { ...options, numLabels: report.numLabels });
    this.epochRows = validation === null ? null : sampleRows(validation, epochRows);
    this.mergeRows = validation === null || mergeRows === 0 ? null : sampleRows(validation, mergeRows);
    this.recorder = new RunRecorder({
      root: () => directory.root,
      isNew,
      startedMs,
      ...(request.history === undefined ? {} : { feed: request.history }),
    });
    this.curve = null;
  }

  /** Writes down what is about to be trained, and merges the worlds that are there already. */
  begin(): void {
    const { request, directory, isNew, report, parts, options, worlds, threads } = this.watched;
    const { manifest } = directory;
    const { present } = directory.listWorlds();
    const records = manifest.worlds.filter(({ world }) => present.includes(world) && !worlds.includes(world));
    const strategy = resolveStrategy(request.strategy ?? {});
    const { backend, isa } = createKernels().info;
    this.recorder.begin({
      writtenBy: request.writtenBy,
      model: basename(directory.path),
      isResumed: !isNew,
      ...(request.flags === undefined ? {} : { flags: request.flags }),
      data: {
        files: report.files.map(({ path }) => basename(path)),
        format: report.files[0].format,
        rows: report.numRows,
        trainingRows: parts.training.features.numRows,
        features: report.numFeatures,
        labels: report.numLabels,
        nonZeros: report.numNonZeros,
        labelOccurrences: report.numLabelOccurrences,
        skipped: report.numSkipped,
      },
      options: { ...options },
      strategy: strategy.strategy === "sequential" ? null : { ...strategy },
      threads: strategy.strategy === "sequential" ? threads : strategy.numWorkers,
      kernels: `${backend} ${isa}`,
      parameters: countParameters(worldOptionsOf(options, report.numFeatures), options.numWorlds, report.numLabels)
        .ensemble,
      worlds,
      kept: records.map(({ world, loss, seconds, bytes }) => ({ world, loss, seconds, bytes })),
      heldOut:
        parts.validation === null
          ? null
          : {
              rows: parts.validation.features.numRows,
              epochSample: this.epochRows?.features.numRows ?? 0,
              sample: this.mergeRows?.features.numRows ?? 0,
            },
    });
    this.curve = this.startCurve();
    records.forEach(({ world, file }, i) => {
      this.curve?.add(world, join(directory.root, file), i === records.length - 1);
    });
  }

  emit(event: TrainEvent): void {
    this.recorder.observe(event);
    this.watched.request.onEvent?.(event);
    if (event.kind === "world" && event.result.status === "done") {
      this.curve?.add(event.world, join(this.watched.directory.root, event.result.file.file));
    }
  }

  /** Waits for the last worlds to be merged. */
  async finishCurve(): Promise<void> {
    await this.curve?.close(false);
    this.curve = null;
  }

  /** The run is over, with `error` or null; `isDiscarded`: its model, with the report, is to go. Never throws. */
  async end(error: unknown, isDiscarded = false): Promise<void> {
    await this.curve?.close(true);
    this.recorder.end(error);
    const { request, directory } = this.watched;
    const notes = [...this.recorder.notes];
    if (directory.isReplacement && !isDiscarded) {
      notes.push(
        `${request.modelPath}: still the earlier model, with its own report; the new one is not complete, ` +
          `and the report of this run is ${join(directory.root, REPORT_FILE)}`,
      );
    }
    for (const message of notes) request.onEvent?.({ kind: "note", message });
  }

  private startCurve(): MergeCurveThread | null {
    const { mergeRows, watched } = this;
    const { directory, labelCounts } = watched;
    const { network, hash, merge, prior } = directory.manifest;
    if (mergeRows === null) return null;
    const numRows = mergeRows.features.numRows;
    return new MergeCurveThread(
      { rows: mergeRows, network, hash, merge, prior, labelCounts },
      {
        onPoint: (numWorlds, figures) => this.emit({ kind: "merged", numWorlds, numRows, figures }),
        onFailure: ({ message }) => this.emit({ kind: "note", message: `worlds could not be merged: ${message}` }),
      },
    );
  }
}
