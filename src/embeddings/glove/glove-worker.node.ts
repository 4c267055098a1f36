/**
 * @file One thread of GloVe: counts a range, merges runs, or trains on a bucket, as its jobs say.
 */
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { explainStorage } from "../../checkpoint/storage-error.js";
import { DivergenceError, InterruptedError } from "../../core/errors.js";
import { createKernels } from "../../kernels/index.js";
import { serveJobs } from "../../parallel/job-server.node.js";
import { EncodedCorpus } from "../encoded-corpus.node.js";
import { countRange, idBitsOf } from "./count-pairs.node.js";
import type { GloveJob, GloveJobProgress, GloveJobResult, GloveShared } from "./glove-job.js";
import { mergeRuns } from "./merge-runs.node.js";
import { readWords } from "./pair-run.node.js";
import { TripleBuckets } from "./triple-buckets.node.js";

const kernels = createKernels();
/** Triples between two looks at the stop flag: some tens of milliseconds. */
const SLICE_TRIPLES = 65_536;
let triples: Uint32Array | null = null;

interface Watch {
  /** Reports progress, at most a few times a second; throws when the owner wants to stop. */
  check(done: number): void;
}

serveJobs<GloveShared, GloveJob, GloveJobProgress, GloveJobResult>((shared, job, context) => {
  let lastMs = 0;
  const watch: Watch = {
    check(done) {
      if (context.shouldStop()) throw new InterruptedError("GloVe: interrupted");
      const now = performance.now();
      if (now - lastMs < 100) return;
      lastMs = now;
      context.postProgress({ done });
    },
  };
  switch (job.kind) {
    case "count":
      return count(job, watch);
    case "merge":
      return merge(job, watch);
    case "train":
      return train(shared, job, watch);
  }
});

function count(job: GloveJob & { kind: "count" }, watch: Watch): GloveJobResult {
  const { from, to, window, numWords, memoryBytes, directory, index } = job;
  const numContext = Math.min(window, from);
  const reader = new EncodedCorpus(job.corpus).open(from - numContext, to);
  let numRuns = 0;
  try {
    const newPath = (): string => join(directory, `run-${index}-${numRuns++}`);
    const check = (done: number): void => watch.check(done);
    return {
      kind: "counted",
      runs: countRange(reader, numContext, {
        kernels,
        numWords,
        numIds: numContext + to - from,
        window,
        memoryBytes,
        newPath,
        check,
      }),
    };
  } finally {
    reader.close();
    kernels.dispose();
  }
}

function merge(job: GloveJob & { kind: "merge" }, watch: Watch): GloveJobResult {
  const { runs, numWords, memoryBytes, directory, seed } = job;
  const numPairs = runs.reduce((sum, run) => sum + run.numPairs, 0);
  const buckets = new TripleBuckets(directory, numPairs, seed);
  let numRuns = 0;
  let done = 0;
  try {
    const newPath = (): string => join(directory, `merged-${numRuns++}`);
    mergeRuns(
      runs,
      { kernels, idBits: idBitsOf(numWords), memoryBytes, newPath, check: () => watch.check(done) },
      (list, count) => {
        buckets.add(list, count);
        done += count;
      },
    );
    return { kind: "merged", buckets: buckets.finish() };
  } finally {
    buckets.close();
    kernels.dispose();
  }
}

function train(
  shared: GloveShared,
  { bucket, epoch, seed }: GloveJob & { kind: "train" },
  watch: Watch,
): GloveJobResult {
  const { state, dimension, learningRate, xMax, alpha, mostTriples } = shared;
  if (state === null) throw new Error("GloVe: expected a state to train");
  triples ??= kernels.u32(3 * mostTriples);
  const { path, numTriples } = bucket;
  readBucket(path, triples.subarray(0, 3 * numTriples));
  kernels.shuffleTriples(numTriples, seed, triples);
  // WASM copies the whole state for each call.
  const slice = kernels.info.backend === "wasm" ? numTriples : SLICE_TRIPLES;
  let loss = 0;
  for (let at = 0; at < numTriples; at += slice) {
    const count = Math.min(slice, numTriples - at);
    const step = { dimension, learningRate, xMax, alpha };
    loss += kernels.gloveStep(step, count, triples.subarray(3 * at), state);
    if (!Number.isFinite(loss)) {
      throw new DivergenceError(
        `GloVe: the loss became ${loss} in iteration ${epoch + 1}; try a learning rate below ${learningRate}`,
        epoch + 1,
      );
    }
    watch.check(at + count);
  }
  return { kind: "trained", loss, numCells: numTriples };
}

function readBucket(path: string, words: Uint32Array): void {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    throw explainStorage(path, "could not be read", error);
  }
  try {
    readWords(fd, path, words, 0);
  } finally {
    closeSync(fd);
  }
}
