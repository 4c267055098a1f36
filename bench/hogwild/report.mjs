/**
 * @file From bench/results/hogwild.json to docs/parallel.md: tables and picture. The prose around them is written by hand.
 *
 *   <!-- measured: hogwild -->  … replaced …  <!-- end -->
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lineChart } from "../../dist/src/plot/index.js";
import { markdown } from "../claims/format.mjs";
import { root } from "../datasets.mjs";

const DOCUMENT = join(root, "docs/parallel.md");
const PICTURE = "images/hogwild-delay.svg";
const TITLES = {
  serial: "serial",
  hogwild: "Hogwild!",
  delayed: "Hogwild!, delayed",
  locked: "locked (AIG)",
  "locked-parts": "a lock a part",
  "round-robin": "round-robin (RR)",
  averaging: "averaging",
};

/** Rewrites the blocks, and the picture if delays were measured. */
export function writeReport({ machine, problems, delays }) {
  let text = readFileSync(DOCUMENT, "utf8");
  const [{ settings }] = problems;
  const caption = `${machine}. ${settings.epochs} epochs, least time of ${settings.turns} turns, median of quality. \`npm run bench hogwild\``;
  text = replaceBlock(text, "hogwild", `${problems.map(problemTable).join("\n")}\n${caption}\n`);
  text = replaceBlock(text, "hogwild sparsity", sparsityTable(problems));
  if (delays !== null) {
    writeFileSync(join(root, "docs", PICTURE), lineChart(delayChart(delays)));
    text = replaceBlock(text, "hogwild delay", `${delayTable(delays)}\n![Speed-up against delay](${PICTURE})\n`);
  }
  writeFileSync(DOCUMENT, text);
}

function replaceBlock(text, name, content) {
  const start = `<!-- measured: ${name} -->`;
  const at = text.indexOf(start);
  if (at < 0) throw new Error(`docs/parallel.md: expected a line ${start}, got none; put it where the table belongs`);
  const end = text.indexOf("<!-- end -->", at);
  return `${text.slice(0, at + start.length)}\n${content}\n${text.slice(end)}`;
}

function problemTable({ title, measure, runs }) {
  const [serial] = runs;
  const hogwild = runs.find(({ strategy }) => strategy === "hogwild");
  const rows = runs.map((run) => [
    TITLES[run.strategy],
    run.numThreads,
    run.seconds.toFixed(3),
    `${(serial.seconds / run.seconds).toFixed(2)}×`,
    `${(run.seconds / hogwild.seconds).toFixed(1)}×`,
    run.objective.toPrecision(5),
    run.quality.join(" / "),
  ]);
  const head = ["", "threads", "s", "speed-up over serial", "time of Hogwild!'s", "objective", measure];
  return `**${title}**\n${markdown([head, ...rows])}`;
}

function sparsityTable(problems) {
  const short = (x) => (x === 0 ? "0" : x.toPrecision(2));
  return markdown([
    ["", "examples", "parts", "Ω", "Δ", "ρ", "overlap", "verdict"],
    ...problems.map(({ title, sparsity: s, advice }) => [
      title,
      s.numExamples.toLocaleString("en"),
      s.numParts.toLocaleString("en"),
      s.omega,
      short(s.delta),
      `${s.rhoExact ? "" : "≥ "}${short(s.rho)}`,
      short(s.overlap),
      advice,
    ]),
  ]);
}

const SHOWN = ["hogwild", "delayed", "locked", "round-robin"];
const speedUp = ({ secondsAnExample: s }, strategy) => s.serial / s[strategy];

function delayTable({ points }) {
  const nameOf = (ns) => (ns >= 1e6 ? `${ns / 1e6} ms` : ns >= 1e3 ? `${ns / 1e3} µs` : `${ns} ns`);
  return markdown([
    ["delay of a gradient", ...SHOWN.map((strategy) => TITLES[strategy])],
    ...points.map((point) => [nameOf(point.delayNs), ...SHOWN.map((name) => `${speedUp(point, name).toFixed(2)}×`)]),
  ]);
}

function delayChart({ points }) {
  return {
    title: "Speed-up of two threads against the cost of a gradient (rcv1)",
    x: { label: "simulated delay of a gradient, ns (log)", scale: "log" },
    y: { label: "speed-up over one thread without locks", include: [0, 2] },
    series: SHOWN.map((strategy) => ({
      name: TITLES[strategy],
      dots: true,
      points: points.map((point) => [point.delayNs, speedUp(point, strategy)]),
    })),
  };
}
