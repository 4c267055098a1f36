/**
 * @file The published run, and what it would take on this machine: every assumption is a line here and in docs/scale.md.
 *
 * Source: Medini et al., "Extreme Classification in Log Memory using Count-Min Sketch: A Case Study of Amazon Search with
 * 50M Products", NeurIPS 2019, §4.
 */
export const PUBLISHED = {
  numQueries: 70_000_000,
  numLabels: 49_460_000,
  numFeatures: 80_000,
  hidden: 2000,
  numBuckets: 10_000,
  numWorlds: 32,
  machine: "8 GPUs (p3.16xlarge)",
  trainingHours: "32–34",
  trainingBytes: [150e9, 180e9],
  evaluationBytes: [80e9, 90e9],
};

/** Numbers of one world of the published shape. */
export function worldParameters({ numFeatures, hidden, numBuckets } = PUBLISHED) {
  return (numFeatures + 1) * hidden + (hidden + 1) * numBuckets;
}

/** Numbers of a softmax over all labels on the same hidden layer. */
export function softmaxParameters({ numFeatures, hidden, numLabels } = PUBLISHED) {
  return (numFeatures + 1) * hidden + (hidden + 1) * numLabels;
}

/**
 * Bytes of `numRows` queries in memory: features (CSR, u32 columns and f32 values), labels, the order of an epoch, and of
 * each world in training its buckets (CSR).
 */
export function dataBytes(numRows, entriesPerRow) {
  const shared = numRows * (8 * entriesPerRow + 4 + 8);
  return { shared, ofWorld: numRows * (4 + 12) };
}

/**
 * The published run on this machine, from `train` (bench/results/scale/train.json). Assumes: examples a second do not
 * depend on how many there are; as many worlds at once as were measured at once; one label a query.
 */
export function extrapolate(
  { systems, together, entriesPerRow },
  { passes = 1, numWorlds = PUBLISHED.numWorlds } = {},
) {
  const { examplesPerSecond, peakBytes, baseBytes } = systems.sampled;
  const atOnce = together.processes;
  const rate = together.examplesPerSecond;
  const worldHours = (passes * PUBLISHED.numQueries) / examplesPerSecond / 3600;
  const hours = (passes * numWorlds * PUBLISHED.numQueries) / rate / 3600;
  const data = dataBytes(PUBLISHED.numQueries, entriesPerRow);
  const worldBytes = peakBytes - baseBytes;
  return {
    passes,
    numWorlds,
    worldHours,
    hours,
    atOnce,
    data,
    worldBytes,
    totalBytes: data.shared + atOnce * (worldBytes + data.ofWorld),
  };
}

/** What crosses the network for one query of a model spread over machines, in bytes, by scheme. */
export function networkBytes({ numWorlds, numBuckets, worldShards, labelShards, lists, completed, k }) {
  const rows = numWorlds * numBuckets * 4;
  const answer = 8 * k;
  return {
    /** One machine retrieves: it receives all rows. */
    rows,
    /** As f16, ordered exactly by re-scoring what survives: half. */
    halfRows: rows / 2,
    /** Every label shard receives all rows and answers k labels. */
    rowsToAll: labelShards * (rows + answer),
    /**
     * Heads alone go to the label shards, their candidates' numbers back to the world shards, partial sums forth. Each
     * label shard completes about as many labels as one machine of its size would.
     */
    heads: labelShards * (lists * 8 + completed * (4 * worldShards + 4 * worldShards) + answer),
  };
}
