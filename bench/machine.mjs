/** @file What was measured, on what? The line that stands above every result. */
import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { root } from "./datasets.mjs";

/** One line: processor, cores, memory, Node, commit. */
export function machineLine() {
  let commit = "no repository";
  try {
    const git = (...args) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
    // What benches write is no change of what they measure.
    const changed = git("status", "--porcelain", "-uno", "--", ".", ":!bench/results", ":!docs") !== "";
    commit = git("rev-parse", "--short", "HEAD") + (changed ? " with changes" : "");
  } catch {}
  const gib = (totalmem() / 2 ** 30).toFixed(0);
  return `${cpus()[0].model}, ${cpus().length} cores, ${gib} GiB · Node ${process.version} · commit ${commit}`;
}

/** Aligned columns, first column left, others right. */
export function table(rows) {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => String(row[c]).length)));
  return rows
    .map((row) =>
      row
        .map((cell, c) => (c === 0 ? String(cell).padEnd(widths[c]) : String(cell).padStart(widths[c])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
