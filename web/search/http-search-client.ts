/**
 * @file How does the page ask a server? By the HTTP API of mach/search-contract.ts, under the address that the page has.
 *
 * A failure becomes a SearchFailure whose kind says what to do: 429, 503 and 504 are `busy`, to be asked again after
 * Retry-After (seconds or a date, held within limits); 401 is `locked`; a failed fetch is `offline`; other 4xx are
 * `refused`, with the server's own message. A key is kept for the tab and is sent to this server only.
 */
import type {
  ErrorResponse,
  LabelResponse,
  ModelResponse,
  SearchRequest,
  SearchResponse,
} from "../../src/mach/search-contract.js";
import { type SearchClient, SearchFailure } from "./search-client.js";

/** Waited where a busy server does not say how long, and the bounds of what it says. Milliseconds. */
const RETRY_MS = { unsaid: 2000, least: 250, most: 60_000 };

const KEY_NAME = "manyworlds-key";

export interface HttpClientOptions {
  /** Default the browser's fetch. */
  readonly fetcher?: typeof fetch;
  /** Where a key is kept. Default nowhere: it is forgotten with the client. */
  readonly storage?: Pick<Storage, "getItem" | "setItem"> | null;
}

export class HttpSearchClient implements SearchClient {
  private readonly base: string;
  private readonly fetch: typeof fetch;
  private readonly storage: NonNullable<HttpClientOptions["storage"]> | null;
  private key: string | null;

  /** `base`: the address that `v1/` stands under, absolute. */
  constructor(base: string, { fetcher, storage = null }: HttpClientOptions = {}) {
    this.base = base;
    this.fetch = fetcher ?? ((input, init) => fetch(input, init));
    this.storage = storage;
    this.key = storage?.getItem(KEY_NAME) ?? null;
  }

  useKey(key: string): void {
    this.key = key;
    this.storage?.setItem(KEY_NAME, key);
  }

  async model(signal?: AbortSignal): Promise<ModelResponse> {
    return (await this.ask("v1/model", signal)) as ModelResponse;
  }

  async search(request: SearchRequest, signal?: AbortSignal): Promise<SearchResponse> {
    return (await this.ask("v1/search", signal, request)) as SearchResponse;
  }

  async label(id: number, signal?: AbortSignal): Promise<LabelResponse | null> {
    return (await this.ask(`v1/labels/${id}`, signal, undefined, 404)) as LabelResponse | null;
  }

  /** The JSON of an answer; null for status `absent`. Posts `body` if there is one. */
  private async ask(path: string, signal: AbortSignal | undefined, body?: unknown, absent?: number): Promise<unknown> {
    const headers: Record<string, string> = {};
    if (body !== undefined) headers["content-type"] = "application/json";
    if (this.key !== null) headers.authorization = `Bearer ${this.key}`;
    const init: RequestInit = { headers, signal: signal ?? null };
    let response: Response;
    try {
      response = await this.fetch(
        new URL(path, this.base).href,
        body === undefined ? init : { ...init, method: "POST", body: JSON.stringify(body) },
      );
    } catch (error) {
      signal?.throwIfAborted();
      throw new SearchFailure("offline", error instanceof Error ? error.message : String(error));
    }
    if (response.status === absent) return null;
    if (!response.ok) throw await failureOf(response);
    try {
      return await response.json();
    } catch (error) {
      signal?.throwIfAborted();
      throw new SearchFailure("broken", `The answer was cut short or is not JSON: ${error}`);
    }
  }
}

async function failureOf(response: Response): Promise<SearchFailure> {
  const body = (await response.json().catch(() => null)) as ErrorResponse | null;
  const message = body?.error?.message ?? `The server answered with status ${response.status}.`;
  if ([429, 503, 504].includes(response.status))
    return new SearchFailure("busy", message, retryAfterMs(response.headers.get("retry-after")));
  if (response.status === 401) return new SearchFailure("locked", message);
  return new SearchFailure(response.status < 500 ? "refused" : "broken", message);
}

/** Retry-After as milliseconds from `now`: seconds or an HTTP date (RFC 9110, 10.2.3), within RETRY_MS. */
export function retryAfterMs(header: string | null, now: number = Date.now()): number {
  const text = header?.trim() ?? "";
  const wanted = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  if (Number.isNaN(wanted)) return RETRY_MS.unsaid;
  return Math.min(RETRY_MS.most, Math.max(RETRY_MS.least, wanted));
}
