/** @file The trained worlds' scores as retrieval wants them, and what the plain scan answers to them. */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { QUERY_LANES } from "../../dist/src/kernels/index.js";
import { LabelHash } from "../../dist/src/mach/index.js";
import { Catalogue } from "./catalogue.mjs";

/** What worlds' probabilities p become before they are added: p, ln p, or ln (p + 1/B), which a miss cannot sink. */
export const KINDS = ["probability", "log", "smoothed"];

/**
 * The scores in `folder` (worlds.mjs), of all worlds or of the first `numWorlds`. `seenOnly`: only labels of the training
 * queries may be returned, as models do by default.
 */
export class StoredScores {
  constructor(kernels, folder, { kind = "log", numWorlds, seenOnly = false } = {}) {
    this.kernels = kernels;
    this.meta = JSON.parse(readFileSync(join(folder, "meta.json"), "utf8"));
    this.kind = kind;
    this.path = join(folder, kind === "log" ? "log.f32" : "probability.f32");
    this.file = openSync(this.path, "r");
    this.hash = LabelHash.fromJSON(this.meta.hash);
    this.numWorlds = numWorlds ?? this.meta.numWorlds;
    this.numBuckets = this.meta.numBuckets;
    this.numLabels = this.meta.numLabels;
    this.numQueries = this.meta.numQueries;
    this.hashes = Array.from({ length: this.numWorlds }, (_, world) => this.hash.parameters(world));
    this.scores = kernels.f32(this.numWorlds * this.numBuckets);
    this.numSeen = this.numLabels;
    this.prior = seenOnly ? this.seenPrior() : null;
  }

  /** Excludes labels of no training query. */
  seenPrior() {
    const { settings, numLabels } = this.meta;
    const codes = this.kernels.u8(numLabels);
    const catalogue = new Catalogue({ numLabels });
    for (let i = 0; i < settings.rows; i++) codes[catalogue.labelOf(i).label] = 1;
    this.numSeen = codes.reduce((sum, code) => sum + code, 0);
    const bias = this.kernels.f32(256);
    bias[0] = Number.NEGATIVE_INFINITY;
    return { codes, bias };
  }

  /** Bucket scores of one query, [R, B], in an array that the next call overwrites: warm in the processor's cache. */
  read(query) {
    const { scores, meta, numBuckets } = this;
    const bytes = new Uint8Array(scores.buffer, scores.byteOffset, scores.length * 4);
    const position = query * meta.numWorlds * numBuckets * 4;
    const got = readSync(this.file, bytes, 0, bytes.length, position);
    if (got !== bytes.length)
      throw new Error(`${this.path}: expected ${bytes.length} bytes at ${position}, got ${got}`);
    return scores;
  }

  close() {
    closeSync(this.file);
  }

  /** The best k of one query by a scan over all labels. `numLabels`: only the first so many. */
  scanOne(query, k, numLabels = this.numLabels) {
    const { kernels, hashes } = this;
    const [labels, scores] = [kernels.u32(k), kernels.f32(k)];
    const input = { scores: this.read(query), numQueries: 1, hashes, numLabels, merge: "sum", prior: this.prior, k };
    const start = performance.now();
    const [count] = kernels.topLabels(input, labels, scores);
    return { labels, scores, count, ms: performance.now() - start };
  }

  /** The best k of up to 16 queries from `first` on, by one scan. @returns an answer a query, and its time in all. */
  scanBatch(first, k) {
    const { kernels, hashes, numLabels, numBuckets, numWorlds } = this;
    const numQueries = Math.min(QUERY_LANES, this.numQueries - first);
    const rows = kernels.f32(numWorlds * QUERY_LANES * numBuckets);
    for (let q = 0; q < numQueries; q++) {
      const scores = this.read(first + q);
      for (let r = 0; r < numWorlds; r++) {
        rows.set(scores.subarray(r * numBuckets, (r + 1) * numBuckets), (r * QUERY_LANES + q) * numBuckets);
      }
    }
    const lanes = numQueries === 1 ? 1 : QUERY_LANES;
    const packed = kernels.f32(numWorlds * numBuckets * lanes);
    for (let r = 0; r < numWorlds; r++) {
      kernels.packScores(numQueries, numBuckets, r * QUERY_LANES, rows, r * numBuckets * lanes, packed);
    }
    const [labels, scores] = [kernels.u32(numQueries * k), kernels.f32(numQueries * k)];
    const input = { scores: packed, numQueries, hashes, numLabels, merge: "sum", prior: this.prior, k };
    const start = performance.now();
    const counts = kernels.topLabels(input, labels, scores);
    const ms = performance.now() - start;
    const answers = Array.from({ length: numQueries }, (_, q) => ({
      labels: labels.slice(q * k, q * k + counts[q]),
      scores: scores.slice(q * k, q * k + counts[q]),
      count: counts[q],
    }));
    return { answers, ms };
  }

  /** What the scan answers to every query; the reference for all else. `progress` is called with queries done. */
  scanAll(k, progress = () => {}) {
    const answers = [];
    const times = [];
    while (answers.length < this.numQueries) {
      const batch = this.scanBatch(answers.length, k);
      answers.push(...batch.answers);
      times.push(batch.ms / batch.answers.length);
      progress(answers.length);
    }
    return { answers, msEach: percentiles(times).p50 };
  }
}

/** @throws unless the first `got.count` of both are the same labels with the same scores, bit for bit. */
export function checkSame(what, got, expected, k) {
  const count = Math.min(k, expected.count);
  if (got.count !== count) throw new Error(`${what}: expected ${count} labels, got ${got.count}`);
  for (let i = 0; i < count; i++) {
    if (got.labels[i] === expected.labels[i] && got.scores[i] === expected.scores[i]) continue;
    const [want, have] = [expected, got].map(({ labels, scores }) => `${labels[i]} (${scores[i]})`);
    throw new Error(`${what}: expected label ${want} at place ${i + 1}, got ${have}`);
  }
}

/** Of times in ms. */
export function percentiles(times) {
  const sorted = Float64Array.from(times).sort();
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const mean = sorted.reduce((sum, x) => sum + x, 0) / sorted.length;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: sorted.at(-1), mean, count: sorted.length };
}
