/**
 * @file How fast are answers? Queries a second in batches, and the latency of one query at a time, on one thread.
 *
 *   node bench/prediction.mjs [--worlds 16]       trains nvd with so many worlds first (or --model DIR)
 *
 * Before timing, batch and single answers are compared: the same scores rank by rank, to rounding (tied labels may swap).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadDataset } from "../dist/src/data/index.js";
import { sliceRows } from "../dist/src/mach/evaluate.js";
import { Model } from "../dist/src/mach/index.js";
import { manyworlds, splitPath } from "./datasets.mjs";
import { machineLine } from "./machine.mjs";

const { values: options } = parseArgs({
  options: { worlds: { type: "string", default: "16" }, model: { type: "string" } },
});
const folder = mkdtempSync(join(tmpdir(), "manyworlds-prediction-"));
try {
  const path = options.model ?? join(folder, "model");
  // Latency depends on shapes, not on what the weights are: one epoch will do.
  if (!options.model)
    manyworlds("train", splitPath("nvd", "train"), "--model", path, "--worlds", options.worlds, "--epochs", "1");
  const model = await Model.load(path);
  const { dataset } = await loadDataset(splitPath("nvd", "test"), {
    purpose: "evaluate",
    vectorizer: model.vectorizer,
    labelTable: model.labels,
  });
  const { features } = dataset;
  const k = 10;

  const check = model.predictRows(sliceRows(features, 0, 64), { k });
  for (let i = 0; i < 64; i++) {
    const one = model.predictRows(sliceRows(features, i, 1), { k });
    for (let j = 0; j < k; j++) {
      const [a, b] = [check.scores[i * k + j], one.scores[j]];
      if (Math.abs(a - b) > 1e-4 * Math.max(1e-3, Math.abs(b)))
        throw new Error(`row ${i}: ${a} in a batch, ${b} alone`);
    }
  }

  const time = (run) => {
    const start = performance.now();
    run();
    return (performance.now() - start) / 1000;
  };
  const rows = Math.min(features.numRows, 8192);
  const passes = Array.from({ length: 3 }, () => time(() => model.predictRows(sliceRows(features, 0, rows), { k })));
  const single = Float64Array.from(
    { length: 2000 },
    (_, i) => 1000 * time(() => model.predictRows(sliceRows(features, i, 1), { k })),
  ).sort();
  const at = (share) => single[Math.floor(share * single.length)].toFixed(2);

  const { numWorlds, hash, worldOptions } = model.ensemble;
  console.log(machineLine());
  console.log(
    `nvd, ${numWorlds} worlds, ${[worldOptions.numFeatures, ...worldOptions.hidden, worldOptions.numBuckets].join(" → ")}, ${hash.numLabels} labels, k = ${k}, ${model.kernels.info.backend} ${model.kernels.info.isa}, one thread`,
  );
  console.log(`batch: ${Math.round(rows / Math.min(...passes))} queries/s (best of 3 passes over ${rows} rows)`);
  console.log(`one query at a time: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(0.9999)} ms (2,000 queries)`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
