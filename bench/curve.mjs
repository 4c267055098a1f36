/**
 * @file What does each further world buy? P@1 against processor seconds on nvd, drawn beside what peers reach.
 *
 *   node bench/curve.mjs [--worlds 8]       writes docs/images/nvd-curve.svg, light and dark
 *
 * One run trains all worlds on one thread; its processor seconds less the worlds' own training times are what reading
 * and writing cost, whatever the number of worlds. k worlds cost that plus the first k worlds' times.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { lineChart } from "../dist/src/plot/index.js";
import { DATASETS, manyworlds, root, splitPath } from "./datasets.mjs";
import { machineLine, table } from "./machine.mjs";

const { values: options } = parseArgs({ options: { worlds: { type: "string", default: "8" } } });
const numWorlds = Number(options.worlds);
const folder = mkdtempSync(join(tmpdir(), "manyworlds-curve-"));
const points = [];
try {
  const model = join(folder, "model");
  const trained = manyworlds(
    "train",
    splitPath("nvd", "train"),
    "--model",
    model,
    "--worlds",
    options.worlds,
    "--threads",
    "1",
    ...DATASETS.nvd.flags,
  );
  const { worlds } = JSON.parse(readFileSync(join(model, "manifest.json"), "utf8"));
  const overhead = trained.cpuSeconds - worlds.reduce((sum, { seconds }) => sum + seconds, 0);
  for (let k = 2; k <= numWorlds; k++) {
    const seconds = overhead + worlds.slice(0, k).reduce((sum, world) => sum + world.seconds, 0);
    const measured = manyworlds("evaluate", model, splitPath("nvd", "test"), "--worlds", String(k));
    points.push({ name: `${k} worlds`, seconds, p: [1, 3, 5].map((cutoff) => 100 * measured[`p@${cutoff}`]) });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

console.log(machineLine());
console.log(
  table([
    ["nvd", "CPU-s", "P@1", "P@3", "P@5"],
    ...points.map(({ name, seconds, p }) => [name, seconds.toFixed(1), ...p.map((value) => value.toFixed(2))]),
  ]),
);
mkdirSync(join(root, "docs/images"), { recursive: true });
writeFileSync(join(root, "docs/images/nvd-curve.svg"), draw(points, DATASETS.nvd.peers));

/** The curve and the peers as an SVG that follows the reader's colour scheme. */
function draw(ours, peers) {
  const curve = ours.map(({ seconds, p }) => [seconds, p[0]]);
  return lineChart({
    title: "P@1 on nvd against processor seconds of training",
    x: {
      label: "processor seconds, reading and writing included (peers: quoted, on a 2.5 GHz Xeon)",
      include: [0],
    },
    y: { label: "P@1, %" },
    series: [
      { name: `manyworlds, 2 to ${ours.length + 1} worlds`, points: curve, dots: true },
      { name: "peers", points: peers.map(({ seconds, p1 }) => [seconds, p1]), line: false },
    ],
    annotations: [
      ...curve.map(([x, y], i) => ({ x, y, text: i === 0 ? "2 worlds" : String(i + 2) })),
      ...peers.map(({ name, seconds, p1 }) => ({ x: seconds, y: p1, text: name })),
    ],
  });
}
