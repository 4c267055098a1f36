/**
 * @file word2vec from text files to vectors: count, encode, then train without locks on all cores.
 *
 *   files ──countWords──▶ Vocabulary ──encodeCorpus──▶ ids on disk ──T threads, a slice each──▶ one pair of matrices
 *
 * Why lock-free threads do no harm: a window moves a dozen rows of tens of thousands, so two threads seldom hold the same
 * one, and what is lost then is one small step of one row. With more than one thread the vectors differ a little from run
 * to run; with one they are a function of text, options and seed, on the same kernels.
 *
 * Sources: Mikolov, Chen, Corrado, Dean, "Efficient Estimation of Word Representations in Vector Space", ICLR 2013
 * (skip-gram, CBOW); Mikolov et al., NIPS 2013 (negatives, sub-sampling); Niu, Recht, Ré, Wright, "Hogwild!", NIPS 2011;
 * Ji, Satish, Li, Dubey, 2016 (negatives shared by a window, as matrix products: kernels/word_window.h).
 * Differs from the C tool: exact σ instead of a table cut at ±6; negatives shared by a window; no word `</s>`.
 */
import { availableParallelism } from "node:os";
import { ConfigError, InterruptedError } from "../core/errors.js";
import type { Kernels } from "../kernels/contract.js";
import { createKernels } from "../kernels/create.node.js";
import { runJobs } from "../parallel/worker-pool.node.js";
import { type CorpusProgress, countWords, encodeCorpus } from "./corpus.node.js";
import type { EncodedCorpus } from "./encoded-corpus.node.js";
import { trainSlice } from "./train-slice.node.js";
import type { Vocabulary } from "./vocabulary.js";
import { WordVectors } from "./word-vectors.js";
import { fingerprintRun, Word2VecCheckpoint } from "./word2vec-checkpoint.node.js";
import { createWordModel, unpadVectors, type WordMemory } from "./word2vec-model.js";
import { chooseWord2VecOptions, initialAlpha, type Word2VecOptions } from "./word2vec-options.js";
import {
  fractionDone,
  meanLosses,
  startOfRun,
  type Word2VecJob,
  type Word2VecJobProgress,
  type Word2VecRun,
} from "./word2vec-run.js";

/** How far training has come. */
export interface Word2VecProgress {
  readonly stage: "training";
  /** 0 … 1 of all iterations. */
  readonly fraction: number;
  /** Words of the vocabulary in the text, sub-sampled ones included, as the C tool counts them; of all threads. */
  readonly wordsPerSecond: number;
  /** Until the last iteration ends, at the speed so far. */
  readonly etaSeconds: number;
  /** The learning rate that the reporting thread has come to. */
  readonly alpha: number;
  /** Mean loss of an input lately, measured on one window in 16; NaN if none was. */
  readonly loss: number;
}

/** What `trainWord2Vec` is to learn from, and how. */
export interface Word2VecRequest {
  /** Text files, plain or gzipped: words parted by blanks, a line a sentence or document. */
  readonly corpus: readonly string[];
  /** Default: counted in the corpus, with `options.minCount`. */
  readonly vocabulary?: Vocabulary | undefined;
  /** What is left out is WORD2VEC_DEFAULTS. */
  readonly options?: Partial<Word2VecOptions> | undefined;
  /** Default: one a core with native kernels, else 1. */
  readonly numThreads?: number | undefined;
  /** Where ids are kept while training runs. Default: the system's directory for temporary files. */
  readonly directory?: string | undefined;
  /** A file to continue from, if it is there, and to write when interrupted and after each iteration. Default: none. */
  readonly checkpoint?: string | undefined;
  /** Aborting it ends the run with an InterruptedError; once training has begun the checkpoint, if any, is written. */
  readonly signal?: AbortSignal | undefined;
  /** Called while text is counted and encoded, then while vectors are trained: told apart by `stage`. */
  readonly onProgress?: ((progress: CorpusProgress | Word2VecProgress) => void) | undefined;
}

/** Vectors, and how training went. */
export interface Word2VecReport {
  /** The one given, or counted. */
  readonly vocabulary: Vocabulary;
  /** In the order of the vocabulary's ids. */
  readonly vectors: WordVectors;
  /** As given, defaults filled in. */
  readonly options: Word2VecOptions;
  readonly numThreads: number;
  /** Words of the text that the vocabulary lacks. */
  readonly numUnknown: number;
  /** Mean loss of an input in each iteration. */
  readonly losses: readonly number[];
  /** Counting and encoding the text. */
  readonly readingSeconds: number;
  /** Of this call alone when it resumed from a checkpoint. */
  readonly trainingSeconds: number;
  /** While training; in a resumed run, of the rest. */
  readonly wordsPerSecond: number;
}

/**
 * Trains word vectors.
 * @throws {ConfigError} for options that make no sense. @throws {FormatError} for files that are no text.
 * @throws {InterruptedError} when `signal` aborts; the checkpoint, if one was asked for, is written then.
 * @throws {DivergenceError} when the loss becomes NaN. @throws an Error when a thread dies; the others are stopped.
 */
