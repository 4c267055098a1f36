/**
 * @file GloVe from a corpus of ids to word vectors: count, merge, train, on all cores, in bounded memory.
 *
 *   EncodedCorpus ─ count (a range a thread) ─▶ runs ─ merge (one thread) ─▶ buckets ─ train (a bucket a time a thread) ─▶ w + w̃
 *
 * The model: w_i·w̃_j + b_i + b̃_j ≈ ln X_ij, weighted least squares over the cells that are not 0. A cell of the symmetric X
 * is two examples, (i, j) and (j, i); they share no parameter and are trained together. Threads update one shared state
 * without locks (Hogwild!, NIPS 2011): cells are met at random, so two threads rarely hold the same word; what is lost then
 * is one of two small steps. One thread gives the same bytes each time.
 *
 * Source: Pennington, Socher, Manning, "GloVe: Global Vectors for Word Representation", EMNLP 2014.
 * Differs from their tool: f32 for doubles, a new random order in each iteration, no clipping of gradients, no header words.
 */
import { rmSync } from "node:fs";
import { createTemporaryDirectory } from "../../checkpoint/temporary-directory.node.js";
import { ConfigError } from "../../core/errors.js";
import { Rng } from "../../core/rng.js";
import { sharedArray } from "../../data/chunked-array.js";
import { gloveRowLength, type Kernels } from "../../kernels/contract.js";
import { createKernels } from "../../kernels/index.js";
import { runJobs } from "../../parallel/worker-pool.node.js";
import type { EncodedCorpus } from "../encoded-corpus.node.js";
import { WordVectors } from "../word-vectors.js";
import type { GloveJob, GloveJobProgress, GloveJobResult, GloveShared } from "./glove-job.js";
import { countMemoryBytes, type GloveOptions, gloveOptions } from "./glove-options.js";
import type { PairRun } from "./pair-run.node.js";
import type { TripleBucket } from "./triple-buckets.node.js";

/** How far counting, merging or training has come. */
export interface GloveProgress {
  readonly stage: "counting" | "merging" | "training";
  /** 0 … 1, of the stage. */
  readonly fraction: number;
  /** Training: the iteration that the work done amounts to, from 1. */
  readonly iteration?: number;
  /** Training: mean of ½·f(x)·e² over the latest whole iteration; NaN before the first is done. */
  readonly loss?: number;
}

/** How `trainGlove` is to run; what is left out is GLOVE_DEFAULTS. */
export interface GloveRun extends Partial<GloveOptions> {
  /** Threads that count and train. Default 1; WASM kernels, which share no memory, use 1. */
  readonly numThreads?: number;
  /** For counting and merging, all threads together. Default 1 GiB; at least 1 MiB. */
  readonly memoryBytes?: number;
  /** Where temporary files go. Default: the system's directory for them. They are removed at the end, whatever it is. */
  readonly temporaryDirectory?: string;
  /** Aborting it ends the run with an InterruptedError. */
  readonly signal?: AbortSignal | undefined;
  /** Called at the start of each stage and as work is done. */
  readonly onProgress?: ((progress: GloveProgress) => void) | undefined;
}

/** Vectors, and how training went. */
export interface GloveResult {
  /** w + w̃ of each word, in the order of `words`; on shared memory. */
  readonly vectors: WordVectors;
  /** Cells of X that are not 0, (i, j) and (j, i) counted as one. */
  readonly numCells: number;
  /** Mean ½·f(x)·e² of each iteration. */
  readonly losses: readonly number[];
  /** Threads there were: 1 with WASM kernels, whatever was asked for. */
  readonly numThreads: number;
  /** Of each stage, starting its threads included. */
  readonly seconds: { readonly counting: number; readonly merging: number; readonly training: number };
  /** As given, defaults filled in. */
  readonly options: GloveOptions;
}

const WORKER = new URL("./glove-worker.node.js", import.meta.url);

/**
 * Trains on a corpus whose ids are those of `words`, most frequent first.
 * @throws {ConfigError} for options that make no sense, or a corpus without two words near each other.
 * @throws {DivergenceError} when the loss is not finite. @throws {InterruptedError} when `signal` aborts.
 */
