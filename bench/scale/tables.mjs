/** @file The tables of docs/scale.md, each from the results of some parts. */
import { bytes, count, hours, markdown, ms, percent, seconds, times } from "./format.mjs";
import { extrapolate, networkBytes, PUBLISHED, softmaxParameters, worldParameters } from "./published.mjs";

const MERGES = [
  ["probability", "mean of p (published)"],
  ["smoothed", "sum of ln (p + 1/B)"],
  ["log", "sum of ln p"],
  ["log-seen", "sum of ln p, seen labels only (default)"],
];
const picture = (title, name) => `\n![${title}](images/scale-${name}.svg)\n`;
const exactOf = (retrieval, kind, k) => retrieval.merges[kind].exact.find((row) => row.k === k);
const storedOf = (index, k) => index.stored.latency.find((row) => row.k === k);

/** What was promised, and what was reached. */
export function summary({ train, retrieval, index }) {
  const { sampled, full } = train.systems;
  const adam = train.systems["sampled-adam"];
  const rows = [["", "wanted", "measured"]];
  const { scanOne, scratchBytes, hashBytes } = retrieval.merges.probability;
  const [top10, top100] = [10, 100].map((k) => exactOf(retrieval, "probability", k));
  const state = `${bytes(hashBytes)}, ${bytes(scratchBytes)}`;
  rows.push(["retrieval, beside the scores: state, scratch a thread", "< 1 MB, ≤ L/4 = 12.4 MB", state]);
  rows.push(["exact top 10: p50", "< 20 ms", `${ms(top10.p50)} ms`]);
  rows.push(["exact top 100: p50 / p99", "< 50 / 150 ms", `${ms(top100.p50)} / ${ms(top100.p99)} ms`]);
  rows.push(["top 100 against the vectorised scan", "≥ 20 ×", times(scanOne.p50 / top100.p50)]);
  rows.push(["top 100 against the naive scan", "≥ 100 ×", times(index.naive.c.ms / top100.p50)]);
  rows.push([
    "one world of the published shape: peak memory",
    "< 3 GB",
    `${bytes(sampled.peakBytes)}; two moments of every input weight: ${bytes(adam.peakBytes)}`,
  ]);
  const gain = sampled.examplesPerSecond / full.examplesPerSecond;
  rows.push(["sampled against full output, examples a second", "≥ 15 ×", `${gain.toFixed(1)} ×`]);
  return `${markdown(rows)}\nRetrieval by the mean of probabilities, as published; sums of logarithms are a harder matter: see below.`;
}

export function training({ train }) {
  const names = {
    sampled: "sampled, one moment a row of the input (default)",
    "sampled-adam": "sampled, Adam's two moments of every input weight",
    full: "full, one moment a row of the input",
  };
  const rows = [
    ["output, optimiser", "examples/s", "parameters", "their bytes", "optimiser", "peak", "batch, negatives"],
  ];
  for (const [name, s] of Object.entries(train.systems)) {
    const { batchSize, numNegatives, output } = s.options;
    const shape = output === "sampled" ? `${batchSize}, ${numNegatives}` : `${batchSize}`;
    rows.push([
      names[name] ?? name,
      count(s.examplesPerSecond),
      `${(s.numParameters / 1e6).toFixed(1)} M`,
      bytes(s.parameterBytes),
      bytes(s.optimizerBytes),
      bytes(s.peakBytes),
      shape,
    ]);
  }
  const checkpoints = [
    ["checkpoint", "size", "save", "peak while saving", "resume: read and check", "peak while resuming"],
  ];
  for (const [name, { checkpoint }] of Object.entries(train.systems)) {
    if (checkpoint === undefined) continue;
    const { sizeBytes, saveSeconds, peakBytes, resume } = checkpoint;
    checkpoints.push([
      names[name] ?? name,
      bytes(sizeBytes),
      seconds(saveSeconds),
      bytes(peakBytes),
      seconds(resume.loadSeconds),
      bytes(resume.peakBytes),
    ]);
  }
  const { sampled } = train.systems;
  const { processes, examplesPerSecond } = train.together;
  const share = (100 * examplesPerSecond) / (processes * sampled.examplesPerSecond);
  const together = `${processes} worlds at once, a core each: ${count(examplesPerSecond)} examples/s together, ${share.toFixed(0)} % of ${processes} times one.`;
  const forward = `All logits of one world for a query: ${ms(sampled.forward.one)} ms alone, ${ms(sampled.forward.batch64)} ms in a batch of 64.`;
  const losses = `Measured over ${count(sampled.steps)} steps, ${seconds(sampled.seconds)}; the running loss fell from ${sampled.lossBefore.toFixed(2)} to ${sampled.lossAfter.toFixed(2)} meanwhile (ln B = 9.21). A resumed run's next step had the same loss, bit for bit.`;
  return `${markdown(rows)}\n${markdown(checkpoints)}\n${together} ${forward} ${losses}`;
}

