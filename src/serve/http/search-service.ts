/** @file What does HTTP need of an engine? The part of SearchEngine that answers requests, so that tests may stand in for it. */
import type { CheckedSearchRequest, LabelResponse, ModelResponse, SearchResult } from "../../mach/search-contract.js";
import type { OverloadedError } from "../engine/engine-errors.js";

/** Counts since the start, but for `queued` and `running`, which are now; each as in EngineStats. */
export interface ServiceStats {
  readonly queued: number;
  readonly running: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  readonly batches: number;
  readonly batchedQueries: number;
  readonly reloads: number;
  readonly failedReloads: number;
}

/** What a SearchServer asks to answer requests; a SearchEngine is one. */
export interface SearchService {
  /**
   * Answers each query of the request; `version` is that of the model that did. `signal`: nobody waits any more.
   * @throws {BadQueryError} that the client can mend. @throws {OverloadedError} to be asked later.
   */
  search(
    request: CheckedSearchRequest,
    signal?: AbortSignal,
  ): Promise<{ readonly version: string; readonly results: readonly SearchResult[] }>;
  /** null if the model has no such label. */
  label(id: number): LabelResponse | null;
  /** What is known of the model that answers now. */
  model(): ModelResponse;
  /** What a search would be refused with now, before it is read; null or absent: nothing. */
  readonly overload?: OverloadedError | null;
  /** Read for each look at the metrics. */
  readonly stats: ServiceStats;
  /** Whether a search can be answered. */
  readonly ready: boolean;
}
