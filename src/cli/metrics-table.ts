/** @file How are figures of quality shown? One line a family, percentages with two decimals. */
import { formatPercent, formatTable } from "./tables.js";

/** Metrics as fractions under `p@1` and so on → a table of percentages: a row a metric, a column a cutoff. */
export function formatMetrics(metrics: Readonly<Record<string, number>>): string {
  const names = { p: "P@k", r: "R@k", ndcg: "nDCG@k", psp: "PSP@k" };
  const cutoffs = [...new Set(Object.keys(metrics).map((key) => Number(key.split("@")[1])))].sort((a, b) => a - b);
  const rows = Object.entries(names)
    .filter(([prefix]) => cutoffs.some((k) => metrics[`${prefix}@${k}`] !== undefined))
    .map(([prefix, name]) => [
      name,
      ...cutoffs.map((k) => {
        const value = metrics[`${prefix}@${k}`];
        return value === undefined ? "" : formatPercent(value);
      }),
    ]);
  return formatTable([["%", ...cutoffs.map((k) => `k=${k}`)], ...rows]);
}