export function retrieval({ retrieval }) {
  const rows = [
    ["merge", "k", "p50, ms", "p90", "p99", "lists", "labels met", "completed", "by lists / all labels / scan"],
  ];
  for (const [kind, title] of MERGES) {
    for (const e of retrieval.merges[kind].exact) {
      const methods = ["lists", "labels", "scan"].map((name) => e.methods[name] ?? 0).join(" / ");
      rows.push([
        title,
        e.k,
        ms(e.p50),
        ms(e.p90),
        ms(e.p99),
        count(e.lists),
        count(e.enumerated),
        count(e.completed),
        methods,
      ]);
    }
  }
  const quality = [["own label among the best", "1", "10", "100"]];
  for (const [kind, title] of MERGES) {
    const { quality: q } = retrieval.merges[kind];
    quality.push([title, ...[1, 10, 100].map((k) => `${percent(q[`r@${k}`])} %`)]);
  }
  const { worlds, settings } = retrieval;
  const mean = (name) => worlds.reduce((sum, world) => sum + world[name], 0) / worlds.length;
  const trained = `Worlds: ${settings.numWorlds} of ${count(settings.numBuckets)} buckets, ${settings.hidden} hidden units, ${settings.epochs} passes over ${count(settings.rows)} queries, ${count(mean("cpuSeconds"))} processor seconds each. On held-out queries a world puts the true bucket first in ${percent(mean("first"))} % of the cases, at the median place ${count(mean("medianPlace"))} of ${count(settings.numBuckets)}, mean ln P ${mean("meanLog").toFixed(2)} (${(-Math.log(settings.numBuckets)).toFixed(2)} would be chance).`;
  const { numQueries, numLabels } = retrieval.merges.log;
  const { numSeen } = retrieval.merges["log-seen"];
  const note = `${numQueries} held-out queries, three times each where a query takes below 0.1 s; lists, labels met and completed are medians. ${count(numSeen)} of ${count(numLabels)} labels occur in training.`;
  return `${markdown(rows)}\n${note} ${trained}\n${markdown(quality)}${picture("Latency of exact retrieval", "latency")}`;
}

/** Retrieval as plan predicts it and as it is. */
export function planLatency({ plan }) {
  const rows = [["merge, labels", "worlds", "predicted, ms", "measured, ms"]];
  for (const { merge, seenOnly, numWorlds, predicted, measured } of plan.rows) {
    rows.push([`${merge}, ${seenOnly ? "seen" : "all"}`, numWorlds, ms(predicted), ms(measured.p50)]);
  }
  return `Finding the top 10 with the worlds of the retrieval above, and as planned without them; medians:\n\n${markdown(rows)}`;
}

export function budgets({ retrieval }) {
  const rows = [["merge", "buckets a world, worlds", "recall@10", "p50, ms", "recall@100", "p50, ms", "p99, ms"]];
  for (const [name, title] of MERGES) {
    const ofMerge = retrieval.merges[name].budgets;
    for (const top10 of ofMerge.filter(({ k }) => k === 10)) {
      const { bucketsPerWorld: m, minWorlds } = top10;
      const isSame = (b) => b.k === 100 && b.bucketsPerWorld === m && b.minWorlds === minWorlds;
      const top100 = ofMerge.find(isSame);
      const recalls = [top10, top100].map(({ recall }) => `${percent(recall)} %`);
      rows.push([title, `${m}, ${minWorlds}`, recalls[0], ms(top10.p50), recalls[1], ms(top100.p50), ms(top100.p99)]);
    }
  }
  return markdown(rows);
}

