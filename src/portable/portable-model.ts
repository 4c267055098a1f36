/**
 * @file A model that answers without a server: files from any host, kernels in WebAssembly, no file system.
 *
 *   const model = await PortableModel.load({ files: "https://example.org/model/" });     the first world has arrived
 *   await model.search({ query: "buffer overflow in nfs server" });                      fewer worlds, a valid answer
 *   await model.complete;                                                                all have, or failed
 *
 *   index.json → kernels, words, labels, world 0 → ready → worlds 1 … R − 1, most frequent words' rows
 *                                                   each query → the shards of its words that are not here yet
 *
 * The worlds that have arrived answer; each time their number has doubled the next ones join (a new set takes buffers of
 * its own). One that does not come is reported and the rest answer; a later search has it tried again (world-loader.ts).
 * Answers are those of the library on the weights that the codes stand for, to rounding. Runs wherever WebAssembly and
 * fetch are: browsers, Node, Deno, Bun, workers at the edge.
 */
import type { LabelTable } from "../data/label-table.js";
import type { TextVectorizer } from "../data/text-vectorizer.js";
import { type Kernels, QUERY_LANES } from "../kernels/contract.js";
import { LabelHash } from "../mach/label-hash.js";
import { createLabelPrior, priorCodes } from "../mach/label-prior.js";
import type {
  LabelResponse,
  ModelResponse,
  SearchRequest,
  SearchResponse,
  SearchResult,
} from "../mach/search-contract.js";
import type { SparseBatch } from "../nn/module.js";
import { checkSearchRequest } from "./checked-request.js";
import { InputShards } from "./input-shards.js";
import { allowedLabels, namedResult } from "./named-results.js";
import { FetchError, type FileFetcher, httpFiles, type Inflate, inflateGzip, PortableFiles } from "./portable-files.js";
import { LABELS_FILE, type PortableIndex, VOCABULARY_FILE } from "./portable-index.js";
import { createPortableKernels, type KernelSource } from "./portable-kernels.js";
import { decodeLabels } from "./portable-labels.js";
import { PortableScorer, ScorerBuffers, type ScorerOptions } from "./portable-scorer.js";
import { columnRows, decodeVocabulary } from "./portable-vocabulary.js";
import { WorldLoader } from "./world-loader.js";

/** How far loading has come. */
export interface LoadProgress {
  /** Bytes fetched, of `totalBytes`: what is loaded without being asked for. */
  readonly bytes: number;
  /** By estimate: of the shards their mean size. */
  readonly totalBytes: number;
  /** Worlds that answer, of `numWorlds`. */
  readonly worlds: number;
  /** Worlds of the export. */
  readonly numWorlds: number;
}

/** Where a portable model's files are, and how many of them are kept and fetched ahead. */
export interface PortableLoadOptions extends KernelSource {
  /** The model's folder: an absolute address, or what fetches its files. */
  readonly files: string | URL | FileFetcher;
  /** Unpacks gzip. Default DecompressionStream. */
  readonly inflate?: Inflate;
  /** Bytes of input rows that are kept. Default 64 MiB. */
  readonly maxShardBytes?: number;
  /** Bytes of input rows, the most frequent words', that are loaded without being asked for. Default 2 MiB. */
  readonly prefetchBytes?: number;
  /** Called after each file, and when more worlds answer. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** Default of `maxShardBytes`. */
export const DEFAULT_MAX_SHARD_BYTES: number = 64 * 2 ** 20;
/** Default of `prefetchBytes`. */
export const DEFAULT_PREFETCH_BYTES: number = 2 * 2 ** 20;

/** An exported model that answers where it is loaded, from its first world on. */
export class PortableModel {
  /** Of the files that it was loaded from. */
  readonly index: PortableIndex;
  /** Names and training rows of the labels, as far as the export has them. */
  readonly labels: LabelTable;
  /** What it computes with. */
  readonly kernels: Kernels;
  /** Resolves when each world has come or failed; never rejects: see `model().failedWorlds`. Later searches try again. */
  readonly complete: Promise<void>;
  /** Resolves when the most frequent words' rows are here too, or cannot be had; never rejects. */
  readonly prefetched: Promise<void>;
  private readonly files: PortableFiles;
  private readonly vectorizer: TextVectorizer;
  private readonly hash: LabelHash;
  private readonly rows: Uint32Array;
  private readonly shards: InputShards;
  private readonly scorerOptions: ScorerOptions;
  private readonly worlds: WorldLoader;
  private readonly onProgress: () => void;
  private scorer: PortableScorer | null;
  /** Tells who waits for the first world that it answers. */
  private wake: () => void;

