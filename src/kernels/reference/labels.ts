/**
 * @file The oracle for labels and buckets: hashing, targets, and the brute-force scan over all labels.
 */
import {
  type Csr,
  type HashParameters,
  type Kernels,
  QUERY_LANES,
  type RetrievalInput,
  type RetrievalStats,
  type TopLabelsInput,
} from "../contract.js";

/** ((a·label + c) mod p) mod numBuckets, exactly: in doubles while the sum is exact there, else in big integers. */
export function bucketOf({ a, c, p, numBuckets }: HashParameters, label: number): number {
  const sum = a * label + c;
  const x = Number.isSafeInteger(sum) ? sum % p : Number((BigInt(a) * BigInt(label) + BigInt(c)) % BigInt(p));
  return x % numBuckets;
}

function hashLabels(hash: HashParameters, count: number, labels: Uint32Array, out: Uint32Array): void {
  for (let i = 0; i < count; i++) out[i] = bucketOf(hash, labels[i]);
}

function hashTargets(
  hash: HashParameters,
  numRows: number,
  labelOffsets: Uint32Array,
  labelIds: Uint32Array,
  values: "distribution" | "binary",
  out: Csr,
): number {
  let filled = 0;
  out.offsets[0] = 0;
  for (let i = 0; i < numRows; i++) {
    const labels = [...labelIds.subarray(labelOffsets[i], labelOffsets[i + 1])];
    const buckets = [...new Set(labels.map((label) => bucketOf(hash, label)))].sort((x, y) => x - y);
    for (const bucket of buckets) {
      out.columns[filled] = bucket;
      out.values[filled++] = values === "binary" ? 1 : 1 / buckets.length;
    }
    out.offsets[i + 1] = filled;
  }
  return filled;
}

function packScores(
  numQueries: number,
  numBuckets: number,
  firstRow: number,
  x: Float32Array,
  worldOffset: number,
  out: Float32Array,
): void {
  const lanes = numQueries === 1 ? 1 : QUERY_LANES;
  for (let b = 0; b < numBuckets; b++) {
    for (let q = 0; q < lanes; q++) {
      out[worldOffset + b * lanes + q] = q < numQueries ? x[(firstRow + q) * numBuckets + b] : 0;
    }
  }
}

function merged(merge: TopLabelsInput["merge"], scores: number[]): number {
  if (merge === "sum") return scores.reduce((a, b) => Math.fround(a + b));
  if (merge === "min") return Math.min(...scores);
  const sorted = scores.sort((a, b) => a - b);
  const low = sorted[(sorted.length - 1) >> 1];
  const high = sorted[sorted.length >> 1];
  return sorted.length % 2 === 1 ? low : Math.fround(Math.fround(low + high) * 0.5);
}

function topLabels(input: TopLabelsInput, outLabels: Uint32Array, outScores: Float32Array): Uint32Array {
  const { scores, numQueries, hashes, numLabels, merge, prior, allowed = null, k } = input;
  const lanes = numQueries === 1 ? 1 : QUERY_LANES;
  const results: { label: number; score: number }[][] = Array.from({ length: numQueries }, () => []);
  for (let label = 0; label < numLabels; label++) {
    if (allowed !== null && ((allowed[label >> 3] >> (label & 7)) & 1) === 0) continue;
    const buckets = hashes.map((hash) => bucketOf(hash, label));
    const bias = prior === null ? 0 : prior.bias[prior.codes[label]];
    for (let q = 0; q < numQueries; q++) {
      const values = buckets.map((bucket, r) => scores[(r * hashes[r].numBuckets + bucket) * lanes + q]);
      const score = Math.fround(merged(merge, values) + bias);
      if (score > Number.NEGATIVE_INFINITY) results[q].push({ label, score });
    }
  }
  return Uint32Array.from(results, (list, q) => {
    const best = list.sort((x, y) => y.score - x.score || x.label - y.label).slice(0, k);
    best.forEach(({ label, score }, i) => {
      outLabels[q * k + i] = label;
      outScores[q * k + i] = score;
    });
    return best.length;
  });
}

/** Labels that the budget lets through, as the bits of `allowed`. */
function labelsWithinBudget({ scores, hashes, numLabels, allowed, budget }: RetrievalInput): Uint8Array | null {
  if (budget === null || budget === undefined) return allowed ?? null;
  const met = new Uint32Array(numLabels);
  hashes.forEach((hash, r) => {
    const row = scores.subarray(r * hash.numBuckets, (r + 1) * hash.numBuckets);
    const order = Array.from(row.keys()).sort((x, y) => row[y] - row[x] || x - y);
    const best = new Set(order.slice(0, budget.bucketsPerWorld));
    for (let label = 0; label < numLabels; label++) if (best.has(bucketOf(hash, label))) met[label]++;
  });
  const bits = new Uint8Array(Math.ceil(numLabels / 8));
  for (let label = 0; label < numLabels; label++) {
    const given = allowed === null || allowed === undefined || ((allowed[label >> 3] >> (label & 7)) & 1) === 1;
    if (given && met[label] >= budget.minWorlds) bits[label >> 3] |= 1 << (label & 7);
  }
  return bits;
}

function retrieveLabels(input: RetrievalInput, outLabels: Uint32Array, outScores: Float32Array): RetrievalStats {
  const scan = { ...input, numQueries: 1, merge: "sum", allowed: labelsWithinBudget(input) } as const;
  const [count] = topLabels(scan, outLabels, outScores);
  return { count, method: "scan", numLists: 0, numEnumerated: 0, numCompleted: 0 };
}

export const labels: Pick<
  Kernels,
  "hashLabels" | "hashTargets" | "packScores" | "topLabels" | "retrieveLabels" | "retrievalScratchBytes"
> = {
  hashLabels,
  hashTargets,
  packScores,
  topLabels,
  retrieveLabels,
  retrievalScratchBytes: () => 0,
};
