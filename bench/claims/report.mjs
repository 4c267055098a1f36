/**
 * @file From the results to docs/claims.md: its tables and pictures. The prose between them is written by hand.
 *
 *   <!-- measured: nvd -->  … replaced …  <!-- end -->
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lineChart } from "../../dist/src/plot/index.js";
import { root } from "../datasets.mjs";
import { markdown, megabytes, millions, milliseconds, percent, shortTime } from "./format.mjs";
import { claimsTable } from "./published.mjs";
import { resultPath, SETS, SYSTEMS } from "./systems.mjs";

const DOCUMENT = join(root, "docs/claims.md");
/** MACH's rows in the tables. */
const TABLE_WORLDS = [2, 4, 8, 16, 32];

/** Rewrites the tables in docs/claims.md and the pictures that it shows, from the results that are there. */
export async function writeReport() {
  let text = readFileSync(DOCUMENT, "utf8");
  for (const set of SETS) {
    const results = loadResults(set);
    if (results.size === 0) continue;
    const pictures = draw(set, results);
    const ofSystems = `${pictures.time}\n${pictures.memory}`;
    text = replaceBlock(text, set, `${systemTable(set, results)}\n${ofSystems}\n`);
    text = replaceBlock(text, `${set} worlds`, `${worldsTable(results)}\n${pictures.worlds}\n`);
    text = replaceBlock(text, `${set} buckets`, `${bucketsTable(set, results)}\n${pictures.buckets}\n`);
  }
  text = replaceBlock(text, "claims", claimsTable(new Map(SETS.map((set) => [set, loadResults(set)]))));
  writeFileSync(DOCUMENT, text);
}

function loadResults(set) {
  const results = new Map();
  for (const system of Object.keys(SYSTEMS)) {
    const path = resultPath(set, system);
    if (existsSync(path)) results.set(system, JSON.parse(readFileSync(path, "utf8")));
  }
  return results;
}

function replaceBlock(text, name, content) {
  const start = `<!-- measured: ${name} -->`;
  const at = text.indexOf(start);
  if (at < 0) throw new Error(`docs/claims.md: expected a line ${start}, got none; put it where the table belongs`);
  const end = text.indexOf("<!-- end -->", at);
  return `${text.slice(0, at + start.length)}\n${content}\n${text.slice(end)}`;
}

/** One row a system; MACH one for each of some numbers of worlds. */
function tableRows(results) {
  const rows = [];
  for (const [system, result] of results) {
    if (SYSTEMS[system].isCurve) continue;
    if (!system.startsWith("mach")) {
      rows.push({ ...result, title: SYSTEMS[system].title });
      continue;
    }
    for (const point of result.curve) {
      const isShown = system === "mach" ? TABLE_WORLDS.includes(point.worlds) : point === result.curve.at(-1);
      if (!isShown) continue;
      const title = `${SYSTEMS[system].title}, ${point.worlds} worlds`;
      rows.push({ ...point, title, system, optimizerBytes: result.optimizerBytes, peakBytes: result.peakBytes });
    }
  }
  return rows;
}

/** P@1 that the full softmax ends at; null before it was measured. */
const target = (results) => results.get("full-softmax")?.["p@1"] ?? null;

/** Seconds of training after which a system's P@1 is at least `wanted`, by its curve; null if it never is. */
function secondsTo(wanted, result) {
  if (wanted === null) return null;
  if (result["p@1"] !== undefined && result["p@1"] < wanted) return null;
  const point = result.curve?.find((one) => one["p@1"] >= wanted);
  return point?.seconds ?? (result["p@1"] >= wanted ? result.seconds : null);
}

function systemTable(set, results) {
  const wanted = target(results);
  const head = [
    "system",
    "P@1",
    "P@3",
    "P@5",
    "R@100",
    "parameters, M",
    "in the output, M",
    "optimiser, MB",
    "peak, MB",
  ];
  head.push(
    "training, s",
    "s to full softmax's P@1",
    "one query p50 / p99, ms",
    "in batches, ms",
    "`npm run bench:claims --`",
  );
  const rows = tableRows(results).map((row) => [
    row.title,
    ...["p@1", "p@3", "p@5", "r@100"].map((name) => percent(row[name])),
    millions(row.numParameters),
    millions(row.numOutputParameters),
    megabytes(row.optimizerBytes),
    megabytes(row.peakBytes),
    shortTime(row.seconds),
    row.system.startsWith("mach")
      ? shortTime(row["p@1"] >= wanted ? row.seconds : null)
      : shortTime(secondsTo(wanted, row)),
    `${milliseconds(row.latency.p50)} / ${milliseconds(row.latency.p99)}`,
    milliseconds(row.latency.batch),
    `\`--set ${set} --system ${row.system}\``,
  ]);
  const { machine, shape, dataBytes } = results.values().next().value;
  const caption = `${machine}. ${shape.numRows.toLocaleString("en")} training rows, ${shape.numFeatures.toLocaleString("en")} features, ${shape.numLabels.toLocaleString("en")} labels; judged on ${shape.numJudged.toLocaleString("en")} rows. –: not reached. The data alone take ${megabytes(dataBytes)} MB.`;
  return `${markdown([head, ...rows])}\n${caption}\n`;
}

