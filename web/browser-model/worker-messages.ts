/**
 * @file What do the page and the worker that holds the model say to each other?
 *
 *   page → worker   { base }                 once, first: where the model's files are
 *                   { id, ask, … }           a question; every one is answered, but for those that were aborted
 *                   { id, abort: true }      nobody waits for it any more
 *   worker → page   { progress }             while the model comes in, and when more of it was fetched
 *                   { better: true }         worlds have joined since the first answer: ask again
 *                   { id, answer } or { id, failure }
 */
import type { LabelResponse, ModelResponse, SearchRequest, SearchResponse } from "../../src/mach/search-contract.js";
import type { LoadProgress } from "../../src/portable/portable-model.js";
import type { FailureKind } from "../search/search-client.js";

export type Question =
  | { readonly ask: "model" }
  | { readonly ask: "search"; readonly request: SearchRequest }
  | { readonly ask: "label"; readonly label: number };

export type ToWorker =
  | { readonly base: string }
  | ({ readonly id: number } & Question)
  | { readonly id: number; readonly abort: true };

export type WorkerAnswer = ModelResponse | SearchResponse | LabelResponse | null;

export interface WorkerProgress extends LoadProgress {
  /** True when nothing more is loaded without being asked for. */
  readonly done: boolean;
  /** Bytes fetched in all. */
  readonly fetchedBytes: number;
}

export type FromWorker =
  | { readonly progress: WorkerProgress }
  | { readonly better: true }
  | { readonly id: number; readonly answer: WorkerAnswer }
  | { readonly id: number; readonly failure: { readonly kind: FailureKind; readonly message: string } };