export async function trainGlove(
  corpus: EncodedCorpus,
  words: readonly string[],
  run: GloveRun = {},
): Promise<GloveResult> {
  const { numThreads: given = 1, memoryBytes, temporaryDirectory, signal, onProgress, ...chosen } = run;
  const options = gloveOptions(chosen);
  const memory = countMemoryBytes(memoryBytes);
  if (!(Number.isInteger(given) && given >= 1)) throw new ConfigError(`GloVe: expected 1 thread or more, got ${given}`);
  const kernels = createKernels();
  const numThreads = kernels.info.backend === "wasm" ? 1 : given;
  const directory = createTemporaryDirectory("glove", temporaryDirectory);
  const threads = new Threads(options, numThreads, signal, onProgress ?? (() => {}));
  try {
    const runs = await threads.count(corpus, words.length, memory, directory);
    const buckets = await threads.merge(runs, words.length, memory, directory);
    if (buckets.length === 0)
      throw new ConfigError("GloVe: expected words near each other, got none; is each line one word?");
    const state = startState(kernels, words.length, options);
    const losses = await threads.train(buckets, state);
    return {
      vectors: new WordVectors(words, sumOfParts(state, words.length, options.dimension), options.dimension),
      numCells: buckets.reduce((sum, { numTriples }) => sum + numTriples, 0),
      losses,
      numThreads,
      seconds: threads.seconds,
      options,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The three stages, each on a pool of its own. */
class Threads {
  readonly seconds = { counting: 0, merging: 0, training: 0 };
  readonly #options: GloveOptions;
  readonly #numThreads: number;
  readonly #signal: AbortSignal | undefined;
  readonly #report: (progress: GloveProgress) => void;

  constructor(
    options: GloveOptions,
    numThreads: number,
    signal: AbortSignal | undefined,
    report: (progress: GloveProgress) => void,
  ) {
    this.#options = options;
    this.#numThreads = numThreads;
    this.#signal = signal;
    this.#report = report;
  }

  async count(corpus: EncodedCorpus, numWords: number, memory: number, directory: string): Promise<PairRun[]> {
    const { window } = this.#options;
    const numParts = Math.min(this.#numThreads, Math.max(1, Math.floor(corpus.numIds / (64 * window))));
    const bound = (part: number): number => Math.floor((corpus.numIds * part) / numParts);
    const jobs = Array.from({ length: numParts }, (_, index) => ({
      ...{ kind: "count" as const, index, corpus: corpus.data, from: bound(index), to: bound(index + 1) },
      ...{ window, numWords, memoryBytes: memory / numParts, directory },
    }));
    const done = new Float64Array(numParts);
    const runs: PairRun[] = [];
    await this.#run(
      "counting",
      jobs,
      null,
      0,
      (job, result) => {
        if (result.kind === "counted") runs.push(...result.runs);
        done[job.index] = job.to - job.from;
      },
      (job, progress) => {
        done[job.index] = progress.done;
        this.#report({ stage: "counting", fraction: Math.min(1, done.reduce((a, b) => a + b) / corpus.numIds) });
      },
    );
    return runs;
  }

  async merge(
    runs: readonly PairRun[],
    numWords: number,
    memoryBytes: number,
    directory: string,
  ): Promise<readonly TripleBucket[]> {
    const job = { kind: "merge" as const, runs, numWords, memoryBytes, directory, seed: this.#options.seed };
    const most = Math.max(1, ...runs.map(({ numPairs }) => numPairs));
    let buckets: readonly TripleBucket[] = [];
    await this.#run(
      "merging",
      [job],
      null,
      0,
      (_, result) => {
        if (result.kind === "merged") ({ buckets } = result);
      },
      (_, progress) => this.#report({ stage: "merging", fraction: Math.min(1, progress.done / most) }),
    );
    return buckets;
  }

  /** @returns the mean loss of each iteration. */
  async train(buckets: readonly TripleBucket[], state: Float32Array): Promise<number[]> {
    const { iterations, seed } = this.#options;
    const rng = Rng.derive(seed, "glove", "orders");
    const jobs = Array.from({ length: iterations }, (_, epoch) => {
      const order = Uint32Array.from(buckets, (_, index) => index);
      rng.shuffle(order);
      return Array.from(order, (index) => ({
        kind: "train" as const,
        epoch,
        bucket: buckets[index],
        seed: rng.nextUint32(),
      }));
    }).flat();
    const numCells = buckets.reduce((sum, { numTriples }) => sum + numTriples, 0);
    const losses = new Float64Array(iterations);
    const cells = new Float64Array(iterations);
    let done = 0;
    let lastWhole = -1;
    const mostTriples = Math.max(...buckets.map(({ numTriples }) => numTriples));
    await this.#run(
      "training",
      jobs,
      state,
      mostTriples,
      ({ epoch }, result) => {
        if (result.kind !== "trained") return;
        losses[epoch] += result.loss / numCells;
        cells[epoch] += result.numCells;
        done += result.numCells;
        // Threads drift apart: the cells of an early iteration may be the last that are done.
        if (cells[epoch] === numCells) lastWhole = Math.max(lastWhole, epoch);
        this.#report({
          stage: "training",
          fraction: done / (numCells * iterations),
          iteration: Math.min(iterations, 1 + Math.floor(done / numCells)),
          loss: lastWhole === -1 ? Number.NaN : losses[lastWhole],
        });
      },
      () => {},
    );
    return [...losses];
  }

  async #run<J extends GloveJob>(
    stage: GloveProgress["stage"],
    jobs: readonly J[],
    state: Float32Array | null,
    mostTriples: number,
    onResult: (job: J, result: GloveJobResult) => void,
    onProgress: (job: J, progress: GloveJobProgress) => void,
  ): Promise<void> {
    const { dimension, learningRate, xMax, alpha } = this.#options;
    const shared: GloveShared = { state, dimension, learningRate, xMax, alpha, mostTriples };
    const startedMs = performance.now();
    this.#report({ stage, fraction: 0, ...(stage === "training" ? { iteration: 1, loss: Number.NaN } : {}) });
    await runJobs<J, GloveJobProgress, GloveJobResult>(
      jobs,
      {
        script: WORKER,
        numThreads: this.#numThreads,
        shared,
        onProgress,
        ...(this.#signal === undefined ? {} : { signal: this.#signal }),
      },
      onResult,
    );
    this.seconds[stage] = (performance.now() - startedMs) / 1000;
  }
}