/** How much of the largest ensemble's figures fewer worlds have. */
function worldsTable(results) {
  const curve = results.get("mach")?.curve ?? [];
  const last = curve.at(-1);
  const share = (point, name) => `${percent(point[name])} (${((100 * point[name]) / last[name]).toFixed(1)} %)`;
  return markdown([
    ["worlds", "P@1", "P@5", "R@100", "training, s"],
    ...curve.map((p) => [p.worlds, share(p, "p@1"), share(p, "p@5"), share(p, "r@100"), shortTime(p.seconds)]),
  ]);
}

function bucketPoints(results) {
  return [...results]
    .filter(([system]) => SYSTEMS[system].isCurve)
    .map(([system, { curve }]) => ({ system, buckets: Number(system.slice("mach-b".length)), ...curve.at(-1) }));
}

function bucketsTable(set, results) {
  return markdown([
    [
      "B",
      "P@1",
      "P@3",
      "P@5",
      "R@100",
      "parameters, M",
      "training, s",
      "one query p50, ms",
      "`npm run bench:claims --`",
    ],
    ...bucketPoints(results).map((p) => [
      p.buckets,
      ...["p@1", "p@3", "p@5", "r@100"].map((name) => percent(p[name])),
      millions(p.numParameters),
      shortTime(p.seconds),
      milliseconds(p.latency.p50),
      `\`--set ${set} --system ${p.system}\``,
    ]),
  ]);
}

/** Writes the pictures. @returns by name a line of markdown that shows it, empty where there is nothing to show. */
function draw(set, results) {
  const lines = {};
  for (const [name, chart] of Object.entries(charts(set, results))) {
    lines[name] = "";
    if (chart === null) continue;
    const file = `images/claims-${set}-${name}.svg`;
    writeFileSync(join(root, "docs", file), lineChart(chart));
    lines[name] = `![${chart.title}](${file})`;
  }
  return lines;
}

function charts(set, results) {
  const curves = [...results].filter(([system, { curve }]) => !SYSTEMS[system].isCurve && curve.length > 0);
  const mach = results.get("mach")?.curve ?? [];
  const buckets = bucketPoints(results);
  const rows = tableRows(results);
  const oneVsAll = results.get("one-vs-all");
  const ends = rows
    .filter(({ system, worlds }) => system !== "mach" || worlds === 8)
    .map((row) => ({ name: SYSTEMS[row.system].short, at: [row.peakBytes / 1e6, 100 * row["p@1"]] }));
  // Single worlds cannot tell the labels of a bucket apart: they would only stretch the axis.
  const best = Math.max(...rows.map((row) => row["p@1"]));
  const isShown = (point) => point["p@1"] > best / 2;
  return {
    time: {
      title: `${set}: P@1 against training time`,
      x: { label: "seconds of training on one core (log)", scale: "log" },
      y: { label: "P@1, %" },
      series: [
        ...curves.map(([system, { curve }]) => ({
          name: SYSTEMS[system].short,
          dots: system.startsWith("mach"),
          points: curve.filter(isShown).map((p) => [p.seconds, 100 * p["p@1"]]),
        })),
        ...(oneVsAll ? [{ name: "one-vs-all", line: false, points: [[oneVsAll.seconds, 100 * oneVsAll["p@1"]]] }] : []),
      ],
      annotations: [
        ...mach
          .filter(({ worlds }) => [2, 4, 8, 32].includes(worlds))
          .map((p) => ({ x: p.seconds, y: 100 * p["p@1"], text: p.worlds === 2 ? "2 worlds" : String(p.worlds) })),
        ...(oneVsAll ? [{ x: oneVsAll.seconds, y: 100 * oneVsAll["p@1"], text: "one-vs-all" }] : []),
      ],
    },
    memory: {
      title: `${set}: P@1 against peak memory of training`,
      x: { label: "peak memory, MB (log)", scale: "log" },
      y: { label: "P@1, %" },
      series: [{ name: "at the end of training", line: false, points: ends.map(({ at }) => at) }],
      annotations: ends.map(({ name, at: [x, y] }) => ({ x, y, text: name })),
    },
    worlds:
      mach.length === 0
        ? null
        : {
            title: `${set}: what each further world buys`,
            x: { label: "worlds merged (R)" },
            y: { label: "%" },
            series: ["p@1", "p@5", "r@100"].map((name) => ({
              name: name.toUpperCase(),
              dots: true,
              points: mach.map((p) => [p.worlds, 100 * p[name]]),
            })),
          },
    buckets:
      buckets.length === 0
        ? null
        : {
            title: `${set}: buckets a world, four worlds`,
            x: { label: "buckets (B, log)", scale: "log" },
            y: { label: "%" },
            series: ["p@1", "p@5", "r@100"].map((name) => ({
              name: name.toUpperCase(),
              dots: true,
              points: buckets.map((p) => [p.buckets, 100 * p[name]]),
            })),
          },
  };
}