export function baselines({ retrieval, index }) {
  const rows = [["top 100, mean of p", "p50, ms", "p99, ms", "beside the scores", "before the first query"]];
  const { scanOne, scanBatchEach, scratchBytes } = retrieval.merges.probability;
  const exact = exactOf(retrieval, "probability", 100);
  const stored = storedOf(index, 100);
  rows.push(["computed lists", ms(exact.p50), ms(exact.p99), bytes(scratchBytes), "–"]);
  rows.push([
    "stored lists, same algorithm",
    ms(stored.p50),
    ms(stored.p99),
    bytes(index.stored.listBytes),
    seconds(index.stored.buildSeconds),
  ]);
  rows.push(["vectorised scan, one query", ms(scanOne.p50), ms(scanOne.p99), "–", "–"]);
  rows.push(["vectorised scan, 16 queries at once, each", ms(scanBatchEach), "", "–", "–"]);
  rows.push([
    `naive scan in C, from the first ${count(index.naive.c.scanned)} labels`,
    ms(index.naive.c.ms),
    "",
    "–",
    "–",
  ]);
  const { javascript } = index.naive;
  rows.push([
    `naive scan in JavaScript, from the first ${count(javascript.scanned)} labels`,
    ms(javascript.ms),
    "",
    "–",
    "–",
  ]);
  return `${markdown(rows)}\nTop 10: computed lists ${ms(exactOf(retrieval, "probability", 10).p50)} ms, stored lists ${ms(storedOf(index, 10).p50)} ms.`;
}

export function memory({ train, retrieval, index }) {
  const { sampled } = train.systems;
  const adam = train.systems["sampled-adam"];
  const { scratchBytes, scoreBytes, hashBytes } = retrieval.merges.probability;
  const world = 4 * worldParameters();
  const [trainLow, trainHigh] = PUBLISHED.trainingBytes;
  const [evalLow, evalHigh] = PUBLISHED.evaluationBytes;
  const softmax = softmaxParameters();
  return markdown([
    ["32 worlds of the published shape", "published", "here"],
    ["parameters", "5.77 billion", `${((32 * worldParameters()) / 1e9).toFixed(2)} billion`],
    [
      "the same layer as one softmax",
      "100 billion",
      `${(softmax / 1e9).toFixed(1)} billion: ${bytes(16 * softmax)} with gradients and Adam`,
    ],
    [
      "to train",
      `${trainLow / 1e9}–${trainHigh / 1e9} GB, all at once`,
      `${bytes(sampled.peakBytes)} a world at a time (two moments of every input weight: ${bytes(adam.peakBytes)})`,
    ],
    ["to serve: parameters", "", `${bytes(32 * world)} (one world: ${bytes(world)})`],
    [
      "to serve: from scores to labels",
      `most of ${evalLow / 1e9}–${evalHigh / 1e9} GB: lookup tables`,
      `${bytes(hashBytes)} of hashes, ${bytes(scratchBytes)} of scratch and ${bytes(scoreBytes)} of scores a thread`,
    ],
    ["the same with stored lists", "", bytes(index.stored.listBytes)],
  ]);
}

export function publishedRun({ train }) {
  const rows = [["passes", "worlds", "one world on one core", "all, both cores", "published"]];
  for (const [passes, numWorlds] of [
    [1, 8],
    [1, 32],
    [3, 32],
    [10, 32],
  ]) {
    const e = extrapolate(train, { passes, numWorlds });
    const there = numWorlds === 32 ? `${PUBLISHED.trainingHours} h, ${PUBLISHED.machine}` : "";
    rows.push([passes, numWorlds, `${hours(e.worldHours)} h`, `${hours(e.hours)} h`, there]);
  }
  const { data, worldBytes, atOnce, totalBytes } = extrapolate(train);
  const memoryLine = `Memory with ${atOnce} worlds at once: ${bytes(data.shared)} of queries, shared, and for each world ${bytes(worldBytes)} measured and ${bytes(data.ofWorld)} of hashed targets: ${bytes(totalBytes)} in all.`;
  return `${markdown(rows)}\n${memoryLine}`;
}

/** A billion labels: R worlds on some machines, ranges of labels on others. */
const BILLION = {
  numLabels: 1e9,
  numFeatures: 80_000,
  hidden: 512,
  numBuckets: 40_000,
  numWorlds: 32,
  worldShards: 8,
  labelShards: 20,
};

