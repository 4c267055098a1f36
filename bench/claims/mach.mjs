/**
 * @file MACH: one run of many worlds gives the curve over R, since any of its first worlds are a model.
 *
 * Trained by the command line on one thread, as a user would. Time is the worlds' own training time, as for the other
 * systems; memory the peak of the process, reading included.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Model } from "../../dist/src/mach/index.js";
import { DATASETS, manyworlds, splitPath } from "../datasets.mjs";
import { pick, timeRanking } from "./task.mjs";

/** Numbers of worlds at which the curve has points. */
const CURVE_WORLDS = [1, 2, 4, 8, 12, 16, 24, 32];

/** Trains `worlds` worlds with further `flags`, and measures what the first few of them reach, and all. */
export async function measureMach(task, set, { worlds, flags = [] }) {
  const folder = mkdtempSync(join(tmpdir(), "manyworlds-claims-"));
  const path = join(folder, "model");
  try {
    const own = DATASETS[set].flags.includes("--skip-bad-rows") ? ["--skip-bad-rows"] : [];
    const count = ["--worlds", String(worlds), "--threads", "1"];
    const summary = manyworlds("train", splitPath(set, "train"), "--model", path, ...count, ...own, ...flags);
    const manifest = JSON.parse(readFileSync(join(path, "manifest.json"), "utf8"));
    const points = [];
    for (const r of [...CURVE_WORLDS.filter((n) => n < worlds), worlds]) {
      const measured = manyworlds("evaluate", path, splitPath(set, "test"), "--worlds", String(r));
      const model = await Model.load(path, { worlds: Array.from({ length: r }, (_, i) => i), verify: false });
      const rank = (rows, k, labels, scores) => {
        const predictions = model.predictRows(rows, { k });
        labels.set(predictions.labels.subarray(0, rows.numRows * k));
        scores.set(predictions.scores.subarray(0, rows.numRows * k));
        return predictions.counts;
      };
      points.push({
        worlds: r,
        seconds: manifest.worlds.slice(0, r).reduce((sum, { seconds }) => sum + seconds, 0),
        ...pick(measured),
        numParameters: r * worldParameters(manifest.network).total,
        numOutputParameters: r * worldParameters(manifest.network).output,
        latency: timeRanking(task, rank),
      });
    }
    return {
      seconds: points.at(-1).seconds,
      chosen: summary.options,
      optimizerBytes: optimizerBytes(manifest),
      peakBytes: summary.peakMemoryBytes,
      curve: points,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Numbers of one world, and those of its output layer. */
function worldParameters({ numFeatures, hidden, numBuckets }) {
  const sizes = [numFeatures, ...hidden, numBuckets];
  const layers = sizes.slice(1).map((outputs, i) => (sizes[i] + 1) * outputs);
  return { total: layers.reduce((a, b) => a + b, 0), output: layers.at(-1) };
}

/** Adam's vectors of the one world that is in training. */
function optimizerBytes({ network, training }) {
  const { total } = worldParameters(network);
  const input = network.numFeatures * (network.hidden[0] ?? network.numBuckets);
  return 4 * (training.inputMoments === "row" ? 2 * (total - input) + network.numFeatures : 2 * total);
}
