/** @file manyworlds predict: queries in, ranked labels out, one row a query. */

import { once } from "node:events";
import { createWriteStream, type Stats, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import type { Command } from "commander";
import { explainStorage, StorageError } from "../checkpoint/storage-error.js";
import { ConfigError } from "../core/errors.js";
import { readQueries } from "../data/read-queries.node.js";
import type { Model, RankedLabel } from "../mach/model.node.js";
import type { PredictOptions } from "../mach/predictions.js";
import { checkNothingLost } from "./check-nothing-lost.js";
import { addFlags, integer } from "./flags.js";
import { ANSWER_FLAGS, createRanker, loadModel } from "./model-flags.js";
import type { CommandContext } from "./program.js";
import { createProgress, type Progress } from "./progress.js";
import { RANKING_FLAGS, readRanking } from "./ranking-flags.js";
import { describeEmptyRows, formatSkipped } from "./skipped-rows.js";
import { formatTable } from "./tables.js";

type Options = Record<string, unknown>;

/** Rows ranked between two writes: work for several threads. Fewer where k is so large that answers fill the memory. */
const BATCH_ROWS = 4096;
const BATCH_RESULTS = 2 ** 20;

export function addPredictCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("predict")
    .summary("rank labels for queries")
    .description(
      "Ranks labels for the queries given, or for every row of a file. Files may be plain text (one query a line) or any " +
        "training format, whose labels are ignored. Output: label:score separated by tabs, best first, a row a query.",
    )
    .argument("<model>", "model directory")
    .argument("[queries...]", "texts to find labels for");
  addFlags(command, [
    { syntax: "-k, --top <count>", help: "labels a query", parse: integer(1, 100_000), defaultValue: 10 },
    { syntax: "-i, --input <file>", help: "file of queries, plain or .gz" },
    { syntax: "-o, --output <file>", help: "write there instead of standard output" },
    {
      syntax: "--format <name>",
      help: "format of the input (default: recognised)",
      choices: ["xc", "fasttext", "tsv", "csv", "lines"],
    },
    { syntax: "--skip-bad-rows", help: "take rows that cannot be used for empty queries, count and report them" },
    ...RANKING_FLAGS,
    ...ANSWER_FLAGS,
  ]);
  command.addHelpText(
    "after",
    `
Example:
  $ manyworlds predict m/ "buffer overflow in nfs server" -k 10
  $ manyworlds predict m/ --input queries.txt --output top10.tsv
  $ manyworlds predict m/ "red shoes" --only in-stock.txt              the best of these labels`,
  );
  command.action(async (path: string, queries: string[], options: Options) => {
    const { input, output } = options;
    if (queries.length > 0 === (typeof input === "string")) {
      throw new ConfigError("predict: expected queries or --input <file>, one of the two; see predict --help");
    }
    const files = [input, options.only, options.except].filter((file) => typeof file === "string");
    if (typeof output === "string") checkNothingLost("predict", output, files);
    const progress = createProgress(context.stderr);
    try {
      const model = await loadModel(path, options, progress, typeof input === "string");
      const ranking = readRanking(model, options, progress);
      const write = (out: Writable): Promise<void> =>
        typeof input === "string"
          ? predictFile(model, input, options, ranking, out, progress, context.signal)
          : predictTexts(model, queries, options, ranking, out, {
              isPretty: context.stdout.isTTY && typeof output !== "string",
              progress,
            });
      if (typeof output === "string") await writeOutput(output, write);
      else await write(context.stdout);
    } finally {
      progress.close();
    }
  });
}

