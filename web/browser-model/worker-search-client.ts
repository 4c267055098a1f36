/**
 * @file How does the page ask a model that is in the browser? By messages to its worker; no word leaves the page.
 *
 * A worker that dies, or cannot start, fails everything that was asked of it and will be: its reason is shown.
 */
import type { LabelResponse, ModelResponse, SearchRequest, SearchResponse } from "../../src/mach/search-contract.js";
import { type SearchClient, SearchFailure } from "../search/search-client.js";
import type { FromWorker, Question, ToWorker, WorkerAnswer, WorkerProgress } from "./worker-messages.js";

/** A worker as far as it is used. */
export interface MessagePeer {
  postMessage(message: ToWorker): void;
  addEventListener(kind: "message", listener: (event: { readonly data: FromWorker }) => void): void;
  addEventListener(kind: "error", listener: (event: { readonly message?: string }) => void): void;
}

interface Waiting {
  readonly resolve: (answer: WorkerAnswer) => void;
  readonly reject: (reason: unknown) => void;
}

export class WorkerSearchClient implements SearchClient {
  private readonly worker: MessagePeer;
  private readonly waiting = new Map<number, Waiting>();
  private readonly listeners = new Set<() => void>();
  private lastId = 0;
  private death: SearchFailure | null = null;

  /** Starts loading the files below `base`, an absolute address. `onProgress` hears how far that has come. */
  constructor(worker: MessagePeer, base: string, onProgress: (progress: WorkerProgress) => void) {
    this.worker = worker;
    worker.addEventListener("message", ({ data }) => {
      if ("progress" in data) onProgress(data.progress);
      else if ("better" in data) for (const listener of this.listeners) listener();
      else this.settle(data);
    });
    worker.addEventListener("error", ({ message = "it could not be started" }) => {
      this.death = new SearchFailure("broken", `The part of this page that holds the model ended: ${message}`);
      for (const { reject } of this.waiting.values()) reject(this.death);
      this.waiting.clear();
    });
    worker.postMessage({ base });
  }

  async model(signal?: AbortSignal): Promise<ModelResponse> {
    return (await this.ask({ ask: "model" }, signal)) as ModelResponse;
  }

  async search(request: SearchRequest, signal?: AbortSignal): Promise<SearchResponse> {
    return (await this.ask({ ask: "search", request }, signal)) as SearchResponse;
  }

  async label(id: number, signal?: AbortSignal): Promise<LabelResponse | null> {
    return (await this.ask({ ask: "label", label: id }, signal)) as LabelResponse | null;
  }

  onBetter(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private ask(question: Question, signal?: AbortSignal): Promise<WorkerAnswer> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.death !== null) return Promise.reject(this.death);
    this.lastId++;
    const id = this.lastId;
    return new Promise<WorkerAnswer>((resolve, reject) => {
      const abort = (): void => {
        this.waiting.delete(id);
        this.worker.postMessage({ id, abort: true });
        reject(signal?.reason);
      };
      const done = (): void => signal?.removeEventListener("abort", abort);
      signal?.addEventListener("abort", abort, { once: true });
      this.waiting.set(id, {
        resolve: (answer) => {
          done();
          resolve(answer);
        },
        reject: (reason) => {
          done();
          reject(reason);
        },
      });
      this.worker.postMessage({ id, ...question });
    });
  }

  private settle(message: Extract<FromWorker, { readonly id: number }>): void {
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if ("answer" in message) waiting?.resolve(message.answer);
    else waiting?.reject(new SearchFailure(message.failure.kind, message.failure.message));
  }
}