export function billion({ retrieval, growth }) {
  const { numLabels, numBuckets, numWorlds, worldShards, labelShards } = BILLION;
  const perShard = numLabels / labelShards;
  const point = growth.retrieval.buckets.find((p) => p.numBuckets === numBuckets);
  const { lists, completed } = point.top100;
  const scale = perShard / point.numLabels;
  const net = networkBytes({
    numWorlds,
    numBuckets,
    worldShards,
    labelShards,
    lists,
    completed: completed * scale,
    k: 100,
  });
  const parameters = worldParameters(BILLION);
  const { recall, bucketsPerWorld, minWorlds } = retrieval.merges.log.budgets.filter((b) => b.k === 100).at(-1);
  const prefix = labelShards * (numWorlds * bucketsPerWorld * 8 + 800);
  const plan = markdown([
    ["", ""],
    [
      "model",
      `${numWorlds} worlds, ${count(numBuckets)} buckets, hidden ${BILLION.hidden}: ${(parameters / 1e6).toFixed(1)} M numbers a world, ${bytes(4 * parameters)}; ${count(numLabels / numBuckets)} labels a bucket`,
    ],
    [
      "world machines",
      `${worldShards} with ${numWorlds / worldShards} worlds each: ${bytes((4 * parameters * numWorlds) / worldShards)} of parameters`,
    ],
    [
      "label machines",
      `${labelShards} with ${count(perShard)} labels each: ${bytes(numWorlds * 8)} of hashes, ${bytes(4 * numWorlds * numBuckets)} of scores and some MB of scratch a thread; no index to build, ship or keep consistent`,
    ],
    [
      "retrieval on each",
      `${ms(point.top100.p50 * scale)} ms (median, exact top 100; measured with ${count(point.numLabels)} labels at this B, times ${scale.toFixed(2)})`,
    ],
  ]);
  const bytesTable = markdown([
    ["what crosses the network for one query", "bytes in all", "exact?"],
    ["all rows to one machine, which walks all labels", bytes(net.rows), "yes"],
    [`all rows to each of ${labelShards} label machines, k answers each`, bytes(net.rowsToAll), "yes"],
    [
      "the same in half precision",
      bytes(labelShards * (net.halfRows + 800)),
      "but for scores that round to the same half",
    ],
    [`heads to the label machines, candidates back to the world machines, partial sums forth`, bytes(net.heads), "yes"],
    [
      `the best ${bucketsPerWorld} buckets of each world to the label machines; labels met in ${minWorlds} worlds`,
      bytes(prefix),
      `recall@100 ${percent(recall)} % at 49.46 M labels, by sums of ln p`,
    ],
  ]);
  return `${plan}\n${bytesTable}\nHeads: ${count(lists)} lists of 8 bytes; candidates: ${count(completed * scale)} a label machine, a number of 4 bytes to and a partial sum of 4 bytes from each of ${worldShards} world machines (medians).`;
}

function growthTable(points, name, title) {
  return markdown([
    [title, "top 10, ms", "top 100, ms", "p99", "scan, ms", "labels met", "completed", "own label in the best 100"],
    ...points.map((p) => [
      count(p[name]),
      ms(p.top10.p50),
      ms(p.top100.p50),
      ms(p.top100.p99),
      ms(p.scan),
      count(p.top100.enumerated),
      count(p.top100.completed),
      `${percent(p["r@100"])} %`,
    ]),
  ]);
}

export const growthLabels = ({ growth }) =>
  growthTable(growth.retrieval.labels, "numLabels", "L") +
  picture("Retrieval against labels", "labels") +
  trainingLine("Training does not see L", growth.training.labels, "numLabels");

export function growthBuckets({ growth }) {
  const { bucketsSampled, bucketsFull } = growth.training;
  const table = markdown([
    ["B", "parameters", "sampled, examples/s", "full, examples/s", "sampled : full"],
    ...bucketsSampled.map((p, i) => [
      count(p.numBuckets),
      `${(p.numParameters / 1e6).toFixed(1)} M`,
      count(p.examplesPerSecond),
      count(bucketsFull[i].examplesPerSecond),
      times(p.examplesPerSecond / bucketsFull[i].examplesPerSecond),
    ]),
  ]);
  const retrievalPart =
    growthTable(growth.retrieval.buckets, "numBuckets", "B") + picture("Retrieval against buckets", "buckets");
  return `${retrievalPart}\n${table}${picture("Training against buckets", "training-buckets")}`;
}

export const growthWorlds = ({ growth }) =>
  growthTable(growth.retrieval.worlds, "numWorlds", "R") + picture("Retrieval against worlds", "worlds");

export function growthRows({ growth }) {
  const hidden = growth.training.hiddenSampled.map((p) => `${p.hidden[0]}: ${count(p.examplesPerSecond)}`).join(" · ");
  return `${trainingLine("A pass costs what its rows cost", growth.training.rows, "rows")}${picture("Training against rows", "training-rows")}\nExamples a second by hidden units: ${hidden}.\n${picture("Training against hidden units", "training-hidden")}`;
}

const trainingLine = (text, points, name) =>
  `\n${text}: ${points.map((p) => `${count(p[name])}: ${count(p.examplesPerSecond)} examples/s`).join(" · ")}.\n`;