/** Vectors and biases uniform in ±½/dimension, squares 1, as the tool starts; on shared memory. */
function startState(kernels: Kernels, numWords: number, { dimension, seed }: GloveOptions): Float32Array {
  const row = gloveRowLength(dimension);
  const part = row / 4;
  const state = sharedArray(Float32Array, numWords * row);
  const rng = Rng.derive(seed, "glove", "start");
  const drawn = kernels.f32(2 * (dimension + 1));
  for (let start = 0; start < state.length; start += row) {
    kernels.fillUniform(drawn.length, -0.5 / dimension, 0.5 / dimension, rng.nextUint32(), drawn);
    state.set(drawn.subarray(0, dimension + 1), start);
    state.set(drawn.subarray(dimension + 1), start + part);
    state.fill(1, start + 2 * part, start + 2 * part + dimension + 1);
    state.fill(1, start + 3 * part, start + 3 * part + dimension + 1);
  }
  return state;
}

/** w + w̃ of each word: the paper's §4.2 found the sum a little better than either. */
function sumOfParts(state: Float32Array, numWords: number, dimension: number): Float32Array {
  const row = gloveRowLength(dimension);
  const out = sharedArray(Float32Array, numWords * dimension);
  for (let i = 0; i < numWords; i++) {
    for (let d = 0; d < dimension; d++) out[i * dimension + d] = state[i * row + d] + state[i * row + row / 4 + d];
  }
  return out;
}