export async function trainWord2Vec(request: Word2VecRequest): Promise<Word2VecReport> {
  const options = chooseWord2VecOptions(request.options);
  const kernels = createKernels();
  const numThreads = chooseThreads(request.numThreads, kernels);
  const { signal, onProgress, corpus: paths } = request;
  const reading = { numThreads, signal, onProgress };
  const start = performance.now();
  const vocabulary = request.vocabulary ?? (await countWords(paths, { ...reading, minCount: options.minCount }));
  const directory = request.directory === undefined ? {} : { directory: request.directory };
  const corpus = await encodeCorpus(paths, vocabulary, { ...reading, ...directory });
  const readingSeconds = (performance.now() - start) / 1000;
  try {
    // RACE: threads read and write the matrices on shared memory without locks: see kernels/word_window.h.
    const memory: WordMemory =
      numThreads === 1 ? kernels : { f32: (n) => kernels.sharedF32(n), u32: (n) => kernels.sharedU32(n) };
    const run: Word2VecRun = {
      model: createWordModel(kernels, memory, vocabulary, options),
      corpus: corpus.data,
      numIds: corpus.numIds,
      numThreads,
      iterations: options.iterations,
      alpha: initialAlpha(options),
      seed: options.seed,
      ...startOfRun(numThreads, options.iterations, memory),
    };
    const checkpoint =
      request.checkpoint === undefined
        ? null
        : new Word2VecCheckpoint(request.checkpoint, fingerprintRun(vocabulary, options, run, kernels.info));
    checkpoint?.load(run);
    const speed = new Speed(run, corpus);
    await trainRun(kernels, run, checkpoint, request, speed);
    checkpoint?.remove();
    return {
      vocabulary,
      vectors: new WordVectors(vocabulary.words, unpadVectors(kernels, run.model), options.dimension),
      options,
      numThreads,
      numUnknown: corpus.numUnknown,
      losses: meanLosses(run),
      readingSeconds,
      trainingSeconds: speed.seconds,
      wordsPerSecond: speed.wordsPerSecond,
    };
  } finally {
    corpus.dispose();
    kernels.dispose();
  }
}

function chooseThreads(wanted: number | undefined, { info }: Kernels): number {
  const canShare = info.backend !== "wasm";
  const numThreads = wanted ?? (canShare ? availableParallelism() : 1);
  if (!(Number.isInteger(numThreads) && numThreads >= 1)) {
    throw new ConfigError(`word2vec: expected numThreads of 1 or more, got ${numThreads}`);
  }
  if (numThreads === 1 || canShare) return numThreads;
  const reason = info.fallbackReason === undefined ? "" : ` (${info.fallbackReason})`;
  throw new ConfigError(
    `word2vec: expected native kernels for ${numThreads} threads, got WASM${reason}, whose memory is one thread's; use 1`,
  );
}

/** Words a second since the run started or was resumed. */
class Speed {
  private readonly startMs = performance.now();
  private readonly startFraction: number;
  private readonly run: Word2VecRun;
  private readonly numWords: number;

  constructor(run: Word2VecRun, corpus: EncodedCorpus) {
    this.run = run;
    this.startFraction = fractionDone(run);
    this.numWords = corpus.numTokens * run.iterations;
  }

  get seconds(): number {
    return (performance.now() - this.startMs) / 1000;
  }

  get wordsPerSecond(): number {
    return ((fractionDone(this.run) - this.startFraction) * this.numWords) / this.seconds;
  }

  progress({ alpha, loss }: Word2VecJobProgress): Word2VecProgress {
    const fraction = fractionDone(this.run);
    const { wordsPerSecond } = this;
    const etaSeconds = ((1 - fraction) * this.numWords) / wordsPerSecond;
    return { stage: "training", fraction, wordsPerSecond, etaSeconds, alpha, loss };
  }
}

/** All iterations in one go; with a checkpoint, iteration by iteration, so that no thread runs while it is written. */
async function trainRun(
  kernels: Kernels,
  run: Word2VecRun,
  checkpoint: Word2VecCheckpoint | null,
  { signal, onProgress }: Word2VecRequest,
  speed: Speed,
): Promise<void> {
  const { iterations, numThreads, positions } = run;
  const report = (progress: Word2VecJobProgress): void => onProgress?.(speed.progress(progress));
  const first = checkpoint === null ? iterations : Math.min(...positions.filter((_, i) => i % 2 === 0)) + 1;
  try {
    for (let endIteration = first; endIteration <= iterations; endIteration++) {
      const jobs = Array.from({ length: numThreads }, (_, thread) => ({ thread, endIteration }));
      if (numThreads === 1) await trainHere(kernels, run, jobs[0], signal, report);
      else await trainOnThreads(run, jobs, signal, report);
      if (endIteration < iterations) checkpoint?.save(run);
    }
  } catch (error) {
    if (error instanceof InterruptedError) checkpoint?.save(run);
    throw error;
  }
}

function trainHere(
  kernels: Kernels,
  run: Word2VecRun,
  job: Word2VecJob,
  signal: AbortSignal | undefined,
  report: (progress: Word2VecJobProgress) => void,
): Promise<void> {
  return trainSlice(kernels, run, job, {
    shouldStop: () => signal?.aborted === true,
    onProgress(progress) {
      report(progress);
      // Lets signals and timers of this thread happen.
      return new Promise((resolve) => setImmediate(resolve));
    },
  });
}

async function trainOnThreads(
  run: Word2VecRun,
  jobs: readonly Word2VecJob[],
  signal: AbortSignal | undefined,
  report: (progress: Word2VecJobProgress) => void,
): Promise<void> {
  await runJobs<Word2VecJob, Word2VecJobProgress, void>(
    jobs,
    {
      script: new URL("./word2vec-worker.node.js", import.meta.url),
      numThreads: run.numThreads,
      shared: run,
      ...(signal === undefined ? {} : { signal }),
      onProgress: (_, progress) => report(progress),
    },
    () => {},
  );
}
