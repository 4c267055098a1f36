/**
 * @file How is a search answered while everything around it changes? A model on prediction threads, answers kept, the model
 * replaced when its directory is.
 *
 *   request ─▶ filter names → ids ─▶ cache ─▶ batcher ─▶ prediction thread ─▶ names, catalogue ─▶ result
 *                                      ▲ key: version, query, k, filter, minProbability, explain
 *   directory changes ─▶ load beside (a thread) ─▶ warm threads ─▶ swap ─▶ the old one answers what it has and ends
 *
 * The event loop does what is cheap: names, keys, the queue. Vectorising, scores and ranking are the threads'. A request is
 * answered by one model from end to end. A model that does not load leaves the one before it serving.
 *
 * Not here: HTTP (serve/http/), the catalogue's store (serve/catalogue/).
 */
import type { CheckedSearchRequest, LabelResponse, ModelResponse, SearchResult } from "../../mach/search-contract.js";
import { collectGarbageSoon } from "./collect-garbage.js";
import { BadQueryError, EngineClosedError, type OverloadedError } from "./engine-errors.js";
import { type EngineOptions, type FilledEngineOptions, fillEngineOptions } from "./engine-options.js";
import { chooseLabels } from "./label-choice.js";
import { loadModelParts } from "./model-parts.js";
import { allFileStates, ModelWatch } from "./model-watch.js";
import { resultBytes } from "./result-bytes.js";
import { ResultCache } from "./result-cache.js";
import { ServedModel, type SingleQuery } from "./served-model.js";

/** Counts since the start, except for `queued` and `running`: queries now. */
export interface EngineStats {
  /** Queries that wait for a thread. */
  readonly queued: number;
  /** Queries that threads are answering. */
  readonly running: number;
  /** Queries answered from the cache. */
  readonly cacheHits: number;
  /** Queries looked for in vain; none are looked for where the cache is off. */
  readonly cacheMisses: number;
  /** Batches given to threads. */
  readonly batches: number;
  /** Queries in those batches: over `batches`, how many are answered together on average. */
  readonly batchedQueries: number;
  /** Times that another model took over. */
  readonly reloads: number;
  /** Times that a model did not load, and the one before it went on. */
  readonly failedReloads: number;
}

/** Answers searches from a model directory: batched on threads, cached, and from the new model once it changes. */
export class SearchEngine {
  private readonly path: string;
  private readonly options: FilledEngineOptions;
  private readonly cache: ResultCache<SearchResult>;
  private readonly watch: ModelWatch;
  private current: ServedModel | null = null;
  /** Models that were replaced and still answer. */
  private readonly retiring = new Map<ServedModel, Promise<void>>();
  /** Of models that have ended. */
  private readonly past = { batches: 0, batchedQueries: 0 };
  private reloads = 0;
  private failedReloads = 0;
  /** The last reload that was asked for: they happen one after another. */
  private reloading: Promise<void> = Promise.resolve();
  private closed = false;

  private constructor(path: string, options: FilledEngineOptions) {
    this.path = path;
    this.options = options;
    this.cache = new ResultCache(options.cacheEntries, options.cacheBytes, resultBytes);
    this.watch = new ModelWatch(path, options.watchIntervalMs, () => this.reload().catch(() => {}));
  }

  /**
   * The engine of the model directory `path`, ready to answer. @throws {ConfigError} for options that make no sense.
   * @throws {WorkerError} with the message of what is wrong with the model.
   */
  static async load(path: string, options: EngineOptions = {}): Promise<SearchEngine> {
    const engine = new SearchEngine(path, fillEngineOptions(options));
    await engine.replace();
    if (engine.options.watch) engine.watch.start();
    return engine;
  }

  /** True while a search can be answered. */
  get ready(): boolean {
    return !this.closed && this.current?.isAlive === true;
  }

  /** What a search would be refused with, so that it need not be read first; null while it would not. */
  get overload(): OverloadedError | null {
    return this.current?.batcher.overload ?? null;
  }

  /** Counted over all models that served since the start. */
  get stats(): EngineStats {
    const { past, reloads, failedReloads } = this;
    const sum = { queued: 0, running: 0, ...past };
    for (const model of [this.current, ...this.retiring.keys()]) {
      if (model === null) continue;
      sum.queued += model.batcher.queued;
      sum.running += model.batcher.running;
      sum.batches += model.batcher.batches;
      sum.batchedQueries += model.batcher.batchedQueries;
    }
    return { ...sum, cacheHits: this.cache.hits, cacheMisses: this.cache.misses, reloads, failedReloads };
  }

