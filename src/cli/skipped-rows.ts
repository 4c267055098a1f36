/** @file What was left out, or could not count? Bad rows by reason, with the place of the first; rows the model cannot read. */
import type { SkippedRows } from "../data/bad-rows.js";
import type { Model } from "../mach/model.node.js";
import { formatCount } from "./tables.js";

/** One line a reason; empty when nothing was skipped. */
export function formatSkipped(skipped: readonly SkippedRows[]): string {
  return skipped
    .map(
      ({ reason, count, firstFile, firstLine, firstProblem }) =>
        `skipped ${formatCount(count)} rows: ${reason} (first at ${firstFile}:${firstLine}: ${firstProblem})`,
    )
    .join("\n");
}

/** One line on `count` rows (or queries, as `noun` says) of which the model knows no feature. */
export function describeEmptyRows(noun: string, count: number, model: Pick<Model, "vectorizer">): string {
  const feature = model.vectorizer.kind === "text" ? "word" : "feature";
  return `${noun} without a known ${feature}: ${formatCount(count)}; they are ranked by frequency alone`;
}
