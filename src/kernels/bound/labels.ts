/**
 * @file Hashing, targets and the label scan of the contract on a bridge.
 */
import {
  type HashParameters,
  type Kernels,
  MAX_HEADS,
  MAX_WORLDS,
  QUERY_LANES,
  type RetrievalInput,
  type RetrievalMethod,
  type TopLabelsInput,
} from "../contract.js";
import type { Bridge } from "./flat-operations.js";

const MERGES: Readonly<Record<TopLabelsInput["merge"], number>> = { sum: 0, min: 1, median: 2 };

/** In the order of the kernel's codes. */
const METHODS: readonly RetrievalMethod[] = ["lists", "labels", "scan", "declined"];

function checkHashes(where: string, hashes: readonly HashParameters[]): void {
  if (!(hashes.length >= 1 && hashes.length <= MAX_WORLDS)) {
    throw new RangeError(`${where}: expected 1 to ${MAX_WORLDS} worlds, got ${hashes.length}`);
  }
  const { p, numBuckets } = hashes[0];
  for (const hash of hashes) {
    if (hash.p !== p || hash.numBuckets !== numBuckets || !(hash.a < p && hash.c < p) || !(p < 2 ** 32)) {
      throw new RangeError(`${where}: expected worlds with equal p < 2³² and numBuckets, and a, c below p`);
    }
  }
  if (!(hashes.length * numBuckets < 2 ** 31)) {
    throw new RangeError(`${where}: expected fewer than 2³¹ buckets in all worlds, got ${hashes.length * numBuckets}`);
  }
}

function checkScan({ numQueries, hashes }: TopLabelsInput): void {
  if (!(numQueries >= 1 && numQueries <= QUERY_LANES)) {
    throw new RangeError(`topLabels: expected 1 to ${QUERY_LANES} queries, got ${numQueries}; scan in blocks`);
  }
  checkHashes("topLabels", hashes);
}

function checkRetrieval({ hashes, numLabels, k, budget }: RetrievalInput): void {
  checkHashes("retrieveLabels", hashes);
  if (!(numLabels <= hashes[0].p)) {
    throw new RangeError(`retrieveLabels: expected at most p = ${hashes[0].p} labels, got ${numLabels}`);
  }
  if (!(k >= 0 && k < 2 ** 32)) throw new RangeError(`retrieveLabels: expected k below 2³², got ${k}`);
  if (budget === null || budget === undefined) return;
  const { bucketsPerWorld, minWorlds } = budget;
  const heads = hashes.length * bucketsPerWorld;
  if (!(Number.isInteger(bucketsPerWorld) && bucketsPerWorld >= 1 && heads <= MAX_HEADS)) {
    const most = Math.floor(MAX_HEADS / hashes.length);
    throw new RangeError(`retrieveLabels: expected 1 to ${most} buckets a world, got ${bucketsPerWorld}`);
  }
  if (!(Number.isInteger(minWorlds) && minWorlds >= 1 && minWorlds <= 255)) {
    throw new RangeError(`retrieveLabels: expected minWorlds from 1 to 255, got ${minWorlds}`);
  }
}

type LabelNames =
  | "hashLabels"
  | "hashTargets"
  | "packScores"
  | "topLabels"
  | "retrieveLabels"
  | "retrievalScratchBytes";