  private constructor(
    files: PortableFiles,
    parts: { readonly kernels: Kernels; readonly vectorizer: TextVectorizer; readonly labels: LabelTable },
    {
      maxShardBytes = DEFAULT_MAX_SHARD_BYTES,
      prefetchBytes = DEFAULT_PREFETCH_BYTES,
      onProgress,
    }: PortableLoadOptions,
  ) {
    const { index } = files;
    const { kernels, vectorizer, labels } = parts;
    this.files = files;
    this.index = index;
    this.kernels = kernels;
    this.vectorizer = vectorizer;
    this.labels = labels;
    this.hash = LabelHash.fromJSON(index.hash);
    this.rows = columnRows(vectorizer);
    this.shards = new InputShards(files, maxShardBytes);
    this.scorer = null;
    this.wake = () => {};
    const { labelCounts } = labels;
    this.scorerOptions = {
      hash: this.hash,
      worldOptions: index.network,
      merge: index.merge,
      prior: labelCounts && createLabelPrior(kernels, priorCodes(kernels, labelCounts), index.prior),
      labelCounts,
      shards: this.shards,
      buffers: new ScorerBuffers(kernels, this.shards, index.network.numBuckets),
    };
    this.onProgress = () => onProgress?.(this.progress(prefetchBytes));
    this.worlds = new WorldLoader(kernels, files, (isLast) => {
      const joined = this.join(isLast);
      if (joined || !isLast) this.onProgress();
    });
    this.complete = this.worlds.load();
    this.prefetched = this.complete.then(async () => {
      // Rows that cannot be had now are fetched when a query needs them, and its error says so.
      await this.shards.prefetch(prefetchBytes, this.onProgress).catch(() => {});
    });
  }

  /**
   * Loads a model up to its first world; the others follow (`complete`).
   * @throws {FetchError} for files that do not come. @throws {FormatError} for damaged ones, or another version's.
   */
  static async load(options: PortableLoadOptions): Promise<PortableModel> {
    const { files: source, inflate = inflateGzip } = options;
    const files = await PortableFiles.open(typeof source === "function" ? source : httpFiles(source), inflate);
    const { network, hash, vectorizer, labels } = files.index;
    const [kernels, words, names] = await Promise.all([
      createPortableKernels(files, options),
      files.read(VOCABULARY_FILE),
      files.read(LABELS_FILE),
    ]);
    const parts = {
      kernels,
      vectorizer: decodeVocabulary(words, network.numFeatures, vectorizer, VOCABULARY_FILE),
      labels: decodeLabels(names, hash.numLabels, labels, LABELS_FILE),
    };
    const model = new PortableModel(files, parts, options);
    await model.firstWorld();
    return model;
  }

  /** Bytes fetched so far, the index included. */
  get bytesFetched(): number {
    return this.files.bytesFetched;
  }

  /** Bytes of input rows in memory, besides the kernels' memory. */
  get shardBytes(): number {
    return this.shards.keptBytes;
  }