  /**
   * Answers each query of the request, with the version of the model that did. `signal` takes queries that wait out of the
   * queue and rejects with its reason. @throws {BadQueryError} for labels that the model does not know, a model of feature
   * numbers, more queries than may wait. @throws {OverloadedError} where the queue is full.
   */
  async search(
    request: CheckedSearchRequest,
    signal?: AbortSignal,
  ): Promise<{ version: string; results: SearchResult[] }> {
    const model = this.serving();
    const { queries, k, filter, minProbability, explain } = request;
    const { kind, version } = model.parts;
    if (kind === "numeric") {
      throw new BadQueryError(
        "search: the model was trained on feature numbers, which cannot be typed; ask one of texts",
      );
    }
    if (queries.length > this.options.maxQueued) {
      throw new BadQueryError(
        `queries: expected at most ${this.options.maxQueued}, got ${queries.length}; ask in parts`,
      );
    }
    const choice = chooseLabels(model.labels, filter);
    const single = (query: string): SingleQuery => ({ query, k, choice, minProbability, explain });
    if (!this.cache.isOn) return { version, results: await model.batcher.submit(queries.map(single), signal) };

    const prefix = `${version} ${k} ${minProbability} ${explain} ${choice?.key ?? ""}\n`;
    const results = queries.map((query) => this.cache.get(prefix + query));
    const missing = [...queries.keys()].filter((i) => results[i] === undefined);
    const answers = await model.batcher.submit(
      missing.map((i) => single(queries[i])),
      signal,
    );
    missing.forEach((i, j) => {
      results[i] = answers[j];
      // The cache was emptied for a newer model: this answer would only take room.
      if (model === this.current) this.cache.set(prefix + queries[i], answers[j]);
    });
    return { version, results: results as SearchResult[] };
  }

  /** What is known of label `id`; null if there is none. @throws {EngineClosedError} */
  label(id: number): LabelResponse | null {
    return this.serving().label(id);
  }

  /** What is known of the model that answers now. @throws {EngineClosedError} */
  model(): ModelResponse {
    return this.serving().response;
  }

  /** Loads the model again and swaps. @throws what is wrong with it; the one before it goes on serving. */
  reload(): Promise<void> {
    const next = this.reloading.catch(() => {}).then(() => this.replaceCounted());
    this.reloading = next;
    return next;
  }

  /** Answers what was asked, then ends all threads. */
  async close(): Promise<void> {
    this.closed = true;
    this.watch.stop();
    await this.reloading.catch(() => {});
    if (this.current !== null) this.retire(this.current);
    await Promise.all(this.retiring.values());
  }

  private serving(): ServedModel {
    if (this.closed || this.current === null) throw new EngineClosedError("search: the engine is closed");
    return this.current;
  }

  private async replaceCounted(): Promise<void> {
    if (this.closed) return;
    // Before anything is read: what changes meanwhile is a change.
    const before = allFileStates(this.path);
    try {
      await this.replace();
      this.reloads++;
    } catch (error) {
      this.failedReloads++;
      this.watch.expect(before);
      this.options.onEvent({ kind: "reload-failed", error: error instanceof Error ? error : new Error(String(error)) });
      throw error;
    }
  }

  private async replace(): Promise<void> {
    const begin = performance.now();
    const old = this.current;
    const parts = await loadModelParts(this.path, old?.parts ?? null);
    if (this.closed) return;
    const next = await ServedModel.start(parts, this.options);
    if (this.closed) return next.close();
    this.current = next;
    this.watch.expect(parts.watched);
    this.cache.clear();
    if (old !== null) this.retire(old);
    const { version, failedWorlds, worlds } = parts;
    const seconds = (performance.now() - begin) / 1000;
    this.options.onEvent({ kind: old === null ? "loaded" : "reloaded", version, seconds, worlds: worlds.size });
    for (const { world, reason } of failedWorlds)
      this.options.onEvent({ kind: "world-failed", version, world, reason });
  }

  private retire(model: ServedModel): void {
    if (this.retiring.has(model)) return;
    const ended = model.close().finally(() => {
      this.retiring.delete(model);
      this.past.batches += model.batcher.batches;
      this.past.batchedQueries += model.batcher.batchedQueries;
      collectGarbageSoon();
    });
    this.retiring.set(model, ended);
  }
}