async function predictTexts(
  model: Model,
  queries: string[],
  options: Options,
  ranking: PredictOptions,
  out: Writable,
  { isPretty, progress }: { isPretty: boolean; progress: Progress },
): Promise<void> {
  const results = model.predict(queries, ranking);
  if (model.vectorizer.kind === "text") {
    const { offsets } = model.vectorizer.transformAll(queries);
    const numUnknown = queries.filter((_, i) => offsets[i + 1] === offsets[i]).length;
    if (numUnknown > 0) progress.note(describeEmptyRows("queries", numUnknown, model));
  }
  if (options.json === true) {
    await send(out, results.map((labels, i) => `${JSON.stringify({ query: queries[i], labels })}\n`).join(""));
  } else if (isPretty) {
    for (const [i, labels] of results.entries()) {
      const rows = labels.map(({ label, score }, j) => [String(j + 1), label, score.toFixed(4)]);
      const table = rows.length === 0 ? "no label fits" : formatTable([["", "label", "score"], ...rows]);
      await send(out, `${queries.length > 1 ? `${queries[i]}\n` : ""}${table}\n`);
    }
  } else await send(out, results.map(formatRow).join(""));
}

async function predictFile(
  model: Model,
  input: string,
  options: Options,
  ranking: PredictOptions,
  out: Writable,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const startedMs = performance.now();
  const batches = readQueries(input, {
    vectorizer: model.vectorizer,
    batchSize: Math.max(16, Math.min(BATCH_ROWS, Math.floor(BATCH_RESULTS / ranking.k))),
    skipBadRows: options.skipBadRows === true,
    signal,
    ...(typeof options.format === "string" ? { format: options.format } : {}),
    onProgress: ({ bytesRead, bytesTotal, rows }) =>
      progress.update({
        job: "ranking",
        fraction: bytesRead / Math.max(1, bytesTotal),
        details: {},
        rate: { perSecond: (1000 * rows) / (performance.now() - startedMs), unit: "queries" },
      }),
  });
  const ranker = createRanker(model, options);
  try {
    for await (const { features, firstRow } of batches) {
      const results = model.name(await ranker.predict(features, ranking));
      const lines =
        options.json === true
          ? results.map((labels, i) => `${JSON.stringify({ row: firstRow + i, labels })}\n`)
          : results.map(formatRow);
      await send(out, lines.join(""));
    }
  } finally {
    await ranker.close();
  }
  const { numEmptyRows, skipped } = batches.report;
  if (skipped.length > 0) progress.note(formatSkipped(skipped));
  const numUnknown = numEmptyRows - skipped.reduce((sum, { count }) => sum + count, 0);
  if (numUnknown > 0) progress.note(describeEmptyRows("queries", numUnknown, model));
}

/** A quoted CSV label may hold tabs and line breaks; here they would end a field or the row. JSON keeps them. */
function formatRow(labels: readonly RankedLabel[]): string {
  const fields = labels.map(({ label, score }) => `${label.replace(/[\t\r\n]/g, " ")}:${Number(score.toPrecision(6))}`);
  return `${fields.join("\t")}\n`;
}

/** @throws what `out` failed with, also where that was before: a stream that failed is never drained. */
async function send(out: Writable, text: string): Promise<void> {
  if (out.write(text)) return;
  if (out.errored !== null) {
    // Of standard output main.ts is about to hear, says so and ends the program.
    await setImmediate();
    throw out.errored;
  }
  await once(out, "drain");
}

/**
 * Runs `write` on a temporary file and renames it: the output is whole or not there. A device or a pipe is written to as
 * it is: renamed over, /dev/null would be a file from then on.
 */
async function writeOutput(path: string, write: (out: Writable) => Promise<void>): Promise<void> {
  const there = whatIsAt(path);
  if (there?.isDirectory()) {
    throw new StorageError(path, "could not be written: expected a file, found a directory; name a file in it");
  }
  const isRenamed = there === undefined || there.isFile();
  const written = isRenamed ? `${path}.${process.pid}.tmp` : path;
  const stream = createWriteStream(written, { flags: isRenamed ? "wx" : "w" });
  // Kept in `errored`, where `send` and `finished` find it.
  stream.on("error", () => {});
  try {
    // Before anything is ranked: a folder that is not there is no reason to wait for answers.
    await once(stream, "open");
    await write(stream);
    stream.end();
    await finished(stream);
    if (isRenamed) await rename(written, path);
  } catch (error) {
    stream.destroy();
    if (isRenamed) await rm(written, { force: true });
    throw explainStorage(path, "could not be written", error);
  }
}

function whatIsAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw explainStorage(path, "could not be written", error);
  }
}