export function labelOperations(bridge: Bridge): Pick<Kernels, LabelNames> {
  const { flat } = bridge;
  return {
    hashLabels({ a, c, p, numBuckets }, count, labels, out) {
      bridge.begin();
      const labelsAt = bridge.read("hashLabels: labels", labels, count);
      flat.u32_hash_labels(a, c, p, numBuckets, count, labelsAt, bridge.write("hashLabels: out", out, count));
      bridge.end();
    },
    hashTargets({ a, c, p, numBuckets }, numRows, labelOffsets, labelIds, values, out) {
      bridge.begin();
      const offsets = bridge.read("hashTargets: labelOffsets", labelOffsets, numRows + 1);
      const end = labelOffsets[numRows];
      const most = end - labelOffsets[0];
      const ids = bridge.read("hashTargets: labelIds", labelIds, end);
      if (flat.csr_fault(numRows, offsets, ids, end, 2 ** 32 - 1) === 1) {
        throw new RangeError("hashTargets: labelOffsets: expected numbers that do not fall");
      }
      const written = flat.u32_hash_targets(
        a,
        c,
        p,
        numBuckets,
        numRows,
        offsets,
        ids,
        values === "binary" ? 1 : 0,
        bridge.write("hashTargets: out.offsets", out.offsets, numRows + 1),
        bridge.update("hashTargets: out.columns", out.columns, most),
        bridge.update("hashTargets: out.values", out.values, most),
      );
      bridge.end();
      return written >>> 0;
    },
    packScores(numQueries, numBuckets, firstRow, x, worldOffset, out) {
      bridge.begin();
      const xAt = bridge.read("packScores: x", x, (firstRow + numQueries) * numBuckets);
      const length = worldOffset + numBuckets * (numQueries === 1 ? 1 : QUERY_LANES);
      const outAt = bridge.update("packScores: out", out, length);
      flat.f32_pack_scores(numQueries, numBuckets, firstRow, xAt, worldOffset, outAt);
      bridge.end();
    },
    topLabels(input, outLabels, outScores) {
      checkScan(input);
      const { scores, numQueries, hashes, numLabels, merge, prior, allowed = null, k } = input;
      const { p, numBuckets } = hashes[0];
      const lanes = numQueries === 1 ? 1 : QUERY_LANES;
      const ac = Uint32Array.from(hashes.flatMap(({ a, c }) => [a, c]));
      const counts = new Uint32Array(numQueries);
      bridge.begin();
      flat.f32_top_labels(
        bridge.read("topLabels: scores", scores, hashes.length * numBuckets * lanes),
        numQueries,
        hashes.length,
        bridge.read("topLabels: hashes", ac, ac.length),
        p,
        numBuckets,
        numLabels,
        MERGES[merge],
        prior && bridge.read("topLabels: prior.codes", prior.codes, numLabels),
        prior && bridge.read("topLabels: prior.bias", prior.bias, 256),
        allowed && bridge.read("topLabels: allowed", allowed, Math.ceil(numLabels / 8)),
        k,
        bridge.update("topLabels: outLabels", outLabels, numQueries * k),
        bridge.update("topLabels: outScores", outScores, numQueries * k),
        bridge.write("topLabels: counts", counts, numQueries),
      );
      bridge.end();
      return counts;
    },
    retrieveLabels(input, outLabels, outScores) {
      checkRetrieval(input);
      const { scores, hashes, numLabels, prior, allowed = null, k, budget, scanCost = 0, scratch } = input;
      const { p, numBuckets } = hashes[0];
      const numWorlds = hashes.length;
      const { bucketsPerWorld, minWorlds } = budget ?? { bucketsPerWorld: 0, minWorlds: 0 };
      const dims = Uint32Array.of(numWorlds, p, numBuckets, numLabels, k, bucketsPerWorld, minWorlds);
      const ac = Uint32Array.from(hashes.flatMap(({ a, c }) => [a, c]));
      const stats = new Float64Array(5);
      bridge.begin();
      flat.f32_retrieve_labels(
        bridge.read("retrieveLabels: dims", dims, dims.length),
        bridge.read("retrieveLabels: scores", scores, numWorlds * numBuckets),
        bridge.read("retrieveLabels: hashes", ac, ac.length),
        prior && bridge.read("retrieveLabels: prior.codes", prior.codes, numLabels),
        prior && bridge.read("retrieveLabels: prior.bias", prior.bias, 256),
        allowed && bridge.read("retrieveLabels: allowed", allowed, Math.ceil(numLabels / 8)),
        scanCost,
        bridge.update("retrieveLabels: scratch", scratch, flat.retrieve_labels_scratch(numWorlds, numBuckets) >>> 0),
        bridge.update("retrieveLabels: outLabels", outLabels, k),
        bridge.update("retrieveLabels: outScores", outScores, k),
        bridge.write("retrieveLabels: stats", new Uint8Array(stats.buffer), stats.byteLength),
      );
      bridge.end();
      const [count, method, numLists, numEnumerated, numCompleted] = stats;
      return { count, method: METHODS[method], numLists, numEnumerated, numCompleted };
    },
    retrievalScratchBytes: (numWorlds, numBuckets) => flat.retrieve_labels_scratch(numWorlds, numBuckets) >>> 0,
  };
}
