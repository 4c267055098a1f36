/**
 * @file What may be set of a server, and what holds if nothing is? Limits are low enough that no client can hold the
 * server up, and high enough that a search page or a shop's back end never meets them.
 */
import type { Logger } from "pino";
import { DEFAULT_ENGINE_OPTIONS } from "../engine/engine-options.js";
import type { SearchLimits } from "../schemas.js";
import type { ApiKeys } from "./api-keys.js";
import type { PageFile } from "./page-files.js";

/** What clients may ask of a server, each of them and all together. */
export interface HttpLimits extends SearchLimits {
  /** Bytes of a request's body. */
  readonly bodyBytes: number;
  /** Searches under way at once; more are answered 503. */
  readonly concurrent: number;
  /** Searches under way at once for one client (its key, or else its address); more are answered 429. */
  readonly concurrentPerClient: number;
  /**
   * Queries of the searches under way for one client, so that none fills the engine's queue alone; beyond, 429. A search of
   * more is taken on where it is the client's only one.
   */
  readonly queriesPerClient: number;
  /** Open connections; more are closed as they come. */
  readonly connections: number;
  /** Milliseconds for answering a request, after which it is answered 503 and its queries are dropped. */
  readonly timeoutMs: number;
  /** Milliseconds for receiving a request, after which it is answered 408: against clients that send a byte now and then. */
  readonly receiveMs: number;
  /** Milliseconds for taking an answer, after which the connection is closed: against clients that read a byte now and then. */
  readonly sendMs: number;
}

/** What holds where HttpOptions.limits says nothing. */
export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  queryLength: 2000,
  queries: 64,
  k: 100,
  filterNames: 1000,
  bodyBytes: 256 * 1024,
  concurrent: 512,
  concurrentPerClient: 256,
  queriesPerClient: DEFAULT_ENGINE_OPTIONS.maxQueued / 4,
  connections: 2048,
  timeoutMs: 10_000,
  receiveMs: 10_000,
  sendMs: 25_000,
};

/** Who may ask a server, what it shows, and what it notes. */
export interface HttpOptions {
  /** Default DEFAULT_HTTP_LIMITS, each by itself. */
  readonly limits?: Partial<HttpLimits>;
  /** Who may ask; default everybody. */
  readonly apiKeys?: ApiKeys;
  /** Origins such as `https://shop.example` whose pages may ask. Default none but the server's own. */
  readonly corsOrigins?: readonly string[];
  /** Origins from which the page may show images. Default none but the server's own. */
  readonly imageOrigins?: readonly string[];
  /** Addresses or networks of proxies whose X-Forwarded-For and X-Request-Id are believed. Default none. */
  readonly trustedProxies?: readonly string[];
  /** The search page, as `readPageFiles` gives it. Default none: `/` says that it was not built. */
  readonly page?: readonly PageFile[];
  /** Where requests and faults are noted. Default nowhere. */
  readonly log?: Logger;
  /** Note the texts of queries too. Default false: they may be personal. */
  readonly logQueries?: boolean;
  /** The package's version, for the API's description. Default `0.0.0`. */
  readonly packageVersion?: string;
}
