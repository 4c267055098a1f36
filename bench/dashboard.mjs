/**
 * @file What does watching a training cost? The same four worlds on the bundled reports of vulnerabilities, three ways.
 *
 *   node bench/dashboard.mjs [rounds]
 *
 * `plain` sets nothing aside; `measured` sets a tenth of the rows aside, on which worlds are measured at each epoch and
 * merged as they finish; `watched` also shows that to a browser that reads all it is sent. The ways take turns; the least
 * of the rounds (default 3) counts, since whatever else runs only adds. Times are those of training alone, for a million
 * rows through a world, so that the tenth that two of the ways do not train on does not count. Fails if `watched` gives
 * other worlds than `measured`, or takes more than a twentieth longer.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cli, root } from "./datasets.mjs";
import { machineLine, table } from "./machine.mjs";

const MOST_SLOWDOWN = 1.05;
const SHAPE = ["--worlds", "4", "--epochs", "5", "--overwrite"];
const WAYS = {
  plain: [],
  measured: ["--validation", "0.1"],
  watched: ["--validation", "0.1", "--dashboard", "0"],
};
const rounds = Number(process.argv[2] ?? 3);
const folder = mkdtempSync(join(tmpdir(), "manyworlds-dashboard-bench-"));
const rows = join(root, "data/nvd/train.tsv.gz");

/** Trains, as a browser's reader where there is an address. @returns bytes that the reader was sent. */
function train(name) {
  const args = [cli, "train", rows, "--model", join(folder, name), ...SHAPE, ...WAYS[name]];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  let sentBytes = 0;
  let text = "";
  child.stderr.on("data", (chunk) => {
    const [before] = /http:\S+\//.exec(text) ?? [];
    text += chunk;
    const [url] = /http:\/\/[\d.:]+\//.exec(text) ?? [];
    if (before !== undefined || url === undefined) return;
    const request = get(`${url}events`, (response) => response.on("data", ({ length }) => (sentBytes += length)));
    request.on("error", () => {});
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(sentBytes) : reject(new Error(`${name}: ${code}\n${text}`))));
  });
}

const manifestOf = (name) => JSON.parse(readFileSync(join(folder, name, "manifest.json"), "utf8"));
/** Of the whole process: reading, and measuring at the end, too. */
function processorSeconds(name) {
  const lines = readFileSync(join(folder, name, "history.jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => JSON.parse(line)).findLast(({ type }) => type === "end").cpuSeconds;
}
const least = (values) => Math.min(...values);

console.log(machineLine());
try {
  const times = Object.fromEntries(Object.keys(WAYS).map((name) => [name, []]));
  const processor = Object.fromEntries(Object.keys(WAYS).map((name) => [name, []]));
  let sentBytes = 0;
  for (let round = 0; round < rounds; round++) {
    for (const name of Object.keys(WAYS)) {
      sentBytes = (await train(name)) || sentBytes;
      const { worlds, dataset } = manifestOf(name);
      const seconds = worlds.reduce((sum, world) => sum + world.seconds, 0) / worlds.length;
      times[name].push((1e6 * seconds) / (dataset.numRows * worlds[0].epochs));
      processor[name].push(processorSeconds(name));
    }
  }
  const plain = least(times.plain);
  const out = [["way", "s a million rows", "of plain", "processor s of the run", "rounds"]];
  for (const [name, all] of Object.entries(times)) {
    const share = (least(all) / plain).toFixed(3);
    const cpu = least(processor[name]).toFixed(1);
    out.push([name, least(all).toFixed(2), share, cpu, all.map((s) => s.toFixed(2)).join(" ")]);
  }
  console.log(table(out));
  const bytesOf = (name, file) => `${(statSync(join(folder, name, file)).size / 1000).toFixed(0)} kB`;
  const page = `${(statSync(join(root, "dist/web/dashboard/index.html")).size / 1000).toFixed(0)} kB`;
  console.log(
    `page without data ${page}; of a run: history.jsonl ${bytesOf("watched", "history.jsonl")}, ` +
      `report.html ${bytesOf("watched", "report.html")}, sent to the browser ${(sentBytes / 1000).toFixed(0)} kB`,
  );
  const digests = (name) => manifestOf(name).worlds.map(({ sha256 }) => sha256);
  const failures = [];
  if (digests("measured").join() !== digests("watched").join()) failures.push("watching changed a world's bytes");
  if (least(times.watched) > MOST_SLOWDOWN * least(times.measured))
    failures.push("watching cost more than a twentieth");
  for (const failure of failures) console.error(failure);
  if (failures.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
