/**
 * @file Who answers the search page? A server (http-search-client.ts) or a model in the browser itself; the page knows
 * this interface only.
 */
import type { LabelResponse, ModelResponse, SearchRequest, SearchResponse } from "../../src/mach/search-contract.js";

export interface SearchClient {
  /** What answers. @throws {SearchFailure} */
  model(signal?: AbortSignal): Promise<ModelResponse>;
  /** Answers; an abort of `signal` rejects with its reason. @throws {SearchFailure} */
  search(request: SearchRequest, signal?: AbortSignal): Promise<SearchResponse>;
  /** One label by its id; null if there is none. @throws {SearchFailure} */
  label(id: number, signal?: AbortSignal): Promise<LabelResponse | null>;
  /** Shows `key` with every further request. Absent where no keys are asked for. */
  useKey?(key: string): void;
  /**
   * Calls `listener` when it would answer better than it did: more of a model has arrived. @returns what ends that.
   * Absent where answers do not become better.
   */
  onBetter?(listener: () => void): () => void;
}

/**
 * Why there is no answer. `offline`: nobody was reached. `busy`: the server has too much to do, or the caller asked too
 * often; ask again after `retryAfterMs`. `locked`: it answers only who shows one of its keys. `refused`: this question is not one that it answers. `broken`: anything else.
 */
export type FailureKind = "offline" | "busy" | "locked" | "refused" | "broken";

export class SearchFailure extends Error {
  override readonly name = "SearchFailure";
  readonly kind: FailureKind;
  /** Milliseconds; only if `busy`. */
  readonly retryAfterMs: number | undefined;

  constructor(kind: FailureKind, message: string, retryAfterMs?: number) {
    super(message);
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }
}
