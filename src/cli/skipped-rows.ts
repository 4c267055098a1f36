/** @file What was left out? Bad rows by reason, with the place of the first. */
import type { SkippedRows } from "../data/bad-rows.js";
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
