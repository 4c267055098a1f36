/**
 * @file Does a query's best 10 take as long as plan says? Predicted and measured times, by merge and number of worlds.
 *
 *   node --expose-gc bench/scale/plan-latency.mjs '{"folder":…, "seconds":10}'    prints one line of JSON
 *
 * Predicted: what plan times on scores of its own making (src/train/plan/query-calibration.ts), told nothing but L, B, R
 * and how many labels occur in training. Measured: the same retrieval on trained worlds' scores, the first R of 32.
 */
import { createKernels } from "../../dist/src/kernels/index.js";
import { chooseOptions } from "../../dist/src/train/index.js";
import { timeQuery } from "../../dist/src/train/plan/query-calibration.js";
import { Catalogue } from "./catalogue.mjs";
import { Retrieval } from "./retrieval.mjs";
import { percentiles, StoredScores } from "./scores.mjs";

const K = 10;
const NUM_WORLDS = [4, 8, 16, 32];
const MERGES = [
  ["log-score", "log"],
  ["probability", "probability"],
];

/** Latency of the queries, as many as are answered in `seconds`. */
function measure(kernels, stored, seconds) {
  const retrieval = new Retrieval(kernels, stored, K);
  retrieval.run(0);
  const times = [];
  const end = performance.now() + 1000 * seconds;
  for (let query = 0; query < stored.numQueries && performance.now() < end; query++) {
    times.push(retrieval.run(query).ms);
  }
  return percentiles(times);
}

function main({ folder, seconds }) {
  const rows = [];
  for (const seenOnly of [true, false]) {
    for (const [merge, kind] of MERGES) {
      for (const numWorlds of NUM_WORLDS) {
        const kernels = createKernels();
        const stored = new StoredScores(kernels, folder, { kind, seenOnly, numWorlds });
        const { numLabels, numBuckets, numSeen, meta } = stored;
        const measured = measure(kernels, stored, seconds);
        stored.close();
        const { numFeatures } = new Catalogue({ numLabels });
        const shape = { numRows: meta.settings.rows, numFeatures, numLabels, featuresPerRow: 4, labelsPerRow: 1 };
        const given = { numBuckets, hidden: [meta.settings.hidden], numWorlds, seenOnly };
        const timing = { merges: [merge], numSeen, seconds };
        const times = timeQuery(kernels, chooseOptions(shape, given), shape, timing);
        const predicted = 1000 * times.retrievalSeconds.get(merge);
        kernels.dispose();
        rows.push({ merge, seenOnly, numWorlds, predicted, measured });
        console.error(
          `${merge}, ${numWorlds} worlds: predicted ${predicted.toFixed(2)} ms, ${measured.p50.toFixed(2)} ms`,
        );
      }
    }
  }
  return rows;
}

console.log(JSON.stringify(main(JSON.parse(process.argv[2]))));
