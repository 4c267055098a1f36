/** @file manyworlds sparsity: how much do the rows of some data get in each other's way, and what follows for Hogwild!? */
import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { InterruptedError } from "../core/errors.js";
import { loadDataset } from "../data/load-dataset.node.js";
import {
  adviseOnSparsity,
  type Hypergraph,
  loadRatings,
  measureSparsity,
  pairs,
  type Sparsity,
  type SparsityAdvice,
} from "../sparse-problems/index.js";
import { addFlags, integer } from "./flags.js";
import type { CommandContext } from "./program.js";
import { createProgress } from "./progress.js";
import { formatSkipped } from "./skipped-rows.js";
import { formatCount, formatPairs } from "./tables.js";
import { READ_FLAGS } from "./train-flags.js";

export function addSparsityCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("sparsity")
    .summary("measure whether lock-free training suits some data")
    .description(
      "Computes the statistics Ω, Δ and ρ of the Hogwild! paper for rows of features (or, with --ratings, of a matrix's " +
        "entries), says how often threads would meet on the same weights, and what follows.",
    )
    .argument("<files...>", "rows as train reads them, or ratings: row, column, value");
  addFlags(command, [
    { syntax: "--ratings", help: "the file holds entries of a matrix: row, column and value a line" },
    {
      syntax: "--threads <count>",
      help: "threads that the advice is for",
      parse: integer(1, 1024),
      defaultValue: availableParallelism(),
    },
    ...READ_FLAGS,
    { syntax: "--json", help: "print one JSON object" },
  ]);
  command.addHelpText(
    "after",
    "\nExample:\n  $ manyworlds sparsity train.svm\n  $ manyworlds sparsity ratings.tsv --ratings --threads 8 --json",
  );
  command.action(async (files: string[], options: Record<string, unknown>) => {
    const progress = createProgress(context.stderr);
    try {
      const graph =
        options.ratings === true
          ? await readRatings(files)
          : await readRows(files, options, context.signal, (line) => progress.note(line));
      if (context.signal.aborted) throw new InterruptedError("sparsity: interrupted");
      const sparsity = measureSparsity(graph);
      const advice = adviseOnSparsity(sparsity, Number(options.threads));
      progress.close();
      context.stdout.write(
        options.json === true ? `${JSON.stringify({ ...sparsity, advice })}\n` : format(sparsity, advice),
      );
    } finally {
      progress.close();
    }
  });
}

async function readRows(
  files: string[],
  options: Record<string, unknown>,
  signal: AbortSignal,
  note: (line: string) => void,
): Promise<Hypergraph> {
  const { dataset, report } = await loadDataset(files, {
    skipBadRows: options.skipBadRows === true,
    signal,
    ...(typeof options.format === "string" ? { format: options.format } : {}),
  });
  const skipped = formatSkipped(report.skipped);
  if (skipped !== "") note(skipped);
  const { offsets, columns, numCols } = dataset.features;
  return { numParts: numCols, offsets, parts: columns };
}

async function readRatings(files: string[]): Promise<Hypergraph> {
  const all = await Promise.all(files.map(loadRatings));
  const numLeft = Math.max(...all.map((ratings) => ratings.numLeft));
  const numRight = Math.max(...all.map((ratings) => ratings.numRight));
  const length = all.reduce((sum, { values }) => sum + values.length, 0);
  const [lefts, rights] = [new Uint32Array(length), new Uint32Array(length)];
  let at = 0;
  for (const ratings of all) {
    lefts.set(ratings.lefts, at);
    rights.set(ratings.rights, at);
    at += ratings.values.length;
  }
  return pairs(numLeft + numRight, length, lefts, rights, numLeft);
}

function format(sparsity: Sparsity, advice: SparsityAdvice): string {
  const { numExamples, numParts, omega, meanSize, delta, rho, rhoExact, numSampled, meeting, overlap } = sparsity;
  const share = (x: number): string => x.toPrecision(3);
  const exactness = rhoExact ? "exact" : `at least; from ${formatCount(numSampled)} examples`;
  const { numThreads, slowdownBound, threadsOfTheory } = advice;
  const pairs: [string, string][] = [
    ["examples", `${formatCount(numExamples)} over ${formatCount(numParts)} parts, ${meanSize.toFixed(1)} each`],
    ["Ω", `${formatCount(omega)}  parts that an example touches, at most`],
    ["Δ", `${share(delta)}  share of examples that touch the most popular part`],
    ["ρ", `${share(rho)}  share of examples that meet one example, at most (${exactness})`],
    ["meeting", `${share(meeting)}  chance that two examples have a part in common`],
    ["overlap", `${share(overlap)}  share of an example's parts that another has too`],
    [
      "theory",
      `steps times ${slowdownBound.toPrecision(3)} at worst on ${numThreads} threads; n^¼ = ${threadsOfTheory.toFixed(1)} ` +
        "(Niu et al. 2011, Prop. 4.1)",
    ],
    ["verdict", advice.verdict],
  ];
  return `${formatPairs(pairs)}\n\n${advice.text}\n`;
}
