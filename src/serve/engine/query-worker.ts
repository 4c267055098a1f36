/**
 * @file A prediction thread: texts in, ranked labels and votes out. It vectorises too, so that the event loop does not.
 *
 * Groups of a job differ in the labels that they may return, and are scored apart: where labels are scanned, a pass over
 * all of them for sixteen queries costs as much for one, so that a shared forward pass would save less than it costs.
 */

import { ConfigError } from "../../core/errors.js";
import { parseVectorizer, type TextVectorizer } from "../../data/index.js";
import type { Kernels } from "../../kernels/contract.js";
import { createKernels } from "../../kernels/index.js";
import {
  type CompanionLabel,
  companionsOf,
  createPredictionEnsemble,
  type Ensemble,
  labelFilter,
} from "../../mach/index.js";
import { serveJobs } from "../../parallel/index.js";
import type { GroupAnswers, LabelChoice, QueryAnswers, QueryGroup, QueryJob, QueryShared } from "./query-job.js";

/** Filters whose bits are kept: few are in use at a time, and each takes L/8 bytes. */
const KEPT_FILTERS = 8;

class QueryAnswerer {
  private readonly kernels: Kernels;
  private readonly ensemble: Ensemble;
  private readonly vectorizer: TextVectorizer;
  private readonly labelCounts: Uint32Array | null;
  private readonly filters = new Map<string, Uint8Array>();

  constructor(shared: QueryShared) {
    this.kernels = createKernels();
    this.ensemble = createPredictionEnsemble(this.kernels, shared);
    const text = new TextDecoder().decode(shared.vectorizer);
    const vectorizer = parseVectorizer(JSON.parse(text), shared.vectorizerFile);
    if (vectorizer.kind !== "text") {
      throw new ConfigError(`${shared.vectorizerFile}: expected a vectorizer of text, got one of feature numbers`);
    }
    this.vectorizer = vectorizer;
    this.labelCounts = shared.labelCounts;
  }

  answer({ queries, groups }: QueryJob): QueryAnswers {
    const unknown = new Uint8Array(queries.length);
    const { backend, isa } = this.kernels.info;
    return { groups: groups.map((group) => this.rank(queries, group, unknown)), unknown, kernels: `${backend} ${isa}` };
  }

  private rank(queries: readonly string[], group: QueryGroup, unknown: Uint8Array): GroupAnswers {
    const { first, count, k, choice, explained } = group;
    const rows = this.vectorizer.transformAll(queries.slice(first, first + count));
    for (let i = 0; i < count; i++) unknown[first + i] = rows.offsets[i] === rows.offsets[i + 1] ? 1 : 0;
    const options = { k, allowed: this.allowed(choice) };
    if (explained === null) return { ...this.ensemble.predict(rows, options), explanations: null };
    const { votes, ...ranked } = this.ensemble.explain(rows, { ...options, explained, labelCounts: this.labelCounts });
    const explanations = votes.map((of, row) => {
      if (of === null) return null;
      const labels = ranked.labels.subarray(row * k, row * k + of.numLabels);
      return { votes: of, companions: Array.from(labels, (label) => this.companionsOf(label)) };
    });
    return { ...ranked, explanations };
  }

  private companionsOf(label: number): CompanionLabel[] {
    const { hash, worldNumbers } = this.ensemble;
    return companionsOf(hash, worldNumbers, label, this.labelCounts);
  }

  private allowed(choice: LabelChoice | null): Uint8Array | null {
    if (choice === null) return null;
    const { key, ids, kind } = choice;
    const bits = this.filters.get(key) ?? labelFilter(this.ensemble.hash.numLabels, ids, kind);
    this.filters.delete(key);
    this.filters.set(key, bits);
    if (this.filters.size > KEPT_FILTERS) {
      const [oldest] = this.filters.keys();
      this.filters.delete(oldest);
    }
    return bits;
  }
}

let answerer: QueryAnswerer | null = null;

serveJobs<QueryShared, QueryJob, never, QueryAnswers>((shared, job) => {
  answerer ??= new QueryAnswerer(shared);
  return answerer.answer(job);
});
