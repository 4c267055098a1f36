/** @file A search service without a model: answers at once, late, never, or with an error, as a test wishes. */
import type {
  CheckedSearchRequest,
  LabelResponse,
  ModelResponse,
  SearchResult,
} from "../../../src/mach/search-contract.js";
import type { SearchService, ServiceStats } from "../../../src/serve/http/search-service.js";

export const MODEL: ModelResponse = {
  version: "0123456789ab",
  kind: "text",
  numLabels: 3,
  numFeatures: 100,
  numBuckets: 4,
  numWorlds: 2,
  worlds: [0, 1],
  failedWorlds: [],
  hidden: [8],
  merge: "probability",
  metrics: { "P@1": 0.7 },
  hasCatalogue: false,
  kernels: "reference",
};

export class StandInService implements SearchService {
  ready = true;
  /** Name of the label that every search finds. */
  label1 = "shoes";
  readonly stats: ServiceStats = {
    ...{
      queued: 3,
      running: 2,
      cacheHits: 5,
      cacheMisses: 7,
      batches: 4,
      batchedQueries: 11,
      reloads: 1,
      failedReloads: 0,
    },
  };
  /** Requests that came, with their signals. */
  readonly asked: { readonly request: CheckedSearchRequest; readonly signal: AbortSignal | undefined }[] = [];
  /** What a search does before it answers. Default nothing. */
  before: (request: CheckedSearchRequest, signal?: AbortSignal) => Promise<void> | void = () => {};

  async search(
    request: CheckedSearchRequest,
    signal?: AbortSignal,
  ): Promise<{ version: string; results: SearchResult[] }> {
    this.asked.push({ request, signal });
    await this.before(request, signal);
    const results = request.queries.map((query) => ({
      query,
      unknown: false,
      labels: [{ id: 1, label: this.label1, probability: 0.5 }].slice(0, request.k),
    }));
    return { version: MODEL.version, results };
  }

  label(id: number): LabelResponse | null {
    if (id >= MODEL.numLabels) return null;
    return {
      id,
      label: `label ${id}`,
      count: 4,
      buckets: [
        { world: 0, bucket: 2 },
        { world: 1, bucket: 3 },
      ],
    };
  }

  model(): ModelResponse {
    return MODEL;
  }
}

/** A promise that the test settles, or that fails when `signal` does. */
export function gate(signal?: AbortSignal): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve, reject) => {
    open = resolve;
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
  return { opened, open: () => open() };
}
