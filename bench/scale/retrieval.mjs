/**
 * @file The best 10 and 100 of 49.46 million labels from 32 worlds' scores: how long, how much memory, how exact?
 *
 *   node --expose-gc bench/scale/retrieval.mjs '{"folder":…, "kind":"log", "seenOnly":false}'    prints one line of JSON
 *
 * One thread. A query's scores are in the cache when its time starts, as they are when worlds have just computed them.
 * Every answer is first compared with the vectorised scan's, labels and scores bit for bit.
 */
import { createKernels } from "../../dist/src/kernels/index.js";
import { checkSame, percentiles, StoredScores } from "./scores.mjs";

const KS = [10, 100];
/** Budgets of the approximate mode: buckets of each world, and worlds that a label must be met in. */
const BUDGETS = [
  { bucketsPerWorld: 10, minWorlds: 1 },
  { bucketsPerWorld: 10, minWorlds: 2 },
  { bucketsPerWorld: 25, minWorlds: 2 },
  { bucketsPerWorld: 50, minWorlds: 2 },
  { bucketsPerWorld: 50, minWorlds: 3 },
  { bucketsPerWorld: 100, minWorlds: 3 },
  { bucketsPerWorld: 200, minWorlds: 4 },
];

/** What is measured: how worlds are merged, over which labels. By the name under which its figures stand. */
export const MERGES = {
  probability: { kind: "probability", withBudgets: true },
  smoothed: { kind: "smoothed" },
  log: { kind: "log", withBudgets: true },
  "log-seen": { kind: "log", seenOnly: true },
};

/** Retrieves with arrays of its own; `run` writes to them. */
export class Retrieval {
  constructor(kernels, stored, k, budget = null) {
    this.stored = stored;
    this.kernels = kernels;
    this.labels = kernels.u32(k);
    this.scores = kernels.f32(k);
    const { scores, hashes, numLabels, numWorlds, numBuckets } = stored;
    const scratch = kernels.u8(kernels.retrievalScratchBytes(numWorlds, numBuckets));
    this.input = { scores, hashes, numLabels, prior: stored.prior, k, budget, scratch };
  }

  /** Answers `query`; `ms` is the retrieval alone. */
  run(query) {
    this.stored.read(query);
    const start = performance.now();
    const stats = this.kernels.retrieveLabels(this.input, this.labels, this.scores);
    return { ...stats, labels: this.labels, scores: this.scores, ms: performance.now() - start };
  }
}

/** Seconds after which a pass over the queries ends early; flat scores take a second each. */
const LONGEST_PASS = 90;
/** Passes that take less are repeated, and the first does not count. */
const REPEATED_PASS = 20;

/** Latency over the queries, with what was looked at; each answer compared with `expected` if given. */
export function measureExact(kernels, stored, k, { expected = null } = {}) {
  const retrieval = new Retrieval(kernels, stored, k);
  const answers = [];
  const numPasses = () => (answers.reduce((sum, { ms }) => sum + ms, 0) < 1000 * REPEATED_PASS ? 3 : 0);
  const start = performance.now();
  for (let query = 0; query < stored.numQueries; query++) {
    const { labels, scores, ...answer } = retrieval.run(query);
    if (expected !== null) checkSame(`query ${query}, top ${k}`, { ...answer, labels, scores }, expected[query], k);
    answers.push(answer);
    if (performance.now() - start > 1000 * LONGEST_PASS) break;
  }
  const passes = Array.from({ length: numPasses() }, () => answers.map((_, query) => retrieval.run(query).ms));
  if (passes.length === 0) passes.push(answers.map(({ ms }) => ms));
  const median = (name) => percentiles(answers.map((answer) => answer[name])).p50;
  const methods = {};
  for (const { method } of answers) methods[method] = (methods[method] ?? 0) + 1;
  return {
    k,
    isChecked: expected !== null,
    ...percentiles(passes.flat()),
    numQueries: answers.length,
    methods,
    lists: median("numLists"),
    enumerated: median("numEnumerated"),
    completed: median("numCompleted"),
    msOfQuery: answers.map((_, query) => percentiles(passes.map((times) => times[query])).p50),
  };
}

/** Latency and share of the exact best k that is found. */
function measureBudget(kernels, stored, k, budget, expected) {
  const retrieval = new Retrieval(kernels, stored, k, budget);
  const times = [];
  let [found, wanted, identical] = [0, 0, 0];
  for (let query = 0; query < stored.numQueries; query++) {
    const { labels, count, ms } = retrieval.run(query);
    const truth = expected[query].labels.subarray(0, k);
    const got = new Set(labels.subarray(0, count));
    const hits = truth.reduce((sum, label) => sum + (got.has(label) ? 1 : 0), 0);
    found += hits;
    wanted += truth.length;
    identical += hits === truth.length ? 1 : 0;
    times.push(ms);
  }
  return { k, ...budget, recall: found / wanted, complete: identical / stored.numQueries, ...percentiles(times) };
}

/** Share of queries whose own label is among the best k. */
function quality(stored, answers) {
  const shares = {};
  for (const k of [1, 10, 100]) {
    const hits = answers.filter(({ labels }, q) => labels.subarray(0, k).includes(stored.meta.labels[q])).length;
    shares[`r@${k}`] = hits / answers.length;
  }
  return shares;
}

function main({ folder, kind, seenOnly = false, withBudgets = false, numScans = 10 }) {
  const kernels = createKernels();
  const stored = new StoredScores(kernels, folder, { kind, seenOnly });
  const { numLabels, numBuckets, numWorlds, numQueries, numSeen } = stored;
  const name = seenOnly ? `${kind}, seen labels` : kind;
  stored.read(0);
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  new Retrieval(kernels, stored, Math.max(...KS)).run(0);
  const residentBytes = Math.max(0, process.memoryUsage().rss - before);

  console.error(`${name}: scanning ${numLabels} labels for ${numQueries} queries, the answer to compare with`);
  const scan = stored.scanAll(Math.max(...KS));
  const exact = KS.map((k) => measureExact(kernels, stored, k, { expected: scan.answers }));
  for (const { k, p50, p99 } of exact)
    console.error(`${name}: top ${k} in ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
  const ofBudgets = withBudgets ? BUDGETS : [];
  const budgets = KS.flatMap((k) => ofBudgets.map((b) => measureBudget(kernels, stored, k, b, scan.answers)));
  const scans = Array.from({ length: Math.min(numScans, numQueries) }, (_, query) => stored.scanOne(query, 100));
  scans.forEach((answer, query) => {
    checkSame(`scan of query ${query}`, answer, scan.answers[query], 100);
  });
  stored.close();
  return {
    kind,
    seenOnly,
    isa: kernels.info.isa,
    numLabels,
    numSeen,
    numBuckets,
    numWorlds,
    numQueries,
    scoreBytes: numWorlds * numBuckets * 4,
    scratchBytes: kernels.retrievalScratchBytes(numWorlds, numBuckets),
    hashBytes: numWorlds * 8,
    residentBytes,
    exact,
    budgets,
    scanOne: percentiles(scans.map(({ ms }) => ms)),
    scanBatchEach: scan.msEach,
    quality: quality(stored, scan.answers),
  };
}

if (process.argv[1].endsWith("retrieval.mjs")) console.log(JSON.stringify(main(JSON.parse(process.argv[2]))));
