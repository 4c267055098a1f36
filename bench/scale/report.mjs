/**
 * @file From results to docs/scale.md: its tables and pictures. The prose between them is written by hand.
 *
 *   <!-- measured: retrieval -->  … replaced …  <!-- end -->
 *
 * A block whose results are not there stays as it is.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lineChart } from "../../dist/src/plot/index.js";
import { root } from "../datasets.mjs";
import { charts } from "./charts.mjs";
import * as tables from "./tables.mjs";

/** Block of the document → the parts that it needs → its text. */
const BLOCKS = {
  summary: [["train", "retrieval", "index"], tables.summary],
  training: [["train"], tables.training],
  retrieval: [["retrieval"], tables.retrieval],
  budget: [["retrieval"], tables.budgets],
  baselines: [["retrieval", "index"], tables.baselines],
  memory: [["train", "retrieval", "index"], tables.memory],
  paper: [["train"], tables.publishedRun],
  billion: [["retrieval", "growth"], tables.billion],
  "growth labels": [["growth"], tables.growthLabels],
  "growth buckets": [["growth"], tables.growthBuckets],
  "growth worlds": [["growth"], tables.growthWorlds],
  "growth rows": [["growth"], tables.growthRows],
  plan: [["plan"], tables.planLatency],
};

/**
 * Rewrites the tables of docs/scale.md and the pictures that it shows, from the results that are there. `out`: where the
 * document and its images/ go, docs/ itself unless the bench is only tried out.
 */
export function writeReport(results, out = join(root, "docs")) {
  let text = readFileSync(join(root, "docs/scale.md"), "utf8");
  for (const [name, [needs, write]] of Object.entries(BLOCKS)) {
    if (needs.every((part) => part in results)) text = replaceBlock(text, name, write(results));
  }
  const machines = Object.entries(results).map(([part, { machine }]) => `- ${part}: ${machine}`);
  if (machines.length > 0) text = replaceBlock(text, "machine", machines.join("\n"));
  mkdirSync(join(out, "images"), { recursive: true });
  for (const [name, chart] of Object.entries(charts(results))) {
    writeFileSync(join(out, `images/scale-${name}.svg`), lineChart(chart));
  }
  writeFileSync(join(out, "scale.md"), text);
}

function replaceBlock(text, name, content) {
  const start = `<!-- measured: ${name} -->`;
  const at = text.indexOf(start);
  if (at < 0) throw new Error(`docs/scale.md: expected a line ${start}, got none; put it where the table belongs`);
  const end = text.indexOf("<!-- end -->", at);
  return `${text.slice(0, at + start.length)}\n${content.trim()}\n\n${text.slice(end)}`;
}
