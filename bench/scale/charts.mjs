/** @file The pictures of docs/scale.md that come from measurements. retrieval-by-lists.svg is drawn by hand. */

const log = (label) => ({ label, scale: "log" });
const POINTS = { dots: true };

/** By name, what lineChart draws; only those whose results are there. */
export function charts({ retrieval, growth }) {
  return { ...(retrieval === undefined ? {} : latency(retrieval)), ...(growth === undefined ? {} : curves(growth)) };
}

function latency({ merges }) {
  const series = [];
  for (const [name, title] of [
    ["probability", "mean probability"],
    ["log-seen", "ln p, seen labels"],
    ["log", "ln p"],
  ]) {
    const { msOfQuery } = merges[name].exact.find(({ k }) => k === 100);
    const sorted = [...msOfQuery].sort((x, y) => x - y);
    series.push({ name: title, points: sorted.map((ms, i) => [(100 * (i + 1)) / sorted.length, ms]) });
  }
  return {
    latency: {
      title: "Exact top 100 of 49.46 million labels, one core",
      x: { label: "share of the queries that take at most so long, %", include: [0, 100] },
      y: log("ms a query (log)"),
      series,
    },
  };
}

function curves({ retrieval, training }) {
  const over = (points, name) => [
    { name: "scan of one query", ...POINTS, dashed: true, points: points.map((p) => [p[name], p.scan]) },
    { name: "exact top 100", ...POINTS, points: points.map((p) => [p[name], p.top100.p50]) },
    { name: "exact top 10", ...POINTS, points: points.map((p) => [p[name], p.top10.p50]) },
  ];
  const speeds = (name, x, points) => ({ name, ...POINTS, points: points.map((p) => [x(p), p.examplesPerSecond]) });
  return {
    labels: {
      title: "Retrieval against labels: 32 worlds of 10,000 buckets",
      x: log("labels (L, log)"),
      y: log("ms, median (log)"),
      series: over(retrieval.labels, "numLabels"),
    },
    buckets: {
      title: "Retrieval against buckets: 49.46 million labels, 32 worlds",
      x: log("buckets (B, log)"),
      y: log("ms, median (log)"),
      series: over(retrieval.buckets, "numBuckets"),
    },
    worlds: {
      title: "Retrieval against worlds: 49.46 million labels, 10,000 buckets",
      x: { label: "worlds (R)", include: [0] },
      y: log("ms, median (log)"),
      series: over(retrieval.worlds, "numWorlds"),
    },
    "training-buckets": {
      title: "Training against buckets: one core, 256 hidden units",
      x: log("buckets (B, log)"),
      y: log("examples a second (log)"),
      series: [
        speeds("sampled output", (p) => p.numBuckets, training.bucketsSampled),
        speeds("full output", (p) => p.numBuckets, training.bucketsFull),
      ],
    },
    "training-hidden": {
      title: "Training against hidden units: one core, 10,000 buckets, sampled",
      x: log("hidden units (H, log)"),
      y: log("examples a second (log)"),
      series: [speeds("sampled output", (p) => p.hidden[0], training.hiddenSampled)],
    },
    "training-rows": {
      title: "Training against rows: one pass, one core, 256 hidden units, 10,000 buckets",
      x: log("rows (N, log)"),
      y: log("seconds (log)"),
      series: [
        {
          name: "a pass",
          ...POINTS,
          points: training.rows.map((p) => [p.rows, p.rows / p.examplesPerSecond]),
        },
      ],
    },
  };
}
