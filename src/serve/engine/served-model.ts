/**
 * @file One model that answers: its names, its prediction threads, its queue. A reload puts another in its place; this one
 * finishes what it was asked and ends.
 */
import { LabelTable } from "../../data/index.js";
import { LabelHash } from "../../mach/index.js";
import type { FoundLabel, LabelResponse, ModelResponse, SearchResult } from "../../mach/search-contract.js";
import { votesOf, worldViewsOf } from "../../mach/votes.js";
import type { FilledEngineOptions, ItemSource } from "./engine-options.js";
import type { ModelParts } from "./model-parts.js";
import { QueryBatcher } from "./query-batcher.js";
import type {
  GroupAnswers,
  LabelChoice,
  QueryAnswers,
  QueryExplanation,
  QueryGroup,
  QueryJob,
  QueryShared,
} from "./query-job.js";
import { QueryThreads } from "./query-threads.js";

/** One query of a checked request. */
export interface SingleQuery {
  readonly query: string;
  readonly k: number;
  readonly choice: LabelChoice | null;
  readonly minProbability: number;
  readonly explain: boolean;
}

export class ServedModel {
  readonly parts: ModelParts;
  readonly labels: LabelTable;
  readonly batcher: QueryBatcher<SingleQuery, SearchResult>;
  readonly response: ModelResponse;
  private readonly hash: LabelHash;
  /** Null for a model of feature numbers, which texts cannot ask. */
  private readonly threads: QueryThreads<QueryJob, QueryAnswers> | null;
  private readonly catalogue: ItemSource | null;

  private constructor(
    parts: ModelParts,
    threads: QueryThreads<QueryJob, QueryAnswers> | null,
    kernels: string,
    options: FilledEngineOptions,
  ) {
    const { manifest } = parts;
    this.parts = parts;
    this.labels = LabelTable.fromBytes(parts.labels, parts.labelsFile, parts.labelIndex);
    this.hash = LabelHash.fromJSON(manifest.hash);
    this.threads = threads;
    this.catalogue = options.catalogue;
    const { numThreads: concurrency, maxBatch, batchWindowMs: windowMs, maxQueued } = options;
    this.batcher = new QueryBatcher({ concurrency, maxBatch, windowMs, maxQueued }, (queries) => this.answer(queries));
    this.response = {
      version: parts.version,
      kind: parts.kind,
      numLabels: manifest.hash.numLabels,
      numFeatures: manifest.network.numFeatures,
      numBuckets: manifest.hash.numBuckets,
      numWorlds: manifest.hash.numWorlds,
      worlds: [...parts.worlds.keys()],
      failedWorlds: parts.failedWorlds.map(({ world, reason }) => ({ world, reason })),
      hidden: manifest.network.hidden,
      merge: manifest.merge,
      metrics: manifest.metrics ?? {},
      hasCatalogue: options.catalogue !== null,
      kernels,
    };
  }

  /** The model of `parts`, when its threads are warm. @throws what a thread's start fails with. */
  static async start(parts: ModelParts, options: FilledEngineOptions): Promise<ServedModel> {
    if (parts.kind === "numeric") return new ServedModel(parts, null, "none", options);
    const { manifest, worlds, prior, vectorizer, vectorizerFile, labelCounts } = parts;
    const shared: QueryShared = {
      hash: manifest.hash,
      worldOptions: manifest.network,
      merge: manifest.merge,
      prior,
      worlds: [...worlds].map(([world, parameters]) => ({ world, parameters })),
      vectorizer,
      vectorizerFile,
      labelCounts,
    };
    const { threads, said } = await QueryThreads.start<QueryJob, QueryAnswers>({
      script: new URL("./query-worker.js", import.meta.url),
      numThreads: options.numThreads,
      shared,
      // A query too, so that buffers are there and pages are touched.
      warmUp: { queries: ["warm"], groups: [{ first: 0, count: 1, k: 10, choice: null, explained: null }] },
      onDeath: (error) => options.onEvent({ kind: "thread-died", error }),
    });
    return new ServedModel(parts, threads, said.kernels, options);
  }