  /** As POST /v1/search. @throws {ConfigError} for a bad request. @throws {FetchError} if rows of its words do not come. */
  async search(request: SearchRequest, signal?: AbortSignal): Promise<SearchResponse> {
    const start = performance.now();
    const checked = checkSearchRequest(request);
    // Not waited for: worlds that come now answer later searches. Where they find no room, the others go on answering.
    this.worlds.retry().catch(() => {});
    const allowed = checked.filter === undefined ? null : allowedLabels(this.labels, checked.filter);
    const inputs = this.vectorizer.transformAll(checked.queries);
    const columns = inputs.columns.map((column) => this.rows[column]);
    const results: SearchResult[] = [];
    for (let first = 0; first < inputs.numRows; first += QUERY_LANES) {
      const numRows = Math.min(QUERY_LANES, inputs.numRows - first);
      const offsets = inputs.offsets.subarray(first, first + numRows + 1);
      const batch: SparseBatch = { ...inputs, columns, offsets, numRows };
      const used = columns.subarray(offsets[0], offsets[numRows]);
      signal?.throwIfAborted();
      const ranked = await this.shards.with(used, () => {
        signal?.throwIfAborted();
        return (this.scorer as PortableScorer).rank(batch, { ...checked, allowed });
      });
      ranked.forEach((answer, q) => {
        const unknown = offsets[q] === offsets[q + 1];
        results.push(
          namedResult({ labels: this.labels, hash: this.hash }, checked, checked.queries[first + q], unknown, answer),
        );
      });
    }
    return { model: this.index.version, tookMs: performance.now() - start, results };
  }

  /** As GET /v1/labels/:id; null if there is none. */
  label(id: number): LabelResponse | null {
    const { labels, hash } = this;
    if (!(Number.isInteger(id) && id >= 0 && id < labels.numLabels)) return null;
    return {
      id,
      label: labels.nameOf(id),
      count: labels.labelCounts?.[id] ?? null,
      buckets: this.worldNumbers.map((world) => ({ world, bucket: hash.bucket(id, world) })),
    };
  }

  /** As GET /v1/model. Worlds that are still on their way are in neither list. */
  model(): ModelResponse {
    const { index, kernels } = this;
    const { network, hash } = index;
    return {
      version: index.version,
      kind: "text",
      numLabels: hash.numLabels,
      numFeatures: network.numFeatures,
      numBuckets: network.numBuckets,
      numWorlds: index.worlds.length,
      worlds: this.worldNumbers,
      failedWorlds: this.worlds.failed,
      hidden: network.hidden,
      merge: index.merge,
      metrics: index.metrics ?? {},
      hasCatalogue: false,
      kernels: `${kernels.info.backend} ${kernels.info.isa}, ${index.bits}-bit weights`,
    };
  }

  /** Numbers of the worlds that answer now. */
  get worldNumbers(): readonly number[] {
    return this.scorer?.worldNumbers ?? [];
  }

  private progress(prefetchBytes: number): LoadProgress {
    const { files, input, worlds } = this.index;
    const fixed = Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);
    const share = Math.min(1, prefetchBytes / Math.max(1, this.shards.shardBytes * this.shards.numShards));
    const totalBytes = Math.round(fixed + share * input.bytes);
    const bytes = Math.min(totalBytes, this.bytesFetched);
    return { bytes, totalBytes, worlds: this.worldNumbers.length, numWorlds: worlds.length };
  }

  /** Resolves with the first world. @throws {FetchError | FormatError} what kept the last one away, if none comes. */
  private async firstWorld(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      void this.complete.then(resolve);
      if (this.scorer !== null) resolve();
    });
    if (this.scorer === null) {
      throw new FetchError(`no world of the model could be loaded; the first: ${this.worlds.failed[0].reason}`);
    }
  }

  /** Lets the worlds that have arrived answer, if there are twice as many as before or no more will come. True if so. */
  private join(isLast: boolean): boolean {
    const answering = this.worldNumbers.length;
    const { arrived } = this.worlds;
    if (arrived.length === answering || (!isLast && arrived.length < 2 * answering)) return false;
    this.scorer = new PortableScorer(this.kernels, this.scorerOptions, arrived);
    this.wake();
    return true;
  }
}
