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
  const [width, height, left, right, top, bottom] = [720, 400, 56, 24, 44, 52];
  const maxX = 10 * Math.ceil(Math.max(...[...ours, ...peers].map(({ seconds }) => seconds)) / 10 + 0.5);
  const values = [...ours.map(({ p }) => p[0]), ...peers.map(({ p1 }) => p1)];
  const [minY, maxY] = [2 * Math.floor(Math.min(...values) / 2) - 2, 2 * Math.ceil(Math.max(...values) / 2)];
  const x = (seconds) => (left + (seconds / maxX) * (width - left - right)).toFixed(1);
  const y = (p1) => (height - bottom - ((p1 - minY) / (maxY - minY)) * (height - top - bottom)).toFixed(1);
  const text = (at, content, attributes = "") => `<text x="${at[0]}" y="${at[1]}" ${attributes}>${content}</text>`;
  const parts = [];
  for (let tick = 0; tick <= maxX; tick += 20) {
    parts.push(text([x(tick), height - bottom + 18], tick, 'class="axis" text-anchor="middle"'));
  }
  for (let tick = minY; tick <= maxY; tick += 2) {
    parts.push(`<line class="grid" x1="${left}" x2="${width - right}" y1="${y(tick)}" y2="${y(tick)}"/>`);
    if (tick % 4 === 0) parts.push(text([left - 8, Number(y(tick)) + 4], tick, 'class="axis" text-anchor="end"'));
  }
  parts.push(`<polyline class="ours" points="${ours.map(({ seconds, p }) => `${x(seconds)},${y(p[0])}`).join(" ")}"/>`);
  ours.forEach(({ seconds, p }, i) => {
    parts.push(`<circle class="dot" cx="${x(seconds)}" cy="${y(p[0])}" r="4.5"/>`);
    const isEnd = i === 0 || i === ours.length - 1;
    const label = i === 0 ? "manyworlds, 2 worlds" : isEnd ? `${i + 2} worlds` : String(i + 2);
    const at = isEnd ? [Number(x(seconds)) + 9, Number(y(p[0])) + 5] : [x(seconds), Number(y(p[0])) - 11];
    parts.push(text(at, label, `class="ours-label" text-anchor="${isEnd ? "start" : "middle"}"`));
  });
  for (const { name, seconds, p1 } of peers) {
    parts.push(`<rect class="peer" x="${Number(x(seconds)) - 4}" y="${Number(y(p1)) - 4}" width="8" height="8"/>`);
    const fits = Number(x(seconds)) < width - 140;
    parts.push(
      text(
        [Number(x(seconds)) + (fits ? 9 : -9), Number(y(p1)) + 5],
        name,
        `class="peer-label" text-anchor="${fits ? "start" : "end"}"`,
      ),
    );
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="P@1 on nvd against processor seconds of training: manyworlds with 2 to ${ours.length + 1} worlds, and peers">
<style>
  text { font: 13px system-ui, sans-serif; fill: #333 } .axis { fill: #666; font-size: 12px } .title { font-size: 15px; font-weight: 600 }
  .grid { stroke: #0001; } .ours { fill: none; stroke: #0b6bcb; stroke-width: 2.5 } .dot { fill: #0b6bcb } .ours-label { fill: #0b6bcb; font-weight: 600 }
  .peer { fill: #999 } .peer-label { fill: #666 }
  @media (prefers-color-scheme: dark) { text { fill: #ddd } .axis, .peer-label { fill: #aaa } .grid { stroke: #fff2 } .ours { stroke: #6cb6ff } .dot, .ours-label { fill: #6cb6ff } }
</style>
${text([left, 22], "P@1 on nvd (%) against processor seconds of training", 'class="title"')}
${parts.join("\n")}
${text([(left + width - right) / 2, height - 12], "processor seconds, reading and writing included (peers: quoted, on a 2.5 GHz Xeon)", 'class="axis" text-anchor="middle"')}
</svg>
`;
}