  /** True while a thread is there to answer. */
  get isAlive(): boolean {
    return this.threads === null || this.threads.numAlive > 0;
  }

  label(id: number): LabelResponse | null {
    if (!(Number.isInteger(id) && id >= 0 && id < this.hash.numLabels)) return null;
    const label = this.labels.nameOf(id);
    const item = this.catalogue?.itemOf(label);
    return {
      id,
      label,
      count: this.parts.labelCounts?.[id] ?? null,
      buckets: this.response.worlds.map((world) => ({ world, bucket: this.hash.bucket(id, world) })),
      ...(item === undefined ? {} : { item }),
    };
  }

  /** Answers what was asked, then ends the threads. */
  async close(): Promise<void> {
    await this.batcher.drain();
    await this.threads?.close();
  }

  private async answer(queries: readonly SingleQuery[]): Promise<SearchResult[]> {
    if (this.threads === null) throw new TypeError("a model of feature numbers was asked");
    const { order, groups } = groupQueries(queries);
    const sorted = order.map((i) => queries[i]);
    const { groups: answers, unknown } = await this.threads.run({ queries: sorted.map(({ query }) => query), groups });
    const results = new Array<SearchResult>(queries.length);
    groups.forEach(({ first, count }, g) => {
      for (let row = 0; row < count; row++) {
        const at = first + row;
        results[order[at]] = this.resultOf(sorted[at], unknown[at] === 1, answers[g], row);
      }
    });
    return results;
  }

  private resultOf(query: SingleQuery, unknown: boolean, answers: GroupAnswers, row: number): SearchResult {
    const { k, labels, scores, counts } = answers;
    const why = query.explain ? (answers.explanations?.[row] ?? null) : null;
    const found: FoundLabel[] = [];
    const end = row * k + Math.min(counts[row], query.k);
    // A prior may make scores negative: unless asked for, nothing is too improbable.
    const least = query.minProbability > 0 ? query.minProbability : Number.NEGATIVE_INFINITY;
    // Best first: the first that is too improbable ends the list.
    for (let i = row * k; i < end && scores[i] >= least; i++) {
      found.push(this.foundLabel(labels[i], scores[i], why, i - row * k));
    }
    const result = { query: query.query, unknown, labels: found };
    return why === null ? result : { ...result, worlds: worldViewsOf(why.votes) };
  }

  private foundLabel(id: number, probability: number, why: QueryExplanation | null, j: number): FoundLabel {
    const nameOf = (other: number): string => this.labels.nameOf(other);
    const label = nameOf(id);
    const item = this.catalogue?.itemOf(label);
    const found = item === undefined ? { id, label, probability } : { id, label, probability, item };
    if (why === null) return found;
    const companions = why.companions[j].map(({ label: other, worlds }) => ({ label: nameOf(other), worlds }));
    return { ...found, votes: votesOf(why.votes, j, nameOf), companions };
  }
}

/**
 * Queries that may return the same labels stand together and are ranked together, for the largest k among them.
 * @returns `order`: which query stands at each place.
 */
export function groupQueries(queries: readonly SingleQuery[]): { order: number[]; groups: QueryGroup[] } {
  const members = new Map<string, number[]>();
  queries.forEach(({ choice }, i) => {
    const key = choice?.key ?? "";
    const group = members.get(key);
    if (group === undefined) members.set(key, [i]);
    else group.push(i);
  });
  const order: number[] = [];
  const groups: QueryGroup[] = [];
  for (const group of members.values()) {
    const some = group.map((i) => queries[i]);
    groups.push({
      first: order.length,
      count: group.length,
      k: Math.max(...some.map(({ k }) => k)),
      choice: some[0].choice,
      explained: some.some(({ explain }) => explain) ? some.map(({ explain, k }) => (explain ? k : 0)) : null,
    });
    order.push(...group);
  }
  return { order, groups };
}
