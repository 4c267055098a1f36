/**
 * @file From text files to a vocabulary and to ids on disk, on all cores, whatever the corpus' size.
 *
 *   text ──countWords──▶ Vocabulary ──encodeCorpus──▶ EncodedCorpus (encoded-corpus.node.ts)
 *
 * Files hold words parted by blanks, a sentence or a document a line (or one endless line, as text8 has); plain or
 * gzipped, told by their first bytes. Plain files are cut by byte offsets among threads, gzipped ones are read by one.
 * Memory: the words and their counts for each thread that counts, one vocabulary for each that encodes, and buffers.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createTemporaryDirectory } from "../checkpoint/temporary-directory.node.js";
import { ConfigError, InterruptedError } from "../core/errors.js";
import { runJobs } from "../parallel/worker-pool.node.js";
import type { CorpusJob, CorpusJobProgress, CorpusJobResult, CorpusJobShared } from "./corpus-job.js";
import { EncodedCorpus } from "./encoded-corpus.node.js";
import { readPart } from "./read-part.node.js";
import { cutText } from "./text-part.node.js";
import { Vocabulary, type VocabularyOptions } from "./vocabulary.js";
import { MAX_DISTINCT_WORDS, VocabularyCounter } from "./vocabulary-counter.js";

/** How far the reading of a text has come. */
export interface CorpusProgress {
  readonly stage: "counting" | "encoding";
  /** Bytes as they lie on disk. */
  readonly doneBytes: number;
  /** Of all files, on disk too: a gzipped file counts as its compressed size. */
  readonly totalBytes: number;
}

/** How a text is read. */
export interface CorpusOptions {
  /** Threads that read; with 1 the caller's own does. Default 1. */
  readonly numThreads?: number;
  /** Aborting it ends the reading with an InterruptedError. */
  readonly signal?: AbortSignal | undefined;
  /** Called as bytes are read, with the sum over all threads. */
  readonly onProgress?: ((progress: CorpusProgress) => void) | undefined;
}

/** How the words of a text are counted, and which of them make the vocabulary. */
export interface CountOptions extends CorpusOptions, Partial<VocabularyOptions> {
  /** Distinct words that a thread counts at a time; beyond it rare ones are dropped. Default 8 million (400 MB). */
  readonly maxDistinct?: number;
}

/** How a text becomes ids on disk. */
export interface EncodeOptions extends CorpusOptions {
  /** Where the directory of ids is made. Default: the system's directory for temporary files. */
  readonly directory?: string;
}

/**
 * The vocabulary of text files. Equal for all numbers of threads, unless a thread meets more than `maxDistinct` words.
 * @throws {FormatError} for a file that is absent, damaged or no text. @throws {ConfigError} if no word is frequent enough.
 * @throws {InterruptedError} when `signal` aborts.
 */
export async function countWords(paths: readonly string[], options: CountOptions = {}): Promise<Vocabulary> {
  const maxDistinct = options.maxDistinct ?? MAX_DISTINCT_WORDS;
  const counter = new VocabularyCounter(maxDistinct);
  await readText(paths, options, { vocabulary: null, maxDistinct }, null, (_, result) => {
    if (result.kind === "counted") counter.merge(result.counts, result.numTokens);
  });
  if (counter.numTokens === 0) {
    throw new ConfigError(`countWords: expected words in ${paths.join(", ")}, got none; is this the right file?`);
  }
  return counter.toVocabulary(options);
}

/**
 * Writes the text as ids of `vocabulary` to a new directory; `dispose` removes it. The sequence of ids is the same for
 * all numbers of threads.
 * @throws {FormatError} as countWords. @throws {StorageError} when the disk is full.
 * @throws {ConfigError} if the text has no word of the vocabulary. The directory is removed then.
 */
export async function encodeCorpus(
  paths: readonly string[],
  vocabulary: Vocabulary,
  options: EncodeOptions = {},
): Promise<EncodedCorpus> {
  const directory = createTemporaryDirectory("corpus", options.directory);
  try {
    const results = new Map<number, CorpusJobResult & { kind: "encoded" }>();
    const shared = { vocabulary: vocabulary.parts, maxDistinct: MAX_DISTINCT_WORDS };
    await readText(paths, options, shared, directory, (index, result) => {
      if (result.kind === "encoded") results.set(index, result);
    });
    const ordered = [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
    const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
    const corpus = new EncodedCorpus({
      directory,
      parts: ordered.map(({ part }) => part),
      numTokens: sum(ordered.map(({ numTokens }) => numTokens)),
      numUnknown: sum(ordered.map(({ numUnknown }) => numUnknown)),
    });
    if (corpus.numTokens > 0) return corpus;
    throw new ConfigError(
      `encodeCorpus: expected words of the vocabulary in ${paths.join(", ")}, got none; were they counted in other files?`,
    );
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/** Counts (directory null) or encodes all parts; `onResult` gets each with its place in the text. */
async function readText(
  paths: readonly string[],
  { numThreads = 1, signal, onProgress }: CorpusOptions,
  shared: CorpusJobShared,
  directory: string | null,
  onResult: (index: number, result: CorpusJobResult) => void,
): Promise<void> {
  if (paths.length === 0) throw new ConfigError("corpus: expected one file or more, got none");
  if (!(Number.isInteger(numThreads) && numThreads >= 1)) {
    throw new ConfigError(`corpus: expected numThreads of 1 or more, got ${numThreads}`);
  }
  const parts = await cutText(paths, numThreads);
  const totalBytes = parts.reduce((sum, part) => sum + (part.endBytes - part.startBytes), 0);
  let doneBytes = 0;
  const onBytes = (numBytes: number): void => {
    doneBytes += numBytes;
    onProgress?.({ stage: directory === null ? "counting" : "encoding", doneBytes, totalBytes });
  };
  const fileOf = (index: number): string | null =>
    directory === null ? null : join(directory, `part-${String(index).padStart(3, "0")}.ids`);
  const jobs = parts.map((part, index) => ({ part, file: fileOf(index) }));
  if (numThreads > 1 && parts.length > 1) {
    await runJobs<CorpusJob, CorpusJobProgress, CorpusJobResult>(
      jobs,
      {
        script: new URL("./corpus-worker.node.js", import.meta.url),
        numThreads,
        shared,
        ...(signal === undefined ? {} : { signal }),
        onProgress: (_, numBytes) => onBytes(numBytes),
      },
      (job, result) => onResult(jobs.indexOf(job as (typeof jobs)[number]), result),
    );
    return;
  }
  const vocabulary = shared.vocabulary === null ? null : Vocabulary.fromParts(shared.vocabulary);
  const shouldStop = (): boolean => signal?.aborted === true;
  for (const [index, job] of jobs.entries()) {
    if (shouldStop()) throw new InterruptedError("interrupted while reading the corpus");
    onResult(index, await readPart(job, vocabulary, shared.maxDistinct, { shouldStop, onBytes }));
  }
}
